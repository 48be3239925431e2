"""What happens inside one unit of work, for several acts: synchronous, on the unit's own stores, audited by the caller
unless it says otherwise."""

from collections.abc import Iterable

from fengtai.domain.access.model import (
    Person,
    PersonChanged,
    Role,
    Session,
    SessionEnded,
)
from fengtai.domain.access.ports import PersonStore, SessionStore, SetupStore
from fengtai.domain.access.rules import (
    checked_name,
    checked_roles,
    name_key,
    setup_token,
    setup_token_sha256,
)
from fengtai.domain.access.service.granting import set_roles
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Conflict, Forbidden
from fengtai.vocabulary.transactions import UnitOfWork


def new_setup_token(uow: UnitOfWork) -> str | None:
    if uow.store(PersonStore).all():
        return None
    token = setup_token(uow.new_secret(15))
    uow.store(SetupStore).save(setup_token_sha256(token))
    return token


def check_setup(uow: UnitOfWork, token: str) -> None:
    if uow.store(PersonStore).all():
        raise Conflict("The platform is set up already. Sign in.")
    if uow.store(SetupStore).token_sha256() != setup_token_sha256(token):
        raise Forbidden("This set-up token is wrong. It stands in the server's output; a restart makes a new one.")


def add_person(
    uow: UnitOfWork,
    name: str,
    display_name: str,
    roles: frozenset[Role],
    password_hash: str,
    by_user_id: str = "system",
) -> Person:
    """The person, with each of the roles granted everywhere."""
    people, name = uow.store(PersonStore), checked_name(name)
    if people.by_name_key(name_key(name)) is not None:
        raise Conflict(f"the name {name} is taken")
    person = Person(
        id=uow.new_id(),
        name=name,
        display_name=display_name.strip() or name,
        roles=frozenset(),
        password_hash=password_hash,
        created_at=uow.now.utc,
    )
    people.save(person, name_key=name_key(name))
    uow.publish(PersonChanged(user_id=person.id, step="added"))
    return set_roles(uow, person, checked_roles(roles), by_user_id=by_user_id, reason="when the person was added")


def end_session(uow: UnitOfWork, session: Session, reason: str) -> None:
    uow.store(SessionStore).remove(session.id)
    uow.publish(SessionEnded(user_id=session.user_id, session_id=session.id, reason=reason))


def end_sessions(uow: UnitOfWork, user_id: str, reason: str, *, keep: str = "") -> set[str]:
    ended = [session for session in uow.store(SessionStore).of_person(user_id) if session.id != keep]
    for session in ended:
        end_session(uow, session, reason)
    return {session.id for session in ended}


def audit_refusal(uow: UnitOfWork, object: str, source_ip: str, cause: str) -> None:
    uow.store(AuditLog).append(
        AuditEntry(
            actor="system:access",
            action="session.open",
            object=object,
            outcome=Outcome.REFUSED,
            source_ip=source_ip,
            details={"reason": cause},
        )
    )


def role_values(roles: Iterable[Role]) -> list[str]:
    return sorted(role.value for role in roles)
