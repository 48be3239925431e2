"""Two incidents that are one: joined, worked on as one, taken apart; and what may not be joined."""

from dataclasses import replace

import pytest
from tests.domain.acting import acting_in
from tests.domain.incidents.conftest import BUILDER, HERE, LI, WU

from fengtai.domain.access.model import GrantTerms, OrganisationTree, Role
from fengtai.domain.alarms.model import AlarmState
from fengtai.domain.alarms.service import AlarmQueue
from fengtai.domain.incidents.model import CallResult, Disposition
from fengtai.domain.incidents.ports import IncidentStore
from fengtai.domain.premises.model import AccountWords, PremisesWords
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound

ELSEWHERE = "9999"
"""an account of no premises: its alarms join nothing by themselves"""


async def in_hand(centre, by=LI, **alarm):
    raised = await centre.alarm(**alarm)
    return await centre.incidents.open_from_alarm(raised.id, by=by)


async def two(centre):
    """A burglary at the shop, with a unit on its way, and a fire next door."""
    burglary = await in_hand(centre)
    burglary = await centre.incidents.dispatch(burglary.incident.id, centre.patrol.id, by=LI)
    centre.clock.advance(60)
    bakery = await centre.premises.create(PremisesWords(name="隔壁面包房", position=HERE), by=BUILDER)
    await centre.premises.create_account(
        AccountWords(channel="sia-dc09", number="5678", premises_id=bakery.id), by=BUILDER
    )
    fire = await in_hand(centre, code="110", category="fire", account="5678", by=WU)
    return fire, burglary


async def joined(centre, into, other, by=LI):
    return await centre.incidents.join_incident(
        into.incident.id, other.incident.id, version=other.incident.version, into_version=into.incident.version, by=by
    )


async def now(centre, detail, by=LI):
    return await centre.incidents.get(detail.incident.id, by=by)


def kinds(detail):
    return [line.kind for line in detail.log]


async def test_what_is_told_beforehand_is_what_is_done(centre):
    fire, burglary = await two(centre)
    told = await centre.incidents.joining(burglary.incident.id, incident_id=fire.incident.id, by=LI)
    assert (told.before.priority, told.after.priority, told.after.category) == (4, 1, "fire")
    assert (len(told.alarms), told.dispatches, told.refusal) == (1, [], "")
    assert any("119" in step.text_zh for step in told.new_steps)
    assert (await now(centre, burglary)).incident == burglary.incident, "nothing was kept"

    after = await joined(centre, burglary, fire)

    assert replace(after.incident, version=0) == replace(told.after, version=0)
    assert [alarm.category for alarm in after.alarms] == ["burglary", "fire"]


async def test_the_joined_one_is_closed_with_a_link_and_keeps_what_is_its_own(centre):
    fire, burglary = await two(centre)
    after = await joined(centre, fire, burglary)
    assert after.incident.state.value == "dispatched", "its unit is on the way to the one that stands"
    assert [dispatch.unit_name for dispatch in after.dispatches] == ["巡组 1"]
    assert set(kinds(after)[-2:]) == {"joined-to", "incident-joined"}

    gone = await now(centre, burglary)

    assert (gone.incident.state.value, gone.incident.disposition) == ("closed", Disposition.JOINED)
    assert gone.joined_to.number == fire.incident.number
    assert [dispatch.unit_id for dispatch in gone.dispatches] == [centre.patrol.id]
    assert centre.alarm_now(burglary.alarms[0].id).incident_id == burglary.incident.id
    with pytest.raises(Conflict, match="was joined to another"):
        await centre.incidents.add_note(burglary.incident.id, "wrong record", by=LI)


async def test_the_unit_of_the_joined_one_goes_on_under_the_number_that_it_was_given(centre):
    fire, burglary = await two(centre)
    await joined(centre, fire, burglary)
    dispatch_id = burglary.dispatches[0].id
    await centre.incidents.accept(burglary.incident.id, dispatch_id, by=LI)
    arrived = await centre.incidents.arrive(fire.incident.id, dispatch_id, by=LI)
    assert (arrived.incident.number, arrived.incident.state.value) == (fire.incident.number, "arrived")
    called = await centre.incidents.add_call(
        fire.incident.id, burglary.premises.keyholders[0].id, CallResult.REACHED, "", by=LI
    )
    assert called.calls[0].name == "王芳", "keyholders of both premises can be called"

    closed = await centre.incidents.close(
        fire.incident.id, Disposition.REAL, "", version=called.incident.version, by=LI
    )

    assert {alarm.disposition for alarm in closed.alarms} == {"real"}
    assert centre.state_of(centre.patrol) == "free"
    assert (await now(centre, burglary)).incident.disposition is Disposition.JOINED


