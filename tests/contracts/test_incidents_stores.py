"""Incidents, dispatches, calls, log lines and clips on every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fengtai.domain.incidents.model import (
    Call,
    CallResult,
    Camera,
    CameraReason,
    Clip,
    ClipGap,
    ClipState,
    Dispatch,
    DispatchState,
    Disposition,
    Incident,
    IncidentState,
    Step,
)
from fengtai.domain.incidents.ports import ClipStore, DispatchStore, IncidentLog, IncidentStore, Matching
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position

NOON = datetime(2026, 11, 20, 12, 0, 0, 123000, tzinfo=UTC)
FIRST = Incident(
    id="i1",
    number="20261120-0001",
    state=IncidentState.ARRIVED,
    opened_at=NOON,
    received_at=NOON - timedelta(seconds=5),
    holder_id="u1",
    holder_name="li",
    title="Burglary",
    category="burglary",
    priority=4,
    drill=True,
    version=7,
    premises_id="b1",
    position=Position(123.43, 41.8),
    alarm_ids=("a1", "a2"),
    cameras=(
        Camera(point_id="p1", why=CameraReason.ZONE, distance_m=12.5),
        Camera(point_id="p2", why=CameraReason.NEAREST),
    ),
    steps=(
        Step(index=0, text_zh="看图像", text_en="Look", done_at=NOON, done_by="li"),
        Step(index=1, text_zh="打电话", text_en="Call"),
    ),
    dispatched_at=NOON + timedelta(seconds=20),
    arrived_at=NOON + timedelta(seconds=200),
)
CLIP = Clip(
    id="c1",
    alarm_id="a1",
    point_id="p1",
    from_at=NOON - timedelta(seconds=10),
    until_at=NOON + timedelta(seconds=30),
    due_at=NOON + timedelta(seconds=34),
)


def incident_saved(units, *incidents):
    for incident in incidents:
        units.run(lambda uow, each=incident: uow.store(IncidentStore).save(each))


def test_an_incident_comes_back_as_it_was_saved(units):
    incident_saved(units, FIRST)
    assert units.read(lambda uow: uow.store(IncidentStore).get("i1")) == FIRST
    closed = replace(
        FIRST,
        state=IncidentState.CLOSED,
        closed_at=NOON + timedelta(seconds=300),
        disposition=Disposition.FALSE,
        closing_note="猫",
        position=None,
    )
    incident_saved(units, closed)
    assert units.read(lambda uow: uow.store(IncidentStore).get("i1")) == closed


def test_an_unknown_incident_is_not_found(units):
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(IncidentStore).get("nobody"))


def test_the_incidents_of_premises_that_are_open_or_were_joined_newest_first(units):
    def found(**wanted):
        return [each.id for each in units.read(lambda uow: uow.store(IncidentStore).of_premises("b1", **wanted))]

    second = replace(FIRST, id="i2", number="20261120-0002", opened_at=NOON + timedelta(minutes=5))
    closed = replace(FIRST, id="i3", number="20261120-0003", state=IncidentState.CLOSED)
    elsewhere = replace(FIRST, id="i4", number="20261120-0004", premises_id="b2")
    joined = replace(closed, id="i5", number="20261120-0005", joined_to="i4")
    incident_saved(units, FIRST, second, closed, elsewhere, joined)
    assert found(since=NOON, drill=True) == ["i5", "i2", "i1"]
    assert found(since=NOON + timedelta(minutes=6), drill=True) == []
    assert found(since=NOON, drill=False) == []


def test_what_was_joined_is_found_from_where_it_went(units):
    joined = replace(FIRST, id="i2", number="20261120-0002", joined_to="i1")
    further = replace(FIRST, id="i3", number="20261120-0003", joined_to="i2")
    incident_saved(units, FIRST, further, joined)

    def into(*incident_ids):
        return units.read(lambda uow: uow.store(IncidentStore).joined_into(incident_ids))

    assert into("i1") == [joined]
    assert into("i1", "i2") == [joined, further]
    assert into("i3") == []


@pytest.mark.parametrize(
    ("text", "premises", "ids"),
    [
        ("0002", [], ["i2"]),
        ("glass", [], ["i3"]),
        ("nothing", ["b2"], ["i2"]),
        ("20261120", [], ["i3", "i2", "i1"]),
        ("%", [], []),
    ],
)
def test_incidents_are_found_by_number_title_and_premises(units, text, premises, ids):
    second = replace(FIRST, id="i2", number="20261120-0002", premises_id="b2")
    third = replace(FIRST, id="i3", number="20261120-0003", title="Glass broken")
    incident_saved(units, FIRST, second, third)
    wanted = Matching(text=text, premises_ids=frozenset(premises))
    found = units.read(lambda uow: uow.store(IncidentStore).page(only_open=True, matching=wanted))
    assert [each.id for each in found] == ids


def test_incidents_are_paged_newest_first(units):
    closed = replace(FIRST, id="i2", number="20261120-0002", state=IncidentState.CLOSED)
    third = replace(FIRST, id="i3", number="20261120-0003")
    incident_saved(units, FIRST, closed, third)

    def page(**wanted):
        return [each.id for each in units.read(lambda uow: uow.store(IncidentStore).page(**wanted))]

    assert page(only_open=True) == ["i3", "i1"]
    assert page(only_open=False) == ["i3", "i2", "i1"]
    assert page(only_open=False, limit=2) == ["i3", "i2"]
    assert page(only_open=False, after="i2") == ["i1"]


def test_serials_count_within_a_day_and_are_undone_with_their_unit(units):
    def taken(uow):
        return uow.store(IncidentStore).next_serial("20261120")

    def taken_and_dropped(uow):
        taken(uow)
        raise RuntimeError("the unit is undone")

    assert [units.run(taken), units.run(taken)] == [1, 2]
    with pytest.raises(RuntimeError):
        units.run(taken_and_dropped)
    assert units.run(taken) == 3
    assert units.run(lambda uow: uow.store(IncidentStore).next_serial("20261121")) == 1


def test_dispatches_of_an_incident_oldest_first(units):
    later = Dispatch(
        id="d1",
        incident_id="i1",
        unit_id="u1",
        unit_name="巡组 1",
        state=DispatchState.DISPATCHED,
        dispatched_at=NOON + timedelta(seconds=1),
        dispatched_by="li",
    )
    earlier = replace(later, id="d2", dispatched_at=NOON)
    other = replace(later, id="d3", incident_id="i9")
    finished = replace(
        earlier, state=DispatchState.FINISHED, accepted_at=NOON, arrived_at=NOON, finished_at=NOON, feedback="无异常"
    )
    for dispatch in (later, earlier, other, finished):
        units.run(lambda uow, each=dispatch: uow.store(DispatchStore).save(each))
    assert units.read(lambda uow: uow.store(DispatchStore).of_incident("i1")) == [finished, later]
    assert units.read(lambda uow: uow.store(DispatchStore).get("d3")) == other
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(DispatchStore).get("nobody"))


def test_log_lines_are_numbered_within_their_incident(units):
    def two_lines(uow):
        log = uow.store(IncidentLog)
        return [
            log.append("i1", at=NOON, who="li", kind="opened", text="Burglary"),
            log.append("i1", at=NOON, who="li", kind="note", text="有人"),
        ]

    lines = units.run(two_lines)
    units.run(lambda uow: uow.store(IncidentLog).append("i2", at=NOON, who="wu", kind="opened", text=""))
    assert [line.line for line in lines] == [1, 2]
    assert units.read(lambda uow: uow.store(IncidentLog).of_incident("i1")) == lines


def test_calls_of_an_incident_oldest_first(units):
    call = Call(
        id="k2",
        incident_id="i1",
        keyholder_id="h1",
        name="王芳",
        result=CallResult.NO_ANSWER,
        note="",
        at=NOON,
        by="li",
    )
    again = replace(call, id="k1", result=CallResult.REACHED, note="十分钟后到", at=NOON + timedelta(seconds=9))
    for each in (again, call):
        units.run(lambda uow, one=each: uow.store(IncidentLog).add_call(one))
    assert units.read(lambda uow: uow.store(IncidentLog).calls_of_incident("i1")) == [call, again]
    assert units.read(lambda uow: uow.store(IncidentLog).calls_of_incident("i2")) == []


def test_a_clip_comes_back_and_is_found_by_alarm_and_incident(units):
    ready = replace(
        CLIP,
        state=ClipState.READY,
        incident_id="i1",
        attempts=2,
        file_key="clips/c1.mp4",
        seconds=41.5,
        size_bytes=5_000_000_000,
        sha256="ab" * 32,
        gaps=(ClipGap(from_ms=1, until_ms=2, cause="stream-lost"),),
    )
    for clip in (CLIP, ready):
        units.run(lambda uow, each=clip: uow.store(ClipStore).save(each))
    assert units.read(lambda uow: uow.store(ClipStore).get("c1")) == ready
    assert units.read(lambda uow: uow.store(ClipStore).of_alarm("a1")) == [ready]
    assert units.read(lambda uow: uow.store(ClipStore).of_incident("i1")) == [ready]
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(ClipStore).get("nobody"))


def test_the_clip_that_has_been_due_longest_comes_first(units):
    later = replace(CLIP, id="c2", due_at=CLIP.due_at + timedelta(seconds=1))
    failed = replace(CLIP, id="c3", due_at=NOON, state=ClipState.FAILED)
    for clip in (later, CLIP, failed):
        units.run(lambda uow, each=clip: uow.store(ClipStore).save(each))

    def due(moment):
        return units.read(lambda uow: uow.store(ClipStore).due(moment))

    assert due(NOON + timedelta(seconds=33)) is None
    assert due(NOON + timedelta(seconds=34)) == CLIP
    units.run(lambda uow: uow.store(ClipStore).save(replace(CLIP, state=ClipState.READY)))
    assert due(NOON + timedelta(seconds=99)) == later
