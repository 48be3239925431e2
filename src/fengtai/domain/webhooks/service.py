"""Use cases of webhooks: making, changing, trying them, and the steps of telling them (the shell carries the bytes).

One call, one unit, one audit line. The secret leaves sealed storage twice: to its maker, once, and into signatures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.access.ports import PersonStore, Vault
from fengtai.domain.access.rules import may_be_told
from fengtai.domain.access.service.granting import acting_as
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.webhooks import rules
from fengtai.domain.webhooks.model import (
    DeadLetter,
    Message,
    Outcome,
    SignedMessage,
    Webhook,
    WebhookFailing,
    WebhookPolicy,
)
from fengtai.domain.webhooks.ports import KnownKinds, Post, WebhookStore
from fengtai.vocabulary.clock import Clock, from_ms
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, NotFound
from fengtai.vocabulary.events import EventReader, LoggedEvent
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

TEST_KIND = "webhooks.test"
MOST_WEBHOOKS = 50
LETTER_DAYS = 30
SWEEP_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWords:
    """What a person says of a webhook."""

    name: str
    url: str
    kinds: tuple[str, ...]
    enabled: bool = True


class WebhookDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        vault: Vault,
        post: Post,
        kinds: KnownKinds,
        policy: WebhookPolicy,
        events: EventReader,
    ) -> None:
        self._transactions, self._clock, self._vault, self._post = transactions, clock, vault, post
        self._kinds, self._policy, self._events = kinds, policy, events
        self._swept_at = float("-inf")

    async def list(self, *, by: Actor) -> Sequence[Webhook]:
        """One's own; all for who may edit them in the whole city."""
        every = await self._transactions.read(lambda uow: uow.store(WebhookStore).all())
        return [webhook for webhook in every if _is_seen(webhook, by)]

    async def get(self, webhook_id: str, *, by: Actor) -> Webhook:
        return await self._transactions.read(lambda uow: _seen(uow, webhook_id, by))

    async def create(self, words: WebhookWords, *, by: Actor) -> tuple[Webhook, str]:
        """The webhook, and its secret as the receiver enters it: shown now and never again. It is told of events from
        now on."""
        checked, newest = self._checked(words, by), await self._events.newest()
        return await self._transactions.write(lambda uow: self._create(uow, checked, newest, by))

    async def change(self, webhook_id: str, words: WebhookWords, *, version: int, by: Actor) -> Webhook:
        """Whoever changes it becomes its owner: it is told what they may see from then on."""
        await self.get(webhook_id, by=by)
        checked = self._checked(words, by)
        return await self._transactions.write(lambda uow: _change(uow, webhook_id, checked, version, by))

    async def new_secret(self, webhook_id: str, *, by: Actor) -> str:
        return await self._transactions.write(lambda uow: self._new_secret(uow, webhook_id, by))

    async def remove(self, webhook_id: str, *, by: Actor) -> None:
        await self._transactions.write(lambda uow: _remove(uow, webhook_id, by))

    async def test(self, webhook_id: str, *, by: Actor) -> Outcome:
        """Send one message of kind "webhooks.test" now, whatever is waiting, and tell how it went."""
        webhook = await self._transactions.write(lambda uow: _note_test(uow, webhook_id, by))
        now = self._clock.now()
        message = Message(id=f"{webhook.id}.test.{now.utc_ms}", kind=TEST_KIND, at=now.utc, data={"name": webhook.name})
        return await self._post.send(self._signed(webhook, message))

    async def letters(self, webhook_id: str, *, before: int | None, limit: int, by: Actor) -> Sequence[DeadLetter]:
        def _letters(uow: UnitOfWork) -> Sequence[DeadLetter]:
            store = uow.store(WebhookStore)
            _seen(uow, webhook_id, by)
            return store.letters(webhook_id, before=before, limit=limit)

        return await self._transactions.read(_letters)

    async def send_letter(self, webhook_id: str, seq: int, *, by: Actor) -> Outcome:
        """Try a dead letter again; when it is taken it is gone. Raise Forbidden when the owner may not see it any more."""
        webhook, letter = await self._transactions.write(lambda uow: _note_letter(uow, webhook_id, seq, by))
        needs = self._kinds.needs().get(letter.kind, "")
        if not await self._may_tell(webhook, LoggedEvent(seq, 0, letter.kind, needs, letter.payload)):
            raise Forbidden(
                f"{webhook.owner_name or 'nobody'}, who answers for this webhook, may not see this (any more)"
            )
        message = Message(id=message_id(webhook, seq), kind=letter.kind, at=letter.happened_at, data=letter.payload)
        outcome = await self._post.send(self._signed(webhook, message))
        if outcome.taken:
            await self._transactions.write(lambda uow: uow.store(WebhookStore).drop_letter(webhook_id, seq))
        return outcome

    # -- telling: called by the shell that carries the bytes ---------------------------------------------------------

    async def due(self) -> Sequence[Webhook]:
        """Webhooks that may be told something now."""
        now = self._clock.now().utc
        every = await self._transactions.read(lambda uow: uow.store(WebhookStore).all())
        return [one for one in every if one.enabled and (one.next_try_at is None or one.next_try_at <= now)]

    async def tell(self, webhook: Webhook, event: LoggedEvent) -> Webhook | None:
        """Send one wanted event and write down how it went. The webhook as it stands then; None when it must wait, or
        was changed meanwhile. What its owner may not be told at this moment is passed over."""
        if not await self._may_tell(webhook, event):
            return webhook
        given_up = webhook.failures and rules.is_given_up(from_ms(event.at_ms), self._clock.now().utc)
        if given_up:
            outcome = Outcome(status=0, error=webhook.last_outcome or "could not be reached for a day")
        else:
            at = from_ms(event.at_ms)
            message = Message(id=message_id(webhook, event.seq), kind=event.kind, at=at, data=event.payload)
            outcome = await self._post.send(self._signed(webhook, message))
        return await self._transactions.write(lambda uow: _note_outcome(uow, webhook, event, outcome))

    async def _may_tell(self, webhook: Webhook, event: LoggedEvent) -> bool:
        owner = await self._transactions.read(lambda uow: _owner(uow, webhook))
        return owner is not None and may_be_told(event, owner)

    async def pass_over(self, webhook: Webhook, seq: int) -> Webhook | None:
        """Events up to here are not wanted."""
        return await self._transactions.write(lambda uow: _pass_over(uow, webhook, seq))

    async def tick(self) -> None:
        """Dead letters of more than a month ago go; looks once an hour."""
        now = self._clock.now()
        if now.monotonic - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = now.monotonic
            kept_from = now.utc - timedelta(days=LETTER_DAYS)
            await self._transactions.write(lambda uow: uow.store(WebhookStore).drop_letters_before(kept_from))

    def _signed(self, webhook: Webhook, message: Message) -> SignedMessage:
        secret = self._vault.open(webhook.secret, label=_label(webhook.id))
        return rules.signed(webhook, secret, message, self._clock.now().utc)

    def _checked(self, words: WebhookWords, by: Actor) -> WebhookWords:
        name = words.name.strip()
        if not name or len(name) > 80:
            raise Invalid("a webhook needs a name of at most 80 characters", field="name")
        kinds = rules.check_kinds(words.kinds, self._kinds.needs(), frozenset(one.value for one in by.permissions))
        return replace(words, name=name, url=rules.check_url(words.url, self._policy), kinds=kinds)

    def _create(self, uow: UnitOfWork, words: WebhookWords, newest: int, by: Actor) -> tuple[Webhook, str]:
        store = uow.store(WebhookStore)
        if len(store.all()) >= MOST_WEBHOOKS:
            raise Conflict(f"there are {MOST_WEBHOOKS} webhooks already; remove one first")
        webhook_id, secret = uow.new_id(), uow.new_secret(rules.SECRET_BYTES)
        webhook = Webhook(
            id=webhook_id,
            name=words.name,
            url=words.url,
            kinds=words.kinds,
            owner_id=by.user_id,
            owner_name=by.name,
            secret=self._vault.seal(secret, label=_label(webhook_id)),
            enabled=words.enabled,
            created_at=uow.now.utc,
            told_seq=newest,
        )
        store.save(webhook)
        uow.store(AuditLog).append(
            by.entry("webhook.create", f"webhook:{webhook_id}", name=words.name, url=words.url, kinds=list(words.kinds))
        )
        return webhook, rules.shown_secret(secret)

    def _new_secret(self, uow: UnitOfWork, webhook_id: str, by: Actor) -> str:
        store, secret = uow.store(WebhookStore), uow.new_secret(rules.SECRET_BYTES)
        webhook = _seen(uow, webhook_id, by)
        sealed = self._vault.seal(secret, label=_label(webhook_id))
        store.save(replace(webhook, secret=sealed, version=webhook.version + 1))
        uow.store(AuditLog).append(by.entry("webhook.new_secret", f"webhook:{webhook_id}"))
        return rules.shown_secret(secret)


