"""An invented street, drawn frame by frame in the planes that a video encoder wants (YUV 4:2:0).

What stands still is drawn once; cars and walkers are small stamps put on a copy; the camera's name and a clock are burnt
in as cameras do. Knows nothing of encoding or sending.
"""

import random
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fengtai.apps.simulator.lettering import Lettering, Letters
from fengtai.vocabulary.errors import Invalid

Planes = NDArray[np.uint8]
"""Height times 3/2 rows: luma, then both chroma planes"""

_NOISE_ROOM = 64
_CAR_COLOURS = ((178, 34, 34), (35, 70, 140), (225, 225, 220), (40, 44, 48), (210, 160, 30), (60, 120, 80))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetLook:
    """What a camera sees, decided by its number."""

    name: str
    """burnt into the picture"""
    width: int = 640
    height: int = 360
    is_night: bool = False
    seed: int = 1
    grain: int = 0
    """noise of the sensor in steps of brightness: 8 lets a 1080p picture fill 4 Mb/s"""

    def __post_init__(self) -> None:
        if self.width % 4 or self.height % 4 or not (160 <= self.width <= 3840 and 120 <= self.height <= 2160):
            raise Invalid(f"picture size {self.width}x{self.height}: multiples of 4, up to 3840x2160", field="size")


@dataclass(frozen=True, slots=True)
class _Mover:
    """Something that moves along the street at a steady speed and comes again at the other side."""

    luma: Planes
    chroma: tuple[Planes, Planes]
    top: int
    speed: float
    """of the picture's width per second; below 0 to the left"""
    begins_at: float


