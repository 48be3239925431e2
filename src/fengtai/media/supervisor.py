"""The main process's side of the workers: spawns them, listens to them, restarts one that dies or falls silent.

Knows nothing of streams or hours: it carries commands down and reports up. Which worker gets a point is decided by
rendezvous hashing over those that are ready: when one is lost, only its points move.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from fengtai.media import messages as m
from fengtai.media.settings import MediaSettings, port_range
from fengtai.media.shelf.journal import FOLDER
from fengtai.media.worker_process import WorkerProcess
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()
BEAT_SECONDS = 1.0
SILENT_SECONDS = 8.0
"""a worker that reports nothing for so long is killed; it says every second that it lives"""
STOP_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 10.0
SOUND_AFTER_SECONDS = 10.0
"""a worker that lived so long is restarted without a pause"""

Listener = Callable[[int, "m.Report | None"], None]
"""Called with the worker's number and its report; None: the worker is lost."""


class Supervisor:
    def __init__(self, *, settings: MediaSettings, clock: Clock) -> None:
        self.settings = settings
        self.ticket_key = secrets.token_bytes(32)
        self._clock = clock
        self._workers: dict[int, WorkerProcess] = {}
        self._ports = port_range(settings.http_ports)
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._ready = asyncio.Event()
        self.restarts = 0

    def listen(self, listener: Listener) -> None:
        """Register before `start`."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Spawn all; return when each is ready (recovery of its journal included). Raise Unavailable when one is not."""
        count = self.settings.workers
        if len(self._ports) < count:
            raise Unavailable(f"{count} media workers need {count} ports: widen media.http_ports")
        orphans = _journals(self.settings.recordings)
        for number in range(count):
            journals = [number, *(other for other in orphans if other >= count and other % count == number)]
            self._tasks.append(asyncio.create_task(self._keep_alive(number, journals)))
        self._tasks.append(asyncio.create_task(self._beat()))
        try:
            async with asyncio.timeout(60):
                while len(self.ready) < count:
                    await self.wait_ready(60)
        except TimeoutError:
            await self.stop()
            raise Unavailable("the media workers did not become ready within 60 s: see their errors above") from None

    async def stop(self) -> None:
        """Let every worker close its files and end; reports are still delivered meanwhile."""
        self._stopping = True
        for worker in list(self._workers.values()):
            worker.send(m.Stop())
        keepers, beat = self._tasks[:-1], self._tasks[-1:]
        _, late = await asyncio.wait(keepers, timeout=STOP_SECONDS) if keepers else (set(), set())
        for worker in list(self._workers.values()):
            log.error("worker.killed_at_stop", worker=worker.number)
            worker.kill()
        for task in [*late, *beat]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    @property
    def ready(self) -> Sequence[int]:
        return [number for number, worker in self._workers.items() if worker.ready is not None]

    async def wait_ready(self, seconds: float) -> None:
        """Wait until another worker has become ready, or the seconds have passed."""
        self._ready.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ready.wait()

    def pick(self, point_id: str) -> int | None:
        """The worker for this point; None while none is ready."""
        return max(self.ready, key=lambda number: _weight(number, point_id), default=None)

    def http_port(self, worker: int) -> int:
        return self._ports[worker]

    def pid(self, worker: int) -> int:
        return self._workers[worker].pid

    def send(self, worker: int, command: m.Message) -> None:
        """A command to a worker that is gone is dropped: what it was about is gone too."""
        if (process := self._workers.get(worker)) is not None:
            process.send(command)

    async def ask(self, worker: int, command: Callable[[int], m.Message], *, seconds: float = 10.0) -> m.Answer:
        """Raise Unavailable when the worker refuses, is lost, or does not answer in time."""
        if (process := self._workers.get(worker)) is None:
            raise Unavailable("the media worker is being restarted: try again")
        return await process.ask(command, seconds)

    @property
    def states(self) -> list[dict[str, object]]:
        """For the system page."""
        return [
            {"worker": number, "pid": worker.pid, "ready": worker.ready is not None, **worker.figures}
            for number, worker in sorted(self._workers.items())
        ]

    @property
    def free_bytes(self) -> int | None:
        told = [worker.free_bytes for worker in self._workers.values() if worker.free_bytes is not None]
        return min(told, default=None)

    async def _keep_alive(self, number: int, journals: list[int]) -> None:
        loop, short_lives = asyncio.get_running_loop(), 0
        while not self._stopping:
            began = loop.time()
            try:
                worker = await WorkerProcess.spawn(number)
            except OSError as error:
                log.error("worker.not_spawned", worker=number, error=str(error))
            else:
                self._workers[number] = worker
                worker.send(self._configure(number, journals))
                await worker.listen(self._report)
                self._workers.pop(number, None)
                await worker.reap()
                self._tell(number, None)
            if self._stopping:
                return
            self.restarts += 1
            short_lives = 0 if loop.time() - began >= SOUND_AFTER_SECONDS else short_lives + 1
            log.error("worker.lost", worker=number, short_lives=short_lives)
            if short_lives > 1:
                await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, 0.25 * 2**short_lives))

    def _configure(self, number: int, journals: list[int]) -> m.Configure:
        settings = self.settings
        return m.Configure(
            worker=number,
            journals=journals,
            utc_offset_ms=self._utc_offset_ms(),
            recordings=str(settings.recordings),
            clips=str(settings.clips),
            http_host=settings.http_host,
            http_port=self._ports[number],
            http_tls=(str(settings.http_tls_certificate), str(settings.http_tls_key))
            if settings.http_tls_certificate
            else None,
            ticket_key=self.ticket_key,
            origins=list(settings.origins),
            sync_seconds=settings.sync_seconds,
            no_packet_seconds=settings.no_packet_seconds,
            recoded_streams=settings.recoded_streams,
        )

    def _report(self, number: int, report: m.Report) -> None:
        if isinstance(report, m.Ready):
            log.info("worker.ready", worker=number, pid=report.pid, recovered=report.recovered)
            self._ready.set()
        self._tell(number, report)

    def _tell(self, number: int, report: m.Report | None) -> None:
        for listener in self._listeners:
            listener(number, report)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            beat = m.Beat(utc_offset_ms=self._utc_offset_ms())
            for worker in list(self._workers.values()):
                worker.send(beat)
                if worker.ready is not None and loop.time() - worker.heard_at > SILENT_SECONDS:
                    log.error("worker.silent", worker=worker.number, pid=worker.pid)
                    worker.kill()

    def _utc_offset_ms(self) -> float:
        # the monotonic clock is one for all processes of a machine; UTC is this process's injected clock
        return self._clock.now().utc_ms - asyncio.get_running_loop().time() * 1000


def _weight(number: int, point_id: str) -> bytes:
    return hashlib.blake2b(f"{number}:{point_id}".encode(), digest_size=8).digest()


def _journals(recordings: Path) -> list[int]:
    """Numbers of the workers that have ever kept a journal here."""
    names = [path.name.removeprefix("worker-") for path in (recordings / FOLDER).glob("worker-*")]
    return sorted(int(name) for name in names if name.isdigit())
