"""Which pictures a simulated camera sends: drawn live while the machine can bear it, else from loops kept in memory.

Loops are drawn (or read) once, off the event loop: at `prepare`, or when the first call asks for them.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal, TypeVar

from fengtai.apps.simulator.clips import read_clip
from fengtai.apps.simulator.scenes import Encoding, LiveScene, LoopedPictures, Pictures, draw_loop
from fengtai.apps.simulator.street import StreetLook
from fengtai.protocols.elementary import AccessUnit
from fengtai.vocabulary.clock import Clock

LIVE_PIXELS_PER_SECOND: Final = 40_000_000
"""about a quarter of a core: eight cameras of 640x360 at 15 frames per second take 28 million"""
_MOST_LOOPS: Final = 8
_LOOP_SECONDS: Final = 12.0
_LOOP_PIXELS: Final = 800_000_000
"""of all loops together: some four seconds of drawing at the start"""
_LEAST_GOPS: Final = 3

PictureMode = Literal["live", "loop", "clip"]
Made = TypeVar("Made")
_Loop = tuple[list[AccessUnit], float]


class Gallery:
    """Opens pictures by channel id. Close it at the end: it holds threads."""

    def __init__(
        self,
        looks: Mapping[str, StreetLook],
        encoding: Encoding,
        *,
        clock: Clock,
        mode: PictureMode | None = None,
        clip: Path | None = None,
    ) -> None:
        """`mode`: None chooses by the pixels per second of all cameras together; a clip wins over both."""
        self._looks, self._encoding, self._clock, self._clip = looks, encoding, clock, clip
        self.mode: PictureMode = "clip" if clip is not None else mode or self._bearable()
        self._executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="scenes")
        self._loops: dict[int, asyncio.Task[_Loop]] = {}
        self._loop_count, self._loop_gops = self._loops_within_budget()
        self._places = {channel_id: place for place, channel_id in enumerate(looks)}

    async def open(self, channel_id: str) -> Pictures:
        """Raise LookupError for a channel that is not there, Invalid for a clip that cannot be read."""
        place, look = self._places[channel_id], self._looks[channel_id]
        if self.mode == "live":
            return await self._in_thread(
                lambda: LiveScene(look, self._encoding, clock=self._clock, executor=self._executor)
            )
        units, rate = await self._loop(place % self._loop_count)
        return LoopedPictures(units, rate, starts_at=0 if self.mode == "loop" else place * 7)

    async def prepare(self) -> None:
        """Make the loops now, so that no call waits for them. Raise Invalid for a clip that cannot be read."""
        if self.mode != "live" and self._looks:
            await asyncio.gather(*(self._loop(number) for number in range(self._loop_count)))

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _bearable(self) -> PictureMode:
        pixels = sum(look.width * look.height for look in self._looks.values()) * self._encoding.frames_per_second
        return "live" if pixels <= LIVE_PIXELS_PER_SECOND else "loop"

    def _loops_within_budget(self) -> tuple[int, int]:
        """How many different loops, and of how many GOPs each."""
        encoding = self._encoding
        largest = max((look.width * look.height for look in self._looks.values()), default=1)
        affordable = max(1, _LOOP_PIXELS // (largest * encoding.gop_frames))
        loops = 1 if self.mode == "clip" else max(1, min(_MOST_LOOPS, len(self._looks), affordable // _LEAST_GOPS))
        return loops, max(1, min(round(_LOOP_SECONDS / encoding.gop_seconds), affordable // loops))

    async def _loop(self, number: int) -> _Loop:
        if number not in self._loops:
            self._loops[number] = asyncio.create_task(self._in_thread(self._loop_maker(number)))
        try:
            return await asyncio.shield(self._loops[number])
        except Exception:
            self._loops.pop(number, None)
            raise

    def _loop_maker(self, number: int) -> Callable[[], _Loop]:
        if self._clip is not None:
            clip = self._clip
            return lambda: read_clip(clip, self._encoding)
        look = list(self._looks.values())[number]
        if len(self._looks) > self._loop_count:
            look = StreetLook(
                name=f"模拟画面 {number + 1}",  # several cameras show it: it bears no camera's name
                width=look.width,
                height=look.height,
                is_night=look.is_night,
                seed=look.seed,
                grain=look.grain,
            )
        begins, encoding = self._clock.now().utc, self._encoding
        rate, seconds = float(encoding.frames_per_second), self._loop_gops * encoding.gop_seconds
        return lambda: (draw_loop(look, encoding, seconds=seconds, begins=begins), rate)

    async def _in_thread(self, make: Callable[[], Made]) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._executor, make)
