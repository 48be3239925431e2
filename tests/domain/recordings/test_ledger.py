"""The books: gaps get their cause, retention never goes under the floor, a broken discard is resumed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.domain.acting import acting

from fengtai.domain.access.model import Role
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.recordings.model import Gap, GapCause, HourState, RecordedHour
from fengtai.domain.recordings.ports import GapStore, HourStore
from fengtai.domain.recordings.rules import DAY_MS, kept_days, recordable, shed_classes
from fengtai.domain.recordings.service import RecordingLedger
from fengtai.storage.memory.recordings import MemoryGaps, MemoryHours
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Unavailable


class Shelf:
    """A shelf in memory that can be unplugged."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.unplugged = False

    async def discard(self, names: Sequence[str]) -> Sequence[str]:
        if self.unplugged:
            raise Unavailable("no media worker is running")
        missing = [name for name in names if name not in self.names]
        self.names -= set(names)
        return missing

    def free_bytes(self) -> int | None:
        return None


class Points:
    def __init__(self) -> None:
        self.rows: dict[str, Point] = {}

    def get(self, point_id: str) -> Point:
        return self.rows[point_id]

    def by_ids(self, point_ids: Sequence[str]) -> list[Point]:
        return [self.rows[one] for one in point_ids if one in self.rows]