class Street:
    """Give `draw` the seconds since the beginning and the clock's text; take planes for the encoder."""

    def __init__(self, look: StreetLook) -> None:
        self._look = look
        self._dice = random.Random(look.seed)  # noqa: S311 - scenery, not secrets
        width, height = look.width, look.height
        self._still = _planes(self._scenery())
        self._movers = [self._car(lane) for lane in (0, 0, 1, 1)] + [self._walker() for _ in range(3)]
        self._lettering = Lettering(max(12, height // 20))
        self._margin = max(4, height // 45) & ~1
        self._name = self._lettering.draw(look.name)
        self._name_top = (height - self._margin - self._name.inside.shape[0]) & ~1
        self._clock_text = ""
        self._clock: Letters | None = None
        self._width, self._height = width, height
        self._noise = _noise(look) if look.grain else None

    def draw(self, seconds: float, clock_text: str) -> Planes:
        planes = self._still.copy()
        if self._noise is not None:
            down, aside = self._dice.randrange(_NOISE_ROOM), self._dice.randrange(_NOISE_ROOM)
            luma = planes[: self._height]
            luma += self._noise[down : down + self._height, aside : aside + self._width]
        for mover in self._movers:
            self._put(planes, mover, seconds)
        if clock_text != self._clock_text or self._clock is None:
            self._clock_text, self._clock = clock_text, self._lettering.draw(clock_text)
        _stamp(planes, self._look, self._clock, self._margin, self._margin)
        _stamp(planes, self._look, self._name, self._margin, self._name_top)
        return planes

    def _scenery(self) -> Image.Image:
        look, dice = self._look, self._dice
        width, height = look.width, look.height
        image = Image.new("RGB", (width, height))
        pen = ImageDraw.Draw(image)
        horizon, kerb = int(height * 0.55), int(height * 0.62)
        top, bottom = ((8, 10, 28), (30, 34, 60)) if look.is_night else ((110, 160, 215), (205, 220, 230))
        for row in range(horizon):
            share = row / horizon
            pen.line(
                [(0, row), (width, row)], fill=tuple(int(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
            )
        left = 0
        while left < width:
            breadth = dice.randint(width // 10, width // 5)
            roof = dice.randint(int(height * 0.12), int(height * 0.42))
            grey = dice.randint(18, 40) if look.is_night else dice.randint(110, 175)
            tint = dice.randint(-10, 14)
            pen.rectangle([left, roof, left + breadth - 2, kerb], fill=(grey + tint, grey, max(0, grey - tint)))
            self._windows(pen, left, roof, breadth, horizon)
            left += breadth
        pavement, road = ((46, 46, 50), (30, 30, 34)) if look.is_night else ((150, 148, 142), (92, 94, 98))
        pen.rectangle([0, horizon, width, kerb], fill=pavement)
        pen.rectangle([0, kerb, width, height], fill=road)
        middle = (kerb + height) // 2
        for mark in range(0, width, width // 10):
            pen.rectangle([mark, middle - 2, mark + width // 20, middle + 2], fill=(190, 180, 90))
        return image

    def _windows(self, pen: ImageDraw.ImageDraw, left: int, roof: int, breadth: int, ground: int) -> None:
        step = max(10, self._look.height // 22)
        for row in range(roof + step // 2, ground - step, step):
            for column in range(left + step // 2, left + breadth - step, step):
                is_lit = self._dice.random() < 0.35
                if self._look.is_night:
                    colour = (235, 205, 120) if is_lit else (22, 24, 34)
                else:
                    colour = (200, 215, 225) if is_lit else (78, 92, 108)
                pen.rectangle([column, row, column + step // 2, row + step // 2], fill=colour)

    def _car(self, lane: int) -> _Mover:
        dice, height = self._dice, self._look.height
        tall = (height // 11) & ~3
        long = (tall * dice.choice((2, 2, 3))) & ~3
        image = Image.new("RGB", (long, tall), dice.choice(_CAR_COLOURS))
        pen = ImageDraw.Draw(image)
        glass = (150, 190, 205) if not self._look.is_night else (70, 80, 95)
        pen.rectangle([long // 5, 2, long - long // 5, tall // 2 - 1], fill=glass)
        pen.rectangle([0, tall - tall // 4, long, tall], fill=(18, 18, 18))
        lamp = (255, 250, 210) if self._look.is_night else (240, 240, 230)
        front = [long - 5, tall // 2, long, tall // 2 + 5] if lane else [0, tall // 2, 5, tall // 2 + 5]
        pen.rectangle(front, fill=lamp)
        top = int(height * (0.86 if lane else 0.68)) & ~1
        return self._mover(image, top, dice.uniform(0.08, 0.22) * (1 if lane else -1))

    def _walker(self) -> _Mover:
        dice, height = self._dice, self._look.height
        tall, broad = (height // 14) & ~3, (height // 36 + 3) & ~3
        image = Image.new("RGB", (broad, tall), dice.choice(_CAR_COLOURS))
        ImageDraw.Draw(image).rectangle([0, 0, broad, tall // 4], fill=(205, 170, 145))
        return self._mover(image, int(height * 0.555) & ~1, dice.choice((-1, 1)) * dice.uniform(0.012, 0.03))

    def _mover(self, image: Image.Image, top: int, speed: float) -> _Mover:
        planes = _planes(image)
        luma, *chroma = _split(planes, image.width, image.height)
        return _Mover(luma, (chroma[0], chroma[1]), top, speed, self._dice.random())

    def _put(self, planes: Planes, mover: _Mover, seconds: float) -> None:
        width, height = self._width, self._height
        tall, long = mover.luma.shape
        track = width + long
        left = (int((mover.begins_at + mover.speed * seconds) % 1.0 * track) & ~1) - (long & ~1)
        begin, end = max(0, left), min(width, left + long)
        if begin >= end:
            return
        bottom = min(height, mover.top + tall)
        luma, *chroma = _split(planes, width, height)
        luma[mover.top : bottom, begin:end] = mover.luma[: bottom - mover.top, begin - left : end - left]
        for target, source in zip(chroma, mover.chroma, strict=True):
            rows = (bottom - mover.top) // 2
            target[mover.top // 2 : mover.top // 2 + rows, begin // 2 : end // 2] = source[
                :rows, (begin - left) // 2 : (end - left) // 2
            ]


def _noise(look: StreetLook) -> Planes:
    """A little larger than the picture, shown at another place in each frame; below 0 wraps, and adds up rightly."""
    dice = np.random.default_rng(look.seed)
    shape = (look.height + _NOISE_ROOM, look.width + _NOISE_ROOM)
    return dice.integers(-look.grain, look.grain + 1, shape).astype(np.int8).view(np.uint8)


def _planes(image: Image.Image) -> Planes:
    frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(format="yuv420p")
    planes: Planes = frame.to_ndarray().astype(np.uint8, copy=False)
    return planes


def _split(planes: Planes, width: int, height: int) -> tuple[Planes, Planes, Planes]:
    """Views of luma and both chroma planes."""
    quarter = height // 4
    blue = planes[height : height + quarter].reshape(height // 2, width // 2)
    red = planes[height + quarter :].reshape(height // 2, width // 2)
    return planes[:height], blue, red


def _stamp(planes: Planes, look: StreetLook, letters: Letters, left: int, top: int) -> None:
    """White letters with a black outline; colour is taken out beneath them. What does not fit is cut."""
    luma, blue, red = _split(planes, look.width, look.height)
    rows, columns = look.height - top, look.width - left
    area = luma[top : top + letters.inside.shape[0], left : left + letters.inside.shape[1]]
    np.copyto(area, 16, where=letters.covered[:rows, :columns])
    np.copyto(area, 235, where=letters.inside[:rows, :columns])
    half = letters.covered_chroma[: rows // 2, : columns // 2]
    for plane in (blue, red):
        spot = plane[top // 2 : top // 2 + half.shape[0], left // 2 : left // 2 + half.shape[1]]
        np.copyto(spot, 128, where=half)
