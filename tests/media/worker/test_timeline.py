"""The camera's clock against ours: jitter, jumps, missing stamps, varying rates, drift."""

from itertools import pairwise

import pytest
from msgspec.structs import replace
from tests.media.film import FRAME_90K, film
from tests.media.worker.test_worker_parts import BEGIN

from fengtai.media.worker.timeline import TimeLine


def test_jitter_does_not_shake_utc() -> None:
    line = TimeLine()
    jitter = [0, 80, -30, 120, 10, 0, 60, -20]
    places = [
        line.place(replace(film()[0], pts_90k=n * FRAME_90K), BEGIN + n * 40 + jitter[n % 8]).utc_ms for n in range(200)
    ]
    steps = [after - before for before, after in pairwise(places)]
    assert min(steps) >= 36
    assert max(steps) <= 44


def test_a_jump_of_the_camera_s_clock_does_not_jump_media_time() -> None:
    line = TimeLine()
    for number in range(10):
        line.place(replace(film()[0], pts_90k=number * FRAME_90K), BEGIN + number * 40)

    for wild in (10**12, 5, 7 * 10**9):
        before = line.place(replace(film()[0], pts_90k=wild), BEGIN + 400)
        after = line.place(replace(film()[0], pts_90k=wild + FRAME_90K), BEGIN + 440)
        assert after.media_90k - before.media_90k == FRAME_90K
        assert abs(after.utc_ms - BEGIN - 440) < 200
    assert line.jumps == 3


def test_a_camera_without_time_stamps_is_paced_by_its_arrival() -> None:
    line = TimeLine()
    places = [line.place(replace(film()[0], pts_90k=77), BEGIN + n // 2 * 80) for n in range(400)]

    assert line.missing > 390
    assert abs((places[-1].media_90k - places[0].media_90k) / 90 - 400 * 40) < 1_500
    assert abs(places[-1].utc_ms - (BEGIN + 400 * 40)) < 1_000
    assert all(0 < after.media_90k - before.media_90k < 9_000 for before, after in pairwise(places[5:]))


def test_a_rate_that_varies_keeps_to_the_camera_s_stamps() -> None:
    line = TimeLine()
    at_ms, places = 0, []
    for n in range(200):
        at_ms += (40, 200, 66, 500)[n % 4]
        places.append(line.place(replace(film()[0], pts_90k=at_ms * 90), BEGIN + at_ms))
    assert [after.media_90k - before.media_90k for before, after in pairwise(places[:4])] == [18_000, 5_940, 45_000]
    assert (line.jumps, line.missing) == (0, 0)


@pytest.mark.parametrize("ppm", [-3_000, 0, 3_000])
def test_the_drift_of_a_camera_s_clock_is_measured_and_utc_follows_the_arrival(ppm: int) -> None:
    line = TimeLine()
    for n in range(25 * 120):
        stamp = round(n * FRAME_90K * (1 + ppm / 1_000_000))
        last = line.place(replace(film()[0], pts_90k=stamp), BEGIN + n * 40)
    assert line.drift_ppm is not None
    assert abs(line.drift_ppm - ppm) < 20
    assert abs(last.utc_ms - (BEGIN + (25 * 120 - 1) * 40)) < 50
