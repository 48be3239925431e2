"""The main job: from an alarm to a closed incident."""

import pytest
from tests.domain.incidents.conftest import LI, WU

from fengtai.domain.incidents.model import CallResult, Disposition
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound


async def taken(centre, **alarm):
    raised = await centre.alarm(**alarm)
    centre.clock.advance(5)
    return await centre.incidents.open_from_alarm(raised.id, by=LI)


async def test_from_alarm_to_closed_with_all_four_phases(centre):
    raised = await centre.alarm()
    centre.clock.advance(8)
    opened = await centre.incidents.open_from_alarm(raised.id, by=LI)
    incident_id = opened.incident.id
    assert (opened.incident.number, opened.incident.state.value) == ("20261120-0001", "taken")
    assert centre.alarm_now(raised.id).incident_id == incident_id

    centre.clock.advance(20)
    sent = await centre.incidents.dispatch(incident_id, centre.patrol.id, by=LI)
    dispatch_id = sent.dispatches[0].id
    assert (sent.incident.state.value, centre.state_of(centre.patrol)) == ("dispatched", "dispatched")

    centre.clock.advance(10)
    accepted = await centre.incidents.accept(incident_id, dispatch_id, by=LI)
    assert accepted.incident.state.value == "accepted"

    centre.clock.advance(240)
    arrived = await centre.incidents.arrive(incident_id, dispatch_id, by=LI)
    assert (arrived.incident.state.value, centre.state_of(centre.patrol)) == ("arrived", "busy")

    centre.clock.advance(60)
    handled = await centre.incidents.feedback(incident_id, dispatch_id, "窗户被风吹开", by=LI)
    assert (handled.incident.state.value, centre.state_of(centre.patrol)) == ("handled", "free")

    centre.clock.advance(30)
    closed = await centre.incidents.close(incident_id, Disposition.FALSE, "风", version=handled.incident.version, by=LI)
    assert closed.incident.state.value == "closed"
    assert (closed.phases.take_s, closed.phases.dispatch_s, closed.phases.arrive_s, closed.phases.close_s) == (
        8,
        20,
        250,
        90,
    )
    alarm = centre.alarm_now(raised.id)
    assert (alarm.state.value, alarm.disposition) == ("closed", "false")
    assert [line.kind for line in closed.log] == [
        "opened",
        "dispatched",
        "accepted",
        "arrived",
        "feedback",
        "closed",
    ]
    steps = [event.payload["step"] for event in centre.transactions.told("incidents.changed")]
    assert steps == ["dispatch", "accept", "arrive", "handle", "close"]
    assert [entry.post for entry in centre.audited("incident.close")] == ["desk 3"]


async def test_an_incident_shows_cameras_with_the_reason_and_distance(centre):
    shown = (await taken(centre, zone="1")).incident.cameras
    assert [(camera.point_id, camera.why.value, camera.distance_m) for camera in shown] == [
        (centre.gate.id, "zone", 8.3)
    ]
    shown = (await taken(centre, zone="2")).incident.cameras
    assert (centre.yard.id, "premises", 82.9) in [
        (camera.point_id, camera.why.value, camera.distance_m) for camera in shown
    ]


async def test_two_dispatchers_send_the_same_unit_and_one_is_told_who_was_first(centre):
    mine = await taken(centre)
    other = await centre.incidents.open_from_alarm((await centre.alarm(drill=True)).id, by=WU)
    await centre.incidents.dispatch(mine.incident.id, centre.patrol.id, by=LI)

    with pytest.raises(Conflict, match=r"巡组 1 was sent to incident 20261120-0001 by li"):
        await centre.incidents.dispatch(other.incident.id, centre.patrol.id, by=WU)

    assert (await centre.incidents.get(other.incident.id, by=LI)).dispatches == []


async def test_two_operators_take_one_alarm_and_one_is_told_who_has_it(centre):
    raised = await centre.alarm()
    await centre.incidents.open_from_alarm(raised.id, by=LI)
    with pytest.raises(Conflict, match="li"):
        await centre.incidents.open_from_alarm(raised.id, by=WU)
    assert len(centre.transactions.told("incidents.opened")) == 1
    assert len(centre.audited("incident.join")) == 0


