"""Pictures to send: drawn streets encoded as they are sent, or a loop of access units made once
(drawn, or read from a clip by `apps.simulator.clips`).

Encoding live costs about 1.3 ms of a core per frame at 640x360 and 3 ms at 1280x720 (x264, ultrafast), a loop nothing:
`apps.simulator.city` chooses by the number of pixels per second. Knows nothing of packets.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any, Final, Protocol

import av
from msgspec.structs import replace

from fengtai.apps.simulator.street import Planes, Street, StreetLook
from fengtai.protocols.elementary import AccessUnit, VideoAssembler, VideoCodec
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Invalid

CAMERA_TIME: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
_ENCODERS: Final[dict[VideoCodec, str]] = {"h264": "libx264", "h265": "libx265"}
_WEEKDAYS: Final = "一二三四五六日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How scenes are encoded: without B frames, a key frame every `gop_seconds`."""

    frames_per_second: int = 25
    gop_seconds: float = 2.0
    kilobits_per_second: int = 800
    codec: VideoCodec = "h264"
    """H.265 costs several times as much: for loops"""

    @property
    def gop_frames(self) -> int:
        return max(1, round(self.frames_per_second * self.gop_seconds))


class Pictures(Protocol):
    """A camera's pictures for one call."""

    @property
    def frames_per_second(self) -> float: ...

    async def next(self, *, want_key: bool) -> AccessUnit:
        """The next picture; a key frame when wanted (a loop jumps to its next one). PTS counts from 0 and never
        falls back."""

    def skip(self, pictures: int) -> None:
        """So many pictures were missed: time goes on without them."""

    def close(self) -> None: ...


class SceneEncoder:
    """x264 (or x265) through PyAV: one picture in, one access unit out."""

    def __init__(self, width: int, height: int, encoding: Encoding) -> None:
        self._assembler = VideoAssembler()
        self._rate = encoding.frames_per_second
        context: Any = av.CodecContext.create(_ENCODERS[encoding.codec], "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, self._rate), Fraction(self._rate, 1)
        context.gop_size, context.max_b_frames, context.thread_count = encoding.gop_frames, 0, 1
        context.bit_rate = encoding.kilobits_per_second * 1000
        context.options = {"preset": "ultrafast", "tune": "zerolatency", **_options(encoding)}
        self._context = context

    def encode(self, planes: Planes, index: int, *, want_key: bool = False) -> AccessUnit:
        frame: Any = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = index
        if want_key:
            frame.pict_type = av.video.frame.PictureType.I
        data = b"".join(bytes(packet) for packet in self._context.encode(frame))
        unit = self._assembler.assemble(data, index * 90_000 // self._rate)
        if unit is None:
            raise RuntimeError("the encoder gave no picture: it must run without delay")
        return unit


def _options(encoding: Encoding) -> dict[str, str]:
    rate, keys = encoding.kilobits_per_second, encoding.gop_frames
    if encoding.codec == "h265":
        return {"x265-params": f"log-level=none:bframes=0:open-gop=0:scenecut=0:pools=1:keyint={keys}"}
    rates = f"scenecut=0:vbv-maxrate={rate}:vbv-bufsize={rate}:keyint={keys}"
    return {"profile": "main", "x264-params": rates}


class LiveScene:
    """A street drawn and encoded picture by picture, its clock that of the moment. Works on `executor`, off the loop."""

    def __init__(self, look: StreetLook, encoding: Encoding, *, clock: Clock, executor: Executor) -> None:
        self._street = Street(look)
        self._encoder = SceneEncoder(look.width, look.height, encoding)
        self._encoding, self._clock, self._executor = encoding, clock, executor
        self._index = 0

    @property
    def frames_per_second(self) -> float:
        return self._encoding.frames_per_second

    async def next(self, *, want_key: bool) -> AccessUnit:
        utc = self._clock.now().utc
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._draw, utc, want_key)

    def skip(self, pictures: int) -> None:
        self._index += pictures

    def close(self) -> None:
        """Nothing is held but memory."""

    def _draw(self, utc: datetime, want_key: bool) -> AccessUnit:
        index = self._index
        self._index += 1
        planes = self._street.draw(index / self._encoding.frames_per_second, clock_text(utc))
        return self._encoder.encode(planes, index, want_key=want_key)


class LoopedPictures:
    """The same access units over and over, with time stamps that go on. Units are shared, the cursor is not."""

    def __init__(self, units: Sequence[AccessUnit], frames_per_second: float, *, starts_at: int = 0) -> None:
        if not units or not units[0].is_key:
            raise Invalid("a loop must begin with a key frame", field="clip")
        self._units, self._rate = units, frames_per_second
        self._keys = [place for place, unit in enumerate(units) if unit.is_key]
        self._place = self._next_key(starts_at % len(units))
        self._sent = 0

    @property
    def frames_per_second(self) -> float:
        return self._rate

    async def next(self, *, want_key: bool) -> AccessUnit:
        if want_key:
            self._place = self._next_key(self._place)
        unit = self._units[self._place]
        self._place = (self._place + 1) % len(self._units)
        pts = round(self._sent * 90_000 / self._rate)
        self._sent += 1
        return replace(unit, pts_90k=pts)

    def skip(self, pictures: int) -> None:
        self._sent += pictures

    def close(self) -> None:
        """Units belong to the cache."""

    def _next_key(self, place: int) -> int:
        return next((key for key in self._keys if key >= place), 0)


def clock_text(utc: datetime) -> str:
    local = utc.astimezone(CAMERA_TIME)
    return f"{local:%Y-%m-%d} 星期{_WEEKDAYS[local.weekday()]} {local:%H:%M:%S}"


def draw_loop(look: StreetLook, encoding: Encoding, *, seconds: float, begins: datetime) -> list[AccessUnit]:
    """A loop of whole GOPs, drawn as fast as it goes; its clock runs from `begins`."""
    street, encoder = Street(look), SceneEncoder(look.width, look.height, encoding)
    gops = max(1, round(seconds / encoding.gop_seconds))
    units = []
    for index in range(gops * encoding.gop_frames):
        at = index / encoding.frames_per_second
        text = clock_text(begins + timedelta(seconds=at))
        units.append(encoder.encode(street.draw(at, text), index, want_key=index % encoding.gop_frames == 0))
    return units
