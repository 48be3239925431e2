"""The life of a webhook on memory stores: told in order, once it works; waiting and dead letters when it does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from tests.domain.acting import acting_in

from fengtai.apps.server.pushing import Pusher
from fengtai.domain.access.model import Actor, GrantTerms, OrganisationTree, Permission, Role, unlimited
from fengtai.domain.webhooks.model import Outcome, SignedMessage, Webhook, WebhookPolicy
from fengtai.domain.webhooks.ports import WebhookStore
from fengtai.domain.webhooks.service import WebhookDesk, WebhookWords
from fengtai.storage.memory.audit import STORES as AUDIT
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.memory.webhooks import STORES
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Forbidden, NotFound
from fengtai.vocabulary.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung(Event):
    kind: ClassVar[str] = "alarms.raised"
    needs: ClassVar[str] = "alarms.see"
    number: int


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


def person(*permissions: Permission) -> Actor:
    held = frozenset(permissions)
    return Actor(user_id="u1", name="Wei", roles=frozenset(), permissions=held, rights=unlimited(held))


MAKER = person(Permission.SYSTEM_EDIT, Permission.SYSTEM_SEE, Permission.ALARMS_SEE)


class Standing:
    def __init__(self, tmp_path) -> None:
        self.clock = HandClock()
        stores = {port: twin() for port, twin in {**STORES, **AUDIT}.items()}
        self.transactions = MemoryTransactions(self.clock, stores)
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

    def alarm(self, number: int) -> None:
        self.transactions.run(lambda uow: uow.publish(Rung(number=number)))

    async def push(self) -> None:
        """One round of each webhook that is due, to its end."""
        await self.pusher.tick()
        for task in list(self.pusher._rounds.values()):
            await task
        await self.pusher.tick()
        for task in list(self.pusher._rounds.values()):
            await task

    async def the_one(self) -> Webhook:
        (webhook,) = await self.desk.list()
        return webhook

    async def letters(self) -> list[int]:
        webhook = await self.the_one()
        return [letter.seq for letter in await self.desk.letters(webhook.id, before=None, limit=50)]


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
    with pytest.raises(Forbidden):
        await standing.desk.create(WORDS, by=person(Permission.SYSTEM_EDIT))
    of_one_district = acting_in(OrganisationTree(), GrantTerms(role=Role.OPERATOR, organisation_id="east"))
    assert Permission.ALARMS_SEE in of_one_district.permissions
    with pytest.raises(Forbidden, match="whole city"):
        await standing.desk.create(WORDS, by=of_one_district)
    webhook, _ = await standing.desk.create(WORDS, by=MAKER)
    with pytest.raises(Forbidden):
        await standing.desk.change(webhook.id, WORDS, version=1, by=person(Permission.SYSTEM_EDIT))


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
