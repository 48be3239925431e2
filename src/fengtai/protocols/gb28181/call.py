"""One call of the platform as a value: where it stands, and what of it must outlive a crash."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from fengtai.protocols.sip import Dialog, Peer, Request


class CallState(Enum):
    INVITING = "inviting"
    GIVEN_UP = "given-up"
    """not wanted any more while no final answer has come: a late 200 gets ACK and BYE"""
    ANSWERED = "answered"
    """the device agreed; its ACK waits until the shell has kept the call durably"""
    TALKING = "talking"
    ENDING = "ending"


class Offer(NamedTuple):
    """A session description, and the name of its form."""

    form: str
    body: bytes


@dataclass(slots=True)
class Call:
    call_id: str
    device_id: str
    channel_id: str
    peer: Peer | None
    """where the INVITE went; None for a call of before a restart"""
    ssrc: int
    port: int
    """our receiver's"""
    deadline: float
    invite: Request | None = None
    branch: str = ""
    form: str = ""
    """of the session description that it was asked with"""
    offers_left: tuple[Offer, ...] = ()
    """how to ask again when the device dislikes that form"""
    state: CallState = CallState.INVITING
    provisional: bool = False
    dialog: Dialog | None = None
    byes: int = 0
    bye_branch: str = ""
    ending_since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """What is needed to end a call after a crash (RFC 3261 section 12): the dialog, and which port and SSRC it holds."""

    call_id: str
    device_id: str
    channel_id: str
    local: str
    """our From value, tag included"""
    remote: str
    """their To value; some devices give no tag"""
    target: str
    """their Contact: Request-URI of the BYE"""
    route: tuple[str, ...]
    cseq: int
    port: int
    ssrc: int


def kept(call: Call, dialog: Dialog) -> KeptCall:
    return KeptCall(
        call_id=call.call_id,
        device_id=call.device_id,
        channel_id=call.channel_id,
        local=dialog.local,
        remote=dialog.remote,
        target=dialog.target,
        route=dialog.route,
        cseq=dialog.local_cseq,
        port=call.port,
        ssrc=call.ssrc,
    )


def kept_early(call: Call, invite: Request) -> KeptCall:
    """Of a call that was asked for and not answered: after a crash the device may still say yes, and send."""
    return KeptCall(
        call_id=call.call_id,
        device_id=call.device_id,
        channel_id=call.channel_id,
        local=invite.header("from"),
        remote=invite.header("to"),
        target=invite.uri,
        route=(),
        cseq=invite.cseq,
        port=call.port,
        ssrc=call.ssrc,
    )


def restored(kept_call: KeptCall, now: float) -> Call:
    """A call of before a restart: nobody wants it, all that is left is its BYE. The CSeq goes well past whatever was
    sent in the dialog before the crash."""
    dialog = Dialog(
        call_id=kept_call.call_id,
        local=kept_call.local,
        remote=kept_call.remote,
        target=kept_call.target,
        route=kept_call.route,
        local_cseq=kept_call.cseq + 100,
    )
    return Call(
        call_id=kept_call.call_id,
        device_id=kept_call.device_id,
        channel_id=kept_call.channel_id,
        peer=None,
        ssrc=kept_call.ssrc,
        port=kept_call.port,
        deadline=now,
        state=CallState.ENDING,
        dialog=dialog,
        ending_since=now,
    )
