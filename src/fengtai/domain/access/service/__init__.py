"""The desk at the door: sign-in, sessions, people, first set-up.

Owns every act on people and sessions. Must not know: cookies, routes, tables, how a password is hashed.
Hashing is slow by intent, so it happens between units of work, never inside one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fengtai.domain.access.model import (
    AccessPolicy,
    Actor,
    Person,
    PersonChanged,
    PersonSignedIn,
    Role,
    Session,
)
from fengtai.domain.access.ports import PasswordHasher, PersonStore, SessionStore, SetupStore, ThrottleStore
from fengtai.domain.access.rules import (
    after_attempt,
    check_change,
    checked_name,
    checked_password,
    checked_roles,
    is_locked,
    name_key,
    session_token,
    throttle_keys,
    token_sha256,
    why_over,
)
from fengtai.domain.access.service.units import (
    actor_of,
    add_person,
    audit_refusal,
    check_setup,
    end_session,
    end_sessions,
    new_setup_token,
    role_values,
)
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

REMEMBERED_SECONDS = 2.0
"""How long an answer of `authenticate` is kept: a revocation by another process acts within this time."""
FLUSH_SECONDS = 10.0
"""How often last uses are written down and sessions that are over are ended."""

WRONG = "The name or the password is wrong."
LOCKED = "Too many failed sign-ins. Wait a few minutes, then try again."
NO_SESSION = "You are not signed in, or your session is over. Sign in again."


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What the first set-up is told of a person."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with its person; `token` only in the answer to the sign-in itself."""

    actor: Actor
    person: Person
    session: Session
    token: str = ""


class AccessDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        hasher: PasswordHasher,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._clock, self._hasher, self._policy = transactions, clock, hasher, policy
        self._remembered: dict[bytes, tuple[Actor, float]] = {}
        self._seen: dict[str, datetime] = {}
        self._next_flush = 0.0

    # --- the first people

    async def is_new(self) -> bool:
        """True while nobody can sign in, so that the set-up is needed."""
        return await self._transactions.read(lambda uow: not uow.store(PersonStore).all())

    async def setup_token(self) -> str | None:
        """A fresh one-time token for the first set-up, to be printed where only the owner of the machine sees it.

        Replaces an earlier one. None when there are people already.
        """
        return await self._transactions.write(new_setup_token)

    async def set_up(self, token: str, *, administrator: NewPerson, auditor: NewPerson, source_ip: str = "") -> None:
        """Make the administrator and the auditor, once. Raise Forbidden for a wrong token, Conflict when done before."""
        await self._transactions.read(lambda uow: check_setup(uow, token))
        people: list[tuple[NewPerson, Role, str]] = []
        for new, role in ((administrator, Role.ADMINISTRATOR), (auditor, Role.AUDITOR)):
            checked_password(new.password, name=checked_name(new.name))
            people.append((new, role, await self._hasher.hash(new.password)))
        if name_key(administrator.name) == name_key(auditor.name) or administrator.password == auditor.password:
            raise Conflict("administrator and auditor are two people: give them different names and passwords")

        def unit(uow: UnitOfWork) -> None:
            check_setup(uow, token)
            for new, role, password_hash in people:
                person = add_person(uow, new.name, new.name, frozenset({role}), password_hash)
                uow.store(AuditLog).append(
                    AuditEntry(
                        actor="system:set-up",
                        action="person.add",
                        object=f"person:{person.id}",
                        source_ip=source_ip,
                        details={"name": person.name, "roles": [role.value]},
                    )
                )
            uow.store(SetupStore).clear()

        await self._transactions.write(unit)

    # --- sessions

    async def sign_in(self, name: str, password: str, *, source_ip: str, post: str = "") -> SignedIn:
        """Open a session. Raise Unauthenticated (same words and time for any cause) or TooMany while locked."""
        person = await self._transactions.write(lambda uow: self._charge(uow, name, source_ip))
        good = await self._hasher.verify(person.password_hash if person else "", password)
        if person is None or not good or person.disabled:
            cause = "unknown name" if person is None else "wrong password" if not good else "disabled"
            await self._transactions.write(
                lambda uow: audit_refusal(uow, f"person:{person.id if person else 'unknown'}", source_ip, cause)
            )
            raise Unauthenticated(WRONG)
        known = person
        return await self._transactions.write(lambda uow: self._open(uow, known, source_ip, post))

    def _charge(self, uow: UnitOfWork, name: str, source_ip: str) -> Person | None:
        """Count the attempt before it is looked at, so that many at once get no more tries than one after another."""
        throttles, now = uow.store(ThrottleStore), uow.now.utc
        keys = throttle_keys(name, source_ip, self._policy)
        if any(is_locked(throttles.get(key), now) for key, _ in keys):
            raise TooMany(LOCKED)
        for key, allowed in keys:
            throttles.save(after_attempt(throttles.get(key), key, allowed, now, self._policy))
        return uow.store(PersonStore).by_name_key(name_key(name))

    def _open(self, uow: UnitOfWork, seen: Person, source_ip: str, post: str) -> SignedIn:
        person = uow.store(PersonStore).get(seen.id)
        if person.disabled or person.password_hash != seen.password_hash:
            raise Unauthenticated(WRONG)  # changed while the password was being checked
        by_name, by_address = throttle_keys(person.name, source_ip, self._policy)
        throttles = uow.store(ThrottleStore)
        throttles.remove(by_name[0])
        address = throttles.get(by_address[0])
        if address is not None:  # give back only this attempt: a good one must not whitewash the guesses before it
            left = max(address.failures - 1, 0)
            throttles.save(
                replace(address, failures=left, locked_until=address.locked_until if left >= by_address[1] else None)
            )
        token, now = session_token(uow.new_secret(32)), uow.now.utc
        session = Session(
            id=uow.new_id(),
            token_sha256=token_sha256(token),
            user_id=person.id,
            started_at=now,
            seen_at=now,
            ends_at=now + timedelta(seconds=self._policy.absolute_seconds),
            source_ip=source_ip,
            post=post,
        )
        uow.store(SessionStore).save(session)
        actor = actor_of(person, session)
        uow.store(AuditLog).append(actor.entry("session.open", f"session:{session.id}"))
        uow.publish(PersonSignedIn(user_id=person.id, session_id=session.id))
        return SignedIn(actor, person, session, token)

    async def authenticate(self, token: str, source_ip: str) -> Actor:
        """Whose token this is; on the path of every request. Raise Unauthenticated when it counts no longer."""
        digest, moment = token_sha256(token), self._clock.now()
        remembered = self._remembered.get(digest)
        if remembered is None or remembered[1] <= moment.monotonic:
            self._remembered.pop(digest, None)
            actor = await self._transactions.read(lambda uow: self._actor_of(uow, digest))
            remembered = (actor, moment.monotonic + REMEMBERED_SECONDS)
            self._remembered[digest] = remembered
        actor = remembered[0]
        self._seen[actor.session_id] = moment.utc
        return replace(actor, source_ip=source_ip)

    def _actor_of(self, uow: UnitOfWork, digest: bytes) -> Actor:
        session = uow.store(SessionStore).by_token(digest)
        if session is None:
            raise Unauthenticated(NO_SESSION)
        session = replace(session, seen_at=max(session.seen_at, self._seen.get(session.id, session.seen_at)))
        person = uow.store(PersonStore).get(session.user_id)
        if why_over(session, person, uow.now.utc, self._policy):
            raise Unauthenticated(NO_SESSION)
        return actor_of(person, session)

    async def session(self, by: Actor) -> SignedIn:
        """The person's own session."""

        def unit(uow: UnitOfWork) -> SignedIn:
            return SignedIn(by, uow.store(PersonStore).get(by.user_id), uow.store(SessionStore).get(by.session_id))

        return await self._transactions.read(unit)

    async def sign_out(self, by: Actor) -> None:
        await self._end(by.session_id, by, "signed out", action="session.close")

    async def revoke(self, session_id: str, *, by: Actor) -> None:
        """End somebody's session; it acts at once here and within REMEMBERED_SECONDS in other processes."""
        await self._end(session_id, by, "revoked", action="session.revoke")

    async def _end(self, session_id: str, by: Actor, reason: str, *, action: str) -> None:
        def unit(uow: UnitOfWork) -> None:
            end_session(uow, uow.store(SessionStore).get(session_id), reason)
            uow.store(AuditLog).append(by.entry(action, f"session:{session_id}"))

        await self._transactions.write(unit)
        self._forget({session_id})

    async def sessions(self) -> Sequence[tuple[Session, Person]]:
        """All sessions that count now, newest first."""

        def unit(uow: UnitOfWork) -> list[tuple[Session, Person]]:
            people = {person.id: person for person in uow.store(PersonStore).all()}
            return [
                (session, people[session.user_id])
                for session in uow.store(SessionStore).all()
                if not why_over(session, people[session.user_id], uow.now.utc, self._policy)
            ]

        return await self._transactions.read(unit)

    async def tick(self) -> None:
        """Write down last uses, end what is over, forget old failures. Called about once a second."""
        moment = self._clock.now()
        if moment.monotonic < self._next_flush:
            return
        self._next_flush = moment.monotonic + FLUSH_SECONDS
        seen = dict(self._seen)
        self._remembered = {key: held for key, held in self._remembered.items() if held[1] > moment.monotonic}
        self._forget(await self._transactions.write(lambda uow: self._flush(uow, seen)))
        self._seen = {key: at for key, at in self._seen.items() if seen.get(key) != at}

    def _flush(self, uow: UnitOfWork, seen: dict[str, datetime]) -> set[str]:
        sessions, now, policy = uow.store(SessionStore), uow.now.utc, self._policy
        for session_id, at in seen.items():
            try:
                session = sessions.get(session_id)
            except NotFound:
                continue  # ended since
            if at > session.seen_at:
                sessions.save(replace(session, seen_at=at))
        over = sessions.over(seen_before=now - timedelta(seconds=policy.idle_seconds), ended_before=now)
        for session in over:
            reason = "expired" if now >= session.ends_at else "idle"
            end_session(uow, session, reason)
            uow.store(AuditLog).append(
                AuditEntry(
                    actor="system:access",
                    action="session.end",
                    object=f"session:{session.id}",
                    details={"user_id": session.user_id, "reason": reason},
                )
            )
        uow.store(ThrottleStore).forget(quiet_since=now - timedelta(seconds=policy.forget_failures_seconds))
        return {session.id for session in over}

    def _forget(self, session_ids: set[str]) -> None:
        self._remembered = {k: held for k, held in self._remembered.items() if held[0].session_id not in session_ids}

    # --- people

    async def people(self) -> Sequence[Person]:
        return await self._transactions.read(lambda uow: uow.store(PersonStore).all())

    async def add_person(
        self, *, name: str, display_name: str, password: str, roles: Iterable[Role], by: Actor
    ) -> Person:
        """Raise Invalid for a bad name, password or set of roles, Conflict when the name is taken."""
        held = checked_roles(roles)
        password_hash = await self._hasher.hash(checked_password(password, name=checked_name(name)))

        def unit(uow: UnitOfWork) -> Person:
            person = add_person(uow, name, display_name, held, password_hash)
            uow.store(AuditLog).append(
                by.entry("person.add", f"person:{person.id}", name=person.name, roles=role_values(held))
            )
            return person

        return await self._transactions.write(unit)

    async def change_person(
        self, user_id: str, *, display_name: str, roles: Iterable[Role], disabled: bool, by: Actor
    ) -> Person:
        """Change name shown, roles or standing. Whoever loses or gains rights has to sign in again."""
        held = checked_roles(roles)

        def unit(uow: UnitOfWork) -> tuple[Person, set[str]]:
            people = uow.store(PersonStore)
            before = people.get(user_id)
            after = replace(before, display_name=display_name.strip() or before.name, roles=held, disabled=disabled)
            check_change(by.user_id, before, after, people.all())
            people.save(after, name_key=name_key(after.name))
            ended: set[str] = set()
            if (before.roles, before.disabled) != (after.roles, after.disabled):
                ended = end_sessions(uow, user_id, "disabled" if disabled else "rights changed")
            uow.store(AuditLog).append(
                by.entry(
                    "person.change",
                    f"person:{user_id}",
                    name=after.name,
                    roles_before=role_values(before.roles),
                    roles=role_values(held),
                    disabled=disabled,
                )
            )
            uow.publish(PersonChanged(user_id=user_id, step="changed"))
            return after, ended

        after, ended = await self._transactions.write(unit)
        self._forget(ended)
        return after

    async def change_password(self, *, old: str, new: str, by: Actor) -> None:
        """One's own. Ends one's other sessions. A wrong old password counts like a failed sign-in."""
        person = await self._transactions.write(lambda uow: self._charge(uow, by.name, by.source_ip))
        if person is None or not await self._hasher.verify(person.password_hash, old):
            await self._transactions.write(
                lambda uow: uow.store(AuditLog).append(
                    by.entry("person.password", f"person:{by.user_id}", Outcome.REFUSED, reason="wrong old password")
                )
            )
            raise Forbidden("The old password is wrong.")
        password_hash = await self._hasher.hash(checked_password(new, name=person.name))
        await self._set_password(by.user_id, password_hash, by, keep=by.session_id)

    async def reset_password(self, user_id: str, password: str, *, by: Actor) -> None:
        """Somebody else's, by an administrator. Never an auditor's: that would open the auditor's account to them."""
        person = await self._transactions.read(lambda uow: uow.store(PersonStore).get(user_id))
        if Role.AUDITOR in person.roles:
            raise Forbidden("nobody may set an auditor's password; add a new auditor instead")
        if user_id == by.user_id:
            raise Forbidden("change your own password with the old one")
        await self._set_password(user_id, await self._hasher.hash(checked_password(password, name=person.name)), by)

    async def _set_password(self, user_id: str, password_hash: str, by: Actor, *, keep: str = "") -> None:
        def unit(uow: UnitOfWork) -> set[str]:
            people = uow.store(PersonStore)
            person = replace(people.get(user_id), password_hash=password_hash)
            people.save(person, name_key=name_key(person.name))
            uow.store(ThrottleStore).remove(throttle_keys(person.name, "", self._policy)[0][0])
            uow.store(AuditLog).append(by.entry("person.password", f"person:{user_id}", name=person.name))
            uow.publish(PersonChanged(user_id=user_id, step="password"))
            return end_sessions(uow, user_id, "password changed", keep=keep)

        self._forget(await self._transactions.write(unit))
