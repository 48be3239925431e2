"""From an account to its premises, zone and cameras. Reads the registers inside the unit of triage.

Cameras: those of the zone, else those of the premises, else the nearest within 500 m; best first, at most four.
"""

from dataclasses import dataclass, field

from fengtai.domain.access import model as access
from fengtai.domain.access.service.places import city_place, place_of_organisation
from fengtai.domain.alarms.model import Signal
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.model import PanelAccount, Premises, Zone
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

NEAREST_WITHIN_M = 500
CAMERAS_AT_MOST = 4
REMEMBERED_SECONDS = 2.0
NOWHERE = access.Place()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signal comes from, as far as the registers know."""

    account: PanelAccount | None = None
    premises: Premises | None = None
    point_id: str = ""
    """the point bound to the device that sent it (GB/T 28181)"""
    position: Position | None = None
    address: str = ""
    """as a caller told it, where no register knows the place"""
    is_told: bool = False
    """a person took it down from a caller: no register has to know it"""
    lies: access.Place = NOWHERE
    """whose it is: of its premises, else of its point, else of its device, else of the city"""

    @property
    def is_known(self) -> bool:
        return self.premises is not None or bool(self.point_id) or self.is_told


@dataclass(slots=True)
class RegisterMemory:
    """What was read of the registers a moment ago, kept for the next batches: in a flood they are small and many. Only
    what was found is kept, so that a new account works at once; a change of a known one within two seconds."""

    places: dict[tuple[str, ...], Place] = field(default_factory=dict)
    cameras: dict[tuple[str, str, Position | None], tuple[str, ...]] = field(default_factory=dict)
    read_at: float = float("-inf")

    def forget_if_old(self, now: Instant) -> None:
        if now.monotonic - self.read_at > REMEMBERED_SECONDS:
            self.forget()
            self.read_at = now.monotonic

    def forget(self) -> None:
        self.places.clear()
        self.cameras.clear()


class Registers:
    """The registers as one batch of triage sees them."""

    def __init__(self, uow: UnitOfWork, memory: RegisterMemory) -> None:
        memory.forget_if_old(uow.now)
        self._accounts = uow.store(PanelAccountStore)
        self._premises = uow.store(PremisesStore)
        self._points = uow.store(PointStore)
        self._uow = uow
        self._kept, self._cameras = memory.places, memory.cameras
        self._unknown: dict[tuple[str, ...], Place] = {}

    def place_of(self, signal: Signal) -> Place:
        if "call_id" in signal.details:
            return self._place_of_call(signal)
        device_id, channel_id = signal.details.get("device_id", ""), signal.details.get("channel_id", "")
        if not device_id and signal.code_system == "gb28181":
            device_id, channel_id = signal.account, signal.zone
        account_id = signal.details.get("account_id", "")
        key = (signal.source, signal.account, signal.receiver, signal.line, device_id, channel_id, account_id)
        place = self._kept.get(key) or self._unknown.get(key)
        if place is None:
            place = self._look_up(signal, device_id, channel_id or signal.account)
            (self._kept if place.is_known else self._unknown)[key] = place
        return place

    def cameras(self, place: Place, zone: Zone | None, position: Position | None) -> tuple[str, ...]:
        premises_id = place.premises.id if place.premises else place.point_id
        key = (premises_id, zone.number + "/" + zone.partition if zone else "", position)
        if key not in self._cameras:
            self._cameras[key] = self._find_cameras(place, zone, position)
        return self._cameras[key]

    def _look_up(self, signal: Signal, device_id: str, channel_id: str) -> Place:
        if account_id := signal.details.get("account_id"):
            try:
                account: PanelAccount | None = self._accounts.get(account_id)
            except NotFound:
                account = None
        else:
            account = self._accounts.find(signal.source, signal.account, receiver=signal.receiver, line=signal.line)
        premises = None
        if account is not None:
            try:
                premises = self._premises.get(account.premises_id)
            except NotFound:
                premises = None  # the account is known, its premises are not: shown as unmapped
        point = None
        if device_id:
            point = self._points.by_channel(device_id, channel_id) or self._points.by_channel(device_id, device_id)
        position = premises.position if premises else point.position if point else None
        lies = self._lies(premises, point, device_id)
        return Place(account, premises, point.id if point else "", position, lies=lies)

    def _place_of_call(self, signal: Signal) -> Place:
        """What the call-taker chose; the registers may have lost it since."""
        told = signal.details
        premises = point = None
        try:
            premises = self._premises.get(told["premises_id"]) if "premises_id" in told else None
            point = self._points.get(told["point_id"]) if "point_id" in told else None
        except NotFound:
            pass  # taken out of the register between the call and triage: the alarm is raised with what was said
        return Place(
            premises=premises,
            point_id=point.id if point else "",
            position=premises.position if premises else point.position if point else None,
            address=told.get("address", "") or (point.name if point else ""),
            is_told=True,
            lies=access.Place(told.get("organisation_id", ""), told.get("area_code", "")),
        )

    def _lies(self, premises: Premises | None, point: Point | None, device_id: str) -> access.Place:
        if premises is not None and premises.organisation_id:
            return place_of_organisation(self._uow, premises.organisation_id)
        if point is not None:
            return access.Place(point.organisation_id, point.area_code)
        device = self._uow.store(DeviceStore).get(device_id) if device_id else None
        if device is not None and device.organisation_id:
            return place_of_organisation(self._uow, device.organisation_id)
        return city_place(self._uow)

    def _find_cameras(self, place: Place, zone: Zone | None, position: Position | None) -> tuple[str, ...]:
        assigned = (zone.point_ids if zone else ()) or (place.premises.point_ids if place.premises else ())
        if place.point_id:
            assigned = (place.point_id, *(point_id for point_id in assigned if point_id != place.point_id))
        if assigned:
            return tuple(point.id for point in self._points.by_ids(assigned))[:CAMERAS_AT_MOST]
        if position is None:
            return ()
        found = self._points.nearest(position, within_m=NEAREST_WITHIN_M, limit=CAMERAS_AT_MOST)
        return tuple(point.id for point, _ in found)


def zone_of(place: Place, signal: Signal) -> Zone | None:
    """The zone of the premises that the number means; a zone without a partition stands for any."""
    if place.premises is None or signal.details.get("number_is", "zone") != "zone":
        return None
    fitting = [zone for zone in place.premises.zones if zone.number == signal.zone]
    exact = [zone for zone in fitting if zone.partition and zone.partition == signal.partition]
    return next(iter(exact or [zone for zone in fitting if not zone.partition] or fitting), None)
