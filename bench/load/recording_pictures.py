"""One 1080p25 loop of H.264 at 4 Mb/s with a key frame every 50 pictures, drawn by the simulator once and kept in build/."""

import os
from datetime import UTC, datetime
from pathlib import Path

from fengtai.apps.simulator.scenes import Encoding, draw_loop
from fengtai.apps.simulator.street import StreetLook
from fengtai.protocols.elementary import AccessUnit, VideoAssembler, split_access_units

RATE = 25
GOP = 50
STEP_90K = 90_000 // RATE
SECONDS = 8.0
KILOBITS = 4000
FILE = Path(__file__).parents[2] / "build/bench-1080p25-4m.h264"


def the_loop() -> list[AccessUnit]:
    """The pictures, from the first key frame on; all GOPs are whole."""
    if not FILE.exists():
        _draw()
    assembler = VideoAssembler()
    units = [
        assembler.assemble_nals(nals, place * STEP_90K)
        for place, nals in enumerate(split_access_units(FILE.read_bytes(), "h264"))
    ]
    whole = [unit for unit in units if unit is not None]
    assert len(whole) == RATE * SECONDS
    assert all(unit.is_key == (place % GOP == 0) for place, unit in enumerate(whole))
    return whole


def _draw() -> None:
    look = StreetLook(name="录像负载 recording", width=1920, height=1080, grain=8)
    encoding = Encoding(frames_per_second=RATE, gop_seconds=GOP / RATE, kilobits_per_second=KILOBITS)
    units = draw_loop(look, encoding, seconds=SECONDS, begins=datetime(2026, 1, 1, tzinfo=UTC))
    FILE.parent.mkdir(exist_ok=True)
    new = FILE.with_suffix(f".{os.getpid()}")
    new.write_bytes(b"".join(unit.annexb() for unit in units))
    new.replace(FILE)
