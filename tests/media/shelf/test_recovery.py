"""The shelf is killed at every single file operation, with and without a torn write; what recovery leaves keeps I1 to I3."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.domain.recordings.model import HourState, RecordedHour
from fengtai.media.check import check_recordings
from fengtai.media.shelf.files import DiskFiles, Fault, FaultyFiles, Files
from fengtai.media.shelf.gop_index import GopRecord, IndexHeader, unpack_header, unpack_records
from fengtai.media.shelf.hour_file import ClosedHour, HourFile
from fengtai.media.shelf.journal import Journal
from fengtai.media.shelf.names import data_path, hour_name, index_path, next_rollover_ms, parse_name
from fengtai.media.shelf.reader import portions, read_portion
from fengtai.media.shelf.recovery import discard, recover
from fengtai.vocabulary.errors import Invalid, Malformed, Unavailable

POINT = "0190aaaabbbbccccddddeeeeffff0001"
BEGIN = 1_795_000_000_000
INIT = b"\0\0\0\x18ftyp" + bytes(600)
STEPS = 40
"""more than the operations of the story; the last faults come too late"""


@dataclass
class Story:
    """What the worker had done before it was killed."""

    synced_gops: int = 0
    closed: list[ClosedHour] = field(default_factory=list)
    struck: bool = False


def fragment(number: int) -> bytes:
    return b"moof" + bytes([number]) * (3_000 + number)


def pieces(number: int) -> list[bytes]:
    """More than one call of the system takes."""
    whole = fragment(number)
    return [whole[at : at + 2] for at in range(0, len(whole), 2)]


def write_an_hour(files: Files, root: Path, story: Story, gops: int = 3) -> None:
    journal = Journal(files, root, 0)
    try:
        journal.open()
        file = HourFile(files, root, journal, point_id=POINT, from_ms=BEGIN, init=INIT)
        for number in range(gops):
            file.append(pieces(number), start_ms=BEGIN + number * 2_000, duration_ms=2_000, frames=50, is_damaged=False)
            file.sync()
            story.synced_gops += 1
        story.closed.append(file.close())
        journal.strike([file.name])
        story.struck = True
    finally:
        journal.close()


def start_again(root: Path) -> list[ClosedHour]:
    """What the next worker does first."""
    files = DiskFiles()
    journal = Journal(files, root, 0)
    journal.open()
    hours = [hour for name in journal.names if (hour := recover(files, root, name)) is not None]
    journal.strike(journal.names)
    journal.close()
    return hours


def row_of(hour: ClosedHour) -> RecordedHour:
    return RecordedHour(
        name=hour.name,
        point_id=hour.point_id,
        from_ms=hour.from_ms,
        until_ms=hour.until_ms,
        size_bytes=hour.size_bytes,
        index_bytes=hour.index_bytes,
        index_sha256=hour.index_sha256,
        gops=hour.gops,
        state=HourState.CLOSED,
    )


@pytest.mark.parametrize("tears", [False, True], ids=["whole writes", "torn writes"])
@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_any_step_nothing_stored_is_lost_and_the_invariants_hold(
    tmp_path: Path, step: int, tears: bool
) -> None:
    story = Story()
    try:
        write_an_hour(FaultyFiles(step, tears=tears), tmp_path, story)
    except Fault:
        assert not story.struck

    hours = start_again(tmp_path)

    rows = [row_of(hour) for hour in (story.closed if story.struck else hours)]
    assert list(check_recordings(tmp_path, rows, digests=True)) == []
    kept = rows[0].gops if rows else 0
    assert kept >= story.synced_gops
    found = portions(tmp_path, POINT, BEGIN, BEGIN + 60_000)
    assert [record.start_ms for portion in found for record in portion.records] == [
        BEGIN + number * 2_000 for number in range(kept)
    ]
    for portion in found:
        assert list(read_portion(tmp_path, portion)) == [INIT, *map(fragment, range(kept))]


def test_the_drill_reaches_the_end_of_the_story(tmp_path: Path) -> None:
    story = Story()
    write_an_hour(FaultyFiles(STEPS - 1), tmp_path, story)
    assert story.struck


def test_recovery_can_itself_be_broken_off(tmp_path: Path) -> None:
    story = Story()
    with pytest.raises(Fault):
        write_an_hour(FaultyFiles(22, tears=True), tmp_path, story)
    name = hour_name(POINT, BEGIN)
    for step in range(4):
        try:
            recover(FaultyFiles(step), tmp_path, name)
        except Fault:
            continue

    hours = start_again(tmp_path)

    assert hours[0].gops >= story.synced_gops
    assert list(check_recordings(tmp_path, [row_of(hours[0])], digests=True)) == []


def test_the_disk_that_lied_about_fsync_costs_gops_not_the_file(tmp_path: Path) -> None:
    story = Story()
    write_an_hour(DiskFiles(), tmp_path, story)
    name = hour_name(POINT, BEGIN)
    data = data_path(tmp_path, name)
    data.write_bytes(data.read_bytes()[:-100])

    hour = recover(DiskFiles(), tmp_path, name)

    assert hour is not None
    assert (hour.gops, hour.was_torn, hour.until_ms) == (2, True, BEGIN + 4_000)
    assert list(check_recordings(tmp_path, [row_of(hour)], digests=True)) == []


def test_a_kill_between_two_syncs_costs_nothing_that_was_written(tmp_path: Path) -> None:
    journal = Journal(DiskFiles(), tmp_path, 0)
    journal.open()
    file = HourFile(DiskFiles(), tmp_path, journal, point_id=POINT, from_ms=BEGIN, init=INIT)
    for number in range(3):
        file.append(pieces(number), start_ms=BEGIN + number * 2_000, duration_ms=2_000, frames=50, is_damaged=False)
    assert (file.synced_gops, file.synced_until_ms) == (0, BEGIN)
    file.abandon()
    journal.close()

    (hour,) = start_again(tmp_path)

    assert (hour.gops, hour.until_ms, hour.was_torn) == (3, BEGIN + 6_000, False)
    assert list(check_recordings(tmp_path, [row_of(hour)], digests=True)) == []


def test_a_power_failure_that_kept_records_without_their_fragments_ends_the_file_before_them(tmp_path: Path) -> None:
    """The file system wrote the index and the third fragment, but not the second."""
    story = Story()
    write_an_hour(DiskFiles(), tmp_path, story)
    data = data_path(tmp_path, hour_name(POINT, BEGIN))
    kept = data.read_bytes()
    second = kept.index(fragment(1))
    data.write_bytes(kept[:second] + bytes(len(fragment(1))) + kept[second + len(fragment(1)) :])

    hour = recover(DiskFiles(), tmp_path, hour_name(POINT, BEGIN))

    assert hour is not None
    assert (hour.gops, hour.was_torn) == (1, True)
    assert list(check_recordings(tmp_path, [row_of(hour)], digests=True)) == []


def test_after_a_failed_fsync_only_what_was_synced_before_counts(tmp_path: Path) -> None:
    """Linux forgets that pages were dirty when writing them back has failed: reading them proves nothing."""
    story = Story()
    write_an_hour(DiskFiles(), tmp_path, story)
    hour = recover(DiskFiles(), tmp_path, hour_name(POINT, BEGIN), most_gops=2)
    assert hour is not None
    assert (hour.gops, hour.until_ms, hour.was_torn) == (2, BEGIN + 4_000, True)
    assert list(check_recordings(tmp_path, [row_of(hour)], digests=True)) == []


def test_on_a_disk_too_slow_for_its_rounds_a_file_is_synced_by_itself(tmp_path: Path) -> None:
    journal = Journal(DiskFiles(), tmp_path, 0)
    journal.open()
    file = HourFile(DiskFiles(), tmp_path, journal, point_id=POINT, from_ms=BEGIN, init=INIT)
    for number in range(7):
        file.append(pieces(number), start_ms=BEGIN + number * 2_000, duration_ms=2_000, frames=50, is_damaged=False)
    assert file.synced_gops == 6
    file.abandon()
    journal.close()


def test_the_checker_names_the_invariant_that_is_broken(tmp_path: Path) -> None:
    story = Story()
    write_an_hour(DiskFiles(), tmp_path, story)
    row = row_of(story.closed[0])
    data = data_path(tmp_path, row.name)
    whole = data.read_bytes()

    def broken(*rows: RecordedHour, **levels: bool) -> list[str]:
        return [finding.invariant for finding in check_recordings(tmp_path, rows, **levels)]

    assert broken(row, digests=True) == []
    assert broken() == ["I2"]
    data.write_bytes(whole[:-1] + b"?")
    assert broken(row, sizes=True) == []
    assert broken(row, digests=True) == ["I3"]
    data.write_bytes(whole + b"?")
    assert broken(row, sizes=True) == ["I1"]
    data.unlink()
    assert broken(row) == ["I1"]


def test_a_damaged_gop_is_not_given_out(tmp_path: Path) -> None:
    write_an_hour(DiskFiles(), tmp_path, Story())
    data = data_path(tmp_path, hour_name(POINT, BEGIN))
    data.write_bytes(data.read_bytes()[:-1] + b"?")
    portion = portions(tmp_path, POINT, BEGIN, BEGIN + 60_000)[0]

    with pytest.raises(Unavailable, match="I3"):
        list(read_portion(tmp_path, portion))


def test_discard_removes_both_files_and_tells_when_there_was_nothing(tmp_path: Path) -> None:
    write_an_hour(DiskFiles(), tmp_path, Story())
    name = hour_name(POINT, BEGIN)

    assert discard(DiskFiles(), tmp_path, name)
    assert not data_path(tmp_path, name).exists()
    assert not index_path(tmp_path, name).exists()
    assert not discard(DiskFiles(), tmp_path, name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "01/../x", "01/a/b", "", "a/b/20261120T120000000Z", "01//x"])
def test_a_name_that_leads_off_the_shelf_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid):
        discard(DiskFiles(), tmp_path, name)


@given(st.integers(0, 4_000_000_000_000))
def test_names_come_back_as_they_were(moment: int) -> None:
    assert parse_name(hour_name(POINT, moment)) == (POINT, moment)


@given(st.integers(1_000_000_000_000, 2_000_000_000_000), st.uuids())
def test_a_file_ends_within_an_hour_and_within_the_stagger(moment: int, point: object) -> None:
    rollover = next_rollover_ms(str(point).replace("-", ""), moment)
    assert 0 < rollover - moment <= 3_600_000
    assert rollover % 3_600_000 < 300_000


@given(st.lists(st.tuples(st.integers(1, 1 << 20), st.integers(0, 60_000)), max_size=20), st.integers(0, 2_000))
def test_an_index_cut_anywhere_gives_whole_records_only(gops: list[tuple[int, int]], cut: int) -> None:
    records, at = [], 700
    for size, duration in gops:
        records.append(GopRecord(at, size, BEGIN, duration, 50, duration % 2 == 0, size))
        at += size
    packed = IndexHeader(POINT, BEGIN, 700).packed() + b"".join(record.packed() for record in records)
    torn = packed[: max(0, len(packed) - cut)]
    try:
        header = unpack_header(torn)
    except Malformed:
        assert len(torn) < 64
        return
    assert header == IndexHeader(POINT, BEGIN, 700)
    found = unpack_records(torn, init_bytes=700)
    assert list(found) == records[: (len(torn) - 64) // 36]


@given(st.binary(max_size=300))
def test_any_bytes_as_an_index_are_refused_or_read(data: bytes) -> None:
    try:
        header = unpack_header(data)
    except Malformed:
        return
    unpack_records(data, init_bytes=header.init_bytes)