class Audit:
    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class Archive:
    """A ledger over memory, with house verbs."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.hours, self.gaps, self.points, self.audit, self.shelf = (
            MemoryHours(),
            MemoryGaps(),
            Points(),
            Audit(),
            Shelf(),
        )
        self.books = MemoryTransactions(
            self.clock, {HourStore: self.hours, GapStore: self.gaps, PointStore: self.points, AuditLog: self.audit}
        )
        self.ledger = RecordingLedger(transactions=self.books, shelf=self.shelf)

    def point(self, point_id: str, retention_days: int = 30) -> None:
        self.points.rows[point_id] = Point(
            id=point_id, number=1, code="1" * 20, name=point_id, organisation_id="", retention_days=retention_days
        )

    def keep_hour(self, name: str, point_id: str, age_days: float) -> None:
        until_ms = self.clock.now().utc_ms - round(age_days * DAY_MS)
        self.shelf.names.add(name)
        self.hours.save(
            RecordedHour(
                name=name, point_id=point_id, from_ms=until_ms - 3_600_000, until_ms=until_ms, state=HourState.CLOSED
            )
        )

    @property
    def names(self) -> list[str]:
        return sorted(self.hours.by_name)


@pytest.fixture
def archive() -> Archive:
    return Archive()


def open_hour(name: str, from_ms: int, until_ms: int | None = None) -> RecordedHour:
    return RecordedHour(name=name, point_id="gate", from_ms=from_ms, until_ms=until_ms or from_ms)


async def test_a_gap_runs_from_the_last_gop_to_the_next_file(archive: Archive) -> None:
    await archive.ledger.hour_opened(open_hour("one", 1_000))
    await archive.ledger.recorded_until({"one": 9_000})

    await archive.ledger.gap_began("gate", GapCause.DEVICE_OFFLINE)
    await archive.ledger.gap_began("gate", GapCause.STREAM_LOST)
    assert await archive.ledger.gaps("gate", 0, 99_000) == [
        Gap(point_id="gate", from_ms=9_000, until_ms=None, cause=GapCause.DEVICE_OFFLINE)
    ]
    await archive.ledger.hour_opened(open_hour("two", 20_000))

    assert await archive.ledger.gaps("gate", 0, 99_000) == [
        Gap(point_id="gate", from_ms=9_000, until_ms=20_000, cause=GapCause.DEVICE_OFFLINE)
    ]
    told = [event.payload["until_ms"] for event in archive.books.told("recordings.gap_found")]
    assert told == [None, 20_000]


async def test_a_hole_that_nobody_saw_is_the_platform_s(archive: Archive) -> None:
    await archive.ledger.hour_opened(open_hour("one", 1_000))
    await archive.ledger.hour_closed(replace(open_hour("one", 1_000, 5_000), state=HourState.CLOSED))

    await archive.ledger.hour_opened(open_hour("two", 5_500))
    await archive.ledger.hour_closed(replace(open_hour("two", 5_500, 6_000), state=HourState.CLOSED))
    await archive.ledger.hour_opened(open_hour("three", 60_000))

    gaps = await archive.ledger.gaps("gate", 0, 99_000)
    assert [(gap.from_ms, gap.until_ms, gap.cause) for gap in gaps] == [(6_000, 60_000, GapCause.PLATFORM_DOWN)]


async def test_what_a_killed_worker_had_stored_is_no_gap(archive: Archive) -> None:
    await archive.ledger.hour_opened(open_hour("one", 1_000))
    await archive.ledger.recorded_until({"one": 5_000})
    await archive.ledger.gap_began("gate", GapCause.WORKER_RESTARTED)

    await archive.ledger.hour_closed(replace(open_hour("one", 1_000, 6_200), state=HourState.CLOSED))

    assert [gap.from_ms for gap in await archive.ledger.gaps("gate", 0, 99_000)] == [6_200]


async def test_gops_lost_one_after_the_other_are_one_gap(archive: Archive) -> None:
    for begin in (1_000, 3_000, 5_000):
        gap = Gap(point_id="gate", from_ms=begin, until_ms=begin + 2_000, cause=GapCause.DISK)
        await archive.ledger.gap_found(gap)

    gaps = await archive.ledger.gaps("gate", 0, 99_000)
    assert [(gap.from_ms, gap.until_ms) for gap in gaps] == [(1_000, 7_000)]


async def test_booking_twice_changes_nothing(archive: Archive) -> None:
    closed = replace(open_hour("one", 1_000, 5_000), state=HourState.CLOSED)
    for _ in range(2):
        await archive.ledger.hour_opened(open_hour("one", 1_000))
        await archive.ledger.hour_closed(closed)

    assert archive.hours.get("one") == closed
    assert archive.gaps.by_start == {}


async def test_retention_deletes_what_is_past_its_time_and_nothing_younger(archive: Archive) -> None:
    archive.point("gate", retention_days=7)
    archive.point("bank", retention_days=90)
    archive.keep_hour("gate-29", "gate", 29.9)
    archive.keep_hour("gate-31", "gate", 30.1)
    archive.keep_hour("bank-89", "bank", 89)
    archive.keep_hour("bank-91", "bank", 91)
    archive.keep_hour("gone-31", "a point that was removed", 31)

    await archive.ledger.tick()

    assert archive.names == ["bank-89", "gate-29"]
    assert archive.shelf.names == {"bank-89", "gate-29"}
    assert [(line.action, line.details["hours"]) for line in archive.audit.entries] == [("recordings.discard", 3)]


async def test_hours_that_are_kept_longer_do_not_hide_those_behind_them(archive: Archive, monkeypatch) -> None:
    monkeypatch.setattr("fengtai.domain.recordings.service.PAGE", 2)
    archive.point("gate")
    archive.point("bank", retention_days=365)
    for day in range(100, 105):
        archive.keep_hour(f"bank-{day}", "bank", day)
    archive.keep_hour("gate-40", "gate", 40)

    for _ in range(4):
        await archive.ledger.tick()

    assert "gate-40" not in archive.names
    assert len(archive.names) == 5


async def test_a_discard_that_was_broken_off_is_resumed(archive: Archive) -> None:
    archive.point("gate")
    archive.keep_hour("old", "gate", 40)
    archive.shelf.unplugged = True
    with pytest.raises(Unavailable):
        await archive.ledger.tick()
    assert archive.hours.by_name["old"].state is HourState.DISCARDED

    archive.shelf.unplugged = False
    archive.clock.advance(61)
    await archive.ledger.tick()

    assert archive.names == []


async def test_a_file_that_was_missing_at_its_discard_is_told(archive: Archive) -> None:
    archive.point("gate")
    archive.keep_hour("old", "gate", 40)
    archive.shelf.names.clear()

    await archive.ledger.tick()

    assert [line.action for line in archive.audit.entries] == ["recordings.discard", "recordings.missing_at_discard"]


async def test_hours_are_told_with_the_gaps_that_follow_them(archive: Archive) -> None:
    archive.point("gate")
    await archive.ledger.hour_opened(open_hour("one", 1_000))
    await archive.ledger.hour_closed(replace(open_hour("one", 1_000, 5_000), state=HourState.CLOSED))
    await archive.ledger.gap_began("gate", GapCause.STREAM_LOST)
    await archive.ledger.hour_opened(replace(open_hour("two", 9_000), until_ms=9_500))

    told = await archive.ledger.hours("gate", 0, 99_000, by=acting(Role.OPERATOR))

    assert [(hour.name, [gap.from_ms for gap in gaps]) for hour, gaps in told] == [("one", [5_000]), ("two", [])]


async def test_the_checker_reads_the_rows_by_pages(archive: Archive) -> None:
    for name in ("a", "b", "c"):
        archive.keep_hour(name, "gate", 1)

    pages = [await archive.ledger.page(limit=2), await archive.ledger.page(after_name="b", limit=2)]

    assert [[row.name for row in page] for page in pages] == [["a", "b"], ["c"]]


def test_the_floor_counts_when_the_wish_is_shorter() -> None:
    assert kept_days(3, 7) == 30
    assert kept_days(1, 90) == 90
    assert kept_days(0, 0) == 30


def test_the_lowest_class_stops_first_and_resumes_last() -> None:
    shed = shed_classes((), free_bytes=50, reserve_bytes=100)
    assert shed == (9,)
    shed = shed_classes(shed, free_bytes=50, reserve_bytes=100)
    assert shed == (9, 3)
    assert shed_classes(shed, free_bytes=120, reserve_bytes=100) == (9, 3)
    assert shed_classes(shed, free_bytes=151, reserve_bytes=100) == (9,)
    assert recordable([], shed) == []
