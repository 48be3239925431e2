"""H.265 made into H.264 for browsers that cannot play it: one thread per stream, never per viewer, and only a few of them.

A recoder that is too slow leaves pictures out up to the next key frame; it never lags behind without bound. PyAV decodes
and encodes, and gives the interpreter free meanwhile.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import av
import av.error
import structlog

from fengtai.media.worker.timeline import TimedUnit
from fengtai.protocols.elementary import AccessUnit, VideoAssembler
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()
MOST_WAITING = 100
"""pictures: four seconds of an ordinary camera"""
MOST_WIDTH = 1280
"""of what is shown: a quarter of the work of 1080p is enough for a wall"""
KEY_EVERY = 50


class RecodersBusy(Unavailable):
    """As many streams are being re-coded as this worker may."""


class RecoderPool:
    """Bounds how many streams a worker re-codes at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._loop, self._most = loop, most
        self._lock = threading.Lock()
        self.running = 0
        self.figures = {"recodings_refused": 0, "recoded_pictures_skipped": 0}

    def begin(self, given: Callable[[TimedUnit], None]) -> "PictureRecoder":
        """`given` is told each picture, on the loop. Raise RecodersBusy."""
        self.take()
        return PictureRecoder(self, self._loop, given)

    def take(self) -> None:
        """Raise RecodersBusy in words when all are taken."""
        with self._lock:
            if self.running >= self._most:
                self.figures["recodings_refused"] += 1
                raise RecodersBusy(
                    f"this browser does not play H.265, and {self.running} streams are being re-coded already: "
                    "close one of them, or set the camera to H.264"
                )
            self.running += 1

    def give_back(self, skipped: int = 0) -> None:
        with self._lock:
            self.running -= 1
            self.figures["recoded_pictures_skipped"] += skipped


class RecoderPlace:
    """A place in the pool that is taken when it is first needed, and given back once."""

    def __init__(self, pool: RecoderPool) -> None:
        self._pool, self._is_taken = pool, False

    def take(self) -> None:
        """Raise RecodersBusy."""
        if not self._is_taken:
            self._pool.take()
            self._is_taken = True

    def give_back(self) -> None:
        if self._is_taken:
            self._is_taken = False
            self._pool.give_back()


class PictureRecoder:
    """Feed it pictures from a key frame on; `close` when nobody wants them any more."""

    def __init__(self, pool: RecoderPool, loop: asyncio.AbstractEventLoop, given: Callable[[TimedUnit], None]) -> None:
        self._pool, self._loop, self._given = pool, loop, given
        self._queue: queue.Queue[TimedUnit | None] = queue.Queue()
        self._waits_for_key = True
        self._skipped = 0
        self._is_over = False
        threading.Thread(target=self._work, name="recoder", daemon=True).start()

    def feed(self, timed: TimedUnit) -> None:
        if timed.unit.is_key and self._queue.qsize() < MOST_WAITING:
            self._waits_for_key = False
        elif self._queue.qsize() >= MOST_WAITING:
            self._waits_for_key = True
        if self._waits_for_key:
            self._skipped += 1
        else:
            self._queue.put(timed)

    def close(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._queue.put(None)
            self._pool.give_back(self._skipped)

    # in the thread

    def _work(self) -> None:
        film = Film()
        while (timed := self._queue.get()) is not None and not self._is_over:
            try:
                for unit in film.recoded(timed):
                    self._tell(unit)
            except av.error.FFmpegError as error:
                log.warning("recoder.picture_lost", error=str(error))

    def _tell(self, timed: TimedUnit) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            self._loop.call_soon_threadsafe(self._arrived, timed)

    def _arrived(self, timed: TimedUnit) -> None:
        if not self._is_over:
            self._given(timed)


class Film:
    """Decoder and encoder of one stream; the encoder is made anew when the size of the picture changes."""

    def __init__(self) -> None:
        self._decoder: Any = None
        self._codec = ""
        self._encoder: Any = None
        self._size = (0, 0)
        self._assembler = VideoAssembler()
        self._sent: dict[int, TimedUnit] = {}
        self._number = 0

    def recoded(self, timed: TimedUnit) -> list[TimedUnit]:
        if self._codec != timed.unit.codec:
            self._codec = timed.unit.codec
            self._decoder = av.CodecContext.create({"h264": "h264", "h265": "hevc"}[self._codec], "r")
            self._decoder.thread_count = 1  # one more thread would delay by one more picture
        packet: Any = av.Packet(timed.unit.annexb())
        packet.pts = packet.dts = self._number
        self._sent[self._number] = timed
        self._number += 1
        found: list[TimedUnit] = []
        for frame in self._decoder.decode(packet):
            found += self._encoded(frame)
        for number in [number for number in self._sent if number < self._number - MOST_WAITING]:
            del self._sent[number]  # was not given back: it was damaged
        return found

    def rest(self) -> list[TimedUnit]:
        """What decoder and encoder still hold; nothing can be fed after it."""
        if self._decoder is None:
            return []
        found: list[TimedUnit] = []
        for frame in self._decoder.decode(None):
            found += self._encoded(frame)
        return found + (self._taken(self._encoder.encode(None)) if self._encoder is not None else [])

    def _encoded(self, frame: Any) -> list[TimedUnit]:
        scale = min(1.0, MOST_WIDTH / frame.width)
        size = (round(frame.width * scale) // 2 * 2, round(frame.height * scale) // 2 * 2)
        if self._encoder is None or size != self._size:
            self._size, self._encoder = size, _encoder(*size)
        pts = frame.pts
        picture = frame.reformat(*size, format="yuv420p")
        picture.pts = pts
        picture.pict_type = 0
        return self._taken(self._encoder.encode(picture))

    def _taken(self, packets: Iterable[Any]) -> list[TimedUnit]:
        found: list[TimedUnit] = []
        for packet in packets:
            source = self._sent.pop(int(packet.pts), None)
            if source is None:
                continue
            unit: AccessUnit | None = self._assembler.assemble(bytes(packet), source.unit.pts_90k)
            if unit is not None:
                found.append(TimedUnit(unit, source.media_90k, source.utc_ms))
        return found


def _encoder(width: int, height: int) -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    encoder.thread_count = 1
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "crf": "26",
        "x264-params": f"keyint={KEY_EVERY}:scenecut=0:repeat-headers=1:annexb=1",
    }
    return encoder
