"""The platform role of GB/T 28181: devices register with us, report, and are asked for pictures. Sans-IO.

Owns: the answer to each request of a device, what is asked of it, and when it counts as gone. Must not know: passwords
(the shell looks them up), stores, sockets. Clauses: GB/T 28181-2022 sections 9.1 (register), 9.2 (play), 9.4 (alarm),
9.5 (catalogue), 9.6 (keepalive).
"""

from collections.abc import Callable

from fengtai.protocols.gb28181 import quirks
from fengtai.protocols.gb28181.call import KeptCall
from fengtai.protocols.gb28181.calls import Calls
from fengtai.protocols.gb28181.catalogue import Collection, Collections
from fengtai.protocols.gb28181.events import (
    CatalogueArrived,
    ConnectionUnusable,
    DeviceSilent,
    PeerRefused,
    PlatformEvent,
)
from fengtai.protocols.gb28181.identity import PlatformIdentity
from fengtai.protocols.gb28181.inbox import Inbox
from fengtai.protocols.gb28181.messages import CatalogPage, Control, Query
from fengtai.protocols.gb28181.offers import play_offer
from fengtai.protocols.gb28181.presence import Presence, PresenceBook
from fengtai.protocols.gb28181.writing import key_frame, reset_alarm, write_message
from fengtai.protocols.sip import (
    Header,
    MalformedReceived,
    Peer,
    Request,
    RequestReceived,
    RequestTimedOut,
    ResponseReceived,
    SipEndpoint,
    StreamUnusable,
)
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import TooMany, Unavailable

TICK_SECONDS = 1.0


