"""Second factors, challenges and kept passwords in SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from fengtai.domain.access.model import Challenge, KeptPassword, Passkey, Task, Totp
from fengtai.domain.access.store.key_tables import (
    challenge_table,
    kept_password_table,
    passkey_table,
    recovery_code_table,
    totp_table,
)
from fengtai.domain.access.store.tables import upsert
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import Conflict
from fengtai.vocabulary.transactions import UnitOfWork


class SqlChallenges:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, ticket_sha256: bytes) -> Challenge | None:
        wanted = select(challenge_table).where(challenge_table.c.ticket_sha256 == ticket_sha256)
        row = self._connection.execute(wanted).first()
        return None if row is None else _challenge(row)

    def take(self, ticket_sha256: bytes) -> Challenge | None:
        gone = delete(challenge_table).where(challenge_table.c.ticket_sha256 == ticket_sha256)
        row = self._connection.execute(gone.returning(*challenge_table.c)).first()
        return None if row is None else _challenge(row)

    def save(self, challenge: Challenge) -> None:
        values = {
            "ticket_sha256": challenge.ticket_sha256,
            "task": challenge.task.value,
            "user_id": challenge.user_id,
            "source": challenge.source,
            "details": json.dumps(dict(challenge.details)),
            "sealed": challenge.sealed,
            "expires_at_ms": to_ms(challenge.expires_at),
        }
        upsert(self._connection, challenge_table, challenge_table.c.ticket_sha256, values)

    def open_from(self, source: str, now: datetime) -> int:
        table = challenge_table.c
        wanted = select(func.count()).where(table.source == source, table.expires_at_ms > to_ms(now))
        return int(self._connection.execute(wanted).scalar_one())

    def forget(self, now: datetime) -> int:
        over = delete(challenge_table).where(challenge_table.c.expires_at_ms <= to_ms(now))
        return self._connection.execute(over).rowcount


def _challenge(row: Row[Any]) -> Challenge:
    return Challenge(
        ticket_sha256=bytes(row.ticket_sha256),
        task=Task(row.task),
        expires_at=from_ms(row.expires_at_ms),
        user_id=row.user_id,
        source=row.source,
        details=json.loads(row.details),
        sealed=bytes(row.sealed),
    )


class SqlKeys:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def totp(self, user_id: str) -> Totp | None:
        row = self._connection.execute(select(totp_table).where(totp_table.c.user_id == user_id)).first()
        if row is None:
            return None
        return Totp(
            user_id=row.user_id,
            seed_sealed=bytes(row.seed_sealed),
            enrolled_at=from_ms(row.enrolled_at_ms),
            last_step=row.last_step,
        )

    def save_totp(self, totp: Totp) -> None:
        values = {
            "user_id": totp.user_id,
            "seed_sealed": totp.seed_sealed,
            "enrolled_at_ms": to_ms(totp.enrolled_at),
            "last_step": totp.last_step,
        }
        upsert(self._connection, totp_table, totp_table.c.user_id, values)

    def remove_totp(self, user_id: str) -> bool:
        self.replace_recovery_codes(user_id, ())
        return self._connection.execute(delete(totp_table).where(totp_table.c.user_id == user_id)).rowcount > 0

    def recovery_codes_left(self, user_id: str) -> int:
        wanted = select(func.count()).where(recovery_code_table.c.user_id == user_id)
        return int(self._connection.execute(wanted).scalar_one())

    def replace_recovery_codes(self, user_id: str, codes_sha256: Sequence[bytes]) -> None:
        self._connection.execute(delete(recovery_code_table).where(recovery_code_table.c.user_id == user_id))
        for code in codes_sha256:
            self._connection.execute(insert(recovery_code_table).values(code_sha256=code, user_id=user_id))

    def use_recovery_code(self, user_id: str, code_sha256: bytes) -> bool:
        table = recovery_code_table
        used = delete(table).where(table.c.code_sha256 == code_sha256, table.c.user_id == user_id)
        return self._connection.execute(used).rowcount > 0

    def passkeys(self, user_id: str) -> Sequence[Passkey]:
        order = (passkey_table.c.made_at_ms, passkey_table.c.id)
        wanted = select(passkey_table).where(passkey_table.c.user_id == user_id).order_by(*order)
        return [_passkey(row) for row in self._connection.execute(wanted)]

    def passkey_by_credential(self, credential_id: bytes) -> Passkey | None:
        wanted = select(passkey_table).where(passkey_table.c.credential_id == credential_id)
        row = self._connection.execute(wanted).first()
        return None if row is None else _passkey(row)

    def save_passkey(self, passkey: Passkey) -> None:
        values = {
            "id": passkey.id,
            "user_id": passkey.user_id,
            "name": passkey.name,
            "credential_id": passkey.credential_id,
            "public_key": passkey.public_key,
            "sign_count": passkey.sign_count,
            "made_at_ms": to_ms(passkey.made_at),
            "last_used_at_ms": None if passkey.last_used_at is None else to_ms(passkey.last_used_at),
            "is_synced": passkey.is_synced,
        }
        try:
            upsert(self._connection, passkey_table, passkey_table.c.id, values)
        except IntegrityError as error:
            raise Conflict("this passkey is entered already") from error

    def remove_passkey(self, passkey_id: str) -> None:
        self._connection.execute(delete(passkey_table).where(passkey_table.c.id == passkey_id))

    def people_with_keys(self) -> Mapping[str, tuple[bool, int]]:
        apps = {row.user_id for row in self._connection.execute(select(totp_table.c.user_id))}
        counted = select(passkey_table.c.user_id, func.count().label("passkeys")).group_by(passkey_table.c.user_id)
        passkeys = {row.user_id: int(row.passkeys) for row in self._connection.execute(counted)}
        return {user_id: (user_id in apps, passkeys.get(user_id, 0)) for user_id in apps | passkeys.keys()}


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        credential_id=bytes(row.credential_id),
        public_key=bytes(row.public_key),
        sign_count=row.sign_count,
        made_at=from_ms(row.made_at_ms),
        last_used_at=None if row.last_used_at_ms is None else from_ms(row.last_used_at_ms),
        is_synced=bool(row.is_synced),
    )


class SqlKeptPasswords:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def of_person(self, user_id: str, limit: int) -> Sequence[KeptPassword]:
        table = kept_password_table.c
        order = (table.set_at_ms.desc(), table.id.desc())
        wanted = select(kept_password_table).where(table.user_id == user_id).order_by(*order).limit(limit)
        return [
            KeptPassword(
                id=row.id,
                user_id=row.user_id,
                password_hash=row.password_hash,
                set_at=from_ms(row.set_at_ms),
                by_other=bool(row.by_other),
            )
            for row in self._connection.execute(wanted)
        ]

    def add(self, kept: KeptPassword, *, keep: int) -> None:
        self._connection.execute(
            insert(kept_password_table).values(
                id=kept.id,
                user_id=kept.user_id,
                password_hash=kept.password_hash,
                set_at_ms=to_ms(kept.set_at),
                by_other=kept.by_other,
            )
        )
        newest = [one.id for one in self.of_person(kept.user_id, keep)]
        table = kept_password_table
        self._connection.execute(delete(table).where(table.c.user_id == kept.user_id, table.c.id.not_in(newest)))
