"""Letters for the text that cameras burn into their pictures: a Chinese font of the system, else the built-in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Mask = NDArray[np.bool_]
_EDGE = 96

_FONT_FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
_CHINESE_FONTS: Final[Sequence[tuple[str, int]]] = (
    ("NotoSansCJK-Regular.ttc", 2),  # face 2 of the collection is SC
    ("NotoSansCJK-Bold.ttc", 2),
    ("NotoSansSC-Regular.otf", 0),
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
)


@lru_cache(maxsize=1)
def chinese_font_file() -> tuple[Path, int] | None:
    """File and face of a font that has Chinese letters; None when the machine has none (fonts-noto-cjk is missing)."""
    for name, face in _CHINESE_FONTS:
        for folder in _FONT_FOLDERS:
            found = next(folder.rglob(name), None) if folder.is_dir() else None
            if found is not None:
                return found, face
    return None


@dataclass(frozen=True, slots=True)
class Letters:
    """Text as masks of even height and width."""

    inside: Mask
    covered: Mask
    """letters and outline"""
    covered_chroma: Mask
    """the same at half the resolution"""


class Lettering:
    """Draws text of one size as brightness (the letters) and darkness (their outline)."""

    def __init__(self, size_pixels: int) -> None:
        found = chinese_font_file()
        self._is_chinese = found is not None
        self._font: ImageFont.FreeTypeFont | ImageFont.ImageFont
        if found is not None:
            self._font = ImageFont.truetype(str(found[0]), size_pixels, index=found[1])
        else:
            self._font = ImageFont.load_default(size_pixels)

    def draw(self, text: str) -> "Letters":
        shown = text if self._is_chinese else text.encode("ascii", "replace").decode("ascii")
        left, top, right, bottom = (int(edge) for edge in self._font.getbbox(shown, stroke_width=2))
        size = ((right - left + 3) & ~1, (bottom - top + 3) & ~1)
        letters, outline = Image.new("L", size), Image.new("L", size)
        ImageDraw.Draw(letters).text((-left, -top), shown, fill=255, font=self._font)
        ImageDraw.Draw(outline).text((-left, -top), shown, fill=255, font=self._font, stroke_width=2)
        covered = np.asarray(outline) > _EDGE
        return Letters(np.asarray(letters) > _EDGE, covered, covered[::2, ::2].copy())
