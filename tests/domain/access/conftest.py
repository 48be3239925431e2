"""A house on memory stores with one person per role. Hashing is Argon2id with the smallest figures, so tests are quick."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.apps.server.point_places import RegisteredPlaces
from fengtai.domain.access.model import AccessPolicy, Actor, IdentityProvider, PasskeySite, Person, Role
from fengtai.domain.access.service import (
    AccessDesk,
    ApprovalDesk,
    NewPerson,
    PasskeyDesk,
    PasswordDesk,
    PeopleDesk,
    PersonWords,
    ProviderDesk,
    RightsDesk,
    SecondFactorDesk,
    SignedIn,
    TokenDesk,
)
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.passwords import Argon2Passwords
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid, Unavailable

HERE = "192.0.2.7"
ADMINISTRATOR, AUDITOR = "wei.admin", "lin.auditor"
SITE = PasskeySite(rp_id="fengtai.test", rp_name="Invented city", origins=("https://fengtai.test",))


class KeptAudit:
    """An audit log that can be read back in the order of its lines."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class NoProvider:
    """There is none: every question to one is refused. Tests put a provider in its place."""

    def check_address(self, issuer: str) -> None:
        if not issuer.startswith("https://"):
            raise Invalid("not an https address", field="issuer")

    async def sign_in_address(self, provider: IdentityProvider, **asked: str) -> str:
        raise Unavailable("the identity provider does not answer")

    async def claims(self, provider: IdentityProvider, secret: str, **asked: str) -> Mapping[str, Any]:
        raise Unavailable("the identity provider does not answer")


class House:
    def __init__(self, policy: AccessPolicy = AccessPolicy()) -> None:
        self.clock = HandClock()
        self.audit = KeptAudit()
        self.transactions = MemoryTransactions(self.clock, {**memory_stores(), AuditLog: self.audit})
        self.hasher = Argon2Passwords(memory_kib=8, passes=1)
        self.desk = self.another_desk(policy)
        self.rights = RightsDesk(
            transactions=self.transactions,
            clock=self.clock,
            access=self.desk,
            places=RegisteredPlaces(self.transactions),
            policy=policy,
        )
        self.approvals = ApprovalDesk(transactions=self.transactions, clock=self.clock, access=self.desk)
        self._passwords: dict[str, str] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="fengtai-house-")
        self.vault = FileVault(Path(self._folder.name) / "vault.key")
        self.calls = NoProvider()
        given = {"transactions": self.transactions, "policy": policy}
        proving = {**given, "access": self.desk, "hasher": self.hasher}
        self.people = PeopleDesk(**proving)
        self.passwords = PasswordDesk(**proving)
        self.factors = SecondFactorDesk(**proving, vault=self.vault)
        self.passkeys = PasskeyDesk(**proving, site=SITE)
        self.tokens = TokenDesk(**proving)
        self.providers = ProviderDesk(**given, vault=self.vault, calls=self.calls)

    def another_desk(self, policy: AccessPolicy = AccessPolicy()) -> AccessDesk:
        """As after a restart, or in another process: the same rows, an empty memory."""
        return AccessDesk(transactions=self.transactions, clock=self.clock, hasher=self.hasher, policy=policy)

    def desks(self, checks: object) -> tuple[Any, ...]:
        """As the router of access takes them."""
        mine = (self.passwords, self.factors, self.passkeys, self.tokens, self.providers)
        return (self.desk, checks, self.rights, self.people, self.approvals, *mine)

    def password_of(self, name: str) -> str:
        return self._passwords.setdefault(name, f"correct horse {len(self._passwords)} battery")

    async def set_up(self) -> None:
        token = await self.desk.setup_token()
        assert token is not None
        await self.desk.set_up(
            token,
            administrator=NewPerson(ADMINISTRATOR, self.password_of(ADMINISTRATOR)),
            auditor=NewPerson(AUDITOR, self.password_of(AUDITOR)),
        )

    async def sign_in(self, name: str, *, source_ip: str = HERE) -> SignedIn:
        signed = await self.desk.sign_in(name, self.password_of(name), source_ip=source_ip)
        assert isinstance(signed, SignedIn), "this person has a second factor"
        return signed

    async def actor(self, name: str) -> Actor:
        return (await self.sign_in(name)).actor

    async def add(self, name: str, *roles: Role, organisation_id: str = "", by: Actor | None = None) -> str:
        words = PersonWords(display_name=name.title(), roles=frozenset(roles), organisation_id=organisation_id)
        by = by or acting(Role.ADMINISTRATOR, user_id="admin")
        person = await self.people.add(name=name, password=self.password_of(name), words=words, by=by)
        return person.id

    async def everybody(self) -> list[Person]:
        return [person for _, person in await self.people.page(by=acting(Role.ADMINISTRATOR))]

    async def change(self, user_id: str, *, roles: Iterable[Role], by: Actor, **words: Any) -> Person:
        return await self.people.change(user_id, PersonWords(roles=frozenset(roles), **words), by=by)

    def lines(self, action: str) -> list[AuditEntry]:
        return [entry for entry in self.audit.entries if entry.action == action]


async def house_with_people(policy: AccessPolicy = AccessPolicy()) -> House:
    """The administrator, the auditor, and one person for every other role under the name of the role."""
    house = House(policy)
    await house.set_up()
    for role in (Role.OPERATOR, Role.DISPATCHER, Role.ENGINEER, Role.CHIEF, Role.EVIDENCE_OFFICER):
        await house.add(role.value, role)
    return house


@pytest.fixture
async def house() -> House:
    return await house_with_people()
