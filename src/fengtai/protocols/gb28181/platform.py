"""The platform role of GB/T 28181: devices register with us, report, and are asked for pictures. Sans-IO.

Owns: the answer to each request of a device, what is asked of it, and when it counts as gone. Must not know: passwords
(the shell looks them up), stores, sockets. Clauses: GB/T 28181-2022 sections 9.1 (register), 9.2 (play), 9.4 (alarm),
9.5 (catalogue), 9.6 (keepalive).
"""

from collections.abc import Callable

from fengtai.protocols.gb28181.asking import Asking
from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.gb28181.call import KeptCall, Offer
from fengtai.protocols.gb28181.calls import Calls
from fengtai.protocols.gb28181.events import (
    ConnectionUnusable,
    DeviceSilent,
    PeerRefused,
    PlatformEvent,
)
from fengtai.protocols.gb28181.identity import PlatformIdentity
from fengtai.protocols.gb28181.inbox import Inbox
from fengtai.protocols.gb28181.offers import play_offer
from fengtai.protocols.gb28181.presence import Presence, PresenceBook
from fengtai.protocols.sip import (
    Header,
    MalformedReceived,
    Peer,
    RequestReceived,
    RequestTimedOut,
    ResponseReceived,
    SipEndpoint,
    StreamUnusable,
)
from fengtai.vocabulary.clock import Instant

PROBE_SECONDS = 6.0
"""how long a device that has fallen silent may take to say how it is"""


