"""What access needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.access.model import Person, Session, SetupCheck, Throttle


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


class PersonStore(Protocol):
    def get(self, user_id: str) -> Person:
        """Raise NotFound if there is none."""

    def by_name_key(self, name_key: str) -> Person | None:
        """`rules.name_key` of the name that was typed."""

    def all(self) -> Sequence[Person]:
        """In the order of their names."""

    def save(self, person: Person, *, name_key: str) -> None:
        """Raise Conflict when another person has a name with this key."""


class SessionStore(Protocol):
    def get(self, session_id: str) -> Session:
        """Raise NotFound if there is none."""

    def by_token(self, token_sha256: bytes) -> Session | None: ...

    def of_person(self, user_id: str) -> Sequence[Session]: ...

    def all(self) -> Sequence[Session]:
        """Newest first."""

    def over(self, *, seen_before: datetime, ended_before: datetime) -> Sequence[Session]:
        """Sessions that were last seen before the one moment, or end at or before the other."""

    def save(self, session: Session) -> None: ...

    def remove(self, session_id: str) -> None: ...


class ThrottleStore(Protocol):
    def get(self, key: str) -> Throttle | None: ...

    def save(self, throttle: Throttle) -> None: ...

    def remove(self, key: str) -> None: ...

    def forget(self, *, quiet_since: datetime) -> int:
        """Remove rows whose last failure is older and whose lock is over by then."""


class SetupStore(Protocol):
    """The one-time token of the first set-up: at most one, only its SHA-256."""

    def token_sha256(self) -> bytes | None: ...

    def save(self, token_sha256: bytes) -> None: ...

    def clear(self) -> None: ...


class SetupChecks(Protocol):
    """What the server finds out about its own settings, shown on the first page until it is set up."""

    def results(self) -> Sequence[SetupCheck]: ...
