"""The device role of GB/T 28181, the mirror of the platform: it registers, keeps alive, answers queries and sends pictures
when asked. Sans-IO; the simulator carries it on real sockets.

Must not know: how pictures are made. Clauses: GB/T 28181-2022 sections 9.1, 9.2, 9.4, 9.5, 9.6.
"""

from collections.abc import Callable

from fengtai.protocols.gb28181.device_calls import DeviceCalls
from fengtai.protocols.gb28181.events import (
    AlarmAcknowledged,
    AlarmReset,
    ConnectionUnusable,
    DeviceEvent,
    KeyFrameWanted,
    Registered,
    RegistrationFailed,
)
from fengtai.protocols.gb28181.identity import DeviceIdentity
from fengtai.protocols.gb28181.messages import (
    AlarmNotice,
    AlarmResponse,
    CatalogPage,
    Control,
    DeviceInfo,
    DeviceStatus,
    Keepalive,
    Query,
    read_message,
)
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
)
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Malformed

ITEMS_PER_PART = 4


class DeviceEndpoint:
    """Call `start`, then carry bytes and time as for every endpoint."""

    def __init__(self, identity: DeviceIdentity, *, token: Callable[[], str]) -> None:
        self.identity, self._token, self._server = identity, token, identity.server
        self._sip = SipEndpoint(host=identity.host, port=identity.port, token=token)
        self._contact = f"<sip:{identity.id}@{identity.host}:{identity.port}>"
        self._calls = DeviceCalls(identity, self._sip, self._contact, token)
        self._events: list[DeviceEvent] = []
        self._call_id, self._cseq, self._sn, self._misses = "", 0, 0, 0
        self._pending_expires = 0
        self._challenges = 0
        self._register_at = self._keepalive_at = float("inf")
        self._asked: dict[str, str] = {}
        self.registered = False

    def start(self, now: Instant, server: Peer | None = None) -> None:
        """Register; `server` names the connection when it is a new one."""
        self._server = server or self._server
        self._register(now)

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
        return self._sip.datagrams_to_send()

    def events(self) -> list[DeviceEvent]:
        events = self._events + self._calls.events()
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
    ) -> int:
        """Answers the alarm's SN; `AlarmAcknowledged` follows."""
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
        self._ask("alarm", notice, now)
        return notice.sn

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
        self._sip.respond(request, peer, 200, now.monotonic)
        if isinstance(message, Query):
            self._answer_query(message, now)
        elif isinstance(message, Control):
            if "ifamecmd" in message.commands or "iframecmd" in message.commands:
                self._events.append(KeyFrameWanted(channel_id=message.device_id))
            if message.commands.get("alarmcmd", "").lower() == "resetalarm":
                self._events.append(AlarmReset(channel_id=message.device_id))
        elif isinstance(message, AlarmResponse):
            self._events.append(AlarmAcknowledged(sn=message.sn, ok=message.ok))

    def _answer_query(self, query: Query, now: Instant) -> None:
        own = self.identity
        command = query.command.lower()
        if command == "catalog":
            total = len(own.channels)
            for start in range(0, max(total, 1), ITEMS_PER_PART):
                items = tuple(own.channels[start : start + ITEMS_PER_PART])
                page = CatalogPage(sn=query.sn, device_id=own.id, total=total, items=items)
                self._ask("answer", page, now)
        elif command == "deviceinfo":
            info = DeviceInfo(
                sn=query.sn,
                device_id=own.id,
                name=own.name,
                manufacturer=own.manufacturer,
                model=own.model,
                firmware=own.firmware,
                channels=len(own.channels),
            )
            self._ask("answer", info, now)
        elif command == "devicestatus":
            self._ask("answer", DeviceStatus(sn=query.sn, device_id=query.device_id, device_time=now.utc), now)

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
        uri = f"sip:{own.server_id}@{own.domain}"
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
        elif response.status >= 300:
            self._lost(response.status, now)
        else:
            granted = response.header("expires")
            seconds = int(granted) if granted.isdigit() else self._pending_expires
            self.registered, self._misses = seconds > 0, 0
            if seconds:
                self._register_at = now.monotonic + seconds * 0.8
                self._keepalive_at = now.monotonic + self.identity.keepalive_seconds
            self._events.append(Registered(expires_seconds=seconds, platform_time=response.header("date")))

    def _lost(self, status: int, now: Instant) -> None:
        if self._pending_expires == 0:
            return
        self.registered, self._misses = False, 0
        self._keepalive_at = float("inf")
        self._register_at = now.monotonic + self.identity.retry_seconds
        self._events.append(RegistrationFailed(status=status, retry_seconds=self.identity.retry_seconds))

    def _ask(
        self, purpose: str, message: Keepalive | CatalogPage | DeviceInfo | DeviceStatus | AlarmNotice, now: Instant
    ) -> None:
        own = self.identity
        headers: list[Header] = [
            ("from", f"<sip:{own.id}@{own.domain}>;tag={self._token()}"),
            ("to", f"<sip:{own.server_id}@{own.domain}>"),
            ("call-id", f"{self._token()}@{own.host}"),
            ("cseq", f"{self._next_cseq()} MESSAGE"),
            ("max-forwards", "70"),
            ("content-type", "Application/MANSCDP+xml"),
        ]
        body = write_message(message, edition=own.edition)
        request = Request("MESSAGE", f"sip:{own.server_id}@{own.domain}", headers, body)
        self._asked[self._sip.request(request, self._server, now.monotonic)] = purpose

    def _next_sn(self) -> int:
        self._sn += 1
        return self._sn

    def _next_cseq(self) -> int:
        self._cseq += 1
        return self._cseq
