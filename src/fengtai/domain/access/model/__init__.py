"""People, roles, permissions, sessions; and the marker that every route carries.

Owns: who somebody is and what a role may do. Must not know: routes, tables, how a session travels in a cookie.
"""

from fengtai.domain.access.model.actor import Actor
from fengtai.domain.access.model.api_tokens import SESSION_PREFIX, TOKEN_PREFIX, ApiToken
from fengtai.domain.access.model.approvals import Approval, ApprovalChanged, ApprovalState, ApprovedAct
from fengtai.domain.access.model.grants import Effect, Grant, GrantTerms, RightsChanged
from fengtai.domain.access.model.keys import (
    Challenge,
    Due,
    KeptPassword,
    KeysChanged,
    Passkey,
    PasskeySite,
    Task,
    Totp,
)
from fengtai.domain.access.model.people import Person, PersonChanged
from fengtai.domain.access.model.permissions import (
    WITHOUT_PLACE,
    Permission,
    Role,
    needs,
    public,
    signed_in,
)
from fengtai.domain.access.model.places import NO_TREE, OrganisationTree, Place, area_prefix
from fengtai.domain.access.model.policy import AccessPolicy, PasswordProfile, SetupCheck
from fengtai.domain.access.model.providers import IdentityProvider, LinkedIdentity
from fengtai.domain.access.model.purposes import NEEDS_NUMBER, Purpose, StatedPurpose
from fengtai.domain.access.model.rights import NO_RIGHTS, Decision, Ground, NotAllowed, Reach, Rights, unlimited
from fengtai.domain.access.model.sessions import PersonSignedIn, Session, SessionEnded, Throttle

__all__ = [
    "NEEDS_NUMBER",
    "NO_RIGHTS",
    "NO_TREE",
    "SESSION_PREFIX",
    "TOKEN_PREFIX",
    "WITHOUT_PLACE",
    "AccessPolicy",
    "Actor",
    "ApiToken",
    "Approval",
    "ApprovalChanged",
    "ApprovalState",
    "ApprovedAct",
    "Challenge",
    "Decision",
    "Due",
    "Effect",
    "Grant",
    "GrantTerms",
    "Ground",
    "IdentityProvider",
    "KeptPassword",
    "KeysChanged",
    "LinkedIdentity",
    "NotAllowed",
    "OrganisationTree",
    "Passkey",
    "PasskeySite",
    "PasswordProfile",
    "Permission",
    "Person",
    "PersonChanged",
    "PersonSignedIn",
    "Place",
    "Purpose",
    "Reach",
    "Rights",
    "RightsChanged",
    "Role",
    "Session",
    "SessionEnded",
    "SetupCheck",
    "StatedPurpose",
    "Task",
    "Throttle",
    "Totp",
    "area_prefix",
    "needs",
    "public",
    "signed_in",
    "unlimited",
]
