"""Whether a person may be told of an event: the same for consoles and for what is sent out in somebody's name."""

from fengtai.domain.access.model import WITHOUT_PLACE, Actor, ApprovalChanged, Permission, Place, RightsChanged
from fengtai.vocabulary.events import LoggedEvent

_PERMISSIONS = {permission.value: permission for permission in Permission}


def may_be_told(event: LoggedEvent, by: Actor) -> bool:
    """Whether this person may see the thing that the event is of: its permission, in its place. Events of placed things
    that do not tell their place are for those only who serve the whole city. One's own change of rights, and what becomes
    of one's own requests, is one's own."""
    if event.kind == RightsChanged.kind and event.payload.get("user_id") == by.user_id:
        return True
    if event.kind == ApprovalChanged.kind and event.payload.get("asked_by") == by.user_id:
        return True
    permission = _PERMISSIONS.get(event.needs)
    if permission is None or permission not in by.permissions:
        return False
    return permission in WITHOUT_PLACE or by.may(permission, Place.told_by(event.payload))
