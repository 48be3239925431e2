"""A device, for somebody who may do something with it: where every act of a person asks, inside its own unit."""

from fengtai.domain.access.model import Actor, Permission, Place
from fengtai.domain.access.service.places import place_of_organisation
from fengtai.domain.devices.model import Device
from fengtai.domain.devices.ports import DeviceStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


def place_of_device(uow: UnitOfWork, device: Device) -> Place:
    """Of the organisation that it was given to; one that nobody has given away is for those who serve the whole city."""
    return place_of_organisation(uow, device.organisation_id)


def seen_device(uow: UnitOfWork, device_id: str, by: Actor, permission: Permission = Permission.DEVICES_SEE) -> Device:
    """Raise NotFound for a device that is not there and, in the same words, for one out of reach."""
    device, unknown = uow.store(DeviceStore).get(device_id), NotFound(f"there is no device {device_id[:20]}")
    if device is None:
        raise unknown
    by.must_do(permission, place_of_device(uow, device), see=Permission.DEVICES_SEE, unknown=unknown)
    return device
