"""A webhook, what it has been told, and what could not be told.

Owns the records and events of webhooks. Must not know HTTP, tables, or how a name becomes an address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from fengtai.vocabulary.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Another system that is told of events. The secret is sealed; it was shown once."""

    id: str
    name: str
    url: str
    kinds: tuple[str, ...]
    """kinds of events ("alarms.raised") or their beginnings ("alarms.")"""
    owner_id: str
    """whoever saved it last: it is told what that person may see at the moment of telling, and nothing else"""
    owner_name: str
    secret: bytes
    enabled: bool
    created_at: datetime
    told_seq: int
    """events of the log up to here are told, not wanted, or set aside"""
    failures: int = 0
    """in a row"""
    next_try_at: datetime | None = None
    last_outcome: str = ""
    last_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that a webhook could not be told: kept with its payload until somebody removes or sends it."""

    webhook_id: str
    seq: int
    kind: str
    happened_at: datetime
    given_up_at: datetime
    error: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is told: the same `id` at each try, so that the receiver knows a repeat."""

    id: str
    kind: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """What goes over the wire."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one try went. `status` is 0 when there was no answer; `error` is empty when it was taken (2xx)."""

    status: int
    error: str = ""
    took_ms: int = 0

    @property
    def taken(self) -> bool:
        return not self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPolicy:
    """Where webhooks may lead besides public addresses."""

    allowed_hosts: frozenset[str] = frozenset()
    """names or addresses, as they stand in the URL, that may lie inside the network and speak plain http"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFailing(Event):
    """An event was given up for a webhook: it stands among its dead letters."""

    kind: ClassVar[str] = "webhooks.failing"
    needs: ClassVar[str] = "system.see"
    webhook_id: str
    name: str
    error: str
