"""Whether a point can be seen now: presence is the device's, looked up in the same unit, never kept with the point."""

from collections.abc import Sequence

from fengtai.domain.devices.model import Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.points.model import PlacedPoint, Point, PointPresence
from fengtai.vocabulary.transactions import UnitOfWork


def presences(uow: UnitOfWork, points: Sequence[Point]) -> Sequence[PlacedPoint]:
    known: dict[str, PointPresence] = {}
    for device_id in {point.device_id for point in points if point.is_bound}:
        known[device_id] = _presence(uow, device_id)
    return [
        PlacedPoint(point=point, presence=known[point.device_id] if point.is_bound else PointPresence.UNBOUND)
        for point in points
    ]


def _presence(uow: UnitOfWork, device_id: str) -> PointPresence:
    device = uow.store(DeviceStore).get(device_id)
    if device is None:
        return PointPresence.UNBOUND
    playable = device.presence is Presence.ONLINE and device.enrolment is Enrolment.ACCEPTED
    return PointPresence.ONLINE if playable else PointPresence.OFFLINE
