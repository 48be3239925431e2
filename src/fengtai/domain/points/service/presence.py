"""Whether a point can be seen now: presence is the device's, looked up in the same unit, never kept with the point."""

from collections.abc import Sequence

from fengtai.domain.devices.model import Device, Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.points.model import PlacedPoint, Point, PointPresence
from fengtai.vocabulary.transactions import UnitOfWork

_AT_ONCE = 200


def presences(uow: UnitOfWork, points: Sequence[Point]) -> Sequence[PlacedPoint]:
    wanted = sorted({point.device_id for point in points if point.is_bound})
    known: dict[str, Device] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        known |= uow.store(DeviceStore).get_all(wanted[start : start + _AT_ONCE])
    return [PlacedPoint(point=point, presence=_presence(point, known.get(point.device_id))) for point in points]


def _presence(point: Point, device: Device | None) -> PointPresence:
    if not point.is_bound or device is None:
        return PointPresence.UNBOUND
    playable = device.presence is Presence.ONLINE and device.enrolment is Enrolment.ACCEPTED
    return PointPresence.ONLINE if playable else PointPresence.OFFLINE
