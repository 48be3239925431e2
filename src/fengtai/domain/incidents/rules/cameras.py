"""Why a camera is shown with an incident, and how far it stands from the alarm."""

from fengtai.domain.alarms.model import Alarm
from fengtai.domain.incidents.model import Camera, CameraReason
from fengtai.domain.points.model import Point
from fengtai.domain.premises.model import Premises


def camera_of(point: Point, alarm: Alarm, premises: Premises | None) -> Camera:
    """Why this camera shows the alarm, and how far it stands from it."""
    place = alarm.position or (premises.position if premises else None)
    return Camera(
        point_id=point.id,
        why=_reason(point.id, alarm, premises),
        distance_m=round(place.metres_to(point.position), 1) if place and point.position else None,
    )


def _reason(point_id: str, alarm: Alarm, premises: Premises | None) -> CameraReason:
    if premises is None:
        return CameraReason.NEAREST
    for zone in premises.zones:
        same_partition = not (zone.partition and alarm.partition) or zone.partition == alarm.partition
        if zone.number == alarm.zone and same_partition and point_id in zone.point_ids:
            return CameraReason.ZONE
    return CameraReason.PREMISES if point_id in premises.point_ids else CameraReason.NEAREST
