"""The register of organisations. One call, one unit, one audit line."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations import rules
from fengtai.domain.organisations.model import (
    Level,
    Organisation,
    OrganisationChanged,
    OrganisationRevision,
    TenantKind,
)
from fengtai.domain.organisations.model.areas import NO_AREAS, Area, AreaTree
from fengtai.domain.organisations.ports import OrganisationHistory, OrganisationStore, Visitor
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

SEE, EDIT = "organisations.see", "organisations.edit"


def areas_of(organisations: Sequence[Organisation]) -> Mapping[str, str]:
    """The area code that holds for each of all organisations: its own, else that of the nearest above."""
    by_id, found = {one.id: one for one in organisations}, dict[str, str]()
    for one in organisations:
        above: Organisation | None = one
        for _ in by_id:
            if above is None or above.area_code:
                break
            above = by_id.get(above.parent_id)
        found[one.id] = above.area_code if above else ""
    return found


def area_code_of(uow: UnitOfWork, organisation_id: str) -> str:
    """The area code that holds for an organisation: its own, else the nearest above; empty when nobody has one."""
    store = uow.store(OrganisationStore)
    while organisation_id:
        organisation = store.get(organisation_id)
        if organisation.area_code:
            return organisation.area_code
        organisation_id = organisation.parent_id
    return ""


class OrganisationRegister:
    def __init__(self, *, transactions: Transactions, areas: AreaTree = NO_AREAS) -> None:
        self._transactions, self._areas = transactions, areas

    async def ensure_root(self, name: str, *, area_code: str = "") -> Organisation:
        """The root, made now if there is none: part of set-up, so it is signed by the system."""
        return await self._transactions.write(lambda uow: _ensure_root(uow, name, area_code))

    async def list(self, *, by: Visitor) -> Sequence[Organisation]:
        """Those that this person may see; one whose parent they may not see stands at the top of what they see."""
        return await self._transactions.read(lambda uow: _seen_by(uow, by))

    async def create(
        self,
        *,
        name: str,
        level: Level,
        parent_id: str,
        area_code: str = "",
        tenant_kind: TenantKind = TenantKind.POLICE,
        credit_code: str = "",
        by: Visitor,
    ) -> Organisation:
        wanted = Organisation(
            id="",
            name=name,
            level=level,
            parent_id=parent_id,
            area_code=area_code,
            tenant_kind=tenant_kind,
            credit_code=credit_code,
        )
        return await self._transactions.write(lambda uow: _create(uow, wanted, by))

    async def change(
        self,
        organisation_id: str,
        *,
        name: str,
        area_code: str,
        tenant_kind: TenantKind | None = None,
        credit_code: str | None = None,
        version: int = 0,
        why: str = "",
        by: Visitor,
    ) -> Organisation:
        """The level is for good: what is below would change its meaning. Raise Conflict when it is not at `version` any
        more (0: whatever stands)."""
        return await self._transactions.write(
            lambda uow: _change(uow, organisation_id, name, area_code, tenant_kind, credit_code, version, why, by)
        )

    async def move(
        self, organisation_id: str, *, parent_id: str, version: int = 0, why: str = "", by: Visitor
    ) -> Organisation:
        """To another parent, with all that is below. Raise Conflict when that would make a circle."""
        return await self._transactions.write(lambda uow: _move(uow, organisation_id, parent_id, version, why, by))

    async def history(
        self, organisation_id: str, *, before_version: int = 0, by: Visitor
    ) -> Sequence[OrganisationRevision]:
        def read(uow: UnitOfWork) -> Sequence[OrganisationRevision]:
            _seen(uow, organisation_id, by)
            return uow.store(OrganisationHistory).of(organisation_id, before_version=before_version)

        return await self._transactions.read(read)

    def area(self, code: str) -> Area:
        return self._areas.area(rules.check_area_code(code))

    def areas_below(self, code: str) -> Sequence[Area]:
        return self._areas.children(rules.check_area_code(code))


def _ensure_root(uow: UnitOfWork, name: str, area_code: str) -> Organisation:
    store = uow.store(OrganisationStore)
    if (root := store.root()) is not None:
        return root
    root = Organisation(
        id=uow.new_id(),
        name=rules.check_name(name),
        level=Level.CITY,
        area_code=rules.check_area_code(area_code),
    )
    store.save(root)
    uow.store(AuditLog).append(
        AuditEntry(
            actor="system:set-up",
            action="organisation.create",
            object=f"organisation:{root.id}",
            details={"name": root.name, "level": root.level.value},
        )
    )
    return root


def _create(uow: UnitOfWork, wanted: Organisation, by: Visitor) -> Organisation:
    store = uow.store(OrganisationStore)
    if not wanted.parent_id:
        raise Invalid("an organisation needs a parent: the root exists since set-up", field="parent_id")
    rules.check_place(wanted.level, _edited(uow, wanted.parent_id, by))
    organisation = _checked(replace(wanted, id=uow.new_id()))
    store.save(organisation)
    uow.publish(OrganisationChanged(organisation_id=organisation.id))
    uow.store(AuditLog).append(
        by.entry(
            "organisation.create",
            f"organisation:{organisation.id}",
            name=organisation.name,
            level=organisation.level.value,
            parent_id=organisation.parent_id,
        )
    )
    return organisation


def _change(
    uow: UnitOfWork,
    organisation_id: str,
    name: str,
    area_code: str,
    tenant_kind: TenantKind | None,
    credit_code: str | None,
    version: int,
    why: str,
    by: Visitor,
) -> Organisation:
    present = _at_version(uow, organisation_id, version, by)
    changed = replace(
        present,
        name=name,
        area_code=area_code,
        tenant_kind=tenant_kind or present.tenant_kind,
        credit_code=present.credit_code if credit_code is None else credit_code,
        version=present.version + 1,
    )
    return _saved(uow, present, _checked(changed), "organisation.change", why, by)


def _move(uow: UnitOfWork, organisation_id: str, parent_id: str, version: int, why: str, by: Visitor) -> Organisation:
    store = uow.store(OrganisationStore)
    present = _at_version(uow, organisation_id, version, by)
    if not present.parent_id:
        raise Conflict("the root stays where it is: everything else hangs on it")
    parent = _edited(uow, parent_id, by)
    rules.check_move(present, parent, store.all())
    rules.check_place(present.level, parent)
    moved = replace(present, parent_id=parent.id, version=present.version + 1)
    return _saved(uow, present, moved, "organisation.move", why, by)


def _saved(
    uow: UnitOfWork, present: Organisation, changed: Organisation, action: str, why: str, by: Visitor
) -> Organisation:
    changes: Mapping[str, tuple[object, object]] = rules.changes(present, changed)
    if not changes:
        return present
    uow.store(OrganisationStore).save(changed)
    entry = by.entry(action, f"organisation:{changed.id}", name=changed.name, changes=changes, why=why)
    uow.store(OrganisationHistory).add(
        OrganisationRevision(
            organisation_id=changed.id,
            version=changed.version,
            at_ms=uow.now.utc_ms,
            by=entry.actor,
            why=why,
            changes=changes,
        )
    )
    uow.publish(OrganisationChanged(organisation_id=changed.id))
    uow.store(AuditLog).append(entry)
    return changed


def _seen(uow: UnitOfWork, organisation_id: str, by: Visitor) -> Organisation:
    """Raise NotFound for one that is not there and, in the same words, for one out of reach."""
    organisation = uow.store(OrganisationStore).get(organisation_id)
    if not by.may_in(SEE, organisation_id, area_code_of(uow, organisation_id)):
        raise NotFound(f"there is no organisation {organisation_id}")
    return organisation


def _edited(uow: UnitOfWork, organisation_id: str, by: Visitor) -> Organisation:
    """Raise as `_seen` does, and Forbidden when it may be seen but not edited."""
    organisation = _seen(uow, organisation_id, by)
    by.require_in(EDIT, organisation_id, area_code_of(uow, organisation_id))
    return organisation


def _seen_by(uow: UnitOfWork, by: Visitor) -> Sequence[Organisation]:
    every = uow.store(OrganisationStore).all()
    areas = areas_of(every)
    seen = {one.id for one in every if by.may_in(SEE, one.id, areas[one.id])}
    return [
        one if one.parent_id in seen or not one.parent_id else replace(one, parent_id="")
        for one in every
        if one.id in seen
    ]


def _at_version(uow: UnitOfWork, organisation_id: str, version: int, by: Visitor) -> Organisation:
    present = _edited(uow, organisation_id, by)
    if version and version != present.version:
        raise Conflict(
            f"{present.name!r} has been changed meanwhile: it is at version {present.version}, not {version}"
        )
    return present


def _checked(organisation: Organisation) -> Organisation:
    return replace(
        organisation,
        name=rules.check_name(organisation.name),
        area_code=rules.check_area_code(organisation.area_code),
        credit_code=rules.check_credit_code(organisation.credit_code.strip().upper()),
    )
