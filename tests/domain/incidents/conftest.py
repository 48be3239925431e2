"""A whole centre on memory stores: one protected shop with two cameras, two units, and people at the desks."""

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Actor, Role
from fengtai.domain.alarms.model import Alarm, Channel, Signal
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.duty.model import Unit, UnitWords
from fengtai.domain.duty.ports import UnitStore
from fengtai.domain.duty.service import UnitBoard
from fengtai.domain.incidents.service import IncidentDesk
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.model import PointWords
from fengtai.domain.points.service import PointRegister
from fengtai.domain.premises.model import AccountWords, Keyholder, PremisesWords, Zone
from fengtai.domain.premises.service import PremisesRegister
from fengtai.domain.recordings.model import ClipMade
from fengtai.storage.memory.signals import MemorySignals
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock, to_ms
from fengtai.vocabulary.errors import NotFound, Unavailable
from fengtai.vocabulary.places import Position

HERE = Position(123.4300, 41.8000)
SHANGHAI = ZoneInfo("Asia/Shanghai")
DEVICE = "21010200001110000001"


def person(name: str, role: Role = Role.DISPATCHER) -> Actor:
    return acting(role, name=name, user_id=f"id-of-{name}", post="desk 3")


LI, WU = person("li"), person("wu")
BUILDER = acting(Role.ENGINEER, Role.DISPATCHER, name="sun", user_id="id-of-sun")


class TapeShelf:
    """Recordings and their clips for stories: it cuts what it is told to hold, and says why when it cannot."""

    def __init__(self) -> None:
        self.down = ""
        """cause, while recordings do not answer"""
        self.unknown = False
        self.breaks_at = 0
        """byte at which reading fails"""
        self.asked: list[tuple[str, datetime, datetime]] = []
        self.files: dict[str, bytes] = {}

    async def make_clip(self, point_id: str, start: datetime, until: datetime, clip_id: str) -> ClipMade:
        self.asked.append((point_id, start, until))
        if self.down:
            raise Unavailable(self.down)
        if self.unknown:
            raise NotFound("the point is not recorded")
        data = f"{point_id} from {start} until {until}".encode()
        self.files[clip_id] = data
        return ClipMade(
            object_key=clip_id,
            from_ms=to_ms(start),
            until_ms=to_ms(until),
            seconds=(until - start).total_seconds(),
            sha256="5a" * 32,
            size_bytes=len(data),
        )

    def local_file(self, object_key: str) -> str:
        raise NotFound("kept in memory")

    async def size_bytes(self, file_key: str) -> int:
        if file_key not in self.files:
            raise Unavailable("the file is gone")
        return len(self.files[file_key])

    async def read(self, file_key: str, first: int, last: int) -> AsyncIterator[bytes]:
        wanted = self.files[file_key][first : last + 1]
        for at in range(0, len(wanted), 16):
            if self.breaks_at and at >= self.breaks_at:
                raise Unavailable("the disk does not answer")
            yield wanted[at : at + 16]


class Centre:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.transactions = MemoryTransactions(self.clock, memory_stores())
        self.journal = MemorySignals(self.clock)
        self.tapes = TapeShelf()
        self.alarms = AlarmDesk(transactions=self.transactions, journal=self.journal, clock=self.clock)
        self.incidents = self.another_desk()
        self.board = UnitBoard(transactions=self.transactions)
        self.points = PointRegister(transactions=self.transactions)
        self.premises = PremisesRegister(transactions=self.transactions, vault=NoVault())
        self._handled = 0
        self._sequence = 0

    def another_desk(self) -> IncidentDesk:
        """As after a restart: the same rows, an empty memory."""
        return IncidentDesk(transactions=self.transactions, clips=self.tapes, clip_files=self.tapes, time_zone=SHANGHAI)

    async def set_up(self) -> None:
        organisations = OrganisationRegister(transactions=self.transactions)
        await organisations.ensure_root("风台市", area_code="210102")
        self.gate = await self.points.create(self._camera("东门", "1", Position(123.4301, 41.8)), by=BUILDER)
        self.yard = await self.points.create(self._camera("后院", "2", Position(123.4310, 41.8)), by=BUILDER)
        self.shop = await self.premises.create(
            PremisesWords(
                name="晨光珠宝",
                position=HERE,
                zones=(Zone(number="1", name="前门", point_ids=(self.gate.id,)), Zone(number="2", name="库房")),
                point_ids=(self.gate.id, self.yard.id),
                keyholders=(Keyholder(id="", name="王芳", phone="10000", order=1),),
            ),
            by=BUILDER,
        )
        await self.premises.create_account(
            AccountWords(channel="sia-dc09", number="1234", premises_id=self.shop.id), by=BUILDER
        )
        self.patrol = await self.board.create(UnitWords(name="巡组 1", call_sign="B-1", kind="patrol"), by=BUILDER)
        self.guard = await self.board.create(UnitWords(name="保安 2", call_sign="A-2", kind="guard"), by=BUILDER)

    async def alarm(
        self,
        code: str = "130",
        zone: str = "1",
        category: str = "burglary",
        drill: bool = False,
        account: str = "1234",
    ) -> Alarm:
        """A panel reports; the alarm that is raised."""
        self._sequence += 1
        await self.alarms.receive(
            Signal(
                channel=Channel.FIXED,
                source="sia-dc09",
                account=account,
                code_system="contact-id",
                code=code,
                zone=zone,
                dedup_key=str(self._sequence),
                drill=drill,
                details={"category": category, "kind": "alarm", "label": f"Code {code}"},
            )
        )
        await self.alarms.triage()
        raised = self.transactions.told("alarms.raised")[-1].payload["alarm_id"]
        return self.alarm_now(raised)

    def alarm_now(self, alarm_id: str) -> Alarm:
        return self.transactions.look(lambda uow: uow.store(AlarmStore).get(alarm_id))

    def events_told(self, desk: IncidentDesk | None = None) -> None:
        """What the engine does with a subscription: each new event once, in order."""
        handlers = (desk or self.incidents).subscriptions()
        for event in self.transactions.events[self._handled :]:
            if event.kind in handlers:
                self.transactions.run(lambda uow, each=event: handlers[each.kind](uow, each))
        self._handled = len(self.transactions.events)

    def audited(self, action: str) -> list[AuditEntry]:
        entries = self.transactions.offered(AuditLog).entries
        return [entry for entry in entries if entry.action == action]

    def state_of(self, unit: Unit) -> str:
        return self.transactions.look(lambda uow: uow.store(UnitStore).get(unit.id)).state.value

    @staticmethod
    def _camera(name: str, serial: str, position: Position) -> PointWords:
        channel_id = f"2101020000132000000{serial}"
        return PointWords(name=name, position=position, device_id=DEVICE, channel_id=channel_id)


class NoVault:
    """The accounts of these stories report in the clear, so nothing may be sealed."""

    def seal(self, secret: bytes, *, label: str) -> bytes:
        raise Unavailable("there is no vault here")

    def open(self, sealed: bytes, *, label: str) -> bytes:
        raise Unavailable("there is no vault here")


@pytest.fixture
async def centre() -> Centre:
    made = Centre()
    await made.set_up()
    return made
