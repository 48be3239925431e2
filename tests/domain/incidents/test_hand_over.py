"""The change of shifts: written by one, accepted item by item by another."""

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting_in
from tests.domain.incidents.conftest import LI, WU

from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.access.model import GrantTerms, OrganisationTree, Role
from fengtai.domain.devices.model import Device, Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.incidents.api import router
from fengtai.domain.incidents.model import Disposition, HandedKind, HandOverState
from fengtai.domain.incidents.service import HandOverDesk
from fengtai.domain.premises.ports import PanelAccountStore
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, NotFound


@pytest.fixture
def desk(centre):
    return HandOverDesk(transactions=centre.transactions)


@pytest.fixture
async def open_matters(centre):
    """An incident of Li's, an alarm that waits, one that is shelved, a test, and a device that is dark."""
    taken = await centre.alarm()
    incident = await centre.incidents.open_from_alarm(taken.id, by=LI)
    await centre.alarm(code="154", category="technical", zone="2")
    shelved = await centre.alarm(code="301", category="trouble", zone="2")
    await centre.alarms.shelve(shelved.id, minutes=30, reason="检修", version=shelved.version, by=LI)
    [account] = centre.transactions.look(lambda uow: uow.store(PanelAccountStore).all())
    await centre.alarms.put_on_test(account.id, zone="", minutes=60, reason="年检", by=LI)
    dark = Device(id="21010200001320000009", enrolment=Enrolment.ACCEPTED, presence=Presence.OFFLINE, name="东关录像机")
    centre.transactions.run(lambda uow: uow.store(DeviceStore).save(dark))
    return incident


def keys(hand_over):
    return [item.key for item in hand_over.items]


async def test_a_hand_over_holds_what_is_open_as_the_registers_have_it(desk, open_matters):
    written = await desk.write("东门有狗", by=LI)

    kinds = [item.kind.value for item in written.items]
    assert kinds == ["incident", "alarm", "shelved", "on-test", "dark"]
    facts = [item.facts for item in written.items]
    assert (facts[0]["number"], facts[0]["holder"]) == (open_matters.incident.number, "li")
    assert (facts[2]["reason"], facts[3]["reason"], facts[4]["name"]) == ("检修", "年检", "东关录像机")
    assert (written.post, written.dark_devices, written.state) == ("desk 3", 1, HandOverState.WAITING)


async def test_the_next_person_accepts_every_item_and_holds_the_incident_from_then_on(centre, desk, open_matters):
    written = await desk.write("东门有狗", by=LI)

    accepted = await desk.accept(written.id, seen=keys(written), remark="好", version=written.version, by=WU)

    assert (accepted.state, accepted.accepted_by_name, accepted.remark) == (HandOverState.ACCEPTED, "wu", "好")
    now = await centre.incidents.get(open_matters.incident.id, by=WU)
    assert (now.incident.holder_name, now.log[-1].kind, now.log[-1].text) == ("wu", "handed-over", "li → wu")
    [wrote], [took] = centre.audited("hand-over.write"), centre.audited("hand-over.accept")
    assert (wrote.actor, took.actor, took.details["written_by"]) == ("user:id-of-li", "user:id-of-wu", "id-of-li")
    told = [event.payload["state"] for event in centre.transactions.told("incidents.hand_over_changed")]
    assert told == ["waiting", "accepted"]


async def test_one_item_not_looked_at_keeps_it_from_being_accepted(desk, open_matters):
    written = await desk.write("", by=LI)
    with pytest.raises(Invalid, match="1 of 5 items") as refused:
        await desk.accept(written.id, seen=keys(written)[1:], remark="", version=1, by=WU)
    assert refused.value.field == "seen"


async def test_nobody_hands_over_to_themselves(desk):
    written = await desk.write("", by=LI)
    with pytest.raises(Forbidden):
        await desk.accept(written.id, seen=[], remark="", version=1, by=LI)


async def test_an_empty_hand_over_is_signed_too(desk):
    written = await desk.write("", by=LI)
    assert written.items == ()
    assert (await desk.accept(written.id, seen=[], remark="", version=1, by=WU)).state is HandOverState.ACCEPTED


async def test_of_two_who_accept_one_is_told_who_was_first(desk):
    written = await desk.write("", by=LI)
    await desk.accept(written.id, seen=[], remark="", version=1, by=WU)
    with pytest.raises(Conflict, match="wu has accepted"):
        await desk.accept(written.id, seen=[], remark="", version=1, by=replace(WU, user_id="3", name="he"))


async def test_a_post_has_one_hand_over_at_a_time_and_its_writer_may_take_it_back(desk):
    written = await desk.write("", by=LI)
    with pytest.raises(Conflict, match="hand-over of li"):
        await desk.write("", by=LI)
    with pytest.raises(Forbidden):
        await desk.withdraw(written.id, version=1, by=WU)
    await desk.withdraw(written.id, version=1, by=LI)
    assert (await desk.write("neu", by=LI)).notes == "neu"


async def test_what_was_closed_meanwhile_stays_with_whoever_closed_it(centre, desk, open_matters):
    written = await desk.write("", by=LI)
    incident = open_matters.incident
    closed = await centre.incidents.close(incident.id, Disposition.REAL, version=incident.version, by=LI)
    await desk.accept(written.id, seen=keys(written), remark="", version=1, by=WU)
    now = await centre.incidents.get(incident.id, by=LI)
    assert (now.incident.holder_name, now.incident.version) == ("li", closed.incident.version)


async def test_a_district_does_not_see_the_hand_overs_of_the_city(desk):
    written = await desk.write("", by=LI)
    east = acting_in(OrganisationTree(), GrantTerms(role=Role.OPERATOR, organisation_id="east"))
    assert await desk.page(by=east) == []
    with pytest.raises(NotFound):
        await desk.get(written.id, by=east)


async def test_over_http_it_is_drafted_written_read_and_accepted(centre, desk, open_matters):
    people = iter([LI, LI, WU, WU])
    app = FastAPI()
    add_problem_answers(app)
    app.include_router(router(centre.incidents, desk, lambda: next(people)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as console:
        draft = (await console.get("/api/hand-over-draft")).json()
        made = (await console.post("/api/hand-overs", json={"notes": "东门有狗"})).json()
        [listed] = (await console.get("/api/hand-overs")).json()["items"]
        seen = [item["key"] for item in made["items"]]
        done = await console.post(f"/api/hand-overs/{made['id']}/accept", json={"seen": seen, "version": 1})
    assert made["items"] == draft["items"]
    assert (listed, made["written_at"]) == (made, "2026-11-20T12:00:00.000Z")
    assert (done.status_code, done.json()["state"], done.json()["accepted_by_name"]) == (200, "accepted", "wu")


async def test_what_is_too_much_to_be_named_is_counted(centre, desk):
    for number in range(205):
        await centre.alarm(account=f"{5000 + number}")
    for zone in range(7):
        await centre.alarm(zone=str(zone))
    written = await desk.write("", by=LI)
    rows = [item for item in written.items if item.kind is HandedKind.ALARM]
    assert len(rows) == 200
    folded = [item.facts["more"] for item in rows if "more" in item.facts]
    assert written.left_out["alarm"] + len(rows) + sum(map(int, folded)) == 212
