"""People for tests: somebody with a role everywhere, or in one place only."""

from datetime import UTC, datetime

from fengtai.domain.access.model import Actor, Grant, GrantTerms, OrganisationTree, Role
from fengtai.domain.access.rules import compiled

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def acting(*roles: Role, name: str = "zhao", user_id: str = "7", post: str = "", session_id: str = "") -> Actor:
    """Somebody who holds these roles everywhere."""
    return _holding([GrantTerms(role=role) for role in roles], OrganisationTree(), name, user_id, post, session_id)


def acting_in(
    tree: OrganisationTree, *terms: GrantTerms, name: str = "dong", user_id: str = "8", session_id: str = ""
) -> Actor:
    """Somebody with these grants in this city."""
    return _holding(list(terms), tree, name, user_id, "", session_id)


def _holding(
    terms: list[GrantTerms], tree: OrganisationTree, name: str, user_id: str, post: str, session_id: str
) -> Actor:
    grants = [
        Grant(id=f"{number:032x}", user_id=user_id, terms=one, granted_by="admin", granted_at=NOON)
        for number, one in enumerate(terms)
    ]
    rights = compiled(grants, NOON, tree)
    return Actor(
        user_id=user_id,
        name=name,
        roles=frozenset(one.role for one in terms),
        permissions=rights.permissions,
        rights=rights,
        session_id=session_id,
        post=post,
    )
