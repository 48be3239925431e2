"""What each role may do, and who may have which.

The table of roles is the only source of permissions.
Separation of administrator, auditor and operation: GB/T 22239-2019 (MLPS level 3) 8.1.4.2 and 8.1.5.
"""

from collections.abc import Iterable, Mapping

from fengtai.domain.access.model import Permission, Person, Role
from fengtai.vocabulary.errors import Forbidden, Invalid

_SEES_THE_WORK = frozenset(
    {
        Permission.ALARMS_SEE,
        Permission.INCIDENTS_SEE,
        Permission.LIVE_SEE,
        Permission.PLAYBACK_SEE,
        Permission.POINTS_SEE,
        Permission.DEVICES_SEE,
        Permission.PREMISES_SEE,
        Permission.UNITS_SEE,
        Permission.ORGANISATIONS_SEE,
        Permission.TOKENS_EDIT,
        Permission.SYSTEM_SEE,
    }
)


PERMISSIONS_OF_ROLE: Mapping[Role, frozenset[Permission]] = {
    Role.OPERATOR: _SEES_THE_WORK | {Permission.ALARMS_HANDLE, Permission.INCIDENTS_HANDLE},
    Role.DISPATCHER: _SEES_THE_WORK | {Permission.ALARMS_HANDLE, Permission.INCIDENTS_HANDLE, Permission.UNITS_EDIT},
    Role.ENGINEER: frozenset(
        {
            Permission.ALARMS_SEE,
            Permission.LIVE_SEE,
            Permission.POINTS_SEE,
            Permission.POINTS_EDIT,
            Permission.POINTS_IMPORT,
            Permission.DEVICES_SEE,
            Permission.DEVICES_EDIT,
            Permission.PREMISES_SEE,
            Permission.PREMISES_EDIT,
            Permission.UNITS_SEE,
            Permission.ORGANISATIONS_SEE,
            Permission.TOKENS_EDIT,
            Permission.WEBHOOKS_EDIT,
            Permission.SYSTEM_SEE,
        }
    ),
    # The chief sees all of the work; the record of who looked at what stays with the auditor.
    # A chief gives and takes back within their own place what they hold themselves (rules.granting).
    Role.CHIEF: _SEES_THE_WORK
    | {Permission.UNITS_EDIT, Permission.PEOPLE_SEE, Permission.GRANTS_SEE, Permission.GRANTS_EDIT}
    | {Permission.APPROVALS_DECIDE, Permission.WEBHOOKS_EDIT},
    # Viewing, retrieving and publishing are three acts (product.md E1); who retrieves does not run the desk.
    Role.EVIDENCE_OFFICER: frozenset(
        {
            Permission.ALARMS_SEE,
            Permission.INCIDENTS_SEE,
            Permission.PLAYBACK_SEE,
            Permission.PLAYBACK_EXPORT,
            Permission.EVIDENCE_SEE,
            Permission.EVIDENCE_EDIT,
            Permission.POINTS_SEE,
            Permission.ORGANISATIONS_SEE,
        }
    ),
    Role.AUDITOR: frozenset({Permission.AUDIT_SEE, Permission.PEOPLE_SEE, Permission.GRANTS_SEE}),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.PEOPLE_SEE,
            Permission.PEOPLE_EDIT,
            Permission.GRANTS_SEE,
            Permission.GRANTS_EDIT,
            Permission.APPROVALS_DECIDE,
            Permission.TOKENS_EDIT,
            Permission.WEBHOOKS_EDIT,
            Permission.SYSTEM_SEE,
            Permission.SYSTEM_EDIT,
            Permission.ORGANISATIONS_SEE,
            Permission.ORGANISATIONS_EDIT,
        }
    ),
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """All that these roles may do together; nothing for no role."""
    return frozenset(permission for role in roles for permission in PERMISSIONS_OF_ROLE[role])


def checked_roles(roles: Iterable[Role]) -> frozenset[Role]:
    """Raise Invalid when one person would judge their own acts: the auditor's role stands alone."""
    held = frozenset(roles)
    if not held:
        raise Invalid("a person needs at least one role", field="roles")
    if Role.AUDITOR in held and len(held) > 1:
        raise Invalid("the auditor's role stands alone: nobody may judge their own acts", field="roles")
    return held


def check_change(by_user_id: str, before: Person, after: Person) -> None:
    """Raise Forbidden when people change their own rights."""
    if by_user_id == before.id and (before.roles != after.roles or before.disabled != after.disabled):
        raise Forbidden("nobody may change their own roles or standing; ask another administrator")
    if by_user_id == before.id and before.organisation_id != after.organisation_id:
        raise Forbidden("nobody may move themselves to another organisation; ask another administrator")
