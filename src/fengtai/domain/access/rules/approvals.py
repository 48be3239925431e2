"""When a second person is needed, and who may be that person. Pure.

Four eyes after the charter of the platform: whoever agrees is another human being, with the right to, and not one whose
password the asking side may know.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from fengtai.domain.access.model import Actor, Approval, ApprovalState, ApprovedAct, KeptPassword, Permission
from fengtai.domain.access.rules.granting import rules_the_city
from fengtai.vocabulary.errors import Conflict, Forbidden

APPROVAL_HOURS = 24
"""a request that nobody has decided, or nobody has made use of, is over"""
MOST_WAITING = 20
"""of one person at a time"""
SET_BY_OTHER_HOURS = 24
"""who resets a colleague's password could sign in as them and agree with themselves: until the colleague has had a day to
notice, that account approves nothing"""


def check_decider(approval: Approval, by: Actor, kept: Iterable[KeptPassword], now: datetime) -> None:
    """Raise Forbidden unless this person may decide; the place has been asked for already."""
    if by.user_id == approval.asked_by:
        raise Forbidden("nobody approves what they asked for themselves")
    if approval.act is ApprovedAct.GIVE_GUARDIAN and not rules_the_city(by):
        raise Forbidden("this is approved by an administrator of the whole city")
    if approval.act is ApprovedAct.EXPORT_CLIP:
        by.require(Permission.PLAYBACK_SEE, approval.place)
    since = now - timedelta(hours=SET_BY_OTHER_HOURS)
    if any(one.by_other and one.set_at > since for one in kept):
        raise Forbidden("somebody else set your password within the last day: let a third person decide")


def check_open(approval: Approval, now: datetime) -> None:
    """Raise Conflict when it was decided already, or its time is over."""
    if approval.state is not ApprovalState.WAITING:
        decided = f" by {approval.decided_by_name}" if approval.decided_by_name else ""
        raise Conflict(f"this request is {approval.state.value} already{decided}")
    if approval.expires_at <= now:
        raise Conflict("the time of this request is over; it has to be asked again")
