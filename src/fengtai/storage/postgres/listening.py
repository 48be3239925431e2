"""Hears NOTIFY of other processes (and of our own commits) in a thread of its own, and survives a lost connection.

A notification that is lost costs a reader its longest wait, never an event: readers read the log.
"""

import threading
from collections.abc import Callable

import psycopg
import structlog

log = structlog.get_logger()

CHANNEL = "fengtai_events"
LOOK_UP_SECONDS = 0.1
"""How often the thread looks whether it shall end."""
RECONNECT_SECONDS = 1.0


class Listener:
    """Calls `told(seq)` in its own thread for each notification."""

    def __init__(self, url: str, told: Callable[[int], None]) -> None:
        self._url, self._told = url, told
        self._end = threading.Event()
        self._heard = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fengtai-listener", daemon=True)

    def start(self) -> None:
        """Return when it listens, so that nothing committed from now on is missed (or after a moment, if it cannot)."""
        self._thread.start()
        self._heard.wait(5.0)

    def stop(self) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("events.deaf", error=str(error))
                self._end.wait(RECONNECT_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._heard.set()
            newest = connection.execute("SELECT coalesce(max(seq), 0) FROM event_log").fetchone()
            self._told(newest[0] if newest else 0)
            while not self._end.is_set():
                for notification in connection.notifies(timeout=LOOK_UP_SECONDS):
                    self._told(int(notification.payload))
