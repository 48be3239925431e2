"""Sends one loop to many receivers at the pace of cameras, cheaply: each picture is packed once, for all of them.

Cameras lag behind the programme by different numbers of pictures, so that their key frames do not fall together; within
a picture's 40 ms they are spread over slots. Time stamps and sequence numbers run on over the loop's seam. The schedule
is absolute; what a receiver does not take within `MOST_WAITING_BYTES` is left out and counted.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import structlog

from bench.load.recording_pictures import GOP, RATE, STEP_90K, the_loop
from fengtai.protocols.elementary import AccessUnit

SLOTS = 20
MOST_WAITING_BYTES = 4 << 20
Packed = TypeVar("Packed")
Sent = TypeVar("Sent", contravariant=True)


class Sink(Protocol[Sent]):
    """One camera's way to its receiver."""

    def waiting_bytes(self) -> int:
        """Accepted, but not yet given to the kernel."""

    def send(self, packed: Sent) -> int:
        """Bytes of payload and headers that go out."""


class Viewing(Generic[Packed]):
    """One camera that is being received."""

    def __init__(self, sink: Sink[Packed], place: int, lag: int) -> None:
        self.sink, self.slot, self.lag = sink, place % SLOTS, lag
        self.first: int | None = None


class Pace(Generic[Packed]):
    """`pack` makes what is sent of one picture (given with its running PTS) and tells its size in bytes."""

    def __init__(self, pack: Callable[[AccessUnit, int], tuple[Packed, int]], cameras: int) -> None:
        self._pack, self._cameras = pack, cameras
        self._units = the_loop()
        self._packed: dict[int, tuple[Packed, int]] = {}
        self._next = 0
        self._viewings: list[Viewing[Packed]] = []
        self._figures = {"scheduled_bytes": 0, "sent_bytes": 0, "pictures": 0, "pictures_left_out": 0}
        self._latest_s = 0.0

    def begin(self, sink: Sink[Packed], place: int) -> Viewing[Packed]:
        """`place`: number of the camera from 0; decides its lag. It begins with a key frame, within two seconds."""
        viewing = Viewing(sink, place, place * GOP // max(1, self._cameras))
        self._viewings.append(viewing)
        return viewing

    def end(self, viewing: Viewing[Packed]) -> None:
        if viewing in self._viewings:
            self._viewings.remove(viewing)

    def figures(self) -> dict[str, float]:
        """Since the last call, but for `viewings`, `waiting_bytes` and the generator's CPU seconds since its start."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        told: dict[str, float] = {
            **self._figures,
            "latest_ms": round(self._latest_s * 1000, 1),
            "viewings": len(self._viewings),
            "waiting_bytes": sum(viewing.sink.waiting_bytes() for viewing in self._viewings),
            "cpu_s": usage.ru_utime + usage.ru_stime,
        }
        self._figures = dict.fromkeys(self._figures, 0)
        self._latest_s = 0.0
        return told

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        begun, turn = loop.time(), 0
        while True:
            number, slot = divmod(turn, SLOTS)
            if slot == 0:
                self._prepare(number)
            for viewing in self._viewings:
                if viewing.slot == slot:
                    self._send(viewing, number - viewing.lag)
            turn += 1
            wait = begun + turn / (RATE * SLOTS) - loop.time()
            self._latest_s = max(self._latest_s, -wait)
            await asyncio.sleep(max(0.0, wait))

    def _prepare(self, number: int) -> None:
        unit = self._units[number % len(self._units)]
        self._packed[number] = self._pack(unit, number * STEP_90K)
        self._packed.pop(number - GOP - 1, None)

    def _send(self, viewing: Viewing[Packed], number: int) -> None:
        if viewing.first is None:
            if number % GOP or number not in self._packed:
                return
            viewing.first = number
        packed, size = self._packed[number]
        figures = self._figures
        figures["scheduled_bytes"] += size
        figures["pictures"] += 1
        if viewing.sink.waiting_bytes() > MOST_WAITING_BYTES:
            figures["pictures_left_out"] += 1
            return
        figures["sent_bytes"] += viewing.sink.send(packed)


def log_aside() -> None:
    """Standard output belongs to the figures."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def answer_figures(pace: Pace[Packed]) -> None:
    """A line on standard input asks for the figures; its end is the end."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        print(json.dumps(pace.figures()), flush=True)
