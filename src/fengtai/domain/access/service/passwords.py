"""Passwords: one's own change, the reset by an administrator, names and addresses that are locked.

Hashing is slow by intent, so it happens between units of work, never inside one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fengtai.domain.access.model import AccessPolicy, Actor, Due, Permission, Person, PersonChanged, Role, Throttle
from fengtai.domain.access.ports import KeptPasswordStore, PasswordHasher, PersonStore, ThrottleStore
from fengtai.domain.access.rules import HISTORY, checked_password, name_key, throttle_keys
from fengtai.domain.access.service.desk import AccessDesk
from fengtai.domain.access.service.keeping import keep_password
from fengtai.domain.access.service.opening import done
from fengtai.domain.access.service.places import city_place, place_of_person, tell_of_person
from fengtai.domain.access.service.proofs import charge, check_at_the_desk, give_back
from fengtai.domain.access.service.units import edited_person, end_sessions, people_in_reach
from fengtai.domain.audit.model import Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Forbidden, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


@dataclass(frozen=True, slots=True)
class Lock:
    """A name or an address from which nobody can sign in now. `person` when it is the name of somebody."""

    throttle: Throttle
    person: Person | None

    @property
    def address(self) -> str:
        kind, _, value = self.throttle.key.partition(":")
        return value if kind == "address" else ""


class PasswordDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        hasher: PasswordHasher,
        access: AccessDesk,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._hasher, self._access, self._policy = transactions, hasher, access, policy

    @property
    def policy(self) -> AccessPolicy:
        return self._policy

    async def change(self, *, old: str, new: str, by: Actor) -> None:
        """One's own. Ends one's other sessions. A wrong old password counts like a failed sign-in."""
        check_at_the_desk(by)

        def unit(uow: UnitOfWork) -> Person:
            person = uow.store(PersonStore).get(by.user_id)
            charge(uow, person.name, by.source_ip, self._policy)
            return person

        person = await self._transactions.write(unit)
        if not await self._hasher.verify(person.password_hash, old):
            await self._transactions.write(
                lambda uow: uow.store(AuditLog).append(
                    by.entry("person.password", f"person:{by.user_id}", Outcome.REFUSED, reason="wrong old password")
                )
            )
            raise Forbidden("The old password is wrong.")
        await self._transactions.write(lambda uow: give_back(uow, person.name, by.source_ip, self._policy))
        checked_password(new, name=person.name, profile=self._policy.password_profile, field="new")
        await self._check_history(person, new)
        await self._set(by.user_id, await self._hasher.hash(new), by, keep=by.session_id)

    async def _check_history(self, person: Person, new: str) -> None:
        """Raise Invalid for one of the last passwords; the present one is always among them."""
        count = HISTORY[self._policy.password_profile]
        kept = await self._transactions.read(lambda uow: uow.store(KeptPasswordStore).of_person(person.id, count))
        for password_hash in dict.fromkeys([person.password_hash, *(one.password_hash for one in kept)][: count + 1]):
            if await self._hasher.verify(password_hash, new):
                raise Invalid(f"this is one of your last {count} passwords; choose another one", field="new")

    async def reset(self, user_id: str, password: str, *, by: Actor) -> None:
        """Somebody else's, by an administrator. Never an auditor's: that would open the auditor's account to them."""
        check_at_the_desk(by)
        person = await self._transactions.read(
            lambda uow: (
                uow.store(PersonStore).get(user_id) if user_id == by.user_id else edited_person(uow, user_id, by)
            )
        )
        if Role.AUDITOR in person.roles:
            raise Forbidden("nobody may set an auditor's password; add a new auditor instead")
        if user_id == by.user_id:
            raise Forbidden("change your own password with the old one")
        checked_password(password, name=person.name, profile=self._policy.password_profile)
        await self._set(user_id, await self._hasher.hash(password), by)

    async def _set(self, user_id: str, password_hash: str, by: Actor, *, keep: str = "") -> None:
        def unit(uow: UnitOfWork) -> set[str]:
            people = uow.store(PersonStore)
            person = people.get(user_id) if keep else edited_person(uow, user_id, by)
            person = replace(person, password_hash=password_hash)
            people.save(person, name_key=name_key(person.name))
            keep_password(uow, person, by_other=not keep)
            if keep:
                done(uow, keep, Due.PASSWORD)
            uow.store(ThrottleStore).remove(throttle_keys(person.name, "", self._policy)[0][0])
            uow.store(AuditLog).append(by.entry("person.password", f"person:{user_id}", name=person.name))
            tell_of_person(uow, PersonChanged(user_id=user_id, step="password"))
            return end_sessions(uow, user_id, "password changed", keep=keep) | {keep}

        self._access.forget(await self._transactions.write(unit))

    # --- locks

    async def locks(self, *, by: Actor, after: str = "", limit: int = 100) -> Sequence[Lock]:
        """In the order of their keys; of people within reach. Addresses, and names that nobody has (people type passwords
        there, so they are not shown), are for those who see everybody."""

        def unit(uow: UnitOfWork) -> list[Lock]:
            people = people_in_reach(uow, by)
            by_key = {throttle_keys(one.name, "", self._policy)[0][0]: one for one in people.values()}
            keys = None if people.ids is None else by_key
            locked = uow.store(ThrottleStore).locked(uow.now.utc, keys, after=after, limit=limit)
            return [Lock(throttle, by_key.get(throttle.key)) for throttle in locked]

        return await self._transactions.read(unit)

    async def unlock(self, key: str, *, by: Actor) -> None:
        """Raise NotFound when nothing is locked under this key."""

        def unit(uow: UnitOfWork) -> None:
            throttles, unknown = uow.store(ThrottleStore), NotFound("nothing is locked under this key any more")
            people = people_in_reach(uow, by)
            of = {throttle_keys(one.name, "", self._policy)[0][0]: one for one in people.values()}.get(key)
            if (of is None and people.ids is not None) or not throttles.locked(uow.now.utc, [key]):
                raise unknown
            by.require(Permission.PEOPLE_EDIT, place_of_person(uow, of) if of else city_place(uow))
            throttles.remove(key)
            uow.store(AuditLog).append(by.entry("lock.release", f"lock:{key}"))

        await self._transactions.write(unit)
