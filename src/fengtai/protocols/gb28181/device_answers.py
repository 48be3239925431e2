"""What a device answers to queries and orders of the platform, truthfully or with the faults that it was given."""

from collections.abc import Callable, Iterator

from fengtai.protocols.gb28181.events import AlarmReset, DeviceEvent, GuardSet, KeyFrameWanted, SnapshotWanted
from fengtai.protocols.gb28181.identity import DeviceIdentity
from fengtai.protocols.gb28181.items import CatalogItem
from fengtai.protocols.gb28181.messages import (
    CatalogPage,
    Control,
    DeviceInfo,
    DeviceStatus,
    Query,
    SnapshotOrder,
    Spoken,
)
from fengtai.protocols.gb28181.notices import OrderResult
from fengtai.vocabulary.clock import Instant

ENDLESS_PART_ITEMS = 100
ALARM_INPUT = "134"
Send = Callable[[Spoken, Instant], None]


class DeviceAnswers:
    """`send`: a MESSAGE to the platform."""

    def __init__(self, identity: DeviceIdentity, send: Send) -> None:
        self._identity, self._send = identity, send
        self._events: list[DeviceEvent] = []
        self._endless: tuple[int, int] | None = None
        self.on_guard = False
        self.latched: set[str] = set()
        """alarm inputs that have reported and were not let go"""

    def events(self) -> list[DeviceEvent]:
        events, self._events = self._events, []
        return events

    def query(self, query: Query, now: Instant) -> None:
        command = query.command.lower()
        if command == "catalog":
            self._catalogue(query.sn, now)
        elif command == "deviceinfo":
            self._send(self._info(query.sn), now)
        elif command == "devicestatus":
            self._send(self._status(query, now), now)

    def control(self, control: Control, now: Instant) -> None:
        commands = control.commands
        if "ifamecmd" in commands or "iframecmd" in commands:
            self._events.append(KeyFrameWanted(channel_id=control.device_id))
            return  # a key frame has no Response
        if commands.get("alarmcmd", "").lower() == "resetalarm":
            self._let_go(control.device_id)
            self._events.append(AlarmReset(channel_id=control.device_id))
        elif (word := commands.get("guardcmd", "").lower()) in ("setguard", "resetguard"):
            self.on_guard = word == "setguard"
            self._events.append(GuardSet(target_id=control.device_id, on=self.on_guard))
        else:
            return
        self._result("DeviceControl", control.sn, control.device_id, now)

    def snapshot(self, order: SnapshotOrder, now: Instant) -> None:
        self._result("DeviceConfig", order.sn, order.device_id, now)
        if not self._identity.faults.refuses_orders:
            self._events.append(SnapshotWanted(order=order))

    def part_of_endless(self, now: Instant) -> None:
        """The next part of a catalogue that never ends; nothing when none was asked for."""
        if self._endless is not None:
            sn, number = self._endless
            self._endless = sn, number + ENDLESS_PART_ITEMS
            items = tuple(
                CatalogItem(id=f"34020000991320{serial % 1_000_000:06d}", name=f"{serial}")
                for serial in range(number, number + ENDLESS_PART_ITEMS)
            )
            self._send(CatalogPage(sn=sn, device_id=self._identity.id, total=9_999_999, items=items), now)

    def _result(self, command: str, sn: int, target_id: str, now: Instant) -> None:
        faults = self._identity.faults
        if not faults.keeps_results_back:
            ok = not faults.refuses_orders
            reason = "" if ok else "not supported"
            self._send(OrderResult(command=command, sn=sn, device_id=target_id, ok=ok, reason=reason), now)

    def _catalogue(self, sn: int, now: Instant) -> None:
        own, faults = self._identity, self._identity.faults
        if faults.catalogue_never_ends:
            self._endless = sn, 1
            self._send(CatalogPage(sn=sn, device_id=own.id, total=9_999_999, items=own.channels), now)
            return
        total = max(len(own.channels) + faults.sum_num_is_off_by, 0)
        for items in _parts(own.channels, own.items_a_part):
            self._send(CatalogPage(sn=sn, device_id=own.id, total=total, items=items), now)

    def _info(self, sn: int) -> DeviceInfo:
        own = self._identity
        return DeviceInfo(
            sn=sn,
            device_id=own.id,
            name=own.name,
            manufacturer=own.manufacturer,
            model=own.model,
            firmware=own.firmware,
            channels=len(own.channels),
        )

    def _status(self, query: Query, now: Instant) -> DeviceStatus:
        inputs = [item.id for item in self._identity.channels if item.id[10:13] == ALARM_INPUT]
        duty = "ONDUTY" if self.on_guard else "OFFDUTY"
        duties = tuple((one, "ALARM" if one in self.latched else duty) for one in inputs)
        return DeviceStatus(sn=query.sn, device_id=query.device_id, device_time=now.utc, duties=duties)

    def _let_go(self, target_id: str) -> None:
        if target_id == self._identity.id:
            self.latched.clear()
        self.latched.discard(target_id)


def _parts(channels: tuple[CatalogItem, ...], size: int) -> Iterator[tuple[CatalogItem, ...]]:
    for start in range(0, max(len(channels), 1), size):
        yield channels[start : start + size]
