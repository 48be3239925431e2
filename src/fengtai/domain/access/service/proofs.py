"""A person proves who they are: attempts are charged before they are looked at, and given back when they were good.

Owns: charging, the proof asked again before one's own keys are changed. Must not know: what opens a session.
"""

from dataclasses import replace
from datetime import timedelta

from fengtai.domain.access.model import AccessPolicy, Actor, Person
from fengtai.domain.access.ports import PasswordHasher, PersonStore, SessionStore, ThrottleStore
from fengtai.domain.access.rules import after_attempt, is_locked, name_key, throttle_keys
from fengtai.domain.audit.model import Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Forbidden, Invalid, TooMany
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

LOCKED = "Too many failed sign-ins. Wait a few minutes, then try again."
ONLY_A_PERSON = "An API token cannot do this. Sign in yourself."
PROVE_AGAIN = "Type your present password: you signed in more than ten minutes ago."
SIGN_IN_AGAIN = "Sign in again first: you signed in more than ten minutes ago."
FRESH_SECONDS = 600
"""Within this time after a sign-in nobody is asked for the password again (ASVS 5.0, 7.5.1: recently proven)."""


def charge(uow: UnitOfWork, name: str, source_ip: str, policy: AccessPolicy) -> Person | None:
    """Count the attempt before it is looked at, so that many at once get no more tries than one after another.

    Raise TooMany while the name or the address is locked.
    """
    throttles, now = uow.store(ThrottleStore), uow.now.utc
    keys = throttle_keys(name, source_ip, policy)
    if any(is_locked(throttles.get(key), now) for key, _ in keys):
        raise TooMany(LOCKED)
    for key, allowed in keys:
        throttles.save(after_attempt(throttles.get(key), key, allowed, now, policy))
    return uow.store(PersonStore).by_name_key(name_key(name))


def charge_address(uow: UnitOfWork, source_ip: str, policy: AccessPolicy) -> None:
    """For a way in that cannot be guessed (a passkey): a locked name stays open to it, a locked address does not."""
    throttles, now = uow.store(ThrottleStore), uow.now.utc
    key, allowed = throttle_keys("", source_ip, policy)[1]
    if is_locked(throttles.get(key), now):
        raise TooMany(LOCKED)
    throttles.save(after_attempt(throttles.get(key), key, allowed, now, policy))


def give_back(uow: UnitOfWork, name: str, source_ip: str, policy: AccessPolicy) -> None:
    """After a good sign-in: the name starts anew, the address gets back only this attempt, because a good one must not
    whitewash the guesses before it."""
    uow.store(ThrottleStore).remove(throttle_keys(name, source_ip, policy)[0][0])
    give_back_address(uow, source_ip, policy)


def give_back_address(uow: UnitOfWork, source_ip: str, policy: AccessPolicy) -> None:
    throttles = uow.store(ThrottleStore)
    key, allowed = throttle_keys("", source_ip, policy)[1]
    address = throttles.get(key)
    if address is not None:
        left = max(address.failures - 1, 0)
        locked_until = address.locked_until if left >= allowed else None
        throttles.save(replace(address, failures=left, locked_until=locked_until))


def check_at_the_desk(by: Actor) -> None:
    """Raise Forbidden when a program acts with somebody's token: keys, tokens and people are changed by people only."""
    if by.session_id.startswith("token:"):
        raise Forbidden(ONLY_A_PERSON)


async def prove_again(
    transactions: Transactions, hasher: PasswordHasher, policy: AccessPolicy, *, by: Actor, password: str
) -> None:
    """Before one's own keys are changed: a fresh sign-in or the present password (a console may stand unlocked).

    Raise Invalid on the field `password` when it is needed or wrong; a wrong one counts like a failed sign-in.
    """
    check_at_the_desk(by)

    def unit(uow: UnitOfWork) -> tuple[Person, bool]:
        session = uow.store(SessionStore).get(by.session_id)
        fresh = uow.now.utc < session.started_at + timedelta(seconds=FRESH_SECONDS)
        person = uow.store(PersonStore).get(by.user_id)
        if not fresh and password:
            charge(uow, person.name, by.source_ip, policy)
        return person, fresh

    person, fresh = await transactions.write(unit)
    if fresh:
        return
    if not person.password_hash:
        raise Forbidden(SIGN_IN_AGAIN)
    if not password:
        raise Invalid(PROVE_AGAIN, field="password")
    good = await hasher.verify(person.password_hash, password)

    def told(uow: UnitOfWork) -> None:
        if good:
            give_back(uow, person.name, by.source_ip, policy)
        else:
            line = by.entry("session.prove", f"person:{by.user_id}", Outcome.REFUSED, reason="wrong password")
            uow.store(AuditLog).append(line)

    await transactions.write(told)
    if not good:
        raise Invalid("The present password is wrong.", field="password")
