"""What webhooks need from outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.webhooks.model import DeadLetter, Outcome, SignedMessage, Webhook


class WebhookStore(Protocol):
    def get(self, webhook_id: str) -> Webhook:
        """Raise NotFound if there is none."""

    def all(self) -> Sequence[Webhook]:
        """In the order of their names: there are a handful."""

    def save(self, webhook: Webhook) -> None: ...

    def remove(self, webhook_id: str) -> None:
        """With its dead letters."""

    def set_aside(self, letter: DeadLetter) -> None: ...

    def letters(self, webhook_id: str, *, before: int | None, limit: int) -> Sequence[DeadLetter]:
        """Newest first, below `before` (a seq)."""

    def letter(self, webhook_id: str, seq: int) -> DeadLetter:
        """Raise NotFound if there is none."""

    def drop_letter(self, webhook_id: str, seq: int) -> None: ...

    def drop_letters_before(self, moment: datetime) -> None: ...


class Post(Protocol):
    """Carries one message to a public address (or an allowed host), without following redirects."""

    async def send(self, message: SignedMessage) -> Outcome:
        """Never raises for what the other side does: the outcome says it."""


class KnownKinds(Protocol):
    """Kinds of events that there are, each with the permission that it needs."""

    def needs(self) -> Mapping[str, str]: ...