async def test_phases_are_measured_from_the_first_of_them(centre):
    fire, burglary = await two(centre)
    after = await joined(centre, fire, burglary)
    assert after.phases.received_at == burglary.incident.received_at
    assert after.phases.dispatched_at == burglary.incident.dispatched_at


async def test_taken_apart_each_is_what_it_was(centre):
    fire, burglary = await two(centre)
    await joined(centre, burglary, fire)
    gone = await now(centre, fire)
    centre.clock.advance(30)

    parted = await centre.incidents.part_incident(fire.incident.id, version=gone.incident.version, by=LI)

    assert (parted.incident.state.value, parted.incident.disposition, parted.incident.closed_at) == (
        "taken",
        None,
        None,
    )
    assert (parted.joined_to, kinds(parted)) == (None, ["opened", "joined-to", "parted-from"])
    stands = await now(centre, burglary)
    assert (stands.incident.priority, stands.incident.category, stands.incident.state.value) == (
        4,
        "burglary",
        "dispatched",
    )
    assert kinds(stands)[-2:] == ["incident-joined", "parted"]
    assert [alarm.category for alarm in stands.alarms] == ["burglary"]


async def test_what_was_joined_to_the_joined_one_comes_and_goes_with_it(centre):
    fire, burglary = await two(centre)
    third = await in_hand(centre, code="123", account="8888")
    middle = await joined(centre, burglary, third)
    whole = await joined(centre, fire, middle)
    assert {brief.incident.number for brief in whole.joined} == {burglary.incident.number, third.incident.number}
    assert len(whole.alarms) == 3

    gone = await now(centre, burglary)
    parted = await centre.incidents.part_incident(burglary.incident.id, version=gone.incident.version, by=LI)

    assert [brief.incident.number for brief in parted.joined] == [third.incident.number]
    assert len((await now(centre, fire)).alarms) == 1


async def test_a_new_alarm_of_joined_premises_goes_to_the_one_that_stands(centre):
    fire, burglary = await two(centre)
    await joined(centre, fire, burglary)
    more = await centre.alarm(zone="2")
    assert (await centre.incidents.open_from_alarm(more.id, by=LI)).incident.number == fire.incident.number


async def test_an_alarm_is_joined_from_the_queue_and_gets_an_incident_of_its_own_when_taken_apart(centre):
    burglary = await in_hand(centre)
    neighbour = await centre.alarm(account=ELSEWHERE, zone="7")
    after = await centre.incidents.join_alarm(burglary.incident.id, neighbour.id, by=WU)
    assert centre.alarm_now(neighbour.id).incident_id == burglary.incident.id
    assert kinds(after) == ["opened", "joined"]
    again = await centre.incidents.join_alarm(burglary.incident.id, neighbour.id, by=WU)
    assert again.incident.version == after.incident.version, "pressed twice"

    own = await centre.incidents.part_alarm(burglary.incident.id, neighbour.id, version=after.incident.version, by=WU)

    moved = centre.alarm_now(neighbour.id)
    assert (moved.incident_id, moved.state.value, moved.held_by_name) == (own.incident.id, "taken", "wu")
    assert (own.incident.number, kinds(own)) == ("20261120-0002", ["opened", "parted-from"])
    rest = await now(centre, burglary)
    assert ([alarm.id for alarm in rest.alarms], kinds(rest)[-1]) == ([burglary.alarms[0].id], "parted")


async def test_what_has_changed_since_it_was_seen_is_not_joined(centre):
    fire, burglary = await two(centre)
    await centre.incidents.add_note(burglary.incident.id, "一人受伤", by=WU)
    with pytest.raises(Conflict, match="has changed since you saw it"):
        await joined(centre, fire, burglary)
    assert (await now(centre, burglary)).incident.joined_to == ""


