"""The platform's calls: INVITE for live play, its ACK, and a BYE that always comes (GB/T 28181-2022 section 9.2).

One call is one stream, named by its Call-ID, never by its SSRC. Once a device may have begun to send, the call ends only
by its BYE, by our confirmed BYE (200 or 481), or after so many unanswered ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from fengtai.protocols.gb28181 import quirks
from fengtai.protocols.gb28181.events import (
    PlatformEvent,
    PlayAnswered,
    PlayEnded,
    PlayFailed,
    PlayTrying,
)
from fengtai.protocols.gb28181.offers import private_encoding
from fengtai.protocols.sdp import parse_session
from fengtai.protocols.sip import Dialog, Header, Peer, Request, Response, SipEndpoint, caller_dialog
from fengtai.vocabulary.errors import Malformed

ANSWER_SECONDS = 18.0
BYE_PAUSE_SECONDS = 30.0
MOST_BYES = 20
LOST_SECONDS = 86_400.0


class CallState(Enum):
    INVITING = "inviting"
    GIVEN_UP = "given-up"
    """not wanted any more while no final answer has come: a late 200 gets ACK and BYE"""
    TALKING = "talking"
    ENDING = "ending"


@dataclass(slots=True)
class Call:
    call_id: str
    device_id: str
    channel_id: str
    invite: Request
    peer: Peer
    branch: str
    ssrc: int
    deadline: float
    state: CallState = CallState.INVITING
    provisional: bool = False
    dialog: Dialog | None = None
    byes: int = 0
    bye_branch: str = ""


class Calls:
    """`place` tells where a device is reached now (None: offline)."""

    def __init__(self, sip: SipEndpoint, place: Callable[[str], Peer | None], contact: str) -> None:
        self._sip, self._place, self._contact = sip, place, contact
        self._by_id: dict[str, Call] = {}
        self._by_branch: dict[str, str] = {}
        self._events: list[PlatformEvent] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, call_id: str) -> Call | None:
        return self._by_id.get(call_id)

    def events(self) -> list[PlatformEvent]:
        events, self._events = self._events, []
        return events

    def invite(self, device_id: str, channel_id: str, request: Request, peer: Peer, ssrc: int, now: float) -> str:
        branch = self._sip.request(request, peer, now)
        call = Call(request.call_id, device_id, channel_id, request, peer, branch, ssrc, now + ANSWER_SECONDS)
        self._by_id[call.call_id] = call
        self._by_branch[branch] = call.call_id
        return call.call_id

    def hang_up(self, call_id: str, now: float) -> None:
        """The stream is not wanted any more. Unknown calls are over already."""
        call = self._by_id.get(call_id)
        if call is None:
            return
        if call.state is CallState.INVITING:
            self._give_up(call, now)
        elif call.state is CallState.TALKING:
            self._bye(call, now)

    def take_response(self, branch: str, response: Response, now: float) -> None:
        call_id = self._by_branch.get(branch) or response.call_id
        call = self._by_id.get(call_id)
        if call is None:
            return
        if response.cseq_method == "BYE":
            if response.status >= 200:
                self._after_bye(call, response.status, branch, now)
        elif response.cseq_method == "INVITE":
            self._take_answer(call, response, now)

    def take_bye(self, request: Request) -> bool:
        """A BYE of the device; False when there is no such call (answer 481)."""
        call = self._by_id.get(request.call_id)
        if call is None:
            return False
        told = call.state is CallState.TALKING
        self._forget(call)
        if told:
            self._events.append(PlayEnded(call_id=call.call_id, by_device=True, cause="the device ended the stream"))
        return True

    def take_timeout(self, branch: str, now: float) -> bool:
        """Nobody answered a request of ours; True when it belonged to a call."""
        call = self._by_id.get(self._by_branch.get(branch, ""))
        if call is None:
            return False
        if branch == call.bye_branch:
            call.deadline = now + BYE_PAUSE_SECONDS
        elif call.state is CallState.INVITING:
            self._fail(call, 408, *quirks.SILENT)
        else:
            self._forget(call)
        return True

    def device_gone(self, device_id: str, now: float) -> None:
        """The device is offline: what runs is over; the BYE waits a day for its return."""
        for call in [one for one in self._by_id.values() if one.device_id == device_id]:
            if call.state is CallState.INVITING:
                self._events.append(_failed(call, 480, *quirks.OFFLINE))
                self._give_up(call, now)
            elif call.state is CallState.TALKING:
                call.state, call.deadline, call.byes = CallState.ENDING, now + LOST_SECONDS, MOST_BYES
                self._events.append(PlayEnded(call_id=call.call_id, by_device=True, cause=quirks.OFFLINE[0]))

    def device_back(self, device_id: str, now: float) -> None:
        """It registered again: confirm the end of calls that we could not end."""
        for call in [one for one in self._by_id.values() if one.device_id == device_id]:
            if call.state is CallState.ENDING and call.byes:
                call.byes = 0
                self._bye(call, now)

    def next_deadline(self) -> float | None:
        return min((one.deadline for one in self._by_id.values()), default=None)

    def pass_time(self, now: float) -> None:
        for call in [one for one in self._by_id.values() if one.deadline <= now]:
            if call.state is CallState.INVITING:
                self._events.append(_failed(call, 408, *quirks.SILENT))
                self._give_up(call, now)
            elif call.state is CallState.ENDING and call.byes < MOST_BYES:
                self._bye(call, now)
            else:
                self._forget(call)

    # -- inside --------------------------------------------------------------------------------------------------

    def _take_answer(self, call: Call, response: Response, now: float) -> None:
        if response.status < 200:
            if not call.provisional and call.state is CallState.GIVEN_UP:
                self._sip.cancel(call.invite, call.peer, now)
            call.provisional = True
            if call.state is CallState.INVITING:
                self._events.append(PlayTrying(call_id=call.call_id, status=response.status))
        elif response.status >= 300:
            if call.state is CallState.INVITING:
                self._fail(call, response.status, *quirks.refusal(response.status, response.reason))
            elif call.state is CallState.GIVEN_UP:
                self._forget(call)
        else:
            self._take_success(call, response, now)

    def _take_success(self, call: Call, response: Response, now: float) -> None:
        first = call.dialog is None
        if call.dialog is None:
            call.dialog = caller_dialog(call.invite, response)
        ack = call.dialog.request("ACK", [], cseq=call.invite.cseq)
        self._sip.request(ack, self._place(call.device_id) or call.peer, now)
        if not first:
            return  # a repeated 200 wants its ACK again, nothing else
        if call.state is CallState.GIVEN_UP:
            self._bye(call, now)
            return
        try:
            session = parse_session(response.body)
            private = private_encoding(session)
        except Malformed as error:
            self._events.append(
                _failed(call, 200, f"the device's answer cannot be read: {error.what}", "Switch TCP and UDP.")
            )
            self._bye(call, now)
            return
        if private:
            fix = "Choose the standard GB/T 28181 (PS) stream in the device's pages."
            self._events.append(_failed(call, 200, f"the device sends its private format {private}", fix))
            self._bye(call, now)
            return
        call.state, call.deadline = CallState.TALKING, float("inf")
        media = session.first("video")
        ssrc = call.ssrc if session.ssrc is None else session.ssrc
        note = f"the device chose SSRC {ssrc:010d}" if ssrc != call.ssrc else ""
        host = session.address_of(media) if media else session.address
        port = media.port if media else 0
        self._events.append(PlayAnswered(call_id=call.call_id, ssrc=ssrc, host=host, port=port, note=note))

    def _give_up(self, call: Call, now: float) -> None:
        call.state, call.deadline = CallState.GIVEN_UP, now + 200.0
        if call.provisional:
            self._sip.cancel(call.invite, call.peer, now)

    def _bye(self, call: Call, now: float) -> None:
        if call.dialog is None:
            self._forget(call)
            return
        call.state, call.byes = CallState.ENDING, call.byes + 1
        call.deadline = now + 60.0
        headers: list[Header] = [("contact", self._contact)]
        self._by_branch.pop(call.bye_branch, None)
        peer = self._place(call.device_id) or call.peer
        call.bye_branch = self._sip.request(call.dialog.request("BYE", headers), peer, now)
        self._by_branch[call.bye_branch] = call.call_id

    def _after_bye(self, call: Call, status: int, branch: str, now: float) -> None:
        if branch != call.bye_branch:
            return
        if 200 <= status < 300 or status in (404, 481):
            self._forget(call)
            self._events.append(PlayEnded(call_id=call.call_id, by_device=False, cause="stopped"))
        else:
            call.deadline = now + BYE_PAUSE_SECONDS

    def _fail(self, call: Call, status: int, cause: str, fix: str) -> None:
        self._forget(call)
        self._events.append(_failed(call, status, cause, fix))

    def _forget(self, call: Call) -> None:
        self._by_id.pop(call.call_id, None)
        self._by_branch.pop(call.branch, None)
        self._by_branch.pop(call.bye_branch, None)


def _failed(call: Call, status: int, cause: str, fix: str) -> PlayFailed:
    return PlayFailed(call_id=call.call_id, status=status, cause=cause, fix=fix)