def message_id(webhook: Webhook, seq: int) -> str:
    """The same at each try, so that the receiver knows a repeat."""
    return f"{webhook.id}.{seq}"


def _label(webhook_id: str) -> str:
    return f"webhook:{webhook_id}"


def _is_seen(webhook: Webhook, by: Actor) -> bool:
    return webhook.owner_id == by.user_id or by.reach(Permission.WEBHOOKS_EDIT).is_everywhere


def _seen(uow: UnitOfWork, webhook_id: str, by: Actor) -> Webhook:
    """Raise NotFound for one that is not there and, in the same words, for somebody else's."""
    webhook = uow.store(WebhookStore).get(webhook_id)
    if not _is_seen(webhook, by):
        raise NotFound(f"there is no webhook {webhook_id}")
    return webhook


def _owner(uow: UnitOfWork, webhook: Webhook) -> Actor | None:
    """With the rights of this moment; None when nobody answers for the webhook (any more)."""
    try:
        person = uow.store(PersonStore).get(webhook.owner_id)
    except NotFound:
        return None
    owner = acting_as(uow, person)
    return owner if owner.may(Permission.WEBHOOKS_EDIT) else None


def _change(uow: UnitOfWork, webhook_id: str, words: WebhookWords, version: int, by: Actor) -> Webhook:
    store = uow.store(WebhookStore)
    webhook = _seen(uow, webhook_id, by)
    if webhook.version != version:
        raise Conflict("this webhook was changed meanwhile: look at it again")
    changed = replace(
        webhook,
        name=words.name,
        url=words.url,
        kinds=words.kinds,
        enabled=words.enabled,
        owner_id=by.user_id,
        owner_name=by.name,
        failures=0,
        next_try_at=None,
        version=version + 1,
    )
    store.save(changed)
    uow.store(AuditLog).append(
        by.entry(
            "webhook.change",
            f"webhook:{webhook_id}",
            name=words.name,
            url=words.url,
            kinds=list(words.kinds),
            enabled=words.enabled,
        )
    )
    return changed


