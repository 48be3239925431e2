"""Making and changing a point in a unit: everything that a person, an import or a device's catalogue may do to one.

`completed` fills in what was left to the register, `as_point` makes the point, `save` writes it with its history.
"""

from dataclasses import replace

from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.organisations.service import area_code_of
from fengtai.domain.points import rules
from fengtai.domain.points.model import Point, PointChanged, PointWords
from fengtai.domain.points.model.dossier import Revision
from fengtai.domain.points.ports import PointHistory, PointStore
from fengtai.domain.points.rules import datums, duties
from fengtai.domain.points.rules.field_table import differences
from fengtai.vocabulary.errors import Conflict, Invalid
from fengtai.vocabulary.identifiers import Code20
from fengtai.vocabulary.transactions import UnitOfWork


def as_point(point_id: str, version: int, words: PointWords, present: Point | None = None) -> Point:
    """The point that complete words describe."""
    position, given = words.position, words.given
    if given is not None:
        position = datums.wgs84(given)
    elif present is not None and present.given is not None and position == present.position:
        given = present.given  # shown as WGS-84 and sent back as it was
    return Point(
        id=point_id,
        number=words.number,
        code=words.code,
        name=words.name.strip(),
        organisation_id=words.organisation_id,
        area_code=words.area_code,
        point_class=words.point_class,
        legal_class=words.legal_class,
        counter_terror_target=words.counter_terror_target,
        position=position,
        given=given,
        view_degrees=words.view_degrees,
        view_angle_degrees=words.view_angle_degrees,
        address=words.address.strip(),
        device_id=words.device_id,
        channel_id=words.channel_id,
        records=words.records,
        audio=words.audio,
        retention_days=words.retention_days,
        dossier=words.dossier,
        completeness=duties.completeness(words).percent,
        version=version,
    )


def save(uow: UnitOfWork, present: Point | None, point: Point, *, entry: AuditEntry, by_name: str, why: str) -> Point:
    """Write the point, its history, its event and its audit line. A change that changes nothing leaves no trace."""
    changes = differences(present, point)
    if present is not None and not changes:
        return present
    uow.store(PointStore).save(point)
    uow.store(PointHistory).add(
        Revision(
            point_id=point.id,
            version=point.version,
            at_ms=uow.now.utc_ms,
            by=entry.actor,
            by_name=by_name,
            why=why,
            changes=changes,
        )
    )
    uow.publish(PointChanged(point_id=point.id, **point.place._asdict()))
    uow.store(AuditLog).append(entry)
    return point


def completed(uow: UnitOfWork, present: Point | None, words: PointWords) -> PointWords:
    """The words with number, code, organisation and area filled in where the person left them to the register."""
    store = uow.store(PointStore)
    organisation_id = _organisation_id(uow, present, words)
    number = words.number or (present.number if present else store.next_number())
    area_code = words.area_code or (present.area_code if present else "") or area_code_of(uow, organisation_id)
    code = words.code or (present.code if present else "")
    if not code:
        code = str(proposed_code(uow, area_code, words.device_id, number))
    return replace(
        words, number=number, code=code, organisation_id=organisation_id, area_code=area_code or area_of_code(code)
    )


def area_of_code(code: str) -> str:
    """The county that a code names, when it names one."""
    return code[:6] if code[:2] != "00" and code[:6].isdigit() else ""


def proposed_code(uow: UnitOfWork, area_code: str, device_id: str, number: int) -> Code20:
    code = rules.code_for(area_code, device_id, number)
    while uow.store(PointStore).by_code(str(code)) is not None:
        number += 1
        code = rules.code_beside(code, number)
    return code


def check_unique(uow: UnitOfWork, point: Point) -> None:
    store = uow.store(PointStore)
    twins = (
        (store.by_number(point.number), f"the number {point.number}"),
        (store.by_code(point.code), f"the code {point.code}"),
        (store.by_channel(point.device_id, point.channel_id) if point.device_id else None, "this channel"),
    )
    for twin, what in twins:
        if twin is not None and twin.id != point.id:
            raise Conflict(f"{what} belongs to point {twin.number} {twin.name!r} already")


def _organisation_id(uow: UnitOfWork, present: Point | None, words: PointWords) -> str:
    organisations = uow.store(OrganisationStore)
    wanted = words.organisation_id or (present.organisation_id if present else "")
    if wanted:
        return organisations.get(wanted).id
    root = organisations.root()
    if root is None:
        raise Invalid("there is no organisation yet: finish the set-up first", field="organisation_id")
    return root.id
