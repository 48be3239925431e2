"""Kept passwords and API tokens inside one unit of work; audited by the caller unless it says otherwise."""

from dataclasses import replace
from datetime import datetime

from fengtai.domain.access.model import SESSION_PREFIX, ApiToken, KeptPassword, Person, SessionEnded
from fengtai.domain.access.ports import KeptPasswordStore, TokenStore
from fengtai.domain.access.rules import KEPT_PASSWORDS
from fengtai.domain.access.service.places import tell_of_person
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


def keep_password(uow: UnitOfWork, person: Person, *, by_other: bool) -> None:
    """Remember when this password was set and by whom, and its hash, so that it is not taken again soon."""
    kept = KeptPassword(
        id=uow.new_id(),
        user_id=person.id,
        password_hash=person.password_hash,
        set_at=uow.now.utc,
        by_other=by_other,
    )
    uow.store(KeptPasswordStore).add(kept, keep=KEPT_PASSWORDS)


def note_token_use(uow: UnitOfWork, session_id: str, at: datetime, source_ip: str) -> None:
    tokens = uow.store(TokenStore)
    try:
        token = tokens.get(session_id.removeprefix(SESSION_PREFIX))
    except NotFound:
        return  # withdrawn since
    if token.last_used_at is None or at > token.last_used_at:
        tokens.save(replace(token, last_used_at=at, last_used_ip=source_ip))


def end_token(uow: UnitOfWork, token: ApiToken, reason: str) -> None:
    """Whatever this token keeps open (events, live pictures) ends like that of a session."""
    uow.store(TokenStore).remove(token.id)
    tell_of_person(uow, SessionEnded(user_id=token.user_id, session_id=token.session_id, reason=reason))


def end_expired_tokens(uow: UnitOfWork) -> set[str]:
    over = uow.store(TokenStore).over(uow.now.utc)
    for token in over:
        end_token(uow, token, "expired")
        uow.store(AuditLog).append(
            AuditEntry(
                actor="system:access",
                action="token.end",
                object=f"token:{token.id}",
                details={"user_id": token.user_id, "purpose": token.purpose, "reason": "expired"},
            )
        )
    return {token.session_id for token in over}