@pytest.mark.parametrize("which", ["itself", "drill", "closed"])
async def test_what_cannot_be_joined_says_why(centre, which):
    fire, burglary = await two(centre)
    if which == "itself":
        other, words = fire, "to itself"
    elif which == "drill":
        other, words = await in_hand(centre, account="8888", drill=True), "is a drill"
    else:
        closed = await centre.incidents.close(
            burglary.incident.id, Disposition.FALSE, version=burglary.incident.version, by=LI
        )
        other, words = closed, "is closed"
    assert words in (await centre.incidents.joining(fire.incident.id, incident_id=other.incident.id, by=LI)).refusal
    with pytest.raises(Conflict, match=words):
        await joined(centre, fire, other)


async def test_an_alarm_that_somebody_holds_or_that_stands_alone_is_left_where_it_is(centre):
    fire, burglary = await two(centre)
    with pytest.raises(Conflict, match="li has taken it already"):
        await centre.incidents.join_alarm(fire.incident.id, burglary.alarms[0].id, by=WU)
    with pytest.raises(Conflict, match="the only alarm"):
        await centre.incidents.part_alarm(
            burglary.incident.id, burglary.alarms[0].id, version=burglary.incident.version, by=LI
        )


async def test_after_the_end_nothing_is_taken_apart(centre):
    fire, burglary = await two(centre)
    after = await joined(centre, fire, burglary)
    await centre.incidents.close(fire.incident.id, Disposition.REAL, version=after.incident.version, by=LI)
    gone = await now(centre, burglary)
    with pytest.raises(Conflict, match="is closed"):
        await centre.incidents.part_incident(burglary.incident.id, version=gone.incident.version, by=LI)


async def test_nobody_ends_an_incident_as_joined_by_hand(centre):
    fire, _ = await two(centre)
    with pytest.raises(Invalid, match="join it to the other incident"):
        await centre.incidents.close(fire.incident.id, Disposition.JOINED, version=fire.incident.version, by=LI)


async def test_rights_are_asked_at_the_places_of_both(centre):
    fire, burglary = await two(centre)

    await centre.transactions.write(
        lambda uow: uow.store(IncidentStore).save(replace(fire.incident, organisation_id="east"))
    )
    dong = acting_in(OrganisationTree(), GrantTerms(role=Role.DISPATCHER, organisation_id="east"))
    for into, other in ((fire, burglary), (burglary, fire)):
        with pytest.raises(NotFound):
            await joined(centre, into, other, by=dong)


async def test_every_act_has_its_line_in_the_audit(centre):
    fire, burglary = await two(centre)
    await joined(centre, fire, burglary)
    gone = await now(centre, burglary)
    await centre.incidents.part_incident(burglary.incident.id, version=gone.incident.version, by=LI)
    (join,), (part,) = centre.audited("incident.join"), centre.audited("incident.part")
    assert (join.actor, join.details["joined"]) == ("user:id-of-li", burglary.incident.number)
    assert (part.actor, part.details["parted_from"]) == ("user:id-of-li", fire.incident.number)


async def test_a_flood_of_one_panel_is_taken_a_hundred_at_a_time(centre):
    first = await centre.alarm(code="300", zone="1", category="trouble")
    centre.clock.advance(1)
    for zone in range(2, 108):
        await centre.alarm(code="300", zone=str(zone), category="trouble")
    queue = AlarmQueue(transactions=centre.transactions)
    (row,) = (await queue.page(by=LI)).entries
    assert (row.alarm.id, row.more) == (first.id, 106)

    opened = await centre.incidents.open_from_alarm(first.id, with_folded=True, by=LI)

    assert len(opened.alarms) == 101
    assert kinds(opened) == ["opened", "joined-many"]
    (left,) = [entry for entry in (await queue.page(by=LI)).entries if entry.alarm.state is AlarmState.RAISED][:1]
    again = await centre.incidents.open_from_alarm(left.alarm.id, with_folded=True, by=LI)
    assert (again.incident.number, len(again.alarms)) == (opened.incident.number, 107)
    assert (await queue.page(by=LI)).counts.waiting == {}
