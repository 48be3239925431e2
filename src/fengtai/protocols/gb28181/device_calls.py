"""The device's side of a call: an INVITE that waits for a yes, its ACK, and the BYE of either side."""

from collections.abc import Callable
from dataclasses import dataclass

from fengtai.protocols.gb28181.events import DeviceEvent, StreamAcknowledged, StreamEnded, StreamWanted
from fengtai.protocols.gb28181.identity import DeviceIdentity
from fengtai.protocols.gb28181.offers import play_answer, read_offer
from fengtai.protocols.sdp import Media, Session
from fengtai.protocols.sip import Dialog, Header, Peer, Request, SipEndpoint, called_dialog, user_of
from fengtai.vocabulary.errors import Malformed

MOST_CALLS = 1_000
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, PATIENCE_SECONDS = 0.5, 4.0, 32.0
"""T1, T2 and 64 T1: how the 200 is repeated until its ACK (RFC 3261 section 13.3.1.4)"""


@dataclass(slots=True)
class _Call:
    invite: Request
    peer: Peer
    channel_id: str
    offer: Session
    local_tag: str
    dialog: Dialog | None = None
    acknowledged: bool = False
    repeat_at: float = float("inf")
    pause: float = FIRST_PAUSE_SECONDS
    give_up_at: float = float("inf")
    byes_unheard: int = 0


class DeviceCalls:
    def __init__(self, identity: DeviceIdentity, sip: SipEndpoint, contact: str, token: Callable[[], str]) -> None:
        self._identity, self._sip, self._contact, self._token = identity, sip, contact, token
        self._by_id: dict[str, _Call] = {}
        self._events: list[DeviceEvent] = []

    def events(self) -> list[DeviceEvent]:
        events, self._events = self._events, []
        return events

    def take(self, request: Request, peer: Peer, now: float) -> None:
        call = self._by_id.get(request.call_id)
        if request.method == "INVITE":
            self._invite(request, peer, now)
        elif request.method == "ACK":
            if call is not None and not call.acknowledged and call.dialog is not None:
                call.acknowledged = True
                call.repeat_at = call.give_up_at = float("inf")
                self._events.append(StreamAcknowledged(call_id=request.call_id))
                if self._identity.faults.invites_again:
                    self._sip.request(call.dialog.request("INVITE", [("contact", self._contact)]), peer, now)
        elif request.method == "BYE":
            if call is not None and call.byes_unheard < self._identity.faults.passes_over_byes:
                call.byes_unheard += 1
                return
            self._sip.respond(request, peer, 200 if call else 481, now)
            self._end(request.call_id)
        elif call is not None and call.dialog is None:
            self._sip.respond(request, peer, 200, now)
            self._sip.respond(call.invite, call.peer, 487, now)
            self._end(request.call_id)
        else:
            self._sip.respond(request, peer, 481 if call is None else 200, now)

    def accept(self, call_id: str, *, host: str, port: int, now: float) -> None:
        call = self._by_id.get(call_id)
        if call is None or call.dialog is not None:
            return
        call.dialog = called_dialog(call.invite, call.local_tag)
        body = play_answer(
            call.offer, user=call.channel_id, host=host, port=port, payload=self._identity.faults.answers_as
        )
        headers: list[Header] = [("contact", self._contact), ("content-type", "APPLICATION/SDP")]
        self._sip.respond(call.invite, call.peer, 200, now, headers=headers, body=body, to_tag=call.local_tag)
        call.give_up_at = now + PATIENCE_SECONDS
        if call.peer.transport == "udp":
            call.repeat_at = now + call.pause

    def decline(self, call_id: str, status: int, now: float) -> None:
        call = self._by_id.pop(call_id, None)
        if call is not None:
            self._sip.respond(call.invite, call.peer, status, now, to_tag=call.local_tag)

    def end(self, call_id: str, server: Peer, now: float) -> None:
        call = self._by_id.pop(call_id, None)
        if call is not None and call.dialog is not None:
            self._sip.request(call.dialog.request("BYE", [("contact", self._contact)]), server, now)

    def next_deadline(self) -> float:
        return min((min(one.repeat_at, one.give_up_at) for one in self._by_id.values()), default=float("inf"))

    def pass_time(self, now: float) -> None:
        for call_id, call in list(self._by_id.items()):
            if call.give_up_at <= now:
                self.end(call_id, call.peer, now)
                self._events.append(StreamEnded(call_id=call_id))
            elif call.repeat_at <= now:
                self._sip.repeat_answer(call.invite, call.peer)
                call.pause = min(call.pause * 2, LONGEST_PAUSE_SECONDS)
                call.repeat_at = now + call.pause

    def _invite(self, request: Request, peer: Peer, now: float) -> None:
        channel_id = user_of(request.uri) or user_of(request.header("to"))
        known = {channel.id for channel in self._identity.channels}
        if channel_id not in known:
            self._sip.respond(request, peer, 404, now)
            return
        if request.to_tag or len(self._by_id) >= MOST_CALLS:
            self._sip.respond(request, peer, 488 if request.to_tag else 486, now)
            return
        try:
            offer, media = read_offer(request.body)
        except Malformed:
            self._sip.respond(request, peer, 488, now)
            return
        faults = self._identity.faults
        if len(media.formats) > faults.most_payloads_offered or not set(faults.wants_offered) <= set(media.formats):
            self._sip.respond(request, peer, 488 if faults.wants_offered else 415, now)
            return
        call = _Call(request, peer, channel_id, offer, self._token())
        self._by_id[request.call_id] = call
        self._sip.respond(request, peer, 100, now)
        self._events.append(
            StreamWanted(
                call_id=request.call_id,
                channel_id=channel_id,
                host=offer.address_of(media),
                port=media.port,
                transport=_transport(media),
                ssrc=offer.ssrc or 0,
                stream_number=_stream_number(media, faults.chooses_stream_by),
            )
        )

    def _end(self, call_id: str) -> None:
        if self._by_id.pop(call_id, None) is not None:
            self._events.append(StreamEnded(call_id=call_id))


def _transport(media: Media) -> str:
    if not media.is_tcp:
        return "udp"
    return "tcp-listen" if media.attribute("setup") == "active" else "tcp"


def _stream_number(media: Media, attribute: str) -> int:
    """1 for the sub-stream; 0 too when the device is not told in a way that it understands."""
    told = media.attribute(attribute.lower()) or ""
    if told.isdigit() and len(told) < 3:
        return int(told)
    return int(told.lower() == "sub")
