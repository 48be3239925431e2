"""The device role of GB/T 28181, the mirror of the platform: it registers, keeps alive, answers queries and sends pictures
when asked. Sans-IO; the simulator carries it on real sockets.

Must not know: how pictures are made. Clauses: GB/T 28181-2022 sections 9.1, 9.2, 9.4, 9.5, 9.6.
"""

from collections.abc import Callable, Sequence

from fengtai.protocols.gb28181.device_answers import DeviceAnswers
from fengtai.protocols.gb28181.device_calls import DeviceCalls
from fengtai.protocols.gb28181.device_subscriptions import DeviceSubscriptions
from fengtai.protocols.gb28181.events import (
    AlarmAcknowledged,
    ConnectionUnusable,
    DeviceEvent,
    Redirected,
    Registered,
    RegistrationFailed,
)
from fengtai.protocols.gb28181.identity import DeviceIdentity
from fengtai.protocols.gb28181.messages import (
    AlarmNotice,
    AlarmResponse,
    Control,
    Keepalive,
    Query,
    SnapshotOrder,
    Spoken,
    read_message,
)
from fengtai.protocols.gb28181.notices import CatalogueChange, CatalogueNotice, Fix, PositionNotice, SnapshotsSent
from fengtai.protocols.gb28181.writing import write_message
from fengtai.protocols.sip import (
    Header,
    Peer,
    Request,
    RequestReceived,
    RequestTimedOut,
    Response,
    ResponseReceived,
    SipEndpoint,
    StreamUnusable,
    authorization,
    parse_name_address,
)
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Malformed