async def test_taking_twice_is_taking_once(centre):
    raised = await centre.alarm()
    first = await centre.incidents.open_from_alarm(raised.id, by=LI)
    assert await centre.incidents.open_from_alarm(raised.id, by=LI) == first
    assert len(centre.audited("incident.open")) == 1


async def test_an_alarm_that_is_closed_is_not_taken_and_uses_up_no_number(centre):
    raised = await centre.alarm()
    await centre.alarms.close(raised.id, disposition="false", note="", version=raised.version, by=WU)
    with pytest.raises(Conflict):
        await centre.incidents.open_from_alarm(raised.id, by=LI)
    assert (await taken(centre, zone="2")).incident.number == "20261120-0001"


async def test_closing_without_a_disposition_is_refused(centre):
    opened = await taken(centre)
    with pytest.raises(Invalid) as refused:
        await centre.incidents.close(opened.incident.id, None, version=opened.incident.version, by=LI)
    assert refused.value.field == "disposition"
    assert (await centre.incidents.get(opened.incident.id, by=LI)).incident.state.value == "taken"


async def test_closing_what_has_changed_since_is_refused(centre):
    opened = await taken(centre)
    await centre.incidents.add_note(opened.incident.id, "有人翻墙", by=WU)
    with pytest.raises(Conflict, match="changed"):
        await centre.incidents.close(opened.incident.id, Disposition.FALSE, version=opened.incident.version, by=LI)


async def test_a_false_alarm_is_closed_at_once_and_stays_closed(centre):
    opened = await taken(centre)
    closed = await centre.incidents.close(opened.incident.id, Disposition.FALSE, version=opened.incident.version, by=LI)
    assert closed.phases.dispatch_s is None
    with pytest.raises(Conflict, match="closed"):
        await centre.incidents.add_note(opened.incident.id, "too late", by=LI)


async def test_a_second_alarm_of_the_same_premises_joins(centre):
    first = await taken(centre, zone="1")
    second = await centre.alarm(zone="2", code="110", category="fire")
    joined = await centre.incidents.open_from_alarm(second.id, by=WU)

    assert joined.incident.id == first.incident.id
    assert joined.incident.holder_name == "li"
    assert [alarm.zone for alarm in joined.alarms] == ["1", "2"]
    assert (joined.incident.category, joined.incident.priority) == ("fire", 1)
    assert [camera.point_id for camera in joined.incident.cameras] == [centre.gate.id, centre.yard.id]
    assert [step.index for step in joined.incident.steps] == list(range(len(joined.incident.steps)))
    assert any("119" in step.text_en for step in joined.incident.steps)

    closed = await centre.incidents.close(joined.incident.id, Disposition.REAL, version=joined.incident.version, by=LI)
    assert [alarm.state.value for alarm in closed.alarms] == ["closed", "closed"]


async def test_after_half_an_hour_an_alarm_opens_an_incident_of_its_own(centre):
    first = await taken(centre, zone="1")
    centre.clock.advance(31 * 60)
    second = await taken(centre, zone="2")
    assert [first.incident.number, second.incident.number] == ["20261120-0001", "20261120-0002"]


async def test_a_real_alarm_never_joins_a_drill(centre):
    drill = await taken(centre, zone="1", drill=True)
    real = await taken(centre, zone="2")
    assert drill.incident.drill
    assert real.incident.id != drill.incident.id


async def test_numbers_follow_the_day_of_the_site(centre):
    centre.clock.advance(4 * 3600)  # 16:00 UTC is midnight in Shanghai
    assert (await taken(centre)).incident.number == "20261121-0001"


