"""An alarm desk on in-memory stores, with the words in which its tests are told."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Actor, Role
from fengtai.domain.alarms.model import Alarm, AlarmStep, Channel, Qualifier, Signal
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.model import PanelAccount, Premises, Zone
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.storage.memory.signals import MemorySignals
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.places import Position

HERE = Position(116.3900, 39.9100)
NEAR = Position(116.3920, 39.9100)
FAR = Position(116.5000, 39.9100)

WORDS: Mapping[str, tuple[str, str]] = {
    "110": ("fire", "alarm"),
    "121": ("hold-up", "alarm"),
    "131": ("burglary", "alarm"),
    "154": ("technical", "alarm"),
    "301": ("trouble", "trouble"),
    "302": ("trouble", "battery"),
    "401": ("open-close", "open"),
    "406": ("open-close", "cancel"),
    "454": ("open-close", "exception"),
    "602": ("test", "test"),
}


def actor(name: str = "李明") -> Actor:
    return acting(Role.OPERATOR, Role.DISPATCHER, Role.ENGINEER, name=name, user_id=f"user-{name}")


class Desk:
    """The desk of one centre: a jeweller with account 1234 (zone 15 has a camera of its own) and the supervised account
    60, and a kiosk with account 77 and no cameras."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.units = MemoryTransactions(self.clock, memory_stores())
        self.journal = MemorySignals(self.clock)
        self.service = self.restart()
        self._sequence = 0
        self.units.run(self._furnish)

    def restart(self) -> AlarmDesk:
        """The same stores, a new process."""
        self.service = AlarmDesk(transactions=self.units, journal=self.journal, clock=self.clock)
        return self.service

    def _furnish(self, uow: Any) -> None:
        for number, (point_id, place) in enumerate(
            [("camera-zone", HERE), ("camera-hall", HERE), ("camera-street", NEAR), ("camera-far", FAR)], start=1
        ):
            uow.store(PointStore).save(
                Point(
                    id=point_id,
                    number=number,
                    code=f"3402000000131000000{number}",
                    name=point_id,
                    organisation_id="",
                    position=place,
                    device_id="34020000001110000001",
                    channel_id=f"3402000000131000000{number}",
                )
            )
        uow.store(PremisesStore).save(
            Premises(
                id="jeweller",
                name="Jeweller",
                position=HERE,
                point_ids=("camera-hall",),
                zones=(Zone(number="15", name="Back door", point_ids=("camera-zone",)), Zone(number="16", name="Hall")),
            )
        )
        uow.store(PremisesStore).save(Premises(id="kiosk", name="Kiosk", position=HERE))
        for number, premises_id in (("1234", "jeweller"), ("77", "kiosk"), ("60", "jeweller")):
            uow.store(PanelAccountStore).save(
                PanelAccount(
                    id=f"account-{number}",
                    channel="sia-dc09",
                    number=number,
                    premises_id=premises_id,
                    heartbeat_seconds=60 if number == "60" else 0,
                )
            )

    async def send(
        self,
        code: str,
        *,
        zone: str = "15",
        account: str = "1234",
        qualifier: Qualifier = Qualifier.NEW,
        again: bool = False,
        **more: Any,
    ) -> None:
        """A signal as the gateway of panels would deliver it, and what triage makes of it."""
        await self.deliver(code, zone=zone, account=account, qualifier=qualifier, again=again, **more)
        await self.service.triage()

    async def deliver(
        self,
        code: str,
        *,
        zone: str = "15",
        account: str = "1234",
        qualifier: Qualifier = Qualifier.NEW,
        again: bool = False,
        **more: Any,
    ) -> None:
        self._sequence += not again
        details = {}
        if code in WORDS:
            category, kind = WORDS[code]
            restored = qualifier is Qualifier.RESTORE and category != "open-close"
            details = {"category": category, "kind": "restore" if restored else kind, "label": f"event {code}"}
            details |= {"number_is": "user"} if category == "open-close" else {}
        plain: dict[str, Any] = {
            "channel": Channel.FIXED,
            "source": "sia-dc09",
            "account": account,
            "code_system": "contact-id",
            "code": code,
            "qualifier": qualifier,
            "zone": zone,
            "dedup_key": f"{account}/{self._sequence}/{code}/{zone}",
            "peer": "10.0.0.1:4000",
            "details": details,
        }
        await self.service.receive(Signal(**plain | more))

    async def alarms(self) -> list[Alarm]:
        """All alarms, in the order of their signals."""
        return sorted(
            await self.service.page(by=actor(), open_only=False, limit=20_000), key=lambda alarm: alarm.signal_seq
        )

    async def the_alarm(self) -> Alarm:
        [alarm] = await self.alarms()
        return alarm

    def history(self, alarm: Alarm) -> list[AlarmStep]:
        return list(self.units.run(lambda uow: uow.store(AlarmStore).history(alarm.id)))

    def told(self, alarm: Alarm) -> list[str]:
        """What was told of this alarm, in order."""
        mine = [event for event in self.units.events if event.payload.get("alarm_id") == alarm.id]
        return [event.payload.get("step", "raised") for event in mine]


@pytest.fixture
def desk() -> Desk:
    return Desk()
