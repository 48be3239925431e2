"""Webhooks and dead letters kept in dicts: the complete twin of `domain.webhooks.store`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fengtai.domain.webhooks.model import DeadLetter, Webhook
from fengtai.domain.webhooks.ports import WebhookStore
from fengtai.vocabulary.errors import NotFound


class MemoryWebhooks:
    def __init__(self) -> None:
        self.by_id: dict[str, Webhook] = {}
        self.set_aside_letters: dict[tuple[str, int], DeadLetter] = {}

    def get(self, webhook_id: str) -> Webhook:
        try:
            return self.by_id[webhook_id]
        except KeyError:
            raise NotFound(f"there is no webhook {webhook_id}") from None

    def all(self) -> Sequence[Webhook]:
        return sorted(self.by_id.values(), key=lambda webhook: (webhook.name, webhook.id))

    def save(self, webhook: Webhook) -> None:
        self.by_id[webhook.id] = webhook

    def remove(self, webhook_id: str) -> None:
        self.by_id.pop(webhook_id, None)
        self.set_aside_letters = {key: one for key, one in self.set_aside_letters.items() if key[0] != webhook_id}

    def set_aside(self, letter: DeadLetter) -> None:
        self.set_aside_letters[letter.webhook_id, letter.seq] = letter

    def letters(self, webhook_id: str, *, before: int | None, limit: int) -> Sequence[DeadLetter]:
        found = [
            letter
            for (owner, seq), letter in self.set_aside_letters.items()
            if owner == webhook_id and (before is None or seq < before)
        ]
        return sorted(found, key=lambda letter: -letter.seq)[:limit]

    def letter(self, webhook_id: str, seq: int) -> DeadLetter:
        try:
            return self.set_aside_letters[webhook_id, seq]
        except KeyError:
            raise NotFound(f"there is no dead letter {seq} of this webhook") from None

    def drop_letter(self, webhook_id: str, seq: int) -> None:
        self.set_aside_letters.pop((webhook_id, seq), None)

    def drop_letters_before(self, moment: datetime) -> None:
        self.set_aside_letters = {
            key: letter for key, letter in self.set_aside_letters.items() if letter.given_up_at >= moment
        }


STORES: Mapping[type[Any], type[Any]] = {WebhookStore: MemoryWebhooks}
