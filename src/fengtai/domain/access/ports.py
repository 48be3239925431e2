"""What access needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from fengtai.domain.access.model import (
    ApiToken,
    Approval,
    ApprovalState,
    Challenge,
    Grant,
    IdentityProvider,
    KeptPassword,
    LinkedIdentity,
    Passkey,
    Person,
    Place,
    Reach,
    Session,
    SetupCheck,
    Throttle,
    Totp,
)


class Vault(Protocol):
    """Seals secrets at rest (device passwords, panel keys, TOTP seeds) under a key file outside the database."""

    def seal(self, secret: bytes, *, label: str) -> bytes:
        """`label` says whose secret it is ("panel-account:1234"); the same label must be given to open it."""

    def open(self, sealed: bytes, *, label: str) -> bytes:
        """Raise Unavailable when the key is missing or the sealed bytes were changed."""


class PasswordHasher(Protocol):
    """Makes and checks Argon2id texts. Slow by intent, so it runs outside the unit of work and off the loop."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str, password: str) -> bool:
        """False for a wrong password. An empty hash (no such person) costs the same time and is false."""

    def is_outdated(self, password_hash: str) -> bool:
        """Made with smaller figures than today's: hash again at the next good sign-in."""


class PersonStore(Protocol):
    def get(self, user_id: str) -> Person:
        """Raise NotFound if there is none."""

    def by_name_key(self, name_key: str) -> Person | None:
        """`rules.name_key` of the name that was typed."""

    def all(self) -> Sequence[Person]:
        """In the order of their names."""

    def page(self, reach: Reach, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, Person]]:
        """Those whose organisation is within reach, in the order of their names, with the key that `after` takes."""

    def save(self, person: Person, *, name_key: str) -> None:
        """Raise Conflict when another person has a name with this key."""