class DeviceEndpoint:
    """Call `start`, then carry bytes and time as for every endpoint."""

    def __init__(self, identity: DeviceIdentity, *, token: Callable[[], str]) -> None:
        self.identity, self._token, self._server = identity, token, identity.server
        self._sip = SipEndpoint(host=identity.host, port=identity.port, token=token)
        self._contact = f"<sip:{identity.id}@{identity.host}:{identity.port}>"
        self._calls = DeviceCalls(identity, self._sip, self._contact, token)
        self.subscriptions = DeviceSubscriptions(identity, self._sip, self._contact, token)
        self.answers = DeviceAnswers(identity, lambda message, now: self._ask("answer", message, now))
        self._server_id = identity.server_id
        self._events: list[DeviceEvent] = []
        self._call_id, self._cseq, self._sn, self._misses = "", 0, 0, 0
        self._pending_expires = 0
        self._challenges = 0
        self._register_at = self._keepalive_at = float("inf")
        self._asked: dict[str, str] = {}
        self.registered = False
        self.keepalives_answered = 0

    def start(self, now: Instant, server: Peer | None = None, *, server_id: str = "") -> None:
        """Register; `server` names the connection when it is a new one, `server_id` the server when it is another."""
        self._server, self._server_id = server or self._server, server_id or self._server_id
        self._register(now)

    def start_anew(self, now: Instant) -> None:
        """As after a reboot: under another Call-ID, and with no memory of subscriptions."""
        self._call_id = ""
        self.subscriptions.forget()
        self.start(now)

    def end_subscriptions(self, reason: str, now: Instant) -> None:
        self.subscriptions.end_all(reason, self._server, now.monotonic)

    def unregister(self, now: Instant) -> None:
        self._keepalive_at = self._register_at = float("inf")
        self._register(now, expires=0)

    # -- bytes and time ------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, peer: Peer, now: Instant) -> None:
        self._sip.receive_datagram(data, peer, now.monotonic)
        self._work(now)

    def stream_opened(self, peer: Peer) -> None:
        self._sip.stream_opened(peer)

    def receive_stream(self, data: bytes, peer: Peer, now: Instant) -> None:
        self._sip.receive_stream(data, peer, now.monotonic)
        self._work(now)

    def stream_closed(self, peer: Peer, now: Instant) -> None:
        """The connection to the platform broke: register again after a while, on a new one."""
        self._sip.stream_closed(peer, now.monotonic)
        self._work(now)
        self._lost(0, now)

    def datagrams_to_send(self) -> list[tuple[bytes, Peer]]:
        out, faults = self._sip.datagrams_to_send(), self.identity.faults
        if faults.counts_letters:
            out = [(_miscounted(data), peer) for data, peer in out]
        return [(_untagged(data), peer) for data, peer in out] if faults.leaves_tag_out else out

    def events(self) -> list[DeviceEvent]:
        events = self._events + self._calls.events() + self.subscriptions.events() + self.answers.events()
        self._events = []
        return events

    def next_deadline(self) -> float | None:
        sip = self._sip.next_deadline()
        own = min(self._register_at, self._keepalive_at, self._calls.next_deadline())
        found = own if sip is None else min(own, sip)
        return None if found == float("inf") else found

    def handle_deadline(self, now: Instant) -> None:
        self._sip.handle_deadline(now.monotonic)
        self._calls.pass_time(now.monotonic)
        self._work(now)
        if now.monotonic >= self._register_at:
            self._register(now)
        if now.monotonic >= self._keepalive_at:
            self._keepalive_at = now.monotonic + self.identity.keepalive_seconds
            self._ask("keepalive", Keepalive(sn=self._next_sn(), device_id=self.identity.id), now)

    # -- acts ----------------------------------------------------------------------------------------------------

    def accept(self, call_id: str, *, host: str, port: int, now: Instant) -> None:
        """Agree to a `StreamWanted`; host and port are where media will come from."""
        self._calls.accept(call_id, host=host, port=port, now=now.monotonic)

    def decline(self, call_id: str, status: int, now: Instant) -> None:
        self._calls.decline(call_id, status, now.monotonic)

    def end(self, call_id: str, now: Instant) -> None:
        """End a stream from our side (the media connection failed)."""
        self._calls.end(call_id, self._server, now.monotonic)

    def send_alarm(
        self,
        *,
        channel_id: str,
        method: int,
        type: int,
        priority: int,
        description: str,
        now: Instant,
        position: tuple[float, float] | None = None,
        by_notify: bool = False,
    ) -> int:
        """Answers the alarm's SN; `AlarmAcknowledged` follows, unless it goes to subscribers (`by_notify`)."""
        longitude, latitude = position if position else (None, None)
        notice = AlarmNotice(
            sn=self._next_sn(),
            device_id=channel_id,
            method=method,
            type=type,
            priority=priority,
            at=now.utc,
            description=description,
            longitude=longitude,
            latitude=latitude,
        )
        self.answers.latched.add(channel_id)
        if by_notify:
            self.subscriptions.notify("Alarm", self._written(notice), self._server, now.monotonic)
        else:
            self._ask("alarm", notice, now)
        return notice.sn

    def tell_catalogue(self, changes: Sequence[CatalogueChange], now: Instant) -> int:
        """A NOTIFY to whoever subscribed to the catalogue; answers how many that are."""
        notice = CatalogueNotice(sn=self._next_sn(), device_id=self.identity.id, changes=tuple(changes))
        return self.subscriptions.notify("Catalog", self._written(notice), self._server, now.monotonic)

    def tell_positions(self, fixes: Sequence[Fix], now: Instant, *, unasked: bool = False) -> int:
        """A NOTIFY to whoever subscribed; `unasked`: a MESSAGE to the platform, as some devices do."""
        notice = PositionNotice(sn=self._next_sn(), device_id=self.identity.id, fixes=tuple(fixes))
        if unasked:
            self._ask("position", notice, now)
            return 1
        return self.subscriptions.notify("MobilePosition", self._written(notice), self._server, now.monotonic)

    def tell_snapshots(self, session_id: str, files: Sequence[str], now: Instant) -> None:
        """The pictures of a `SnapshotWanted` have been uploaded."""
        own = self.identity
        sent = SnapshotsSent(sn=self._next_sn(), device_id=own.id, session_id=session_id, files=tuple(files))
        self._ask("snapshots", sent, now)

    # -- inside --------------------------------------------------------------------------------------------------

    def _work(self, now: Instant) -> None:
        for event in self._sip.events():
            if isinstance(event, RequestReceived):
                self._take(event.request, event.peer, now)
            elif isinstance(event, ResponseReceived):
                self._take_response(event.branch, event.response, now)
            elif isinstance(event, RequestTimedOut):
                self._take_timeout(event.branch, event.request, now)
            elif isinstance(event, StreamUnusable):
                self._events.append(ConnectionUnusable(peer=event.peer, cause=event.cause))

    def _take(self, request: Request, peer: Peer, now: Instant) -> None:
        if request.method == "MESSAGE":
            self._message(request, peer, now)
        elif request.method == "SUBSCRIBE":
            if self.subscriptions.take(request, peer, now.monotonic) == "Catalog":
                self._tell_what_is_off(now)
        elif request.method in ("INVITE", "ACK", "BYE", "CANCEL"):
            self._calls.take(request, peer, now.monotonic)
        else:
            status = 200 if request.method in ("OPTIONS", "INFO") else 405
            self._sip.respond(request, peer, status, now.monotonic)

    def _message(self, request: Request, peer: Peer, now: Instant) -> None:
        try:
            message = read_message(request.body)
        except Malformed:
            self._sip.respond(request, peer, 400, now.monotonic)
            return
        if isinstance(message, Control) and self._does_not_know(message):
            self._sip.respond(request, peer, 400, now.monotonic)
            return
        self._sip.respond(request, peer, 200, now.monotonic)
        if isinstance(message, Query):
            self.answers.query(message, now)
        elif isinstance(message, Control):
            self.answers.control(message, now)
        elif isinstance(message, SnapshotOrder):
            self.answers.snapshot(message, now)
        elif isinstance(message, AlarmResponse):
            self._events.append(AlarmAcknowledged(sn=message.sn, ok=message.ok))

    def _does_not_know(self, control: Control) -> bool:
        asked = {"ifamecmd", "iframecmd"} & set(control.commands)
        known = self.identity.faults.knows_key_frame_as
        return bool(known and asked) and known not in asked

    def _take_response(self, branch: str, response: Response, now: Instant) -> None:
        if response.status < 200:
            return
        purpose = self._asked.pop(branch, "")
        if purpose == "register":
            self._registered(response, now)
        elif purpose == "keepalive":
            if response.status in (403, 404) and self.registered:
                self.registered = False
                self._register(now)
            elif response.status < 300:
                self._misses = 0
                self.keepalives_answered += 1

    def _take_timeout(self, branch: str, request: Request, now: Instant) -> None:
        purpose = self._asked.pop(branch, "")
        if purpose == "register":
            self._lost(0, now)
        elif purpose == "keepalive":
            self._misses += 1
            if self._misses >= self.identity.keepalive_misses:
                self._lost(0, now)

    def _register(self, now: Instant, *, expires: int | None = None, challenge: str = "") -> None:
        own = self.identity
        uri = f"sip:{self._server_id}@{own.domain}"
        if not challenge:
            self._challenges = 0
            self._pending_expires = own.expires_seconds if expires is None else expires
            self._call_id = self._call_id or f"{self._token()}@{own.host}"
        self._register_at = float("inf")
        headers: list[Header] = [
            ("from", f"<sip:{own.id}@{own.domain}>;tag={self._token()}"),
            ("to", f"<sip:{own.id}@{own.domain}>"),
            ("call-id", self._call_id),
            ("cseq", f"{self._next_cseq()} REGISTER"),
            ("contact", self._contact),
            ("max-forwards", "70"),
            ("expires", str(self._pending_expires)),
            ("x-gb-ver", own.edition),
        ]
        if challenge:
            answer = authorization(
                challenge,
                username=own.id,
                password=own.password,
                method="REGISTER",
                uri=uri,
                cnonce=self._token(),
            )
            headers.append(("authorization", answer))
        branch = self._sip.request(Request("REGISTER", uri, headers), self._server, now.monotonic)
        self._asked[branch] = "register"

    def _registered(self, response: Response, now: Instant) -> None:
        challenge = response.header("www-authenticate")
        again = not self._challenges or ("stale=true" in challenge.lower() and self._challenges < 3)
        if response.status == 401 and challenge and again:
            self._challenges += 1
            try:
                self._register(now, challenge=challenge)
            except Malformed:
                self._lost(401, now)
        elif response.status == 302 and (moved := _moved_to(response)) is not None:
            self.registered = False
            self._register_at = self._keepalive_at = float("inf")
            self._events.append(moved)
        elif response.status >= 300:
            asked = response.header("retry-after")
            self._lost(response.status, now, least=float(asked) if asked.isdigit() else 0.0)
        else:
            granted = response.header("expires")
            seconds = int(granted) if granted.isdigit() else self._pending_expires
            self.registered, self._misses = seconds > 0, 0
            if seconds:
                self._register_at = now.monotonic + seconds * 0.8
                self._keepalive_at = now.monotonic + self.identity.keepalive_seconds
            self._events.append(Registered(expires_seconds=seconds, platform_time=response.header("date")))

    def _lost(self, status: int, now: Instant, *, least: float = 0.0) -> None:
        if self._pending_expires == 0:
            return
        self.registered, self._misses = False, 0
        self._keepalive_at = float("inf")
        pause = max(self.identity.retry_seconds, least)
        self._register_at = now.monotonic + pause
        self._events.append(RegistrationFailed(status=status, retry_seconds=pause))

    def _ask(self, purpose: str, message: Spoken, now: Instant) -> None:
        own = self.identity
        headers: list[Header] = [
            ("from", f"<sip:{own.id}@{own.domain}>;tag={self._token()}"),
            ("to", f"<sip:{self._server_id}@{own.domain}>"),
            ("call-id", f"{self._token()}@{own.host}"),
            ("cseq", f"{self._next_cseq()} MESSAGE"),
            ("max-forwards", "70"),
            ("content-type", "Application/MANSCDP+xml"),
            *([("user-agent", own.user_agent)] if own.user_agent else []),
        ]
        request = Request("MESSAGE", f"sip:{self._server_id}@{own.domain}", headers, self._written(message))
        self._asked[self._sip.request(request, self._server, now.monotonic)] = purpose

    def _written(self, message: Spoken) -> bytes:
        own = self.identity
        return write_message(message, edition=own.edition, charset=own.faults.encodes, declares=own.faults.declares)

    def _tell_what_is_off(self, now: Instant) -> None:
        """After a first subscription the platform takes all for on (section 9.11.2): tell it which are not."""
        off = [CatalogueChange(event="OFF", item=item) for item in self.identity.channels if not item.on]
        if off:
            self.tell_catalogue(off, now)

    def _next_sn(self) -> int:
        self._sn += 1
        return self._sn

    def _next_cseq(self) -> int:
        self._cseq += 1
        return self._cseq


def _moved_to(response: Response) -> Redirected | None:
    try:
        uri = parse_name_address(response.header("contact")).uri
    except Malformed:
        return None
    return Redirected(server_id=uri.user, host=uri.host, port=uri.port or 5060)


def _miscounted(data: bytes) -> bytes:
    """As devices write it that count the letters of their body."""
    head, gap, body = data.partition(b"\r\n\r\n")
    right, letters = len(body), len(body.decode("gb18030", "replace"))
    return head.replace(b"Content-Length: %d" % right, b"Content-Length: %d" % letters) + gap + body


def _untagged(data: bytes) -> bytes:
    """A yes to INVITE without its To-tag."""
    if not data.startswith(b"SIP/2.0 200") or b" INVITE\r\n" not in data:
        return data
    head, name, rest = data.partition(b"\r\nTo: ")
    to, _, rest = rest.partition(b"\r\n")
    return head + name + to.partition(b";tag=")[0] + b"\r\n" + rest
