"""Alarms by telephone: from the caller's words to the alarm, and repeats that are one alarm."""

import json
from dataclasses import replace

import pytest
from tests.domain.acting import acting, acting_in

from fengtai.domain.access.model import GrantTerms, NotAllowed, OrganisationTree, Role
from fengtai.domain.alarms.model import AlarmState, CallWords, Channel
from fengtai.domain.alarms.ports import CallStore
from fengtai.domain.alarms.rules import CALL_CATEGORIES
from fengtai.domain.alarms.service import CallDesk
from fengtai.domain.alarms.service.meaning import TELEPHONE
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.vocabulary.errors import Invalid, NotFound, Unavailable
from fengtai.vocabulary.places import Position

WU = acting(Role.OPERATOR, name="wu", user_id="9")
FIRE = CallWords(
    category="fire", text="三楼冒烟", caller_number="139 0000 0001", premises_id="jeweller", took_seconds=12.5
)
SOMEWHERE = CallWords(category="burglary", text="门被撬", caller_number="13900000002", address="鼓楼街 5 号后门")


@pytest.fixture
def calls(desk):
    return CallDesk(transactions=desk.units, alarms=desk.service, clock=desk.clock)


async def test_a_call_about_premises_becomes_their_alarm_with_cameras_and_the_callers_words(desk, calls):
    taken = await calls.register(FIRE, by=WU)

    alarm = await desk.the_alarm()
    assert taken.alarm == alarm
    assert not taken.is_repeat
    assert (alarm.channel, alarm.source, alarm.category, alarm.priority) == (Channel.TELEPHONE, "telephone", "fire", 1)
    assert (alarm.premises_name, alarm.text, alarm.account) == ("Jeweller", "三楼冒烟", "13900000001")
    assert alarm.point_ids == ("camera-hall",)
    assert alarm.state is AlarmState.RAISED


async def test_the_journal_keeps_the_form_as_it_was_registered_and_the_audit_who_did(desk, calls):
    taken = await calls.register(FIRE, by=WU)

    form = json.loads((await desk.journal.get(taken.call.signal_seq)).signal.raw)
    assert (form["text"], form["by"], form["caller_number"]) == ("三楼冒烟", "wu", "13900000001")
    [line] = [one for one in desk.units.offered(AuditLog).entries if one.action == "call.register"]
    assert (line.actor, line.object, line.details["took_seconds"]) == ("user:9", f"call:{taken.call.id}", 12.5)
    assert [event.payload["call_id"] for event in desk.units.told("alarms.call_registered")] == [taken.call.id]


async def test_a_place_that_no_register_knows_is_no_reason_to_call_it_unmapped(desk, calls):
    await calls.register(SOMEWHERE, by=WU)
    alarm = await desk.the_alarm()
    assert (alarm.category, alarm.premises_name, alarm.premises_id) == ("burglary", "鼓楼街 5 号后门", "")


async def test_a_point_or_a_place_on_the_map_brings_the_nearest_cameras(desk, calls):
    await calls.register(replace(SOMEWHERE, address="", point_id="camera-street"), by=WU)
    await calls.register(CallWords(category="medical", position=Position(116.39, 39.91)), by=WU)
    at_point, on_map = await desk.alarms()
    assert (at_point.point_ids[0], at_point.premises_name) == ("camera-street", "camera-street")
    assert set(on_map.point_ids) == {"camera-zone", "camera-hall", "camera-street"}


async def test_the_same_number_about_the_same_thing_is_a_repeat_and_about_another_place_is_not(desk, calls):
    first = await calls.register(FIRE, by=WU)
    desk.clock.advance(600)
    again = await calls.register(replace(FIRE, text="火更大了"), by=WU)
    other = await calls.register(replace(FIRE, premises_id="kiosk"), by=WU)

    assert again.alarm.id == first.alarm.id != other.alarm.id
    assert [one.is_repeat for one in (first, again, other)] == [False, True, False]
    assert [alarm.repeats for alarm in await desk.alarms()] == [1, 0]


async def test_two_callers_who_show_no_number_are_two_alarms(desk, calls):
    for text in ("烟", "火"):
        await calls.register(replace(FIRE, caller_number="", text=text), by=WU)
    assert len(await desk.alarms()) == 2


async def test_another_caller_about_the_same_alarm_is_joined_when_the_call_taker_says_so(desk, calls):
    first = await calls.register(FIRE, by=WU)
    neighbour = replace(SOMEWHERE, category="fire", repeats_alarm_id=first.alarm.id)

    taken = await calls.register(neighbour, by=WU)

    alarm = await desk.the_alarm()
    assert (taken.alarm.id, taken.is_repeat, alarm.repeats) == (first.alarm.id, True, 1)
    assert desk.history(alarm)[-1].who == "R09"


async def test_open_alarms_of_the_same_place_and_number_are_offered_before_registering(desk, calls):
    await desk.send("110")  # the jeweller's own panel
    await calls.register(SOMEWHERE, by=WU)

    place = await calls.similar(replace(FIRE, caller_number=""), by=WU)
    number = await calls.similar(replace(FIRE, caller_number=SOMEWHERE.caller_number, premises_id="kiosk"), by=WU)

    assert [(found.alarm.code, found.why) for found in place] == [("110", "place")]
    # The kiosk stands where the jeweller does.
    assert [(found.alarm.code, found.why) for found in number] == [("110", "place"), ("burglary", "number")]


async def test_a_call_whose_signal_could_not_be_kept_is_delivered_later_and_once(desk, calls):
    async def no_disk(*_):
        raise Unavailable("the disk does not answer")

    kept, desk.journal.append = desk.journal.append, no_disk
    with pytest.raises(Unavailable):
        await calls.register(FIRE, by=WU)
    desk.journal.append = kept
    await calls.tick()
    assert await desk.alarms() == []  # it may be on its way in another task
    desk.clock.advance(11)

    again = CallDesk(transactions=desk.units, alarms=desk.restart(), clock=desk.clock)
    for _ in range(2):
        await again.tick()
        await desk.service.triage()

    assert (await desk.the_alarm()).text == "三楼冒烟"
    assert desk.units.run(lambda uow: uow.store(CallStore).without_signal()) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "weather"}, "category"),
        ({"premises_id": ""}, "address"),
        ({"point_id": "camera-hall"}, "point_id"),
        ({"caller_number": "<script>"}, "caller_number"),
        ({"text": "x" * 4001}, "text"),
    ],
)
async def test_what_cannot_be_handled_is_refused_by_its_field(calls, changes, field):
    with pytest.raises(Invalid) as refused:
        await calls.register(replace(FIRE, **changes), by=WU)
    assert refused.value.field == field


async def test_premises_out_of_reach_are_not_there_and_the_city_is_not_a_districts_to_call_for(desk, calls):
    tree = OrganisationTree(
        [
            Organisation(id="city", name="c", level=Level.CITY, area_code="210100", parent_id=""),
            Organisation(id="east", name="e", level=Level.DISTRICT, area_code="210102", parent_id="city"),
        ]
    )
    east = acting_in(tree, GrantTerms(role=Role.OPERATOR, organisation_id="east"))
    with pytest.raises(NotFound):
        await calls.register(FIRE, by=east)
    with pytest.raises(NotAllowed):
        await calls.register(SOMEWHERE, by=east)
    assert await desk.alarms() == []


def test_every_category_of_a_call_has_words():
    assert set(TELEPHONE) == CALL_CATEGORIES