class GrantStore(Protocol):
    """Rows stay for ever: who could do what when must be told years later."""

    def get(self, grant_id: str) -> Grant:
        """Raise NotFound if there is none."""

    def of_person(self, user_id: str) -> Sequence[Grant]:
        """Those that have not been ended, oldest first."""

    def all_in_force(self) -> Sequence[Grant]:
        """Those that have not been ended, oldest first."""

    def page(
        self, reach: Reach, *, user_id: str = "", with_ended: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[Grant]:
        """Newest first, below the id `after`; those whose place is within reach."""

    def over(self, now: datetime) -> Sequence[Grant]:
        """Those that have not been ended although their time is over."""

    def save(self, grant: Grant) -> None: ...


class ApprovalStore(Protocol):
    """Requests for a second person. Rows stay for ever, as grants do."""

    def get(self, approval_id: str) -> Approval:
        """Raise NotFound if there is none."""

    def open_of(self, user_id: str) -> Sequence[Approval]:
        """What this person asked for that waits or was approved and not done yet, oldest first."""

    def page(
        self,
        reach: Reach | None,
        *,
        asked_by: str = "",
        only_waiting: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Approval]:
        """Newest first, below the id `after`; within reach (None: wherever), of one asker or of all."""

    def over(self, now: datetime) -> Sequence[Approval]:
        """Those that still wait, or were approved and not done, although their time is over."""

    def add(self, approval: Approval) -> None: ...

    def move(self, approval: Approval, *, seen: ApprovalState) -> bool:
        """Save it if it still is in the state in which it was seen; False when it is not."""


class SessionStore(Protocol):
    def get(self, session_id: str) -> Session:
        """Raise NotFound if there is none."""

    def by_token(self, token_sha256: bytes) -> Session | None: ...

    def of_person(self, user_id: str) -> Sequence[Session]: ...

    def page(self, of: Collection[str] | None, *, after: str = "", limit: int = 100) -> Sequence[Session]:
        """Of these people (None: of everybody), newest first, below the id `after`."""

    def over(self, *, seen_before: datetime, ended_before: datetime) -> Sequence[Session]:
        """Sessions that were last seen before the one moment, or end at or before the other."""

    def save(self, session: Session) -> None: ...

    def remove(self, session_id: str) -> None: ...


class ThrottleStore(Protocol):
    def get(self, key: str) -> Throttle | None: ...

    def save(self, throttle: Throttle) -> None: ...

    def remove(self, key: str) -> None: ...

    def locked(
        self, now: datetime, of: Collection[str] | None = None, *, after: str = "", limit: int = 100
    ) -> Sequence[Throttle]:
        """Those of these keys (None: of all) whose lock is not over, in the order of their keys, above `after`."""

    def forget(self, *, quiet_since: datetime) -> int:
        """Remove rows whose last failure is older and whose lock is over by then."""


class SetupStore(Protocol):
    """The one-time token of the first set-up: at most one, only its SHA-256."""

    def token_sha256(self) -> bytes | None: ...

    def save(self, token_sha256: bytes) -> None: ...

    def clear(self) -> None: ...


class PointPlaces(Protocol):
    """Where a point lies, for questions about rights; points stand above this folder, so somebody else looks."""

    async def place_of(self, point_id: str) -> Place:
        """Raise NotFound if there is no such point."""


class SetupChecks(Protocol):
    """What the server finds out about its own settings, shown on the first page until it is set up."""

    def results(self) -> Sequence[SetupCheck]: ...


class ChallengeStore(Protocol):
    """What was asked and waits for its one answer."""

    def get(self, ticket_sha256: bytes) -> Challenge | None: ...

    def take(self, ticket_sha256: bytes) -> Challenge | None:
        """Return it and remove it: nobody gets it a second time."""

    def save(self, challenge: Challenge) -> None: ...

    def open_from(self, source: str, now: datetime) -> int:
        """How many that are not over were asked from this network."""

    def forget(self, now: datetime) -> int:
        """Remove those that are over."""


class KeyStore(Protocol):
    """Second factors: authenticator apps, recovery codes, passkeys."""

    def totp(self, user_id: str) -> Totp | None: ...

    def save_totp(self, totp: Totp) -> None: ...

    def remove_totp(self, user_id: str) -> bool:
        """Also the recovery codes, which are a way in without it."""

    def recovery_codes_left(self, user_id: str) -> int: ...

    def replace_recovery_codes(self, user_id: str, codes_sha256: Sequence[bytes]) -> None: ...

    def use_recovery_code(self, user_id: str, code_sha256: bytes) -> bool:
        """True when it was one of this person's; it is gone then."""

    def passkeys(self, user_id: str) -> Sequence[Passkey]:
        """In the order in which they were made."""

    def passkey_by_credential(self, credential_id: bytes) -> Passkey | None: ...

    def save_passkey(self, passkey: Passkey) -> None:
        """Raise Conflict when another row has this credential."""

    def remove_passkey(self, passkey_id: str) -> None: ...

    def people_with_keys(self) -> Mapping[str, tuple[bool, int]]:
        """Of everybody who has any: an app or not, how many passkeys."""


class KeptPasswordStore(Protocol):
    def of_person(self, user_id: str, limit: int) -> Sequence[KeptPassword]:
        """The last ones, newest first."""

    def add(self, kept: KeptPassword, *, keep: int) -> None:
        """And forget what is older than the newest `keep` of this person."""


class TokenStore(Protocol):
    def get(self, token_id: str) -> ApiToken:
        """Raise NotFound if there is none."""

    def by_token(self, token_sha256: bytes) -> ApiToken | None: ...

    def of_person(self, user_id: str) -> Sequence[ApiToken]:
        """Newest first."""

    def page(self, of: Collection[str] | None, *, after: str = "", limit: int = 100) -> Sequence[ApiToken]:
        """Of these people (None: of everybody), newest first, below the id `after`."""

    def save(self, token: ApiToken) -> None: ...

    def remove(self, token_id: str) -> None: ...

    def over(self, ended_before: datetime) -> Sequence[ApiToken]: ...


class ProviderStore(Protocol):
    """Identity providers, and which of their subjects is which of our people."""

    def get(self, provider_id: str) -> IdentityProvider:
        """Raise NotFound if there is none."""

    def all(self) -> Sequence[IdentityProvider]:
        """In the order of their names."""

    def save(self, provider: IdentityProvider) -> None: ...

    def remove(self, provider_id: str) -> None: ...

    def linked(self, issuer: str, subject: str) -> LinkedIdentity | None: ...

    def link(self, identity: LinkedIdentity) -> None: ...

    def links_of(self, user_id: str) -> Sequence[LinkedIdentity]:
        """Of all issuers, in the order of their making."""

    def unlink(self, user_id: str) -> int:
        """How many links of this person were removed."""


class ProviderCalls(Protocol):
    """Speaks OpenID Connect to a provider: discovery, code for token, keys. Outside calls, so outside of the domain."""

    async def sign_in_address(
        self, provider: IdentityProvider, *, redirect_uri: str, state: str, nonce: str, verifier: str
    ) -> str:
        """Where the browser is sent. Raise Unavailable when the provider does not answer or must not be called."""

    async def claims(
        self, provider: IdentityProvider, secret: str, *, redirect_uri: str, code: str, nonce: str, verifier: str
    ) -> Mapping[str, Any]:
        """The checked claims of the ID token (signature, issuer, audience, nonce, times).

        Raise Unauthenticated when the code or the token is not good, Unavailable when the provider does not answer.
        """

    def check_address(self, issuer: str) -> None:
        """Raise Invalid for an issuer that this platform would not call."""
