"""Hours and gaps, on every engine."""

import pytest

from fengtai.domain.recordings.model import Gap, GapCause, HourState, RecordedHour
from fengtai.domain.recordings.ports import GapStore, HourStore


def hour(
    name: str, from_ms: int, until_ms: int, state: HourState = HourState.CLOSED, point: str = "p1"
) -> RecordedHour:
    return RecordedHour(
        name=name, point_id=point, from_ms=from_ms, until_ms=until_ms, size_bytes=5_000_000_000, gops=7, state=state
    )


@pytest.fixture
def shelf(units):
    for row in (
        hour("a", 1_000, 2_000),
        hour("b", 2_000, 3_000),
        hour("c", 3_000, 4_000, HourState.OPEN),
        hour("d", 500, 900, HourState.DISCARDED),
        hour("e", 1_000, 2_000, point="p2"),
    ):
        units.run(lambda uow, row=row: uow.store(HourStore).save(row))
    return units


def test_an_hour_comes_back_as_it_was_and_is_changed_by_name(shelf):
    assert shelf.read(lambda uow: uow.store(HourStore).get("a")) == hour("a", 1_000, 2_000)
    shelf.run(lambda uow: uow.store(HourStore).save(hour("a", 1_000, 2_500)))
    assert shelf.read(lambda uow: uow.store(HourStore).get("a")) == hour("a", 1_000, 2_500)
    shelf.run(lambda uow: uow.store(HourStore).delete("a"))
    assert shelf.read(lambda uow: uow.store(HourStore).get("a")) is None


def test_hours_of_a_range_overlap_it_and_are_not_discarded(shelf):
    def names(from_ms: int, until_ms: int) -> list[str]:
        return [row.name for row in shelf.read(lambda uow: uow.store(HourStore).of_point("p1", from_ms, until_ms))]

    assert names(0, 10_000) == ["a", "b", "c"]
    assert names(2_000, 3_000) == ["b"]
    assert names(1_999, 2_001) == ["a", "b"]


def test_old_hours_are_looked_at_in_order_from_a_place_on(shelf):
    def old(**place: object) -> list[str]:
        return [row.name for row in shelf.read(lambda uow: uow.store(HourStore).closed_before(3_500, **place))]

    assert old() == ["a", "e", "b"]
    assert old(limit=1) == ["a"]
    assert old(after=(2_000, "a")) == ["e", "b"]


def test_newest_states_and_pages(shelf):
    newest = shelf.read(lambda uow: uow.store(HourStore).newest_of_point("p1"))
    discarded = shelf.read(lambda uow: uow.store(HourStore).in_state(HourState.DISCARDED))
    page = shelf.read(lambda uow: uow.store(HourStore).page(after_name="b", limit=2))

    assert newest is not None
    assert newest.name == "c"
    assert [row.name for row in discarded] == ["d"]
    assert [row.name for row in page] == ["c", "d"]


def test_a_gap_lasts_until_it_is_given_an_end(units):
    lasting = Gap(point_id="p1", from_ms=1_000, until_ms=None, cause=GapCause.DEVICE_OFFLINE)
    units.run(lambda uow: uow.store(GapStore).save(lasting))
    assert units.read(lambda uow: uow.store(GapStore).lasting("p1")) == lasting
    assert units.read(lambda uow: uow.store(GapStore).of_point("p1", 5_000, 6_000)) == [lasting]

    ended = Gap(point_id="p1", from_ms=1_000, until_ms=3_000, cause=GapCause.DEVICE_OFFLINE)
    units.run(lambda uow: uow.store(GapStore).save(ended))

    assert units.read(lambda uow: uow.store(GapStore).lasting("p1")) is None
    assert units.read(lambda uow: uow.store(GapStore).of_point("p1", 5_000, 6_000)) == []
    assert units.read(lambda uow: uow.store(GapStore).of_point("p1", 0, 1_001)) == [ended]


def test_gaps_go_with_the_hours_before_which_they_ended(units):
    for gap in (
        Gap(point_id="p1", from_ms=1, until_ms=10, cause=GapCause.DISK),
        Gap(point_id="p1", from_ms=20, until_ms=30, cause=GapCause.DISK),
        Gap(point_id="p1", from_ms=40, until_ms=None, cause=GapCause.DISK),
    ):
        units.run(lambda uow, gap=gap: uow.store(GapStore).save(gap))

    units.run(lambda uow: uow.store(GapStore).save(Gap(point_id="p1", from_ms=35, until_ms=36, cause=GapCause.CLOCK)))
    units.run(lambda uow: uow.store(GapStore).delete("p1", 35))
    units.run(lambda uow: uow.store(GapStore).delete_before("p1", 15))

    left = units.read(lambda uow: uow.store(GapStore).of_point("p1", 0, 100))
    assert [gap.from_ms for gap in left] == [20, 40]


def test_bytes_of_closed_hours_are_counted_for_the_forecast(shelf):
    assert shelf.read(lambda uow: uow.store(HourStore).kept()) == (15_000_000_000, 1_000)
    assert shelf.read(lambda uow: uow.store(HourStore).closed_bytes_since(2_000)) == 5_000_000_000


def test_an_empty_shelf_keeps_nothing(units):
    assert units.read(lambda uow: uow.store(HourStore).kept()) == (0, None)
    assert units.read(lambda uow: uow.store(HourStore).closed_bytes_since(0)) == 0
