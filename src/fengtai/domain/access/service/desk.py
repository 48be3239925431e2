"""The desk at the door: first set-up, sign-in by password, sessions.

Owns every act on sessions. Must not know: cookies, routes, tables, how a password is hashed.
Hashing is slow by intent, so it happens between units of work, never inside one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fengtai.domain.access.model import (
    SESSION_PREFIX,
    TOKEN_PREFIX,
    AccessPolicy,
    Actor,
    Person,
    Role,
    Session,
)
from fengtai.domain.access.ports import (
    ChallengeStore,
    PasswordHasher,
    PersonStore,
    SessionStore,
    SetupStore,
    ThrottleStore,
    TokenStore,
)
from fengtai.domain.access.rules import (
    checked_name,
    checked_password,
    name_key,
    token_sha256,
    why_over,
)
from fengtai.domain.access.service.granting import RememberedTree, actor_of
from fengtai.domain.access.service.keeping import end_expired_tokens, keep_password, note_token_use
from fengtai.domain.access.service.opening import (
    SecondStep,
    SignedIn,
    by_token,
    due_from,
    limited,
    open_session,
    second_step,
    still_due,
)
from fengtai.domain.access.service.proofs import charge, check_at_the_desk, give_back, give_back_address
from fengtai.domain.access.service.units import (
    add_person,
    audit_refusal,
    check_setup,
    edited_person,
    end_session,
    end_sessions,
    new_setup_token,
    people_in_reach,
)
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Conflict, NotFound, Unauthenticated
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

REMEMBERED_SECONDS = 2.0
"""How long an answer of `authenticate` is kept: a revocation by another process acts within this time."""
FLUSH_SECONDS = 10.0
"""How often last uses are written down and sessions that are over are ended."""

WRONG = "The name or the password is wrong."
NO_SESSION = "You are not signed in, or your session is over. Sign in again."
WITHDRAWN = "This API token is unknown, expired or withdrawn. Make a new one."


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What the first set-up is told of a person."""

    name: str
    password: str


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
        self._seen: dict[str, tuple[datetime, str]] = {}
        """last use of each session and token that is not yet written down"""
        self._tree = RememberedTree()
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
            checked_password(new.password, name=checked_name(new.name), profile=self._policy.password_profile)
            people.append((new, role, await self._hasher.hash(new.password)))
        if name_key(administrator.name) == name_key(auditor.name) or administrator.password == auditor.password:
            raise Conflict("administrator and auditor are two people: give them different names and passwords")

        def unit(uow: UnitOfWork) -> None:
            check_setup(uow, token)
            for new, role, password_hash in people:
                person = add_person(uow, new.name, new.name, frozenset({role}), password_hash, "system:set-up")
                keep_password(uow, person, by_other=False)
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

    async def sign_in(self, name: str, password: str, *, source_ip: str, post: str = "") -> SignedIn | SecondStep:
        """Open a session, or ask for the second factor of whoever has one.

        Raise Unauthenticated (same words and time for any cause) or TooMany while locked.
        """
        person = await self._transactions.write(lambda uow: charge(uow, name, source_ip, self._policy))
        good = await self._hasher.verify(person.password_hash if person else "", password)
        if person is None or not good or person.disabled:
            cause = "unknown name" if person is None else "wrong password" if not good else "disabled"
            await self._transactions.write(
                lambda uow: audit_refusal(uow, f"person:{person.id if person else 'unknown'}", source_ip, cause)
            )
            raise Unauthenticated(WRONG)
        known = person
        fresh = await self._hasher.hash(password) if self._hasher.is_outdated(known.password_hash) else ""
        return await self._transactions.write(lambda uow: self._first_step(uow, known, fresh, source_ip, post))

    def _first_step(
        self, uow: UnitOfWork, seen: Person, fresh_hash: str, source_ip: str, post: str
    ) -> SignedIn | SecondStep:
        person = uow.store(PersonStore).get(seen.id)
        if person.disabled or person.password_hash != seen.password_hash:
            raise Unauthenticated(WRONG)  # changed while the password was being checked
        if fresh_hash:  # the figures of the hash have grown since it was made
            person = replace(person, password_hash=fresh_hash)
            uow.store(PersonStore).save(person, name_key=name_key(person.name))
        asked = second_step(uow, person, source=source_ip, post=post, proven_by="password")
        if asked is not None:
            # A whole shift behind one address signs in at once; the name stays charged until the second step.
            give_back_address(uow, source_ip, self._policy)
            return asked
        give_back(uow, person.name, source_ip, self._policy)
        due = due_from(uow, person, self._policy, by_password=True, two=False)
        return open_session(uow, person, self._policy, source_ip=source_ip, post=post, proven_by="password", due=due)

    async def authenticate(self, token: str, source_ip: str) -> Actor:
        """Whose token this is; on the path of every request. Raise Unauthenticated when it counts no longer."""
        digest, moment = token_sha256(token), self._clock.now()
        remembered = self._remembered.get(digest)
        if remembered is None or remembered[1] <= moment.monotonic:
            self._remembered.pop(digest, None)
            who = self._actor_of_token if token.startswith(TOKEN_PREFIX) else self._actor_of
            actor = await self._transactions.read(lambda uow: who(uow, digest))
            remembered = (actor, moment.monotonic + REMEMBERED_SECONDS)
            self._remembered[digest] = remembered
        actor = remembered[0]
        self._seen[actor.session_id] = moment.utc, source_ip
        return replace(actor, source_ip=source_ip)

    def _actor_of(self, uow: UnitOfWork, digest: bytes) -> Actor:
        session = uow.store(SessionStore).by_token(digest)
        if session is None:
            raise Unauthenticated(NO_SESSION)
        if session.id in self._seen:
            session = replace(session, seen_at=max(session.seen_at, self._seen[session.id][0]))
        person = uow.store(PersonStore).get(session.user_id)
        if why_over(session, person, uow.now.utc, self._policy):
            raise Unauthenticated(NO_SESSION)
        due = still_due(uow, person, session, self._policy)
        return limited(actor_of(uow, person, session, self._tree), due)

    def _actor_of_token(self, uow: UnitOfWork, digest: bytes) -> Actor:
        token = uow.store(TokenStore).by_token(digest)
        if token is None or token.expires_at <= uow.now.utc:
            raise Unauthenticated(WITHDRAWN)
        person = uow.store(PersonStore).get(token.user_id)
        if person.disabled:
            raise Unauthenticated(WITHDRAWN)
        return by_token(uow, token, person, self._tree)

    async def session(self, by: Actor) -> SignedIn:
        """The person's own session."""
        check_at_the_desk(by)

        def unit(uow: UnitOfWork) -> SignedIn:
            person, session = uow.store(PersonStore).get(by.user_id), uow.store(SessionStore).get(by.session_id)
            return SignedIn(by, person, replace(session, due=still_due(uow, person, session, self._policy)))

        return await self._transactions.read(unit)

    async def sign_out(self, by: Actor) -> None:
        check_at_the_desk(by)
        await self._end(by.session_id, by, "signed out", action="session.close")

    async def revoke(self, session_id: str, *, by: Actor) -> None:
        """End somebody's session; it acts at once here and within REMEMBERED_SECONDS in other processes."""
        await self._end(session_id, by, "revoked", action="session.revoke")

    async def _end(self, session_id: str, by: Actor, reason: str, *, action: str) -> None:
        def unit(uow: UnitOfWork) -> None:
            session = uow.store(SessionStore).get(session_id)
            if session.user_id != by.user_id:
                edited_person(uow, session.user_id, by, NotFound("there is no such session"))
            end_session(uow, session, reason)
            uow.store(AuditLog).append(by.entry(action, f"session:{session_id}"))

        await self._transactions.write(unit)
        self.forget({session_id})

    async def own_sessions(self, by: Actor) -> Sequence[Session]:
        """One's own that count now, newest first."""
        check_at_the_desk(by)

        def unit(uow: UnitOfWork) -> list[Session]:
            person, now = uow.store(PersonStore).get(by.user_id), uow.now.utc
            mine = uow.store(SessionStore).of_person(by.user_id)
            return [session for session in mine if not why_over(session, person, now, self._policy)]

        return await self._transactions.read(unit)

    async def end_own_session(self, session_id: str, *, by: Actor) -> None:
        """Raise NotFound when it is not one's own, so that nobody learns of others'."""
        if session_id not in {session.id for session in await self.own_sessions(by)}:
            raise NotFound("there is no such session")
        await self._end(session_id, by, "ended elsewhere", action="session.close")

    async def end_other_sessions(self, by: Actor) -> None:
        """All of one's own but this one."""
        check_at_the_desk(by)

        def unit(uow: UnitOfWork) -> set[str]:
            ended = end_sessions(uow, by.user_id, "ended elsewhere", keep=by.session_id)
            if ended:
                line = by.entry("session.close_others", f"person:{by.user_id}", sessions=sorted(ended))
                uow.store(AuditLog).append(line)
            return ended

        self.forget(await self._transactions.write(unit))

    async def sessions(
        self, *, by: Actor, after: str = "", limit: int = 100
    ) -> tuple[Sequence[tuple[Session, Person]], str]:
        """Of people within reach: sessions that count now, newest first, and where the next page begins."""

        def unit(uow: UnitOfWork) -> tuple[list[tuple[Session, Person]], str]:
            people = people_in_reach(uow, by)
            page = uow.store(SessionStore).page(people.ids, after=after, limit=limit)
            found = [
                (session, person)
                for session in page
                if not why_over(session, person := people[session.user_id], uow.now.utc, self._policy)
            ]
            return found, page[-1].id if len(page) == limit else ""

        return await self._transactions.read(unit)

    async def tick(self) -> None:
        """Write down last uses, end what is over, forget old failures. Called about once a second."""
        moment = self._clock.now()
        if moment.monotonic < self._next_flush:
            return
        self._next_flush = moment.monotonic + FLUSH_SECONDS
        seen = dict(self._seen)
        self._remembered = {key: held for key, held in self._remembered.items() if held[1] > moment.monotonic}
        self.forget(await self._transactions.write(lambda uow: self._flush(uow, seen)))
        self._seen = {key: at for key, at in self._seen.items() if seen.get(key) != at}

    def _flush(self, uow: UnitOfWork, seen: dict[str, tuple[datetime, str]]) -> set[str]:
        sessions, now, policy = uow.store(SessionStore), uow.now.utc, self._policy
        for session_id, (at, source_ip) in seen.items():
            if session_id.startswith(SESSION_PREFIX):
                note_token_use(uow, session_id, at, source_ip)
                continue
            try:
                session = sessions.get(session_id)
            except NotFound:
                continue  # ended since
            if at > session.seen_at:
                sessions.save(replace(session, seen_at=at))
        expired_tokens = end_expired_tokens(uow)
        uow.store(ChallengeStore).forget(now)
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
        return {session.id for session in over} | expired_tokens

    def forget(self, session_ids: set[str]) -> None:
        """The remembered answers for these sessions and tokens no longer hold."""
        self._remembered = {k: held for k, held in self._remembered.items() if held[0].session_id not in session_ids}

    def forget_person(self, user_id: str) -> None:
        """Their rights have changed: the rows are asked again."""
        self._remembered = {key: held for key, held in self._remembered.items() if held[0].user_id != user_id}
