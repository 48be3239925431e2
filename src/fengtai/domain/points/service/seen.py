"""A point, for somebody who may do something with it: where every service above asks, inside its own unit."""

from fengtai.domain.access.model import Actor, Permission, Place
from fengtai.domain.access.service.places import may_belong_to
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.devices.service.seen import seen_device
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


def seen_point(uow: UnitOfWork, point_id: str, by: Actor, permission: Permission = Permission.POINTS_SEE) -> Point:
    """Raise NotFound for a point that is not there and, in the same words, for one out of reach; NotAllowed for one that
    may be seen but not used like this."""
    point, unknown = uow.store(PointStore).get(point_id), NotFound(f"there is no point {point_id}")
    by.must_do(permission, point.place, see=Permission.POINTS_SEE, unknown=unknown)
    return point


def check_rights(uow: UnitOfWork, present: Point | None, point: Point, by: Actor) -> None:
    """Whether this person may make the point what it is to be: belonging there, and carried by that device. Whoever binds
    a device to a point of their own sees its picture, so the device must be one that they may see."""
    if present is None or present.organisation_id != point.organisation_id:
        may_belong_to(uow, point.organisation_id, by, Permission.POINTS_EDIT)
    by.require(Permission.POINTS_EDIT, point.place)
    if not point.device_id or (present is not None and present.device_id == point.device_id):
        return
    if uow.store(DeviceStore).get(point.device_id) is not None:
        seen_device(uow, point.device_id, by)
    elif not by.may(Permission.DEVICES_SEE, Place()):
        raise NotFound(f"there is no device {point.device_id}")
