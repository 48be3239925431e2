"""Log lines about devices and strangers: so many of a kind a second, the rest is counted. Strangers may send what they like,
and a city that comes back is not two hundred thousand lines. A line that is left out costs a look into a dict, no clock."""

import asyncio

import structlog

from fengtai.gateways.gb28181.reading import shown
from fengtai.protocols.gb28181 import Peer

log = structlog.get_logger()

LINES_A_SECOND = 20


class Remarks:
    def __init__(self) -> None:
        self._written: dict[str, int] = {}
        """in this second; empty until something is written"""
        self.left_out = 0

    def warn(self, event: str, **about: str) -> None:
        if self._allows(event):
            log.warning(event, **about)

    def note(self, event: str, **about: str | Peer) -> None:
        """A peer is put into words only when the line is written."""
        if self._allows(event):
            told = {name: shown(what) if isinstance(what, Peer) else what for name, what in about.items()}
            log.info(event, **told)

    def _allows(self, event: str) -> bool:
        written = self._written.get(event, 0)
        if written >= LINES_A_SECOND:
            self.left_out += 1
            return False
        if not self._written:
            asyncio.get_running_loop().call_later(1.0, self._written.clear)
        self._written[event] = written + 1
        return True
