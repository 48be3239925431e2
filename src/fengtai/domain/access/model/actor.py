"""Who is acting, as far as a decision and an audit line need it."""

from dataclasses import dataclass
from typing import Any

from fengtai.domain.access.model.permissions import Permission, Role
from fengtai.domain.access.model.places import Place
from fengtai.domain.access.model.rights import NO_RIGHTS, Decision, NotAllowed, Reach, Rights
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.vocabulary.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is acting. `permissions` is what is held anywhere; a token may hold fewer than its person, never more."""

    user_id: str
    name: str
    """as colleagues read it"""
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    rights: Rights = NO_RIGHTS
    """where each permission holds; without it nothing that has a place is reached"""
    session_id: str = ""
    source_ip: str = ""
    post: str = ""
    """duty post chosen at sign-in"""

    def decide(self, permission: Permission, place: Place | None = None) -> Decision:
        decision = self.rights.decide(permission, place)
        return decision if permission in self.permissions else decision._replace(allowed=False, grants=())

    def may(self, permission: Permission, place: Place | None = None) -> bool:
        """Without a place: anywhere at all, which opens a route and nothing behind it."""
        if place is None:
            return permission in self.permissions
        return permission in self.permissions and self.rights.decide(permission, place).allowed

    def require(self, permission: Permission, place: Place | None = None) -> None:
        """Raise NotAllowed, whose words say which right is missing where, and who can give it."""
        decision = self.decide(permission, place)
        if not decision.allowed:
            raise NotAllowed(decision)

    def must_see(self, permission: Permission, place: Place, unknown: NotFound) -> None:
        """Raise `unknown` for what lies out of reach: whoever may not see a thing is not told that it is there."""
        if not self.may(permission, place):
            raise unknown

    def must_do(self, permission: Permission, place: Place, *, see: Permission, unknown: NotFound) -> None:
        """Raise `unknown` when they may not even see it, NotAllowed when they may see it but not do this with it."""
        if not self.may(permission, place):
            self.must_see(see, place, unknown)
            self.require(permission, place)

    def may_in(self, permission: str, organisation_id: str, area_code: str) -> bool:
        """For organisations, which lie below access (`organisations.ports.Visitor`)."""
        return self.may(Permission(permission), Place(organisation_id, area_code))

    def require_in(self, permission: str, organisation_id: str, area_code: str) -> None:
        self.require(Permission(permission), Place(organisation_id, area_code))

    def reach(self, permission: Permission) -> Reach:
        """Where it holds, for stores that list: `reach.condition(columns...)`."""
        return self.rights.reach(permission) if permission in self.permissions else Reach()

    def entry(
        self,
        action: str,
        object: str,
        outcome: Outcome = Outcome.DONE,
        *,
        act: str = "",
        purpose: str = "",
        **details: Any,
    ) -> AuditEntry:
        """An audit line of this person's act."""
        return AuditEntry(
            actor=f"user:{self.user_id}",
            action=action,
            object=object,
            outcome=outcome,
            act=act,
            session=self.session_id,
            source_ip=self.source_ip,
            role=",".join(sorted(role.value for role in self.roles)),
            purpose=purpose,
            post=self.post,
            details=details,
        )
