"""Opens sessions, and says what a session may do: inside one unit of work, for every way of signing in.

Owns: what is still due from a person, the second step, the limit of open challenges. Must not know: how somebody proved
who they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from fengtai.domain.access.model import (
    AccessPolicy,
    Actor,
    ApiToken,
    Challenge,
    Due,
    Permission,
    Person,
    PersonSignedIn,
    Session,
    Task,
)
from fengtai.domain.access.ports import ChallengeStore, KeptPasswordStore, KeyStore, SessionStore
from fengtai.domain.access.rules import (
    dues,
    must_have_second_factor,
    session_token,
    throttle_keys,
    token_sha256,
)
from fengtai.domain.access.service.granting import TreeOf, actor_of, tree_of
from fengtai.domain.access.service.places import tell_of_person
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import TooMany
from fengtai.vocabulary.transactions import UnitOfWork

CHALLENGE_SECONDS = 300
OPEN_CHALLENGES_PER_ADDRESS = 100
"""a whole shift may sign in from behind one address"""
NEVER_BY_TOKEN = frozenset(
    {
        Permission.PEOPLE_EDIT,
        Permission.GRANTS_EDIT,
        Permission.TOKENS_EDIT,
        Permission.WEBHOOKS_EDIT,
        Permission.APPROVALS_DECIDE,
    }
)
"""A program never makes people, rights, tokens or webhooks, so that a leaked token cannot outlive its revocation; nor is it
the second person."""


Way = Literal["totp", "recovery-code", "passkey"]
"""How a second step may be taken."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with its person; `token` only in the answer to the sign-in itself."""

    actor: Actor
    person: Person
    session: Session
    token: str = ""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The first factor was good, and a second one is asked for. The ticket is worth nothing without it."""

    ticket: str
    ways: tuple[Way, ...]
    expires_at: datetime


def limited(actor: Actor, due: frozenset[Due]) -> Actor:
    """While something is due the session opens only what everybody may do who is signed in."""
    return replace(actor, permissions=frozenset()) if due else actor


def by_token(uow: UnitOfWork, token: ApiToken, person: Person, tree: TreeOf = tree_of) -> Actor:
    """As its person has rights now, and no more than the token was given."""
    standing = Session(
        id=token.session_id,
        token_sha256=token.token_sha256,
        user_id=token.user_id,
        started_at=token.made_at,
        seen_at=token.made_at,
        ends_at=token.expires_at,
    )
    actor = actor_of(uow, person, standing, tree)
    return replace(actor, permissions=(actor.permissions & token.permissions) - NEVER_BY_TOKEN)


def has_second_factor(uow: UnitOfWork, user_id: str) -> bool:
    keys = uow.store(KeyStore)
    return keys.totp(user_id) is not None or bool(keys.passkeys(user_id))


def due_from(uow: UnitOfWork, person: Person, policy: AccessPolicy, *, by_password: bool, two: bool) -> frozenset[Due]:
    """`two`: this sign-in counts as two factors already (a passkey, a provider that says so)."""
    newest = next(iter(uow.store(KeptPasswordStore).of_person(person.id, 1)), None)
    return dues(
        person,
        newest,
        by_password=by_password,
        has_second_factor=two or has_second_factor(uow, person.id),
        policy=policy,
        now=uow.now.utc,
    )


def still_due(uow: UnitOfWork, person: Person, session: Session, policy: AccessPolicy) -> frozenset[Due]:
    """What is due from this session now: also a second factor that a role asks for which was given since."""
    if (
        session.proven_by == "password"
        and must_have_second_factor(person.roles, policy)
        and not has_second_factor(uow, person.id)
    ):
        return session.due | {Due.SECOND_FACTOR}
    return session.due


def second_step(uow: UnitOfWork, person: Person, *, source: str, post: str, proven_by: str) -> SecondStep | None:
    """What the person is asked next, or None when they have no second factor."""
    keys = uow.store(KeyStore)
    ways: list[Way] = []
    if keys.totp(person.id) is not None:
        ways.append("totp")
    if keys.recovery_codes_left(person.id):
        ways.append("recovery-code")
    if keys.passkeys(person.id):
        ways.append("passkey")
    if not ways:
        return None
    details = {"post": post, "proven_by": proven_by}
    ticket = new_challenge(uow, Task.SECOND_STEP, source=source, user_id=person.id, details=details)
    return SecondStep(ticket, tuple(ways), uow.now.utc + timedelta(seconds=CHALLENGE_SECONDS))


def new_challenge(
    uow: UnitOfWork,
    task: Task,
    *,
    source: str,
    user_id: str = "",
    details: Mapping[str, str] | None = None,
    sealed: bytes = b"",
    ticket: str = "",
) -> str:
    """Remember what was asked; return the ticket. Raise TooMany when this address has many open."""
    challenges, now = uow.store(ChallengeStore), uow.now.utc
    network = throttle_keys("", source, AccessPolicy())[1][0]
    if challenges.open_from(network, now) >= OPEN_CHALLENGES_PER_ADDRESS:
        raise TooMany("Too many sign-ins were begun from here and not finished. Wait a few minutes, then try again.")
    ticket = ticket or session_token(uow.new_secret(32))
    challenges.save(
        Challenge(
            ticket_sha256=token_sha256(ticket),
            task=task,
            user_id=user_id,
            source=network,
            details=dict(details or {}),
            sealed=sealed,
            expires_at=now + timedelta(seconds=CHALLENGE_SECONDS),
        )
    )
    return ticket


def taken(uow: UnitOfWork, ticket: str, task: Task, *, user_id: str | None = None) -> Challenge | None:
    """The challenge of this ticket, used up by this call; None when it is unknown, over, or for something else."""
    found = uow.store(ChallengeStore).get(token_sha256(ticket))
    if found is None or found.task is not task or found.expires_at <= uow.now.utc:
        return None
    if user_id is not None and found.user_id != user_id:
        return None
    return uow.store(ChallengeStore).take(found.ticket_sha256)


def open_session(
    uow: UnitOfWork,
    person: Person,
    policy: AccessPolicy,
    *,
    source_ip: str,
    post: str,
    proven_by: str,
    due: frozenset[Due],
) -> SignedIn:
    token, now = session_token(uow.new_secret(32)), uow.now.utc
    session = Session(
        id=uow.new_id(),
        token_sha256=token_sha256(token),
        user_id=person.id,
        started_at=now,
        seen_at=now,
        ends_at=now + timedelta(seconds=policy.absolute_seconds),
        source_ip=source_ip,
        post=post,
        proven_by=proven_by,
        due=due,
    )
    uow.store(SessionStore).save(session)
    actor = limited(actor_of(uow, person, session), due)
    still_due = sorted(one.value for one in due)
    line = actor.entry("session.open", f"session:{session.id}", proven_by=proven_by, due=still_due)
    uow.store(AuditLog).append(line)
    tell_of_person(uow, PersonSignedIn(user_id=person.id, session_id=session.id))
    return SignedIn(actor, person, session, token)


def done(uow: UnitOfWork, session_id: str, due: Due) -> None:
    """What was due from this session's person is done; the session gives its rights from now on."""
    session = uow.store(SessionStore).get(session_id)
    uow.store(SessionStore).save(replace(session, due=session.due - {due}))
