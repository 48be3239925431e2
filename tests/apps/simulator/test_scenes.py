"""Drawn streets and what is made of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import av
import numpy as np
import pytest

from fengtai.apps.simulator.gallery import Gallery
from fengtai.apps.simulator.lettering import chinese_font_file
from fengtai.apps.simulator.scenes import Encoding, LiveScene, LoopedPictures, clock_text, draw_loop
from fengtai.apps.simulator.street import Street, StreetLook
from fengtai.protocols.elementary import AccessUnit
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid

LOOK = StreetLook(name="01 望江街口", width=320, height=180, seed=3)
QUICK = Encoding(frames_per_second=10, gop_seconds=1.0, kilobits_per_second=200)
EVENING = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def decoded(units: list[AccessUnit]) -> list[np.ndarray]:
    context = av.CodecContext.create("h264", "r")
    frames = [frame for unit in units for frame in context.decode(av.Packet(unit.annexb()))]
    return [frame.to_ndarray(format="gray") for frame in frames + context.decode(None)]


def test_cars_move_and_buildings_stand():
    street = Street(LOOK)
    before, after = street.draw(0.0, ""), street.draw(1.0, "")
    changed = before[:180] != after[:180]
    assert changed[100:].mean() > 0.01
    assert not changed[30:90].any()


def test_the_clock_is_burnt_in_local_time():
    assert clock_text(EVENING) == "2026-11-20 星期五 20:00:00"
    street = Street(LOOK)
    before, after = street.draw(0.0, clock_text(EVENING)), street.draw(0.0, "2026-11-20 星期五 20:00:01")
    changed = np.argwhere(before[:180] != after[:180])
    assert len(changed)
    assert changed[:, 0].max() < 30


@pytest.mark.skipif(chinese_font_file() is None, reason="no Chinese font on this machine (fonts-noto-cjk)")
def test_two_cameras_bear_different_names_and_see_different_streets():
    one, other = Street(LOOK), Street(StreetLook(name="02 钟楼广场", width=320, height=180, seed=3))
    assert (one.draw(0.0, "")[150:180] != other.draw(0.0, "")[150:180]).any()


def test_night_is_darker_than_day():
    night = StreetLook(name="夜", width=320, height=180, seed=3, is_night=True)
    assert Street(night).draw(0.0, "")[:180].mean() < Street(LOOK).draw(0.0, "")[:180].mean() / 2


def test_grain_fills_the_bit_rate():
    grainy = StreetLook(name="粒", width=320, height=180, seed=3, grain=10)
    wide = Encoding(frames_per_second=10, gop_seconds=1.0, kilobits_per_second=2000)
    plain = sum(unit.size_bytes for unit in draw_loop(LOOK, wide, seconds=2, begins=EVENING))
    full = sum(unit.size_bytes for unit in draw_loop(grainy, wide, seconds=2, begins=EVENING))
    assert full > 1.5 * plain


@pytest.mark.parametrize(("width", "height"), [(642, 360), (640, 358), (64, 48), (8000, 4000)])
def test_sizes_that_cannot_be_drawn_are_refused(width: int, height: int):
    with pytest.raises(Invalid):
        StreetLook(name="x", width=width, height=height)


def test_a_loop_has_a_key_frame_every_gop_and_decodes():
    units = draw_loop(LOOK, QUICK, seconds=3, begins=EVENING)
    assert [index for index, unit in enumerate(units) if unit.is_key] == [0, 10, 20]
    frames = decoded(units)
    assert len(frames) == 30
    assert (frames[0] != frames[-1]).any()


async def test_a_loop_goes_on_for_ever_and_jumps_to_a_key_frame_when_asked():
    loop = LoopedPictures(draw_loop(LOOK, QUICK, seconds=2, begins=EVENING), 10.0)
    units = [await loop.next(want_key=False) for _ in range(25)]
    assert [unit.pts_90k for unit in units] == [9000 * n for n in range(25)]
    assert not (await loop.next(want_key=False)).is_key
    assert (await loop.next(want_key=True)).is_key
    loop.skip(10)
    assert (await loop.next(want_key=False)).pts_90k == 9000 * 37


async def test_a_live_scene_gives_key_frames_on_demand_and_shows_the_clocks_time():
    clock = HandClock(EVENING)
    with ThreadPoolExecutor(1) as executor:
        scene = LiveScene(LOOK, QUICK, clock=clock, executor=executor)
        units = []
        for index in range(8):
            units.append(await scene.next(want_key=index in (0, 5)))
            clock.advance(0.1)
    assert [index for index, unit in enumerate(units) if unit.is_key] == [0, 5]
    assert units[5].parameter_sets is not None
    assert len(decoded(units)) == 8


async def test_the_gallery_draws_live_for_few_cameras_and_loops_for_many():
    looks = {f"c{n}": StreetLook(name=f"{n:02d}", width=320, height=180, seed=n) for n in range(80)}
    clock = HandClock(EVENING)
    few, many = Gallery({"c0": looks["c0"]}, QUICK, clock=clock), Gallery(looks, QUICK, clock=clock)
    assert (few.mode, many.mode) == ("live", "loop")
    await many.prepare()
    one, other = await many.open("c1"), await many.open("c9")
    assert (await one.next(want_key=True)).nals == (await other.next(want_key=True)).nals
    few.close()
    many.close()


async def test_the_gallery_does_not_know_other_channels():
    gallery = Gallery({"c0": LOOK}, QUICK, clock=HandClock())
    with pytest.raises(LookupError):
        await gallery.open("nobody")
    gallery.close()