async def test_steps_notes_and_calls_are_kept_with_who_and_when(centre):
    incident_id = (await taken(centre)).incident.id
    keyholder = centre.shop.keyholders[0]
    marked = await centre.incidents.mark_step(incident_id, 0, done=True, by=LI)
    assert (marked.incident.steps[0].done_by, marked.incident.steps[0].done_at) == ("li", centre.clock.now().utc)
    unmarked = await centre.incidents.mark_step(incident_id, 0, done=False, by=LI)
    assert unmarked.incident.steps[0].done_at is None

    await centre.incidents.add_call(incident_id, keyholder.id, CallResult.NO_ANSWER, "", by=LI)
    centre.clock.advance(30)
    called = await centre.incidents.add_call(incident_id, keyholder.id, CallResult.REACHED, "十分钟后到", by=WU)
    assert [(call.name, call.result.value, call.by) for call in called.calls] == [
        ("王芳", "no-answer", "li"),
        ("王芳", "reached", "wu"),
    ]
    assert [line.kind for line in called.log] == ["opened", "step", "step-undone", "call", "call"]


async def test_what_does_not_belong_to_the_incident_is_not_found(centre):
    incident_id = (await taken(centre)).incident.id
    other = (await taken(centre, drill=True)).incident.id
    sent = await centre.incidents.dispatch(incident_id, centre.patrol.id, by=LI)
    with pytest.raises(NotFound):
        await centre.incidents.mark_step(incident_id, 99, done=True, by=LI)
    with pytest.raises(NotFound):
        await centre.incidents.add_call(incident_id, "nobody", CallResult.REACHED, "", by=LI)
    with pytest.raises(NotFound):
        await centre.incidents.accept(other, sent.dispatches[0].id, by=LI)
    with pytest.raises(Invalid):
        await centre.incidents.add_note(incident_id, "  ", by=LI)


async def test_the_last_unit_recalled_takes_the_incident_back(centre):
    incident_id = (await taken(centre)).incident.id
    await centre.incidents.dispatch(incident_id, centre.patrol.id, by=LI)
    centre.clock.advance(1)
    sent = await centre.incidents.dispatch(incident_id, centre.guard.id, by=LI)
    first, second = sent.dispatches
    await centre.incidents.accept(incident_id, first.id, by=LI)

    one_left = await centre.incidents.recall(incident_id, first.id, "another is nearer", by=LI)
    assert (one_left.incident.state.value, centre.state_of(centre.patrol)) == ("accepted", "free")
    none_left = await centre.incidents.recall(incident_id, second.id, by=LI)
    assert (none_left.incident.state.value, centre.state_of(centre.guard)) == ("taken", "free")
    with pytest.raises(Conflict, match="recalled"):
        await centre.incidents.arrive(incident_id, first.id, by=LI)


async def test_an_incident_is_handled_when_its_last_unit_has_finished(centre):
    incident_id = (await taken(centre)).incident.id
    await centre.incidents.dispatch(incident_id, centre.patrol.id, by=LI)
    centre.clock.advance(1)
    first, second = (await centre.incidents.dispatch(incident_id, centre.guard.id, by=LI)).dispatches
    await centre.incidents.accept(incident_id, first.id, by=LI)
    await centre.incidents.arrive(incident_id, first.id, by=LI)
    still = await centre.incidents.feedback(incident_id, first.id, "门已锁好", by=LI)
    assert still.incident.state.value == "arrived"
    done = await centre.incidents.recall(incident_id, second.id, by=LI)
    assert done.incident.state.value == "handled"


async def test_closing_frees_the_units_that_are_still_out(centre):
    incident_id = (await taken(centre)).incident.id
    sent = await centre.incidents.dispatch(incident_id, centre.patrol.id, by=LI)
    closed = await centre.incidents.close(incident_id, Disposition.CANCELLED, version=sent.incident.version, by=LI)
    assert centre.state_of(centre.patrol) == "free"
    assert [dispatch.state.value for dispatch in closed.dispatches] == ["recalled"]


async def test_after_a_restart_the_desk_goes_on_where_it_was(centre):
    incident_id = (await taken(centre)).incident.id
    sent = await centre.incidents.dispatch(incident_id, centre.patrol.id, by=LI)

    restarted = centre.another_desk()
    accepted = await restarted.accept(incident_id, sent.dispatches[0].id, by=WU)
    assert accepted.incident.state.value == "accepted"
    assert [brief.incident.id for brief in await restarted.page(by=LI)] == [incident_id]
