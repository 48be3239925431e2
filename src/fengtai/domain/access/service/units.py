"""What happens inside one unit of work, for several acts: synchronous, on the unit's own stores, audited by the caller
unless it says otherwise."""

from collections.abc import Iterable

from fengtai.domain.access.model import (
    Actor,
    GrantTerms,
    Permission,
    Person,
    PersonChanged,
    Role,
    Session,
    SessionEnded,
)
from fengtai.domain.access.ports import GrantStore, PersonStore, SessionStore, SetupStore
from fengtai.domain.access.rules import (
    check_below,
    checked_display_name,
    checked_name,
    checked_roles,
    name_key,
    setup_token,
    setup_token_sha256,
)
from fengtai.domain.access.service.granting import give, tree_of
from fengtai.domain.access.service.places import city_place, seen_person, tell_of_person
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Conflict, Forbidden, NotFound
from fengtai.vocabulary.transactions import UnitOfWork

ADDED = "when the person was added"


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
    """Somebody of the whole city whom no person adds, with each of the roles everywhere."""
    person = new_person(uow, name, display_name, password_hash, city_place(uow).organisation_id)
    for role in sorted(checked_roles(roles), key=lambda role: role.value):
        give(uow, person.id, GrantTerms(role=role), granted_by=by_user_id, reason=ADDED)
    return uow.store(PersonStore).get(person.id)


def new_person(uow: UnitOfWork, name: str, display_name: str, password_hash: str, organisation_id: str) -> Person:
    """Without any right yet."""
    people, name = uow.store(PersonStore), checked_name(name)
    if people.by_name_key(name_key(name)) is not None:
        raise Conflict(f"the name {name} is taken")
    person = Person(
        id=uow.new_id(),
        name=name,
        display_name=checked_display_name(display_name, name),
        roles=frozenset(),
        password_hash=password_hash,
        created_at=uow.now.utc,
        organisation_id=organisation_id,
    )
    people.save(person, name_key=name_key(name))
    tell_of_person(uow, PersonChanged(user_id=person.id, step="added"))
    return person


def edited_person(
    uow: UnitOfWork, user_id: str, by: Actor, unknown: NotFound = NotFound("there is no such person")
) -> Person:
    """Somebody whom this person may change: their password, keys, roles, standing, sessions, tokens. Raise `unknown` for
    somebody out of reach, Forbidden for who stands above or beside."""
    person = seen_person(uow, user_id, by, Permission.PEOPLE_EDIT, unknown)
    check_below(by, person, uow.store(GrantStore).of_person(user_id), tree_of(uow), uow.now.utc)
    return person


class InReach(dict[str, Person]):
    """People whom somebody may see, by id; `ids` is None when that is everybody."""

    ids: frozenset[str] | None = None


def people_in_reach(uow: UnitOfWork, by: Actor) -> InReach:
    reach = by.reach(Permission.PEOPLE_SEE)
    found = InReach(
        {one.id: one for one in uow.store(PersonStore).all() if reach.covers_organisation(one.organisation_id)}
    )
    found.ids = None if reach.is_everywhere else frozenset(found)
    return found


def end_session(uow: UnitOfWork, session: Session, reason: str) -> None:
    uow.store(SessionStore).remove(session.id)
    tell_of_person(uow, SessionEnded(user_id=session.user_id, session_id=session.id, reason=reason))


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
