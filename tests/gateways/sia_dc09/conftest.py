"""A gateway on free ports of loopback, with the alarm desk behind it on in-memory stores."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from fengtai.apps.schema import memory_stores
from fengtai.apps.simulator.panels import SimulatedPanel
from fengtai.domain.alarms.model import Signal, TriageLane
from fengtai.domain.alarms.ports import Told
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.premises.model import PanelAccount, Premises
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.domain.premises.service import PremisesRegister
from fengtai.gateways.sia_dc09.plugin import Running, Settings, start
from fengtai.storage.memory.signals import MemorySignals
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Unavailable

KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")


class PlainVault:
    """Seals by putting the label before the secret: enough to see that the right label opens it."""

    def seal(self, secret: bytes, *, label: str) -> bytes:
        return label.encode() + b"|" + secret

    def open(self, sealed: bytes, *, label: str) -> bytes:
        if not sealed.startswith(label.encode() + b"|"):
            raise Unavailable("sealed for somebody else")
        return sealed[len(label) + 1 :]


class HeldJournal(MemorySignals):
    """A journal whose disk can be made to wait, or to fail."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__(clock)
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.asked = asyncio.Event()
        self.is_broken = False
        self._writing: list[asyncio.Task[None]] = []

    def submit(self, signals: Sequence[tuple[Signal, TriageLane]], told: Told) -> None:
        self.asked.set()
        self._writing.append(asyncio.create_task(self._commit(signals, told)))

    async def _commit(self, signals: Sequence[tuple[Signal, TriageLane]], told: Told) -> None:
        await self.may_commit.wait()
        if self.is_broken:
            told(Unavailable("the disk is full"))
        else:
            super().submit(signals, told)


@dataclass
class House:
    clock: HandClock
    units: MemoryTransactions
    journal: HeldJournal
    desk: AlarmDesk
    gateway: Running
    panels: list[SimulatedPanel] = field(default_factory=list)

    def panel(self, account: str, **how: object) -> SimulatedPanel:
        panel = SimulatedPanel(
            account=account,
            host="127.0.0.1",
            port=self.gateway.port,
            clock=self.clock,
            **how,  # type: ignore[arg-type]
        )
        self.panels.append(panel)
        return panel

    def enter(self, number: str, *, key: bytes = b"") -> PanelAccount:
        """As the engineer: premises and an account for them."""

        def work(uow: object) -> PanelAccount:
            premises = Premises(id=f"premises-{number}", name=f"Shop {number}")
            sealed = PlainVault().seal(key, label=f"panel-account:account-{number}") if key else b""
            account = PanelAccount(
                id=f"account-{number}",
                channel="sia-dc09",
                number=number,
                premises_id=premises.id,
                sealed_key=sealed,
            )
            uow.store(PremisesStore).save(premises)  # type: ignore[attr-defined]
            uow.store(PanelAccountStore).save(account)  # type: ignore[attr-defined]
            return account

        return self.units.run(work)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with a_house(Settings(port=0)) as made:
        yield made


@contextlib.asynccontextmanager
async def a_house(settings: Settings) -> AsyncIterator[House]:
    clock = HandClock()
    units = MemoryTransactions(clock, memory_stores())
    journal = HeldJournal(clock)
    desk = AlarmDesk(transactions=units, journal=journal, clock=clock)
    register = PremisesRegister(transactions=units, vault=PlainVault())
    made = House(clock, units, journal, desk, None)  # type: ignore[arg-type]
    made.enter("1234")
    made.enter("ABCD", key=KEY)
    made.gateway = await start(settings, alarms=desk, premises=register, clock=clock)
    try:
        yield made
    finally:
        for panel in made.panels:
            await panel.close()
        await made.gateway.stop()
