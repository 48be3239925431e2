"""People: listed, added, changed, each by whoever rules the place where they belong.

A person belongs to one organisation. That says who may change them; what they may do is told by their grants. Hashing is
slow by intent, so it happens before the unit of work.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fengtai.domain.access.model import AccessPolicy, Actor, Effect, Permission, Person, PersonChanged, Role
from fengtai.domain.access.ports import GrantStore, PasswordHasher, PersonStore
from fengtai.domain.access.rules import (
    check_change,
    check_giver,
    checked_display_name,
    checked_name,
    checked_password,
    checked_roles,
    name_key,
)
from fengtai.domain.access.service.desk import AccessDesk
from fengtai.domain.access.service.giving import give_roles
from fengtai.domain.access.service.granting import end, keep_guarded, standing_guardians, tree_of
from fengtai.domain.access.service.keeping import keep_password
from fengtai.domain.access.service.places import may_belong_to, place_of_person, seen_person, tell_of_person
from fengtai.domain.access.service.units import ADDED, edited_person, end_sessions, new_person, role_values
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

CHANGED = "the person's roles were changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWords:
    """What an administrator says of a person. No organisation: the city when added, as it was when changed."""

    display_name: str
    roles: frozenset[Role]
    organisation_id: str = ""
    disabled: bool = False


class PeopleDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        hasher: PasswordHasher,
        access: AccessDesk,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._hasher, self._access, self._policy = transactions, hasher, access, policy

    async def page(self, *, by: Actor, after: str = "", limit: int = 100) -> Sequence[tuple[str, Person]]:
        """Those within reach, by name, each with the key that `after` takes."""
        reach = by.reach(Permission.PEOPLE_SEE)
        return await self._transactions.read(lambda uow: uow.store(PersonStore).page(reach, after=after, limit=limit))

    async def get(self, user_id: str, *, by: Actor) -> Person:
        """Raise NotFound for somebody who is not there, or out of reach."""
        return await self._transactions.read(lambda uow: seen_person(uow, user_id, by))

    async def add(self, *, name: str, password: str, words: PersonWords, by: Actor) -> Person:
        """Raise Invalid for a bad name, password or set of roles, Conflict when the name is taken. A role that needs a
        second person is asked for, and given when that person agrees."""
        held = checked_roles(words.roles)
        checked_password(password, name=checked_name(name), profile=self._policy.password_profile)
        password_hash = await self._hasher.hash(password)

        def unit(uow: UnitOfWork) -> Person:
            home = may_belong_to(uow, words.organisation_id, by, Permission.PEOPLE_EDIT)
            person = new_person(uow, name, words.display_name, password_hash, home)
            keep_password(uow, person, by_other=True)
            line = by.entry("person.add", f"person:{person.id}", name=person.name, organisation_id=home)
            uow.store(AuditLog).append(line)
            give_roles(uow, person, held, ADDED, by=by, policy=self._policy)
            return uow.store(PersonStore).get(person.id)

        return await self._transactions.write(unit)

    async def change(self, user_id: str, words: PersonWords, *, by: Actor) -> Person:
        """Change name shown, organisation, roles or standing. Whoever loses or gains rights has to sign in again."""
        after, ended = await self._transactions.write(lambda uow: _change(uow, user_id, words, by, self._policy))
        self._access.forget(ended)
        self._access.forget_person(user_id)  # also what their API tokens may do
        return after


def _change(
    uow: UnitOfWork, user_id: str, words: PersonWords, by: Actor, policy: AccessPolicy
) -> tuple[Person, set[str]]:
    before, wanted = edited_person(uow, user_id, by), checked_roles(words.roles)
    home = before.organisation_id
    if words.organisation_id not in ("", home, place_of_person(uow, before).organisation_id):
        home = may_belong_to(uow, words.organisation_id, by, Permission.PEOPLE_EDIT)
    shown = checked_display_name(words.display_name, before.name)
    changed = replace(before, display_name=shown, disabled=words.disabled, organisation_id=home)
    check_change(by.user_id, before, replace(changed, roles=wanted))
    guarded = standing_guardians(uow)
    uow.store(PersonStore).save(changed, name_key=name_key(changed.name))
    _take_roles(uow, changed, before.roles - wanted, by)
    give_roles(uow, changed, wanted - before.roles, CHANGED, by=by, policy=policy)
    keep_guarded(uow, guarded)
    after = uow.store(PersonStore).get(user_id)
    ended: set[str] = set()
    if (before.roles, before.disabled) != (after.roles, after.disabled):
        ended = end_sessions(uow, user_id, "disabled" if words.disabled else "rights changed")
    uow.store(AuditLog).append(
        by.entry(
            "person.change",
            f"person:{user_id}",
            name=after.name,
            roles_before=role_values(before.roles),
            roles=role_values(after.roles),
            organisation_before=before.organisation_id,
            organisation_id=home,
            disabled=words.disabled,
        )
    )
    tell_of_person(uow, PersonChanged(user_id=user_id, step="changed"))
    return after, ended


def _take_roles(uow: UnitOfWork, person: Person, gone: Iterable[Role], by: Actor) -> None:
    """All grants of these roles, wherever they hold."""
    tree = tree_of(uow)
    for grant in uow.store(GrantStore).of_person(person.id):
        if grant.terms.effect is Effect.ALLOW and grant.terms.role in gone:
            check_giver(by, grant, tree)
            end(uow, grant, ended_by=by.user_id, reason=CHANGED)
