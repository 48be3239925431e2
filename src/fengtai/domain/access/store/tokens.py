"""API tokens and identity providers in SQL."""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from fengtai.domain.access.model import ApiToken, IdentityProvider, LinkedIdentity, Permission, Role
from fengtai.domain.access.store.key_tables import identity_table, provider_table, token_table
from fengtai.domain.access.store.tables import upsert
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

_KNOWN_PERMISSIONS = {permission.value: permission for permission in Permission}


class SqlTokens:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, token_id: str) -> ApiToken:
        row = self._connection.execute(select(token_table).where(token_table.c.id == token_id)).first()
        if row is None:
            raise NotFound("there is no such token")
        return _token(row)

    def by_token(self, token_sha256: bytes) -> ApiToken | None:
        row = self._connection.execute(select(token_table).where(token_table.c.token_sha256 == token_sha256)).first()
        return None if row is None else _token(row)

    def of_person(self, user_id: str) -> Sequence[ApiToken]:
        return self._newest_first(token_table.c.user_id == user_id)

    def page(self, of: Collection[str] | None, *, after: str = "", limit: int = 100) -> Sequence[ApiToken]:
        wanted = select(token_table).order_by(token_table.c.id.desc()).limit(limit)
        if of is not None:
            wanted = wanted.where(token_table.c.user_id.in_(sorted(of)))
        if after:
            wanted = wanted.where(token_table.c.id < after)
        return [_token(row) for row in self._connection.execute(wanted)]

    def over(self, ended_before: datetime) -> Sequence[ApiToken]:
        return self._newest_first(token_table.c.expires_at_ms <= to_ms(ended_before))

    def _newest_first(self, *conditions: Any) -> Sequence[ApiToken]:
        order = (token_table.c.made_at_ms.desc(), token_table.c.id.desc())
        return [
            _token(row) for row in self._connection.execute(select(token_table).where(*conditions).order_by(*order))
        ]

    def save(self, token: ApiToken) -> None:
        values = {
            "id": token.id,
            "user_id": token.user_id,
            "purpose": token.purpose,
            "permissions": json.dumps(sorted(permission.value for permission in token.permissions)),
            "token_sha256": token.token_sha256,
            "made_at_ms": to_ms(token.made_at),
            "expires_at_ms": to_ms(token.expires_at),
            "last_used_at_ms": None if token.last_used_at is None else to_ms(token.last_used_at),
            "last_used_ip": token.last_used_ip,
        }
        upsert(self._connection, token_table, token_table.c.id, values)

    def remove(self, token_id: str) -> None:
        self._connection.execute(delete(token_table).where(token_table.c.id == token_id))


def _token(row: Row[Any]) -> ApiToken:
    """A permission that no longer exists gives nothing."""
    held = (_KNOWN_PERMISSIONS.get(value) for value in json.loads(row.permissions))
    return ApiToken(
        id=row.id,
        user_id=row.user_id,
        purpose=row.purpose,
        permissions=frozenset(permission for permission in held if permission is not None),
        token_sha256=bytes(row.token_sha256),
        made_at=from_ms(row.made_at_ms),
        expires_at=from_ms(row.expires_at_ms),
        last_used_at=None if row.last_used_at_ms is None else from_ms(row.last_used_at_ms),
        last_used_ip=row.last_used_ip,
    )


class SqlProviders:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, provider_id: str) -> IdentityProvider:
        row = self._connection.execute(select(provider_table).where(provider_table.c.id == provider_id)).first()
        if row is None:
            raise NotFound("there is no such identity provider")
        return _provider(row)

    def all(self) -> Sequence[IdentityProvider]:
        found = [_provider(row) for row in self._connection.execute(select(provider_table))]
        return sorted(found, key=lambda provider: (provider.name, provider.id))

    def save(self, provider: IdentityProvider) -> None:
        settings = {
            "scopes": list(provider.scopes),
            "name_claim": provider.name_claim,
            "roles_claim": provider.roles_claim,
            "role_of": {value: role.value for value, role in provider.role_of.items()},
            "links_by_name": provider.links_by_name,
            "makes_people": provider.makes_people,
            "counts_as_two": provider.counts_as_two,
        }
        values = {
            "id": provider.id,
            "name": provider.name,
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "secret_sealed": provider.secret_sealed,
            "settings": json.dumps(settings, ensure_ascii=False),
            "enabled": int(provider.enabled),
        }
        upsert(self._connection, provider_table, provider_table.c.id, values)

    def remove(self, provider_id: str) -> None:
        self._connection.execute(delete(provider_table).where(provider_table.c.id == provider_id))

    def linked(self, issuer: str, subject: str) -> LinkedIdentity | None:
        wanted = select(identity_table).where(identity_table.c.identity_sha256 == _identity(issuer, subject))
        row = self._connection.execute(wanted).first()
        return None if row is None else _linked(row)

    def links_of(self, user_id: str) -> Sequence[LinkedIdentity]:
        order = (identity_table.c.linked_at_ms, identity_table.c.issuer)
        wanted = select(identity_table).where(identity_table.c.user_id == user_id).order_by(*order)
        return [_linked(row) for row in self._connection.execute(wanted)]

    def link(self, identity: LinkedIdentity) -> None:
        values = {
            "identity_sha256": _identity(identity.issuer, identity.subject),
            "issuer": identity.issuer,
            "subject": identity.subject,
            "user_id": identity.user_id,
            "linked_at_ms": to_ms(identity.linked_at),
        }
        upsert(self._connection, identity_table, identity_table.c.identity_sha256, values)

    def unlink(self, user_id: str) -> int:
        return self._connection.execute(delete(identity_table).where(identity_table.c.user_id == user_id)).rowcount


def _identity(issuer: str, subject: str) -> bytes:
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).digest()


def _linked(row: Row[Any]) -> LinkedIdentity:
    return LinkedIdentity(
        issuer=row.issuer, subject=row.subject, user_id=row.user_id, linked_at=from_ms(row.linked_at_ms)
    )


def _provider(row: Row[Any]) -> IdentityProvider:
    settings = json.loads(row.settings)
    return IdentityProvider(
        id=row.id,
        name=row.name,
        issuer=row.issuer,
        client_id=row.client_id,
        secret_sealed=bytes(row.secret_sealed),
        scopes=tuple(settings["scopes"]),
        name_claim=settings["name_claim"],
        roles_claim=settings["roles_claim"],
        role_of={value: Role(role) for value, role in settings["role_of"].items()},
        links_by_name=settings["links_by_name"],
        makes_people=settings["makes_people"],
        counts_as_two=settings["counts_as_two"],
        enabled=bool(row.enabled),
    )
