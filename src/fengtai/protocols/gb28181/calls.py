"""The platform's calls: INVITE for live play, its ACK, and a BYE that always comes (GB/T 28181-2022 section 9.2).

One call is one stream, named by its Call-ID, never by its SSRC. The ACK waits until the shell has kept the call, so that
no device ever sends for a call that a crash made us forget. Once a device may have begun to send, the call ends only by
its BYE, by our confirmed BYE (200 or 481), or after a day of silence.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence

from fengtai.protocols.gb28181 import quirks
from fengtai.protocols.gb28181.call import Call, CallState, KeptCall, Offer, kept, kept_early, restored
from fengtai.protocols.gb28181.events import (
    CallOver,
    PlatformEvent,
    PlayAnswered,
    PlayEnded,
    PlayFailed,
    PlayTrying,
)
from fengtai.protocols.gb28181.offers import private_encoding
from fengtai.protocols.sdp import parse_session
from fengtai.protocols.sip import Header, Peer, Request, Response, SipEndpoint, caller_dialog
from fengtai.vocabulary.errors import Malformed, TooMany

ANSWER_SECONDS = 18.0
BYE_PAUSE_SECONDS = 30.0
MOST_BYES = 20
LOST_SECONDS = 86_400.0
HELD_SECONDS = 600.0
"""how long the port and the SSRC of a call whose end nobody confirms are kept from others"""
MOST_FORMS_REMEMBERED = 20_000


class Calls:
    """`place` tells where a device is reached now (None: offline), `contact` how a peer reaches us."""

    def __init__(self, sip: SipEndpoint, place: Callable[[str], Peer | None], contact: Callable[[Peer], str]) -> None:
        self._sip, self._place, self._contact = sip, place, contact
        self._by_id: dict[str, Call] = {}
        self._by_branch: dict[str, str] = {}
        self._of_device: dict[str, set[str]] = {}
        self._taken: OrderedDict[str, str] = OrderedDict()
        """form of the session description that a device has taken after it had refused the first"""
        self._events: list[PlatformEvent] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def busy(self) -> int:
        """Calls that are being worked at: those that wait for an absent device are left out."""
        return sum(1 for call in self._by_id.values() if not _parked(call))

    def get(self, call_id: str) -> Call | None:
        return self._by_id.get(call_id)

    def held(self, now: float) -> Collection[Call]:
        """Calls whose end is not confirmed yet: their device may still be sending to their port, with their SSRC."""
        ending = (call for call in self._by_id.values() if call.state is CallState.ENDING)
        return [call for call in ending if now < call.ending_since + HELD_SECONDS]

    def events(self) -> list[PlatformEvent]:
        events, self._events = self._events, []
        return events

    def invite(
        self,
        device_id: str,
        channel_id: str,
        request: Request,
        peer: Peer,
        offers: Sequence[Offer],
        ssrc: int,
        port: int,
        now: float,
    ) -> str:
        """`offers` are tried in this order, beginning with what the device has taken before. Raise TooMany when too many
        requests wait for an answer."""
        taken = self._taken.get(device_id)
        first, *left = sorted(offers, key=lambda one: one.form != taken)
        request.body = first.body
        branch = self._sip.request(request, peer, now)
        call = Call(request.call_id, device_id, channel_id, peer, ssrc, port, now + ANSWER_SECONDS, request, branch)
        call.form, call.offers_left = first.form, tuple(left)
        self._add(call)
        self._by_branch[branch] = call.call_id
        return call.call_id

    def restore(self, kept_call: KeptCall, now: float) -> None:
        """A call of before a crash: tell the device to stop, now if it is there, else when it registers."""
        if kept_call.call_id not in self._by_id:
            call = restored(kept_call, now)
            self._add(call)
            self._bye(call, now)

    def early(self, call_id: str) -> KeptCall | None:
        """What is to be kept of a call that has not been answered yet; None: it is over, or answered already."""
        call = self._by_id.get(call_id)
        if call is None or call.invite is None or call.dialog is not None:
            return None
        return kept_early(call, call.invite)

    def acknowledge(self, call_id: str, now: float) -> None:
        """The call is kept: the device gets its ACK, and sends."""
        call = self._by_id.get(call_id)
        if call is not None and call.state is CallState.ANSWERED:
            call.state, call.deadline = CallState.TALKING, float("inf")
            self._ack(call, now)

    def hang_up(self, call_id: str, now: float) -> None:
        """The stream is not wanted any more. Unknown calls are over already."""
        call = self._by_id.get(call_id)
        if call is None:
            return
        if call.state is CallState.INVITING:
            self._give_up(call, now)
        elif call.state is CallState.ANSWERED:
            self._ack(call, now)
            self._end(call, now)
        elif call.state is CallState.TALKING:
            self._end(call, now)

    def take_response(self, branch: str, response: Response, peer: Peer, now: float) -> None:
        call_id = self._by_branch.get(branch) or response.call_id
        call = self._by_id.get(call_id)
        if call is None:
            if response.cseq_method == "INVITE" and 200 <= response.status < 300:
                self._stray(response, peer, now)
        elif response.cseq_method == "BYE":
            if response.status >= 200:
                self._after_bye(call, response.status, branch, now)
        elif response.cseq_method == "INVITE":
            self._take_answer(call, response, now)

    def take_bye(self, request: Request) -> bool:
        """A BYE of the device; False when there is no such call (answer 481)."""
        call = self._by_id.get(request.call_id)
        if call is None:
            return False
        told = call.state in (CallState.TALKING, CallState.ANSWERED)
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
        elif call.dialog is None:
            self._forget(call)
        return True

    def device_gone(self, device_id: str, now: float) -> None:
        """The device is offline: what runs is over; the BYE waits a day for its return."""
        for call in self._calls_of(device_id):
            if call.state is CallState.INVITING:
                self._events.append(_failed(call, 480, *quirks.OFFLINE))
                self._give_up(call, now)
            elif call.state in (CallState.ANSWERED, CallState.TALKING):
                call.ending_since = now
                self._park(call, now)
                self._events.append(PlayEnded(call_id=call.call_id, by_device=True, cause=quirks.OFFLINE[0]))

    def device_back(self, device_id: str, now: float) -> None:
        """It registered again: confirm the end of calls that we could not end."""
        for call in self._calls_of(device_id):
            if call.state is CallState.ENDING:
                call.byes = 0
                self._bye(call, now)

    def next_deadline(self) -> float | None:
        return min((one.deadline for one in self._by_id.values()), default=None)

    def pass_time(self, now: float) -> None:
        for call in [one for one in self._by_id.values() if one.deadline <= now]:
            if call.state is CallState.INVITING:
                self._events.append(_failed(call, 408, *quirks.SILENT))
                self._give_up(call, now)
                if not call.provisional:  # it has heard nothing: not worth keeping; a late yes is heeded all the same
                    self._events.append(CallOver(call_id=call.call_id))
            elif call.state is CallState.ENDING and not _parked(call):
                self._bye(call, now)
            elif call.state is CallState.ANSWERED:
                self._refuse_answer(
                    call, "the call could not be kept in time", "Look for database errors in the log.", now
                )
            else:
                self._forget(call)

    # -- inside --------------------------------------------------------------------------------------------------

    def _take_answer(self, call: Call, response: Response, now: float) -> None:
        if response.status < 200:
            if not call.provisional and call.state is CallState.GIVEN_UP:
                self._cancel(call, now)
            call.provisional = True
            if call.state is CallState.INVITING:
                self._events.append(PlayTrying(call_id=call.call_id, status=response.status))
        elif response.status < 300:
            self._take_success(call, response, now)
        elif call.state is CallState.INVITING:
            if response.status not in quirks.DISLIKES_OFFER or not self._offer_otherwise(call, response.status, now):
                self._fail(call, response.status, *quirks.refusal(response.status, response.reason))
        elif call.state is CallState.GIVEN_UP:
            self._forget(call)

    def _offer_otherwise(self, call: Call, status: int, now: float) -> bool:
        """Once more, in the same call with the next CSeq (RFC 3261 section 8.1.3.5); False when all forms were tried."""
        if not call.offers_left or call.invite is None or call.peer is None:
            return False
        offer, *left = call.offers_left
        headers = [(name, value) for name, value in call.invite.headers if name not in ("via", "cseq")]
        again = Request("INVITE", call.invite.uri, [*headers, ("cseq", f"{call.invite.cseq + 1} INVITE")], offer.body)
        try:
            branch = self._sip.request(again, self._place(call.device_id) or call.peer, now)
        except TooMany:
            return False
        self._by_branch.pop(call.branch, None)
        call.invite, call.branch, call.provisional = again, branch, False
        call.form, call.offers_left = offer.form, tuple(left)
        call.deadline = now + ANSWER_SECONDS
        self._by_branch[branch] = call.call_id
        note = f"offered once more in the {offer.form} form"
        self._events.append(PlayTrying(call_id=call.call_id, status=status, note=note))
        return True

    def _remember_form(self, call: Call) -> None:
        if call.invite is not None and call.invite.cseq > 1:
            self._taken[call.device_id] = call.form
            if len(self._taken) > MOST_FORMS_REMEMBERED:
                self._taken.popitem(last=False)

    def _take_success(self, call: Call, response: Response, now: float) -> None:
        if call.invite is None:
            self._adopt(call, response, now)
            return
        if call.dialog is not None:
            if call.state is not CallState.ANSWERED:
                self._ack(call, now)  # a repeated 200 wants its ACK again, nothing else
            return
        call.dialog = caller_dialog(call.invite, response)
        self._remember_form(call)
        if call.state is CallState.GIVEN_UP:
            self._ack(call, now)
            self._end(call, now)
            return
        try:
            session = parse_session(response.body)
            private = private_encoding(session)
        except Malformed as error:
            self._refuse_answer(
                call, f"the device's answer cannot be read: {error.what}", "Switch the device between TCP and UDP.", now
            )
            return
        if private:
            fix = "Choose the standard GB/T 28181 (PS) stream in the device's pages."
            self._refuse_answer(call, f"the device sends its private format {private}", fix, now)
            return
        call.state, call.deadline = CallState.ANSWERED, now + ANSWER_SECONDS
        media = session.first("video")
        ssrc = call.ssrc if session.ssrc is None else session.ssrc
        note = f"the device chose SSRC {ssrc:010d}" if ssrc != call.ssrc else ""
        host = session.address_of(media) if media else session.address
        port = media.port if media else 0
        call.ssrc = ssrc
        self._events.append(
            PlayAnswered(
                call_id=call.call_id,
                ssrc=ssrc,
                host=host,
                port=port,
                note=note,
                keep=kept(call, call.dialog),
                peer_host=call.peer.host if call.peer else "",
            )
        )

    def _refuse_answer(self, call: Call, cause: str, fix: str, now: float) -> None:
        self._events.append(_failed(call, 200, cause, fix))
        self._ack(call, now)
        self._end(call, now)

    def _adopt(self, call: Call, response: Response, now: float) -> None:
        """A yes to an INVITE of before a crash: only now it is known how the device names the dialog. ACK, and BYE in it."""
        lost = Request("INVITE", "", [(name, response.header(name)) for name in ("from", "to", "call-id", "cseq")])
        dialog = caller_dialog(lost, response)
        peer = self._place(call.device_id) or call.peer
        if call.dialog is None or not dialog.target or peer is None:
            return
        self._sip.request(dialog.request("ACK", [], cseq=lost.cseq), peer, now)
        if dialog.remote != call.dialog.remote:
            dialog.local_cseq = call.dialog.local_cseq
            call.dialog, call.byes = dialog, 0
            self._bye(call, now)

    def _stray(self, response: Response, peer: Peer, now: float) -> None:
        """A device agreed to a call that we do not know: we were restarted in between. ACK and BYE, so that it stops."""
        lost = Request("INVITE", "", [(name, response.header(name)) for name in ("from", "to", "call-id", "cseq")])
        dialog = caller_dialog(lost, response)
        if dialog.target:
            self._sip.request(dialog.request("ACK", [], cseq=lost.cseq), peer, now)
            self._sip.request(dialog.request("BYE", [("contact", self._contact(peer))]), peer, now)

    def _ack(self, call: Call, now: float) -> None:
        peer = self._place(call.device_id) or call.peer
        if call.dialog is not None and call.invite is not None and peer is not None:
            self._sip.request(call.dialog.request("ACK", [], cseq=call.invite.cseq), peer, now)

    def _give_up(self, call: Call, now: float) -> None:
        call.state, call.deadline = CallState.GIVEN_UP, now + 200.0
        if call.provisional:
            self._cancel(call, now)

    def _cancel(self, call: Call, now: float) -> None:
        if call.invite is not None and call.peer is not None:
            self._sip.cancel(call.invite, call.peer, now)

    def _end(self, call: Call, now: float) -> None:
        call.ending_since = now
        self._bye(call, now)

    def _bye(self, call: Call, now: float) -> None:
        if call.dialog is None:
            self._forget(call)
            return
        peer = self._place(call.device_id) or call.peer
        if peer is None or call.byes >= MOST_BYES:
            self._park(call, now)
            return
        call.state, call.byes = CallState.ENDING, call.byes + 1
        call.deadline = now + 60.0
        headers: list[Header] = [("contact", self._contact(peer))]
        self._by_branch.pop(call.bye_branch, None)
        try:
            call.bye_branch = self._sip.request(call.dialog.request("BYE", headers), peer, now)
        except TooMany:
            call.deadline = now + BYE_PAUSE_SECONDS
            return
        self._by_branch[call.bye_branch] = call.call_id

    def _park(self, call: Call, now: float) -> None:
        """Nobody answers: the BYE waits for the device to register again, a day at most."""
        call.state, call.deadline, call.byes = CallState.ENDING, now + LOST_SECONDS, MOST_BYES + 1

    def _after_bye(self, call: Call, status: int, branch: str, now: float) -> None:
        if branch != call.bye_branch:
            return
        if 200 <= status < 300 or status in (404, 481):
            self._forget(call)
            self._events.append(PlayEnded(call_id=call.call_id, by_device=False, cause="stopped"))
        else:
            call.deadline = now + BYE_PAUSE_SECONDS

    def _add(self, call: Call) -> None:
        self._by_id[call.call_id] = call
        self._of_device.setdefault(call.device_id, set()).add(call.call_id)

    def _calls_of(self, device_id: str) -> list[Call]:
        return [self._by_id[call_id] for call_id in sorted(self._of_device.get(device_id, ()))]

    def _fail(self, call: Call, status: int, cause: str, fix: str) -> None:
        self._forget(call)
        self._events.append(_failed(call, status, cause, fix))

    def _forget(self, call: Call) -> None:
        if self._by_id.pop(call.call_id, None) is not None:
            others = self._of_device[call.device_id]
            others.discard(call.call_id)
            if not others:
                del self._of_device[call.device_id]
        self._by_branch.pop(call.branch, None)
        self._by_branch.pop(call.bye_branch, None)
        self._events.append(CallOver(call_id=call.call_id))


def _parked(call: Call) -> bool:
    return call.byes > MOST_BYES


def _failed(call: Call, status: int, cause: str, fix: str) -> PlayFailed:
    return PlayFailed(call_id=call.call_id, status=status, cause=cause, fix=fix)
