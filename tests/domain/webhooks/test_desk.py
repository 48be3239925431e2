"""The life of a webhook on memory stores: told in order, once it works; waiting and dead letters when it does not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from tests.domain.acting import acting, acting_in

from fengtai.apps.schema import memory_stores
from fengtai.apps.server.pushing import Pusher
from fengtai.domain.access.model import Grant, GrantTerms, OrganisationTree, Person, Role
from fengtai.domain.access.ports import GrantStore, PersonStore
from fengtai.domain.access.service import granting
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.webhooks.model import Outcome, SignedMessage, Webhook, WebhookPolicy
from fengtai.domain.webhooks.ports import WebhookStore
from fengtai.domain.webhooks.service import WebhookDesk, WebhookWords
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Forbidden, NotFound
from fengtai.vocabulary.events import Event
from fengtai.vocabulary.transactions import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung(Event):
    kind: ClassVar[str] = "alarms.raised"
    needs: ClassVar[str] = "alarms.see"
    number: int
    organisation_id: str = "city"


WORDS = WebhookWords(name="Duty pager", url="https://example.com/hook", kinds=("alarms.",))
HOUR = 3600.0


@dataclass
class Receiver:
    """The other side: takes messages, or does not."""

    answers: int = 204
    got: list[SignedMessage] = field(default_factory=list)

    async def send(self, message: SignedMessage) -> Outcome:
        if self.answers == 204:
            self.got.append(message)
            return Outcome(status=204)
        return Outcome(status=self.answers, error=f"answered {self.answers}")

    @property
    def ids(self) -> list[str]:
        return [message.headers["webhook-id"].split(".")[1] for message in self.got]


class Kinds:
    def needs(self) -> Mapping[str, str]:
        return {"alarms.raised": "alarms.see", "webhooks.failing": "system.see"}


CITY = [
    Organisation(id="city", name="市局", level=Level.CITY, area_code="3101"),
    Organisation(id="east", name="东区", level=Level.DISTRICT, parent_id="city", area_code="310115"),
]
TREE = OrganisationTree(CITY)
MAKER = acting(Role.CHIEF, user_id="wei", name="Wei")
EAST = acting_in(TREE, GrantTerms(role=Role.CHIEF, organisation_id="east"), user_id="dong", name="Dong")


class Standing:
    def __init__(self, tmp_path) -> None:
        self.clock = HandClock()
        self.transactions = MemoryTransactions(self.clock, memory_stores())
        self.grants = {"wei": self.settle("wei"), "dong": self.settle("dong", organisation_id="east")}
        self.receiver = Receiver()
        self.vault = FileVault(tmp_path / "vault.key")
        self.desk = WebhookDesk(
            transactions=self.transactions,
            clock=self.clock,
            vault=self.vault,
            post=self.receiver,
            kinds=Kinds(),
            policy=WebhookPolicy(),
            events=self.transactions,
        )
        self.pusher = Pusher(self.desk, self.transactions)

    def settle(self, user_id: str, **place: str) -> Grant:
        """A chief of the city, or of this place."""
        now = self.clock.now().utc
        person = Person(id=user_id, name=user_id, display_name="", roles=frozenset(), password_hash="", created_at=now)
        terms = GrantTerms(role=Role.CHIEF, **place)

        def unit(uow: UnitOfWork) -> Grant:
            for organisation in CITY:
                uow.store(OrganisationStore).save(organisation)
            uow.store(PersonStore).save(person, name_key=user_id)
            grant = Grant(id=uow.new_id(), user_id=user_id, terms=terms, granted_by="system:test", granted_at=now)
            uow.store(GrantStore).save(grant)
            return grant

        return self.transactions.run(unit)

    def lose(self, user_id: str) -> None:
        grant = self.grants[user_id]
        self.transactions.run(lambda uow: granting.end(uow, grant, ended_by="system:test", reason="r"))

    def alarm(self, number: int, organisation_id: str = "city") -> None:
        event = Rung(number=number, organisation_id=organisation_id)
        self.transactions.run(lambda uow: uow.publish(event))

    async def push(self) -> None:
        """One round of each webhook that is due, to its end."""
        await self.pusher.tick()
        for task in list(self.pusher._rounds.values()):
            await task
        await self.pusher.tick()
        for task in list(self.pusher._rounds.values()):
            await task

    async def the_one(self) -> Webhook:
        (webhook,) = await self.desk.list(by=MAKER)
        return webhook

    async def letters(self) -> list[int]:
        webhook = await self.the_one()
        return [letter.seq for letter in await self.desk.letters(webhook.id, before=None, limit=50, by=MAKER)]


@pytest.fixture
def standing(tmp_path) -> Standing:
    return Standing(tmp_path)


async def test_it_is_told_what_happens_from_its_making_on_in_order(standing: Standing):
    standing.alarm(1)
    await standing.desk.create(WORDS, by=MAKER)
    standing.alarm(2)
    standing.alarm(3)
    await standing.push()
    await standing.push()
    assert standing.receiver.ids == ["2", "3"]
    assert (await standing.the_one()).told_seq == 3


async def test_its_secret_is_shown_once_and_sealed(standing: Standing):
    webhook, secret = await standing.desk.create(WORDS, by=MAKER)
    assert secret.startswith("whsec_")
    assert secret.encode() not in webhook.secret
    assert await standing.desk.new_secret(webhook.id, by=MAKER) != secret


async def test_nobody_passes_on_what_he_may_not_see(standing: Standing):
    with pytest.raises(Forbidden, match=r"alarms\.see"):
        await standing.desk.create(WORDS, by=acting(Role.ADMINISTRATOR))
    webhook, _ = await standing.desk.create(WORDS, by=MAKER)
    with pytest.raises(Forbidden, match=r"alarms\.see"):
        await standing.desk.change(webhook.id, WORDS, version=1, by=acting(Role.ADMINISTRATOR))


async def test_it_is_told_of_its_owners_place_only(standing: Standing):
    await standing.desk.create(WORDS, by=EAST)
    before = len(standing.receiver.got)
    standing.alarm(1)
    standing.alarm(2, "east")
    standing.alarm(3, "")
    await standing.push()
    told = [json.loads(message.body)["data"]["number"] for message in standing.receiver.got[before:]]
    assert told == [2]
    newest = await standing.transactions.newest()
    assert (await standing.the_one()).told_seq == newest


async def test_when_the_owner_loses_the_right_nothing_more_goes_out(standing: Standing):
    webhook, _ = await standing.desk.create(WORDS, by=EAST)
    standing.alarm(1, "east")
    standing.receiver.answers = 503
    await standing.push()
    standing.lose("dong")
    standing.receiver.answers = 204
    standing.clock.advance(60)
    standing.alarm(2, "east")
    await standing.push()
    assert standing.receiver.got == []
    taken_over = await standing.desk.change(webhook.id, WORDS, version=1, by=MAKER)
    assert taken_over.owner_name == "Wei"
    standing.alarm(3, "east")
    await standing.push()
    assert [json.loads(message.body)["data"]["number"] for message in standing.receiver.got] == [3]


async def test_a_dead_letter_of_somebody_who_lost_the_right_stays_here(standing: Standing):
    await test_what_could_not_be_told_for_a_day_is_set_aside_and_newer_events_go_on(standing)
    webhook = await standing.the_one()
    seq = (await standing.letters())[0]
    standing.lose("wei")
    with pytest.raises(Forbidden, match="may not see this"):
        await standing.desk.send_letter(webhook.id, seq, by=MAKER)


async def test_somebody_elses_is_not_there_except_for_who_rules_them_all(standing: Standing):
    webhook, _ = await standing.desk.create(WORDS, by=MAKER)
    own, _ = await standing.desk.create(WORDS, by=EAST)
    assert [one.id for one in await standing.desk.list(by=EAST)] == [own.id]
    assert {one.id for one in await standing.desk.list(by=MAKER)} == {own.id, webhook.id}
    for act in (
        standing.desk.get(webhook.id, by=EAST),
        standing.desk.change(webhook.id, WORDS, version=1, by=EAST),
        standing.desk.new_secret(webhook.id, by=EAST),
        standing.desk.test(webhook.id, by=EAST),
        standing.desk.letters(webhook.id, before=None, limit=5, by=EAST),
        standing.desk.send_letter(webhook.id, 1, by=EAST),
        standing.desk.remove(webhook.id, by=EAST),
    ):
        with pytest.raises(NotFound, match="there is no webhook"):
            await act


async def test_when_it_is_refused_it_waits_longer_each_time_and_then_goes_on_where_it_was(standing: Standing):
    await standing.desk.create(WORDS, by=MAKER)
    standing.receiver.answers = 503
    standing.alarm(1)
    standing.alarm(2)
    await standing.push()
    waiting = await standing.the_one()
    assert (waiting.failures, waiting.last_outcome, waiting.told_seq) == (1, "answered 503", 0)
    standing.clock.advance(4)
    await standing.push()
    assert (await standing.the_one()).failures == 1
    standing.clock.advance(1)
    await standing.push()
    assert (await standing.the_one()).failures == 2
    standing.receiver.answers = 204
    standing.clock.advance(10)
    await standing.push()
    assert standing.receiver.ids == ["1", "2"]
    assert (await standing.the_one()).failures == 0


async def test_what_could_not_be_told_for_a_day_is_set_aside_and_newer_events_go_on(standing: Standing):
    await standing.desk.create(WORDS, by=MAKER)
    standing.receiver.answers = 500
    standing.alarm(1)
    standing.alarm(2)
    await standing.push()
    standing.clock.advance(25 * HOUR)
    standing.alarm(3)
    await standing.push()
    assert await standing.letters() == [2, 1]
    assert (await standing.the_one()).told_seq == 2
    assert [event.kind for event in standing.transactions.told("webhooks.failing")] == ["webhooks.failing"] * 2
    standing.receiver.answers = 204
    standing.clock.advance(HOUR)
    await standing.push()
    assert standing.receiver.ids == ["3"]


async def test_a_dead_letter_is_sent_by_hand_and_is_then_gone(standing: Standing):
    await test_what_could_not_be_told_for_a_day_is_set_aside_and_newer_events_go_on(standing)
    webhook = await standing.the_one()
    standing.receiver.answers = 500
    assert not (await standing.desk.send_letter(webhook.id, 1, by=MAKER)).taken
    standing.receiver.answers = 204
    assert (await standing.desk.send_letter(webhook.id, 1, by=MAKER)).taken
    assert await standing.letters() == [2]
    with pytest.raises(NotFound):
        await standing.desk.send_letter(webhook.id, 1, by=MAKER)
    standing.clock.advance(31 * 24 * HOUR)
    await standing.desk.tick()
    assert await standing.letters() == []


async def test_a_test_message_is_sent_at_once_and_moves_nothing(standing: Standing):
    webhook, _ = await standing.desk.create(WORDS, by=MAKER)
    assert (await standing.desk.test(webhook.id, by=MAKER)).taken
    assert b'"webhooks.test"' in standing.receiver.got[0].body
    assert await standing.the_one() == webhook


async def test_a_webhook_that_was_changed_meanwhile_is_not_overwritten(standing: Standing):
    webhook, _ = await standing.desk.create(WORDS, by=MAKER)
    changed = await standing.desk.change(webhook.id, WORDS, version=1, by=MAKER)
    with pytest.raises(Conflict):
        await standing.desk.change(webhook.id, WORDS, version=1, by=MAKER)
    standing.alarm(1)
    (event,) = await standing.transactions.after(0)
    assert await standing.desk.tell(webhook, event) is None
    assert await standing.desk.pass_over(webhook, 1) is None
    assert await standing.the_one() == changed


async def test_one_that_is_switched_off_or_removed_is_told_nothing(standing: Standing):
    webhook, _ = await standing.desk.create(WORDS, by=MAKER)
    off = WebhookWords(name=WORDS.name, url=WORDS.url, kinds=WORDS.kinds, enabled=False)
    await standing.desk.change(webhook.id, off, version=1, by=MAKER)
    standing.alarm(1)
    await standing.push()
    await standing.desk.remove(webhook.id, by=MAKER)
    await standing.push()
    assert standing.receiver.got == []
    assert standing.transactions.look(lambda uow: uow.store(WebhookStore).all()) == []
