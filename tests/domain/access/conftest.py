"""A house on memory stores with one person per role. Hashing is Argon2id with the smallest figures, so tests are quick."""

import pytest

from fengtai.domain.access.model import AccessPolicy, Actor, Role
from fengtai.domain.access.service import AccessDesk, NewPerson, SignedIn
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.memory.access import STORES
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.passwords import Argon2Passwords
from fengtai.vocabulary.clock import HandClock

HERE = "192.0.2.7"
ADMINISTRATOR, AUDITOR = "wei.admin", "lin.auditor"


class KeptAudit:
    """An audit log that can be read back in the order of its lines."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class House:
    def __init__(self, policy: AccessPolicy = AccessPolicy()) -> None:
        self.clock = HandClock()
        self.audit = KeptAudit()
        stores = {port: twin() for port, twin in STORES.items()}
        self.transactions = MemoryTransactions(self.clock, {**stores, AuditLog: self.audit})
        self.desk = self.another_desk(policy)
        self._passwords: dict[str, str] = {}

    def another_desk(self, policy: AccessPolicy = AccessPolicy()) -> AccessDesk:
        """As after a restart, or in another process: the same rows, an empty memory."""
        hasher = Argon2Passwords(memory_kib=8, passes=1)
        return AccessDesk(transactions=self.transactions, clock=self.clock, hasher=hasher, policy=policy)

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
        return await self.desk.sign_in(name, self.password_of(name), source_ip=source_ip)

    async def actor(self, name: str) -> Actor:
        return (await self.sign_in(name)).actor

    async def add(self, name: str, *roles: Role) -> str:
        person = await self.desk.add_person(
            name=name,
            display_name=name.title(),
            password=self.password_of(name),
            roles=roles,
            by=await self.actor(ADMINISTRATOR),
        )
        return person.id

    def lines(self, action: str) -> list[AuditEntry]:
        return [entry for entry in self.audit.entries if entry.action == action]


async def house_with_people(policy: AccessPolicy = AccessPolicy()) -> House:
    """The administrator, the auditor, and operator, dispatcher, engineer, chief under the names of their roles."""
    house = House(policy)
    await house.set_up()
    for role in (Role.OPERATOR, Role.DISPATCHER, Role.ENGINEER, Role.CHIEF):
        await house.add(role.value, role)
    return house


@pytest.fixture
async def house() -> House:
    return await house_with_people()