def _remove(uow: UnitOfWork, webhook_id: str, by: Actor) -> None:
    store = uow.store(WebhookStore)
    webhook = _seen(uow, webhook_id, by)
    store.remove(webhook_id)
    uow.store(AuditLog).append(by.entry("webhook.remove", f"webhook:{webhook_id}", name=webhook.name))


def _note_test(uow: UnitOfWork, webhook_id: str, by: Actor) -> Webhook:
    webhook = _seen(uow, webhook_id, by)
    uow.store(AuditLog).append(by.entry("webhook.test", f"webhook:{webhook_id}"))
    return webhook


def _note_letter(uow: UnitOfWork, webhook_id: str, seq: int, by: Actor) -> tuple[Webhook, DeadLetter]:
    store = uow.store(WebhookStore)
    found = _seen(uow, webhook_id, by), store.letter(webhook_id, seq)
    uow.store(AuditLog).append(by.entry("webhook.send_letter", f"webhook:{webhook_id}", seq=seq))
    return found


def _note_outcome(uow: UnitOfWork, webhook: Webhook, event: LoggedEvent, outcome: Outcome) -> Webhook | None:
    store = uow.store(WebhookStore)
    current = next((one for one in store.all() if one.id == webhook.id), None)
    if current is None or current.version != webhook.version:
        return None
    told = f"{outcome.status}" if outcome.taken else outcome.error[:300]
    noted = replace(current, last_outcome=told, last_at=uow.now.utc)
    if outcome.taken:
        noted = replace(noted, told_seq=event.seq, failures=0, next_try_at=None)
        store.save(noted)
        return noted
    if rules.is_given_up(from_ms(event.at_ms), uow.now.utc):
        _set_aside(uow, noted, event)
        noted = replace(noted, told_seq=event.seq, failures=current.failures or 1)
        store.save(noted)
        return noted
    failures = current.failures + 1
    next_try_at = uow.now.utc + timedelta(seconds=rules.pause_seconds(failures))
    store.save(replace(noted, failures=failures, next_try_at=next_try_at))
    return None


def _set_aside(uow: UnitOfWork, webhook: Webhook, event: LoggedEvent) -> None:
    uow.store(WebhookStore).set_aside(
        DeadLetter(
            webhook_id=webhook.id,
            seq=event.seq,
            kind=event.kind,
            happened_at=from_ms(event.at_ms),
            given_up_at=uow.now.utc,
            error=webhook.last_outcome,
            payload=dict(event.payload),
        )
    )
    if not event.kind.startswith("webhooks."):  # what is told of a failing webhook must not feed on itself
        uow.publish(WebhookFailing(webhook_id=webhook.id, name=webhook.name, error=webhook.last_outcome))
    uow.store(AuditLog).append(
        AuditEntry(
            actor="system:webhooks",
            action="webhook.give_up",
            object=f"webhook:{webhook.id}",
            details={"seq": event.seq, "kind": event.kind, "error": webhook.last_outcome},
        )
    )


def _pass_over(uow: UnitOfWork, webhook: Webhook, seq: int) -> Webhook | None:
    store = uow.store(WebhookStore)
    current = next((one for one in store.all() if one.id == webhook.id), None)
    if current is None or current.version != webhook.version:
        return None
    moved = replace(current, told_seq=max(current.told_seq, seq))
    store.save(moved)
    return moved