class PlatformEndpoint:
    """Bytes, peer and `now` in; bytes, events and the next deadline (monotonic seconds) out."""

    def __init__(
        self,
        identity: PlatformIdentity,
        *,
        nonce_secret: bytes,
        token: Callable[[], str],
        bounds: Bounds = Bounds(),
    ) -> None:
        self.identity, self._bounds = identity, bounds
        self._token = token
        self._sip = SipEndpoint(host=identity.host, port=identity.port, token=token)
        self._book = PresenceBook(silence_seconds=identity.keepalive_seconds * identity.keepalive_misses + 5.0)
        self._calls = Calls(self._sip, self._place, identity.contact_towards)
        self.asking = Asking(identity, self._sip, self._book, token, bounds)
        """queries, orders and subscriptions"""
        self._inbox = Inbox(identity, self._sip, self._book, self._calls, nonce_secret, self.asking, bounds)
        self._events: list[PlatformEvent] = []
        self._next_tick: float | None = None

    # -- what comes in -------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, peer: Peer, now: Instant) -> None:
        """What came by UDP: `answer_at_once`, else `receive_unusual`."""
        answer = self.answer_at_once(data, peer.host, peer.port, now)
        if answer is None:
            self.receive_unusual(data, peer, now)
        elif answer:
            self._sip.send(answer, peer)

    def answer_at_once(self, data: bytes, host: str, port: int, now: Instant) -> bytes | None:
        """The answer to a datagram in the form that nearly all have, to be sent back at once (b"": none yet; events may
        have come). None: give it to `receive_unusual`."""
        return self._inbox.answer_at_once(data, host, port, now)

    def receive_unusual(self, data: bytes, peer: Peer, now: Instant) -> None:
        self._sip.receive_datagram(data, peer, now.monotonic)
        self._work(now)

    def stream_opened(self, peer: Peer) -> None:
        self._sip.stream_opened(peer)

    def receive_stream(self, data: bytes, peer: Peer, now: Instant) -> None:
        self._sip.receive_stream(data, peer, now.monotonic)
        self._work(now)

    def stream_held(self, peer: Peer) -> tuple[int, int]:
        """Of a connection: messages that were whole so far, and bytes of the next one."""
        return self._sip.stream_held(peer)

    def stream_closed(self, peer: Peer, now: Instant) -> None:
        """A device that registered on this connection is offline until it registers again (section 9.1.1)."""
        self._sip.stream_closed(peer, now.monotonic)
        for device_id in self._book.on_connection(peer.connection):
            self._gone(device_id, "its TCP connection broke", now)
        self._work(now)

    # -- what comes out ------------------------------------------------------------------------------------------

    def datagrams_to_send(self) -> list[tuple[bytes, Peer]]:
        return self._sip.datagrams_to_send()

    def events(self) -> list[PlatformEvent]:
        events = self._events + self._inbox.events() + self._calls.events() + self.asking.events()
        self._events = []
        return events

    def next_deadline(self) -> float | None:
        if self._next_tick is None and (len(self._calls) or self.asking.is_collecting()):
            return float("-inf")
        asking = self.asking.next_deadline()
        deadlines = (self._sip.next_deadline(), self._book.next_deadline(), self._next_tick, asking)
        return min((one for one in deadlines if one is not None), default=None)

    def handle_deadline(self, now: Instant) -> None:
        self._sip.handle_deadline(now.monotonic)
        for presence, cause in self._book.given_up(now.monotonic):
            self._give_up(presence, cause, now)
        self._calls.pass_time(now.monotonic)
        self.asking.pass_time(now)
        busy = len(self._calls) or self.asking.is_collecting()
        self._next_tick = now.monotonic + self._bounds.tick_seconds if busy else None
        self._work(now)

    # -- answers of the shell ------------------------------------------------------------------------------------

    def admit(self, ticket: int, now: Instant) -> None:
        """The password was right (and the device is not refused): 200, and it is registered, or signed off."""
        device_id = self._inbox.admit(ticket, now)
        if device_id:
            presence = self._book.get(device_id)
            if presence is not None:
                self._calls.device_back(device_id, now.monotonic)
                self.asking.subscriptions.device_back(presence, now)
            else:
                self.asking.device_gone(device_id)
                self._calls.device_gone(device_id, now.monotonic)

    def redirect(self, ticket: int, *, server_id: str, host: str, port: int, now: Instant) -> None:
        """The password was right, but another server has this device: 302 (GB/T 28181-2022 section 9.1.2.4). It is not
        registered here (any more)."""
        device_id = self._inbox.redirect(ticket, f"<sip:{server_id}@{host}:{port}>", now)
        if device_id and self.is_present(device_id):
            self._gone(device_id, f"it was sent to {host}:{port}", now)

    def refuse(self, ticket: int, status: int, now: Instant) -> None:
        """403 for a wrong password or a refused device, 503 when we could not keep what it sent."""
        self._inbox.refuse(ticket, status, now)

    def acknowledge_alarm(self, ticket: int, now: Instant) -> None:
        """The alarm is durable: 200, then Response Alarm."""
        found = self._inbox.accept_alarm(ticket, now)
        if found is not None:
            device_id, response = found
            presence = self._book.get(device_id)
            if presence is not None:
                self.asking.tell(presence, response, now)

    # -- what is asked of devices --------------------------------------------------------------------------------

    def restore(self, presence: Presence, now: Instant, *, grace_seconds: float) -> None:
        """A registration of before a restart: good for at least the grace, so that no storm of registrations comes."""
        presence.expires_at = max(presence.expires_at, now.monotonic + grace_seconds)
        presence.heard_at = now.monotonic
        self._book.put(presence)

    def begin_grace(self, until: float) -> None:
        """Until then only so many a second are told 403 for being unknown (`Bounds.recalls_a_second`): we forgot them."""
        self._inbox.grace_until = until

    def is_present(self, device_id: str) -> bool:
        return self._book.get(device_id) is not None

    def remembered_requests(self) -> int:
        """Requests of devices whose answer is kept, for repeats."""
        return self._sip.remembered_requests()

    def present_count(self) -> int:
        return len(self._book)

    def heard(self) -> list[Presence]:
        """Whose last-seen time (`heard_at`) is to be written, in batches."""
        return self._inbox.take_heard()

    def forget(self, device_id: str, now: Instant) -> None:
        """The device was refused or deleted here: its next keepalive gets 403."""
        if self._book.get(device_id) is not None:
            self._inbox.dismiss(device_id)
            self._gone(device_id, "it was taken off the platform", now)

    def query_catalogue(self, device_id: str, now: Instant) -> None:
        """Raise Unavailable when the device is offline. `CatalogueArrived` follows."""
        self.asking.query_catalogue(device_id, now)

    def query(self, device_id: str, command: str, now: Instant) -> None:
        """Ask for "DeviceInfo" or "DeviceStatus". Raise Unavailable when the device is offline."""
        self.asking.query(device_id, command, now)

    def play(
        self,
        device_id: str,
        channel_id: str,
        *,
        host: str,
        port: int,
        ssrc: int,
        tcp: bool,
        now: Instant,
        connects: bool = False,
        stream_number: int = 0,
    ) -> str:
        """Ask the channel to send live pictures to host and port, or (`connects`) to let us fetch them there. Answers the
        call's name; `PlayAnswered` or `PlayFailed` follows. Raise Unavailable when the device is offline."""
        presence = self.asking.present(device_id)

        profile = self.asking.dialects.of(device_id).profile
        stream = profile.stream_attributes(stream_number)
        offers = [
            Offer(
                form.id,
                play_offer(
                    form,
                    user=self.identity.id,
                    host=host,
                    port=port,
                    ssrc=ssrc,
                    tcp=tcp,
                    connects=connects,
                    stream=stream,
                ),
            )
            for form in profile.offers
        ]
        headers: list[Header] = [
            ("contact", self.identity.contact_towards(presence.peer)),
            ("subject", f"{channel_id}:{ssrc:010d},{self.identity.id}:0"),
            ("content-type", "APPLICATION/SDP"),
        ]
        request = self.asking.request("INVITE", presence, channel_id, headers, b"")
        return self._calls.invite(device_id, channel_id, request, presence.peer, offers, ssrc, port, now.monotonic)

    def own_address_for(self, device_id: str) -> str:
        """At which the device's network reaches us, when that is not the usual one."""
        place = self._place(device_id)
        return self.identity.own_address_in(place.host) if place else ""

    def early_call(self, call_id: str) -> KeptCall | None:
        """To be kept from the INVITE on; None when the call is over or answered already. `CallOver` ends it."""
        return self._calls.early(call_id)

    def acknowledge(self, call_id: str, now: Instant) -> None:
        """The answered call is kept durably: ACK. Nothing happens when it is over meanwhile."""
        self._calls.acknowledge(call_id, now.monotonic)

    def restore_call(self, kept: KeptCall, now: Instant) -> None:
        """A call of before a crash, after the registrations have been restored: the device is told to stop, and again
        when it registers, until it confirms. `CallOver` follows."""
        self._calls.restore(kept, now.monotonic)

    def held(self, now: Instant) -> tuple[frozenset[int], frozenset[int]]:
        """Ports and SSRCs of calls whose end no device has confirmed: give them to nobody else."""
        calls = self._calls.held(now.monotonic)
        return frozenset(call.port for call in calls), frozenset(call.ssrc for call in calls)

    def hang_up(self, call_id: str, now: Instant) -> None:
        self._calls.hang_up(call_id, now.monotonic)

    def open_calls(self) -> int:
        """Those that wait for an absent device are left out."""
        return self._calls.busy()

    def want_key_frame(self, call_id: str, now: Instant) -> None:
        """Nothing happens when the call is over."""
        call = self._calls.get(call_id)
        if call is not None:
            self.asking.want_key_frame(call.device_id, call.channel_id, now)

    # -- inside --------------------------------------------------------------------------------------------------

    def _work(self, now: Instant) -> None:
        for event in self._sip.events():
            if isinstance(event, RequestReceived):
                self._inbox.take(event.request, event.peer, now)
            elif isinstance(event, ResponseReceived):
                if not self.asking.take_response(event.branch, event.response, now):
                    self._calls.take_response(event.branch, event.response, event.peer, now.monotonic)
            elif isinstance(event, RequestTimedOut):
                if not self.asking.take_timeout(event.branch, now):
                    self._calls.take_timeout(event.branch, now.monotonic)
            elif isinstance(event, MalformedReceived):
                self._events.append(PeerRefused(peer=event.peer, device_id="", cause=str(event.error)))
            elif isinstance(event, StreamUnusable):
                self._events.append(ConnectionUnusable(peer=event.peer, cause=event.cause))

    def _give_up(self, presence: Presence, cause: str, now: Instant) -> None:
        """Keepalives are missing: one question first. Silence to that, or the end of the registration, is the end."""
        if presence.expires_at > now.monotonic and presence.waited_for_until < presence.heard_at:
            presence.waited_for_until = now.monotonic + PROBE_SECONDS
            self._book.put(presence)
            if self.asking.probe(presence.device_id, now):
                return
            self._book.remove(presence.device_id)
        self._inbox.note_last(presence)
        self._tell_gone(presence.device_id, cause, now)

    def _gone(self, device_id: str, cause: str, now: Instant) -> None:
        self._book.remove(device_id)
        self._tell_gone(device_id, cause, now)

    def _tell_gone(self, device_id: str, cause: str, now: Instant) -> None:
        self.asking.device_gone(device_id)
        self._calls.device_gone(device_id, now.monotonic)
        self._events.append(DeviceSilent(device_id=device_id, cause=cause))

    def _place(self, device_id: str) -> Peer | None:
        presence = self._book.get(device_id)
        return presence.peer if presence else None
