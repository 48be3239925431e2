"""The in-memory twins of second factors, challenges, kept passwords, API tokens and identity providers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import (
    ApiToken,
    Challenge,
    IdentityProvider,
    KeptPassword,
    LinkedIdentity,
    Passkey,
    Totp,
)
from fengtai.domain.access.ports import ChallengeStore, KeptPasswordStore, KeyStore, ProviderStore, TokenStore
from fengtai.vocabulary.errors import Conflict, NotFound


class MemoryChallenges:
    def __init__(self) -> None:
        self.by_ticket: dict[bytes, Challenge] = {}

    def get(self, ticket_sha256: bytes) -> Challenge | None:
        return self.by_ticket.get(ticket_sha256)

    def take(self, ticket_sha256: bytes) -> Challenge | None:
        return self.by_ticket.pop(ticket_sha256, None)

    def save(self, challenge: Challenge) -> None:
        self.by_ticket[challenge.ticket_sha256] = challenge

    def open_from(self, source: str, now: datetime) -> int:
        return sum(one.source == source and one.expires_at > now for one in self.by_ticket.values())

    def forget(self, now: datetime) -> int:
        over = [ticket for ticket, one in self.by_ticket.items() if one.expires_at <= now]
        for ticket in over:
            del self.by_ticket[ticket]
        return len(over)


class MemoryKeys:
    def __init__(self) -> None:
        self.totps: dict[str, Totp] = {}
        self.codes: dict[bytes, str] = {}
        self.passkey_by_id: dict[str, Passkey] = {}

    def totp(self, user_id: str) -> Totp | None:
        return self.totps.get(user_id)

    def save_totp(self, totp: Totp) -> None:
        self.totps[totp.user_id] = totp

    def remove_totp(self, user_id: str) -> bool:
        self.replace_recovery_codes(user_id, ())
        return self.totps.pop(user_id, None) is not None

    def recovery_codes_left(self, user_id: str) -> int:
        return sum(owner == user_id for owner in self.codes.values())

    def replace_recovery_codes(self, user_id: str, codes_sha256: Sequence[bytes]) -> None:
        for code in [code for code, owner in self.codes.items() if owner == user_id]:
            del self.codes[code]
        for code in codes_sha256:
            self.codes[code] = user_id

    def use_recovery_code(self, user_id: str, code_sha256: bytes) -> bool:
        if self.codes.get(code_sha256) != user_id:
            return False
        del self.codes[code_sha256]
        return True

    def passkeys(self, user_id: str) -> Sequence[Passkey]:
        mine = [passkey for passkey in self.passkey_by_id.values() if passkey.user_id == user_id]
        return sorted(mine, key=lambda passkey: (passkey.made_at, passkey.id))

    def passkey_by_credential(self, credential_id: bytes) -> Passkey | None:
        return next((one for one in self.passkey_by_id.values() if one.credential_id == credential_id), None)

    def save_passkey(self, passkey: Passkey) -> None:
        known = self.passkey_by_credential(passkey.credential_id)
        if known is not None and known.id != passkey.id:
            raise Conflict("this passkey is entered already")
        self.passkey_by_id[passkey.id] = passkey

    def remove_passkey(self, passkey_id: str) -> None:
        self.passkey_by_id.pop(passkey_id, None)

    def people_with_keys(self) -> Mapping[str, tuple[bool, int]]:
        owners = self.totps.keys() | {passkey.user_id for passkey in self.passkey_by_id.values()}
        return {user_id: (user_id in self.totps, len(self.passkeys(user_id))) for user_id in owners}


class MemoryKeptPasswords:
    def __init__(self) -> None:
        self.rows: list[KeptPassword] = []

    def of_person(self, user_id: str, limit: int) -> Sequence[KeptPassword]:
        mine = [kept for kept in self.rows if kept.user_id == user_id]
        return sorted(mine, key=lambda kept: (kept.set_at, kept.id), reverse=True)[:limit]

    def add(self, kept: KeptPassword, *, keep: int) -> None:
        self.rows.append(kept)
        newest = {one.id for one in self.of_person(kept.user_id, keep)}
        self.rows[:] = [one for one in self.rows if one.user_id != kept.user_id or one.id in newest]


class MemoryTokens:
    def __init__(self) -> None:
        self.by_id: dict[str, ApiToken] = {}

    def get(self, token_id: str) -> ApiToken:
        try:
            return self.by_id[token_id]
        except KeyError:
            raise NotFound("there is no such token") from None

    def by_token(self, token_sha256: bytes) -> ApiToken | None:
        return next((token for token in self.by_id.values() if token.token_sha256 == token_sha256), None)

    def of_person(self, user_id: str) -> Sequence[ApiToken]:
        return [token for token in self._newest_first() if token.user_id == user_id]

    def page(self, of: Collection[str] | None, *, after: str = "", limit: int = 100) -> Sequence[ApiToken]:
        found = (token for token in self.by_id.values() if of is None or token.user_id in of)
        newest = sorted(found, key=lambda token: token.id, reverse=True)
        return [token for token in newest if not after or token.id < after][:limit]

    def _newest_first(self) -> Sequence[ApiToken]:
        return sorted(self.by_id.values(), key=lambda token: (token.made_at, token.id), reverse=True)

    def over(self, ended_before: datetime) -> Sequence[ApiToken]:
        return [token for token in self._newest_first() if token.expires_at <= ended_before]

    def save(self, token: ApiToken) -> None:
        self.by_id[token.id] = token

    def remove(self, token_id: str) -> None:
        self.by_id.pop(token_id, None)


class MemoryProviders:
    def __init__(self) -> None:
        self.by_id: dict[str, IdentityProvider] = {}
        self.identities: dict[tuple[str, str], LinkedIdentity] = {}

    def get(self, provider_id: str) -> IdentityProvider:
        try:
            return self.by_id[provider_id]
        except KeyError:
            raise NotFound("there is no such identity provider") from None

    def all(self) -> Sequence[IdentityProvider]:
        return sorted(self.by_id.values(), key=lambda provider: (provider.name, provider.id))

    def save(self, provider: IdentityProvider) -> None:
        self.by_id[provider.id] = provider

    def remove(self, provider_id: str) -> None:
        self.by_id.pop(provider_id, None)

    def linked(self, issuer: str, subject: str) -> LinkedIdentity | None:
        return self.identities.get((issuer, subject))

    def link(self, identity: LinkedIdentity) -> None:
        self.identities[identity.issuer, identity.subject] = identity

    def links_of(self, user_id: str) -> Sequence[LinkedIdentity]:
        mine = [identity for identity in self.identities.values() if identity.user_id == user_id]
        return sorted(mine, key=lambda identity: (identity.linked_at, identity.issuer))

    def unlink(self, user_id: str) -> int:
        mine = [key for key, identity in self.identities.items() if identity.user_id == user_id]
        for key in mine:
            del self.identities[key]
        return len(mine)


STORES: Mapping[type[Any], type[Any]] = {
    ChallengeStore: MemoryChallenges,
    KeyStore: MemoryKeys,
    KeptPasswordStore: MemoryKeptPasswords,
    TokenStore: MemoryTokens,
    ProviderStore: MemoryProviders,
}
