"""The register of points. One call, one unit, one audit line; points of accepted devices are made by subscription."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fengtai.domain.access.model import Actor
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.organisations.service import area_code_of
from fengtai.domain.points import rules
from fengtai.domain.points.model import Box, PlacedPoint, Point, PointChanged, PointWords
from fengtai.domain.points.ports import PointStore
from fengtai.domain.points.service.from_devices import catalogue_changed, device_enrolled
from fengtai.domain.points.service.presence import presences
from fengtai.vocabulary.errors import Conflict, Invalid
from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.identifiers import Code20
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_ON_MAP = 5000


class PointRegister:
    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    def subscriptions(self) -> Mapping[str, Callable[[UnitOfWork, LoggedEvent], None]]:
        return {"devices.enrolled": device_enrolled, "devices.catalogue_changed": catalogue_changed}

    async def get(self, point_id: str) -> Point:
        return await self._transactions.read(lambda uow: uow.store(PointStore).get(point_id))

    async def page(self, *, after_number: int = 0, limit: int = 200, text: str = "") -> Sequence[Point]:
        return await self._transactions.read(
            lambda uow: uow.store(PointStore).page(after_number=after_number, limit=limit, text=text)
        )

    async def in_box(self, box: Box, *, limit: int = MOST_ON_MAP) -> Sequence[PlacedPoint]:
        """The points that a map shows, with the presence of the devices that carry them, as of one moment."""
        rules.check_box(box)
        return await self._transactions.read(lambda uow: presences(uow, uow.store(PointStore).in_box(box, limit=limit)))

    async def nearest(
        self, position: Position, *, within_m: float = 1000.0, limit: int = 6
    ) -> Sequence[tuple[Point, float]]:
        return await self._transactions.read(
            lambda uow: uow.store(PointStore).nearest(position, within_m=within_m, limit=limit)
        )

    async def create(self, words: PointWords, *, by: Actor) -> Point:
        return await self._transactions.write(lambda uow: _save(uow, None, words, by))

    async def change(self, point_id: str, words: PointWords, *, by: Actor) -> Point:
        return await self._transactions.write(lambda uow: _save(uow, uow.store(PointStore).get(point_id), words, by))


def _save(uow: UnitOfWork, present: Point | None, words: PointWords, by: Actor) -> Point:
    rules.check(words)
    words = _completed(uow, present, words)
    point_id = present.id if present else uow.new_id()
    _check_unique(uow, point_id, words)
    point = Point(
        id=point_id,
        number=words.number,
        code=words.code,
        name=words.name.strip(),
        organisation_id=words.organisation_id,
        point_class=words.point_class,
        position=words.position,
        view_degrees=words.view_degrees,
        view_angle_degrees=words.view_angle_degrees,
        address=words.address,
        device_id=words.device_id,
        channel_id=words.channel_id,
        records=words.records,
        audio=words.audio,
        retention_days=words.retention_days,
    )
    uow.store(PointStore).save(point)
    uow.publish(PointChanged(point_id=point.id))
    uow.store(AuditLog).append(
        by.entry(
            f"point.{'change' if present else 'create'}",
            f"point:{point.id}",
            number=point.number,
            code=point.code,
            name=point.name,
            device_id=point.device_id,
            channel_id=point.channel_id,
            records=point.records,
        )
    )
    return point


def _completed(uow: UnitOfWork, present: Point | None, words: PointWords) -> PointWords:
    """The words with number, code and organisation filled in where the person left them to the register."""
    store = uow.store(PointStore)
    organisations = uow.store(OrganisationStore)
    organisation_id = words.organisation_id or (present.organisation_id if present else "")
    if organisation_id:
        organisations.get(organisation_id)
    else:
        root = organisations.root()
        if root is None:
            raise Invalid("there is no organisation yet: finish the set-up first", field="organisation_id")
        organisation_id = root.id
    number = words.number or (present.number if present else store.next_number())
    code = words.code or (present.code if present else "")
    if not code:
        code = str(_proposed_code(uow, organisation_id, words.device_id, number))
    return replace(words, number=number, code=code, organisation_id=organisation_id)


def _proposed_code(uow: UnitOfWork, organisation_id: str, device_id: str, number: int) -> Code20:
    code = rules.code_for(area_code_of(uow, organisation_id), device_id, number)
    while uow.store(PointStore).by_code(str(code)) is not None:
        number += 1
        code = rules.code_beside(code, number)
    return code


def _check_unique(uow: UnitOfWork, point_id: str, words: PointWords) -> None:
    store = uow.store(PointStore)
    twins = (
        (store.by_number(words.number), f"the number {words.number}"),
        (store.by_code(words.code), f"the code {words.code}"),
        (store.by_channel(words.device_id, words.channel_id) if words.device_id else None, "this channel"),
    )
    for twin, what in twins:
        if twin is not None and twin.id != point_id:
            raise Conflict(f"{what} belongs to point {twin.number} {twin.name!r} already")
