"""The register of organisations. One call, one unit, one audit line."""

from collections.abc import Sequence
from dataclasses import replace

from fengtai.domain.audit.model import AuditEntry, Author
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations import rules
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


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
    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def ensure_root(self, name: str, *, area_code: str = "") -> Organisation:
        """The root, made now if there is none: part of set-up, so it is signed by the system."""
        return await self._transactions.write(lambda uow: _ensure_root(uow, name, area_code))

    async def list(self) -> Sequence[Organisation]:
        return await self._transactions.read(lambda uow: uow.store(OrganisationStore).all())

    async def create(self, *, name: str, level: Level, parent_id: str, area_code: str = "", by: Author) -> Organisation:
        return await self._transactions.write(lambda uow: _create(uow, name, level, parent_id, area_code, by))

    async def change(self, organisation_id: str, *, name: str, area_code: str, by: Author) -> Organisation:
        """Level and place in the tree are for good: what is below would change its meaning."""
        return await self._transactions.write(lambda uow: _change(uow, organisation_id, name, area_code, by))


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


def _create(uow: UnitOfWork, name: str, level: Level, parent_id: str, area_code: str, by: Author) -> Organisation:
    store = uow.store(OrganisationStore)
    if not parent_id:
        raise Invalid("an organisation needs a parent: the root exists since set-up", field="parent_id")
    rules.check_place(level, store.get(parent_id))
    organisation = Organisation(
        id=uow.new_id(),
        name=rules.check_name(name),
        level=level,
        parent_id=parent_id,
        area_code=rules.check_area_code(area_code),
    )
    store.save(organisation)
    uow.store(AuditLog).append(
        by.entry("organisation.create", f"organisation:{organisation.id}", name=organisation.name, level=level.value)
    )
    return organisation


def _change(uow: UnitOfWork, organisation_id: str, name: str, area_code: str, by: Author) -> Organisation:
    store = uow.store(OrganisationStore)
    changed = replace(
        store.get(organisation_id), name=rules.check_name(name), area_code=rules.check_area_code(area_code)
    )
    store.save(changed)
    uow.store(AuditLog).append(
        by.entry("organisation.change", f"organisation:{changed.id}", name=changed.name, area_code=changed.area_code)
    )
    return changed
