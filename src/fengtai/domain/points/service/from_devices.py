"""Points that make themselves: one per camera channel of a device that was accepted with "make points".

The catalogue may come before the acceptance or long after, and may grow, so both events lead to the same look at the
device's channels; a channel that has a point already is passed over.
"""

from dataclasses import replace

from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import Channel, Device, Enrolment
from fengtai.domain.devices.ports import ChannelStore, DeviceStore
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.organisations.service import area_code_of
from fengtai.domain.points import rules
from fengtai.domain.points.model import Point, PointChanged
from fengtai.domain.points.model.dossier import Revision
from fengtai.domain.points.ports import AutoPoints, PointHistory, PointStore
from fengtai.domain.points.rules import duties
from fengtai.domain.points.rules.field_table import differences
from fengtai.domain.points.service.edit import area_of_code
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.identifiers import Code20, parse_code
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

AUTHOR = "system:points"


def device_enrolled(uow: UnitOfWork, event: LoggedEvent) -> None:
    """On "devices.enrolled": remember whether points are wanted, and make those of a catalogue that is here."""
    device_id = event.payload["device_id"]
    accepted = event.payload["enrolment"] == Enrolment.ACCEPTED.value
    uow.store(AutoPoints).set(device_id, accepted and event.payload["make_points"])
    _make_points(uow, device_id)


def catalogue_changed(uow: UnitOfWork, event: LoggedEvent) -> None:
    """On "devices.catalogue_changed": make the points of channels that are new."""
    _make_points(uow, event.payload["device_id"])


def _make_points(uow: UnitOfWork, device_id: str) -> None:
    device = uow.store(DeviceStore).get(device_id)
    if device is None or device.enrolment is not Enrolment.ACCEPTED or not uow.store(AutoPoints).wanted(device_id):
        return
    store = uow.store(PointStore)
    made = [
        _made(uow, device, channel, code)
        for channel in uow.store(ChannelStore).of_device(device_id)
        if (code := _camera_code(channel)) and store.by_channel(device_id, channel.id) is None
    ]
    if made:
        uow.store(AuditLog).append(
            AuditEntry(
                actor=AUTHOR,
                action="point.create",
                object=f"device:{device_id}",
                details={"numbers": [point.number for point in made]},
            )
        )


def _made(uow: UnitOfWork, device: Device, channel: Channel, code: Code20) -> Point:
    store = uow.store(PointStore)
    number = store.next_number()
    organisation_id = _organisation_id(uow, device)
    point_code = str(_free_code(store, code, number))
    point = Point(
        id=uow.new_id(),
        number=number,
        code=point_code,
        name=channel.name.strip()[:120] or channel.id,
        organisation_id=organisation_id,
        area_code=area_of_code(point_code) or area_code_of(uow, organisation_id),
        position=_position(channel),
        device_id=device.id,
        channel_id=channel.id,
    )
    point = replace(point, completeness=duties.completeness(point).percent)
    store.save(point)
    uow.store(PointHistory).add(
        Revision(
            point_id=point.id,
            version=1,
            at_ms=uow.now.utc_ms,
            by=AUTHOR,
            by_name="",
            why=f"from the catalogue of device {device.id}",
            changes=differences(None, point),
        )
    )
    uow.publish(PointChanged(point_id=point.id, **point.place._asdict()))
    return point


def _camera_code(channel: Channel) -> Code20 | None:
    """The channel's code when it is a camera's; alarm inputs, speakers and codes out of order get no point."""
    try:
        code = parse_code(channel.id)
    except Invalid:
        return None
    return code if code.is_camera and not channel.stale else None


def _free_code(store: PointStore, code: Code20, number: int) -> Code20:
    """The channel's own code, unless another device has brought the same one: factory settings repeat."""
    while store.by_code(str(code)) is not None:
        code, number = rules.code_beside(code, number), number + 1
    return code


def _organisation_id(uow: UnitOfWork, device: Device) -> str:
    root = uow.store(OrganisationStore).root()
    return device.organisation_id or (root.id if root else "")


def _position(channel: Channel) -> Position | None:
    """Cameras without a position report nothing, or 0,0 in the Gulf of Guinea; nonsense is left out, not refused."""
    if not channel.longitude or not channel.latitude:
        return None
    try:
        return Position(channel.longitude, channel.latitude)
    except Invalid:
        return None
