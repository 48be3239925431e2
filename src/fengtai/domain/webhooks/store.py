"""The tables of webhooks, for SQLite and PostgreSQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from fengtai.domain.webhooks.model import DeadLetter, Webhook
from fengtai.domain.webhooks.ports import WebhookStore
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

webhook_table = Table(
    "webhooks_webhook",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("url", String(500), nullable=False),
    Column("kinds", Text, nullable=False, comment="JSON list of kinds or their beginnings"),
    Column("owner_id", String(32), nullable=False, server_default="", comment="whose rights it has; empty: nobody's"),
    Column("owner_name", Text, nullable=False, server_default=""),
    Column("secret", LargeBinary, nullable=False, comment="sealed by the vault"),
    Column("enabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False, comment="ms since 1970 UTC"),
    Column("told_seq", BigInteger, nullable=False, comment="event_log up to here is told, not wanted or set aside"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("next_try_at_ms", BigInteger, nullable=True, comment="ms since 1970 UTC; null: at once"),
    Column("last_outcome", Text, nullable=False),
    Column("last_at_ms", BigInteger, nullable=True, comment="ms since 1970 UTC of the last try"),
    Column("version", Integer, nullable=False),
)

letter_table = Table(
    "webhooks_dead_letter",
    metadata,
    Column("webhook_id", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False, comment="the event of event_log that could not be told"),
    Column("kind", String(64), nullable=False),
    Column("happened_at_ms", BigInteger, nullable=False, comment="ms since 1970 UTC"),
    Column("given_up_at_ms", BigInteger, nullable=False, index=True, comment="ms since 1970 UTC"),
    Column("error", Text, nullable=False),
    Column(
        "payload", Text, nullable=False, comment="JSON, as the event log had it: the log may be shorter than a quarrel"
    ),
    PrimaryKeyConstraint("webhook_id", "seq"),
)


class SqlWebhooks:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, webhook_id: str) -> Webhook:
        row = self._connection.execute(select(webhook_table).where(webhook_table.c.id == webhook_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no webhook {webhook_id}")
        return _webhook(row)

    def all(self) -> Sequence[Webhook]:
        found = [_webhook(row) for row in self._connection.execute(select(webhook_table))]
        return sorted(found, key=lambda webhook: (webhook.name, webhook.id))

    def save(self, webhook: Webhook) -> None:
        values = {
            "name": webhook.name,
            "url": webhook.url,
            "kinds": json.dumps(webhook.kinds),
            "owner_id": webhook.owner_id,
            "owner_name": webhook.owner_name,
            "secret": webhook.secret,
            "enabled": webhook.enabled,
            "created_at_ms": to_ms(webhook.created_at),
            "told_seq": webhook.told_seq,
            "failures": webhook.failures,
            "next_try_at_ms": None if webhook.next_try_at is None else to_ms(webhook.next_try_at),
            "last_outcome": webhook.last_outcome,
            "last_at_ms": None if webhook.last_at is None else to_ms(webhook.last_at),
            "version": webhook.version,
        }
        changed = self._connection.execute(update(webhook_table).where(webhook_table.c.id == webhook.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(webhook_table).values(id=webhook.id, **values))

    def remove(self, webhook_id: str) -> None:
        self._connection.execute(delete(letter_table).where(letter_table.c.webhook_id == webhook_id))
        self._connection.execute(delete(webhook_table).where(webhook_table.c.id == webhook_id))

    def set_aside(self, letter: DeadLetter) -> None:
        self.drop_letter(letter.webhook_id, letter.seq)
        self._connection.execute(
            insert(letter_table).values(
                webhook_id=letter.webhook_id,
                seq=letter.seq,
                kind=letter.kind,
                happened_at_ms=to_ms(letter.happened_at),
                given_up_at_ms=to_ms(letter.given_up_at),
                error=letter.error,
                payload=json.dumps(letter.payload, ensure_ascii=False),
            )
        )

    def letters(self, webhook_id: str, *, before: int | None, limit: int) -> Sequence[DeadLetter]:
        statement = select(letter_table).where(letter_table.c.webhook_id == webhook_id)
        if before is not None:
            statement = statement.where(letter_table.c.seq < before)
        rows = self._connection.execute(statement.order_by(letter_table.c.seq.desc()).limit(limit))
        return [_letter(row) for row in rows]

    def letter(self, webhook_id: str, seq: int) -> DeadLetter:
        row = self._connection.execute(
            select(letter_table).where(letter_table.c.webhook_id == webhook_id, letter_table.c.seq == seq)
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no dead letter {seq} of this webhook")
        return _letter(row)

    def drop_letter(self, webhook_id: str, seq: int) -> None:
        self._connection.execute(
            delete(letter_table).where(letter_table.c.webhook_id == webhook_id, letter_table.c.seq == seq)
        )

    def drop_letters_before(self, moment: datetime) -> None:
        self._connection.execute(delete(letter_table).where(letter_table.c.given_up_at_ms < to_ms(moment)))


def _webhook(row: Any) -> Webhook:
    return Webhook(
        id=row.id,
        name=row.name,
        url=row.url,
        kinds=tuple(json.loads(row.kinds)),
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        secret=bytes(row.secret),
        enabled=bool(row.enabled),
        created_at=from_ms(row.created_at_ms),
        told_seq=row.told_seq,
        failures=row.failures,
        next_try_at=None if row.next_try_at_ms is None else from_ms(row.next_try_at_ms),
        last_outcome=row.last_outcome,
        last_at=None if row.last_at_ms is None else from_ms(row.last_at_ms),
        version=row.version,
    )


def _letter(row: Any) -> DeadLetter:
    return DeadLetter(
        webhook_id=row.webhook_id,
        seq=row.seq,
        kind=row.kind,
        happened_at=from_ms(row.happened_at_ms),
        given_up_at=from_ms(row.given_up_at_ms),
        error=row.error,
        payload=json.loads(row.payload),
    )


STORES: Mapping[type[Any], type[Any]] = {WebhookStore: SqlWebhooks}