class PlatformEndpoint:
    """Bytes, peer and `now` in; bytes, events and the next deadline (monotonic seconds) out."""

    def __init__(self, identity: PlatformIdentity, *, nonce_secret: bytes, token: Callable[[], str]) -> None:
        self.identity = identity
        self._token = token
        self._sip = SipEndpoint(host=identity.host, port=identity.port, token=token)
        self._book = PresenceBook(silence_seconds=identity.keepalive_seconds * identity.keepalive_misses + 5.0)
        self._contact = f"<sip:{identity.id}@{identity.host}:{identity.port}>"
        self._calls = Calls(self._sip, self._place, self._contact)
        self._collections = Collections()
        self._inbox = Inbox(identity, self._sip, self._book, self._calls, nonce_secret)
        self._events: list[PlatformEvent] = []
        self._sn = 0
        self._next_tick: float | None = None

    # -- what comes in -------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, peer: Peer, now: Instant) -> None:
        if self._inbox.take_express(data, peer, now):
            return
        self._sip.receive_datagram(data, peer, now.monotonic)
        self._work(now)

    def stream_opened(self, peer: Peer) -> None:
        self._sip.stream_opened(peer)

    def receive_stream(self, data: bytes, peer: Peer, now: Instant) -> None:
        self._sip.receive_stream(data, peer, now.monotonic)
        self._work(now)

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
        events = self._events + self._inbox.events() + self._calls.events()
        self._events = []
        return events

    def next_deadline(self) -> float | None:
        if self._next_tick is None and (len(self._calls) or self._collections.next_deadline() is not None):
            return float("-inf")
        deadlines = (self._sip.next_deadline(), self._book.next_deadline(), self._next_tick)
        return min((one for one in deadlines if one is not None), default=None)

    def handle_deadline(self, now: Instant) -> None:
        self._sip.handle_deadline(now.monotonic)
        for presence, cause in self._book.given_up(now.monotonic):
            self._tell_gone(presence.device_id, cause, now)
        self._calls.pass_time(now.monotonic)
        for late in self._collections.overdue(now.monotonic):
            self._catalogue_late(late, now)
        busy = len(self._calls) or self._collections.next_deadline() is not None
        self._next_tick = now.monotonic + TICK_SECONDS if busy else None
        self._work(now)

    # -- answers of the shell ------------------------------------------------------------------------------------

    def admit(self, ticket: int, now: Instant) -> None:
        """The password was right (and the device is not refused): 200, and it is registered, or signed off."""
        device_id = self._inbox.admit(ticket, now)
        if device_id:
            if self.is_present(device_id):
                self._calls.device_back(device_id, now.monotonic)
            else:
                self._collections.drop(device_id)
                self._calls.device_gone(device_id, now.monotonic)

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
                body = write_message(response, edition=presence.edition)
                self._message(presence, presence.device_id, body, now)

    # -- what is asked of devices --------------------------------------------------------------------------------

    def restore(self, presence: Presence, now: Instant, *, grace_seconds: float) -> None:
        """A registration of before a restart: good for at least the grace, so that no storm of registrations comes."""
        presence.expires_at = max(presence.expires_at, now.monotonic + grace_seconds)
        presence.heard_at = now.monotonic
        self._book.put(presence)

    def begin_grace(self, until: float) -> None:
        """Until then nobody is told 403 for being unknown: it may be us who forgot."""
        self._inbox.grace_until = until

    def is_present(self, device_id: str) -> bool:
        return self._book.get(device_id) is not None

    def present_count(self) -> int:
        return len(self._book)

    def heard(self) -> dict[str, Instant]:
        """Who has been heard since the last call of this, and when: to be written in batches."""
        return self._inbox.take_heard()

    def forget(self, device_id: str, now: Instant) -> None:
        """The device was refused or deleted here: its next keepalive gets 403."""
        if self._book.get(device_id) is not None:
            self._inbox.dismiss(device_id)
            self._gone(device_id, "it was taken off the platform", now)

    def query_catalogue(self, device_id: str, now: Instant) -> None:
        """Raise Unavailable when the device is offline. `CatalogueArrived` follows."""
        presence = self._present(device_id)
        sn = self._next_sn()
        self._collections.start(device_id, sn, now.monotonic)
        self._query(presence, "Catalog", sn, now)

    def query(self, device_id: str, command: str, now: Instant) -> None:
        """Ask for "DeviceInfo" or "DeviceStatus". Raise Unavailable when the device is offline."""
        self._query(self._present(device_id), command, self._next_sn(), now)

    def play(self, device_id: str, channel_id: str, *, host: str, port: int, ssrc: int, tcp: bool, now: Instant) -> str:
        """Ask the channel to send live pictures to host and port. Answers the call's name; `PlayAnswered` or `PlayFailed`
        follows. Raise Unavailable when the device is offline."""
        presence = self._present(device_id)

        def offer(plain: bool) -> bytes:
            return play_offer(user=self.identity.id, host=host, port=port, ssrc=ssrc, tcp=tcp, plain=plain)

        headers: list[Header] = [
            ("contact", self._contact),
            ("subject", f"{channel_id}:{ssrc:010d},{self.identity.id}:0"),
            ("content-type", "APPLICATION/SDP"),
        ]
        request = self._request("INVITE", presence, channel_id, headers, b"")
        return self._calls.invite(device_id, channel_id, request, presence.peer, offer, ssrc, port, now.monotonic)

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
        presence = self._book.get(call.device_id) if call else None
        if call is not None and presence is not None:
            self._control(presence, key_frame(self._next_sn(), call.channel_id, edition=presence.edition), now)

    def reset_alarm(self, device_id: str, channel_id: str, now: Instant) -> None:
        """Let a latched device alarm go (method 2). Raise Unavailable when the device is offline."""
        self._control(self._present(device_id), reset_alarm(self._next_sn(), channel_id), now)

    # -- inside --------------------------------------------------------------------------------------------------

    def _work(self, now: Instant) -> None:
        for event in self._sip.events():
            if isinstance(event, RequestReceived):
                page = self._inbox.take(event.request, event.peer, now)
                if page is not None:
                    self._catalogue_part(*page, now)
            elif isinstance(event, ResponseReceived):
                self._calls.take_response(event.branch, event.response, event.peer, now.monotonic)
            elif isinstance(event, RequestTimedOut):
                self._calls.take_timeout(event.branch, now.monotonic)
            elif isinstance(event, MalformedReceived):
                self._events.append(PeerRefused(peer=event.peer, device_id="", cause=str(event.error)))
            elif isinstance(event, StreamUnusable):
                self._events.append(ConnectionUnusable(peer=event.peer, cause=event.cause))

    def _catalogue_part(self, device_id: str, page: CatalogPage, now: Instant) -> None:
        whole = self._collections.add(device_id, page, now.monotonic)
        if whole is not None:
            self._tell_catalogue(whole)

    def _catalogue_late(self, late: Collection, now: Instant) -> None:
        presence = self._book.get(late.device_id)
        if late.tries_left > 0 and presence is not None:
            sn = self._next_sn()
            self._collections.start(late.device_id, sn, now.monotonic, again=late)
            self._query(presence, "Catalog", sn, now)
        elif late.total >= 0:
            self._tell_catalogue(late)

    def _tell_catalogue(self, collection: Collection) -> None:
        own = (collection.device_id, self.identity.id)
        items = tuple(item for item in collection.items.values() if item.is_device and item.id not in own)
        self._events.append(
            CatalogueArrived(
                device_id=collection.device_id, items=items, complete=collection.complete, expected=collection.total
            )
        )

    def _gone(self, device_id: str, cause: str, now: Instant) -> None:
        self._book.remove(device_id)
        self._tell_gone(device_id, cause, now)

    def _tell_gone(self, device_id: str, cause: str, now: Instant) -> None:
        self._collections.drop(device_id)
        self._calls.device_gone(device_id, now.monotonic)
        self._events.append(DeviceSilent(device_id=device_id, cause=cause))

    def _place(self, device_id: str) -> Peer | None:
        presence = self._book.get(device_id)
        return presence.peer if presence else None

    def _present(self, device_id: str) -> Presence:
        presence = self._book.get(device_id)
        if presence is None:
            raise Unavailable(f"{quirks.OFFLINE[0]}. {quirks.OFFLINE[1]}")
        return presence

    def _next_sn(self) -> int:
        self._sn = self._sn % 999_999 + 1
        return self._sn

    def _query(self, presence: Presence, command: str, sn: int, now: Instant) -> None:
        query = Query(command=command, sn=sn, device_id=presence.device_id)
        self._message(presence, presence.device_id, write_message(query, edition=presence.edition), now)

    def _control(self, presence: Presence, control: Control, now: Instant) -> None:
        self._message(presence, control.device_id, write_message(control, edition=presence.edition), now)

    def _message(self, presence: Presence, target_id: str, body: bytes, now: Instant) -> None:
        request = self._request("MESSAGE", presence, target_id, [("content-type", "Application/MANSCDP+xml")], body)
        try:
            self._sip.request(request, presence.peer, now.monotonic)
        except TooMany as error:
            self._events.append(PeerRefused(peer=presence.peer, device_id=presence.device_id, cause=str(error)))

    def _request(self, method: str, presence: Presence, target_id: str, headers: list[Header], body: bytes) -> Request:
        own = self.identity
        place = f"{presence.peer.host}:{presence.peer.port}"
        return Request(
            method,
            f"sip:{target_id}@{place}",
            [
                ("from", f"<sip:{own.id}@{own.domain}>;tag={self._token()}"),
                ("to", f"<sip:{target_id}@{own.domain}>"),
                ("call-id", f"{self._token()}@{own.host}"),
                ("cseq", f"1 {method}"),
                ("max-forwards", "70"),
                *headers,
            ],
            body,
        )
