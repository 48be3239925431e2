"""Time stamps that wrap."""

from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.elementary import PresentationTimes, TimestampUnwrapper


def test_a_wrap_goes_on_upwards():
    unwrapper = TimestampUnwrapper(32)
    assert [unwrapper.unwrap(stamp) for stamp in (0xFFFFFF00, 0x100, 0x1000)] == [0xFFFFFF00, 0x100000100, 0x100001000]


def test_a_small_step_back_stays_a_small_step_back():
    unwrapper = TimestampUnwrapper(33)
    assert [unwrapper.unwrap(stamp) for stamp in (90_000, 86_400, 93_600)] == [90_000, 86_400, 93_600]


@given(st.integers(0, 2**33 - 1), st.lists(st.integers(-(2**30), 2**30), max_size=30))
def test_steps_come_out_as_they_went_in(first: int, steps: list[int]):
    unwrapper = TimestampUnwrapper(33)
    true = unwrapper.unwrap(first)
    for step in steps:
        true += step
        assert unwrapper.unwrap(true % 2**33) == true


def test_what_has_no_pts_goes_on_with_the_time_of_the_transport():
    times = PresentationTimes()
    told = [(None, 100), (9_000, 3_700), (None, 7_300), (16_200, 10_900), (None, 14_500)]
    assert [times.moment(pts, stamp) for pts, stamp in told] == [100, 9_000, 12_600, 16_200, 19_800]
