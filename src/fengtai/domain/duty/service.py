"""The board of units: entering them, their state by hand, and the unit functions by which incidents send them."""

from collections.abc import Sequence
from dataclasses import replace

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.access.service.places import may_belong_to, place_of_organisation
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.duty import rules
from fengtai.domain.duty.model import Unit, UnitChanged, UnitState, UnitStep, UnitWords
from fengtai.domain.duty.ports import UnitStore
from fengtai.vocabulary.errors import Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


def dispatch_unit(uow: UnitOfWork, unit_id: str, *, incident_id: str, incident_number: str, by_name: str) -> Unit:
    """Send a free unit. Raise Conflict, naming who holds it, when it is not free."""
    unit = uow.store(UnitStore).get(unit_id)
    return _save(
        uow,
        replace(
            unit,
            state=rules.next_state(unit, UnitStep.DISPATCH),
            incident_id=incident_id,
            incident_number=incident_number,
            dispatched_by=by_name,
        ),
    )


def seen_unit(uow: UnitOfWork, unit_id: str, by: Actor, permission: Permission = Permission.UNITS_SEE) -> Unit:
    """Raise NotFound for a unit that is not there and, in the same words, for one out of reach."""
    unit = uow.store(UnitStore).get(unit_id)
    place = place_of_organisation(uow, unit.organisation_id)
    by.must_do(permission, place, see=Permission.UNITS_SEE, unknown=NotFound(f"there is no unit {unit_id}"))
    return unit


def arrive_unit(uow: UnitOfWork, unit_id: str) -> Unit:
    unit = uow.store(UnitStore).get(unit_id)
    return _save(uow, replace(unit, state=rules.next_state(unit, UnitStep.ARRIVE)))


def release_unit(uow: UnitOfWork, unit_id: str, *, incident_id: str) -> Unit:
    """Free the unit from this incident; one that is held by another is left alone."""
    unit = uow.store(UnitStore).get(unit_id)
    if unit.incident_id != incident_id:
        return unit
    freed = rules.next_state(unit, UnitStep.RELEASE)
    return _save(uow, replace(unit, state=freed, incident_id="", incident_number="", dispatched_by=""))


class UnitBoard:
    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def all(self, *, by: Actor) -> Sequence[Unit]:
        """Those that this person may see."""
        within = by.reach(Permission.UNITS_SEE)
        return await self._transactions.read(lambda uow: uow.store(UnitStore).all(within))

    async def create(self, words: UnitWords, *, by: Actor) -> Unit:
        return await self._transactions.write(lambda uow: _create(uow, words, by))

    async def change(self, unit_id: str, words: UnitWords, *, by: Actor) -> Unit:
        return await self._transactions.write(lambda uow: _change(uow, unit_id, words, by))


def _create(uow: UnitOfWork, words: UnitWords, by: Actor) -> Unit:
    rules.check(words)
    if words.state is UnitState.DISPATCHED:
        raise Invalid("a unit is dispatched by an incident, not by hand", field="state")
    unit = Unit(
        id=uow.new_id(),
        name=words.name.strip(),
        call_sign=words.call_sign.strip(),
        kind=words.kind,
        organisation_id=may_belong_to(uow, words.organisation_id, by, Permission.UNITS_EDIT),
        state=words.state,
        version=0,
    )
    uow.store(AuditLog).append(by.entry("unit.create", f"unit:{unit.id}", name=unit.name, state=unit.state.value))
    return _save(uow, unit)


def _change(uow: UnitOfWork, unit_id: str, words: UnitWords, by: Actor) -> Unit:
    rules.check(words)
    unit = seen_unit(uow, unit_id, by, Permission.UNITS_EDIT)
    step = rules.step_by_hand(unit, words.state)
    changed = replace(
        unit,
        name=words.name.strip(),
        call_sign=words.call_sign.strip(),
        kind=words.kind,
        organisation_id=may_belong_to(uow, words.organisation_id, by, Permission.UNITS_EDIT),
        state=rules.next_state(unit, step) if step else unit.state,
    )
    uow.store(AuditLog).append(by.entry("unit.change", f"unit:{unit.id}", name=changed.name, state=changed.state.value))
    return _save(uow, changed)


def _save(uow: UnitOfWork, unit: Unit) -> Unit:
    unit = replace(unit, version=unit.version + 1)
    uow.store(UnitStore).save(unit)
    place = place_of_organisation(uow, unit.organisation_id)
    uow.publish(
        UnitChanged(
            unit_id=unit.id,
            state=unit.state.value,
            organisation_id=place.organisation_id,
            area_code=place.area_code,
        )
    )
    return unit
