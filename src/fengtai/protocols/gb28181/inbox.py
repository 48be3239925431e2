"""What the platform answers to requests of devices: MESSAGE, NOTIFY, BYE, OPTIONS (REGISTER: `registrar.py`).

The keepalive is the hot path: no XML is parsed for an ordinary one, nothing is remembered, and its 200 leaves at once.
No 1xx is ever sent to anything but INVITE (a Dahua fails on a 100 to REGISTER).
"""

from itertools import count
from typing import NamedTuple

from fengtai.protocols.gb28181 import quirks
from fengtai.protocols.gb28181.asking import Asking
from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.gb28181.calls import Calls
from fengtai.protocols.gb28181.events import (
    AlarmArrived,
    CatalogueChanged,
    DeviceDescribed,
    PeerRefused,
    PlatformEvent,
    PositionsTold,
    SnapshotsUploaded,
    StatusReported,
)
from fengtai.protocols.gb28181.identity import PlatformIdentity
from fengtai.protocols.gb28181.messages import (
    AlarmNotice,
    AlarmResponse,
    CatalogPage,
    DeviceInfo,
    DeviceStatus,
    Keepalive,
    Message,
    is_usual_keepalive,
    read_message,
)
from fengtai.protocols.gb28181.notices import (
    CatalogueNotice,
    OrderResult,
    PositionNotice,
    SnapshotsSent,
)
from fengtai.protocols.gb28181.presence import Presence, PresenceBook
from fengtai.protocols.gb28181.registrar import Registrar, plain_text
from fengtai.protocols.sip import (
    Peer,
    Request,
    SipEndpoint,
    echoed,
    key_of,
    plain_answer,
    read_express,
    read_usual,
    user_of,
)
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Malformed

MOST_TICKETS = 10_000
ALLOWED = "INVITE, ACK, BYE, CANCEL, INFO, OPTIONS, MESSAGE, NOTIFY, REGISTER"
MANSCDP = "application/manscdp+xml"
LARGEST_ALARM_BYTES = 65_536
NOTED_SECONDS = 45.0
"""a device's last-seen time is written so often at most: each usual keepalive, but not each of an eager device"""


class _Held(NamedTuple):
    """An alarm that the shell keeps before it is answered."""

    request: Request
    peer: Peer
    device_id: str
    notice: AlarmNotice


class Inbox:
    def __init__(
        self,
        identity: PlatformIdentity,
        sip: SipEndpoint,
        book: PresenceBook,
        calls: Calls,
        nonce_secret: bytes,
        asking: Asking,
        bounds: Bounds,
    ) -> None:
        self._identity, self._sip, self._book, self._calls, self._asking = identity, sip, book, calls, asking
        self._tickets = count(1)
        self._registrar = Registrar(identity, sip, book, nonce_secret, self._tickets, bounds)
        self._held: dict[int, _Held] = {}
        self._events: list[PlatformEvent] = []
        self._heard: list[Presence] = []
        self._dismissed: set[str] = set()
        self.grace_until = float("-inf")
        self._recalls, self._recalled_at = bounds.recalls_a_second, 0.0
        self._bounds = bounds

    def events(self) -> list[PlatformEvent]:
        events, self._events = self._events + self._registrar.events(), []
        return events

    def dismiss(self, device_id: str) -> None:
        """This device is told 403 even within the grace, until it registers again."""
        if len(self._dismissed) >= MOST_TICKETS:
            self._dismissed.clear()
        self._dismissed.add(device_id)

    def take_heard(self) -> list[Presence]:
        """Whose last-seen time is to be written: `heard_at`."""
        heard, self._heard = self._heard, []
        return heard

    def note_last(self, presence: Presence) -> None:
        """It is gone: when it was last heard is to be written exactly."""
        if presence.heard_at > presence.noted_at:
            presence.noted_at = presence.heard_at
            self._heard.append(presence)

    def answer_at_once(self, data: bytes, host: str, port: int, now: Instant) -> bytes | None:
        """The answer to an ordinary keepalive of a device that is present, or to an ordinary REGISTER (b"": none yet).
        None: it is for the parser."""
        if data.startswith(b"MESSAGE "):
            return self._keepalive(data, host, port, now)
        if data.startswith(b"REGISTER "):
            return self._registrar.answer_at_once(data, host, port, now)
        return None

    def _keepalive(self, data: bytes, host: str, port: int, now: Instant) -> bytes | None:
        found = read_usual(data, host, port)
        if found is None:
            other = read_express(data, b"MESSAGE", Peer("udp", host, port))
            if other is None:
                return None
            sender, echo, body_at = other.from_user, other.echo, other.body_at
        else:
            sender, echo, body_at = found
        if not is_usual_keepalive(data, body_at):
            return None
        presence = self._book.get(sender)
        if presence is None:
            return None
        known = presence.peer
        if known[2] != port or known[1] != host or known[0] != "udp":
            peer = Peer("udp", host, port)
            if not quirks.same_device(known, peer):
                return None
            self._book.move(presence, peer)  # NAT gave it another port
        self._heard_from(presence, now)
        return b"SIP/2.0 200 OK\r\n%bContent-Length: 0\r\n\r\n" % echo

    def _heard_from(self, presence: Presence, now: Instant) -> None:
        presence.heard_at = at = now.monotonic
        if at - presence.noted_at >= NOTED_SECONDS:
            presence.noted_at = at
            self._heard.append(presence)

    def take(self, request: Request, peer: Peer, now: Instant) -> None:
        """Answer, or hold for the shell."""
        method = request.method
        if method == "MESSAGE" or method == "NOTIFY":
            self._message(request, peer, now)
        elif method == "REGISTER":
            self._registrar.take(request, peer, now)
        elif method == "BYE":
            self._sip.respond(request, peer, 200 if self._calls.take_bye(request) else 481, now.monotonic)
        elif method == "OPTIONS":
            self._sip.respond(request, peer, 200, now.monotonic, headers=[("allow", ALLOWED)], remember=False)
        elif method == "CANCEL":
            self._sip.respond(request, peer, 481, now.monotonic)
        elif method == "INVITE":
            self._refused(request, peer, 488, "a device asks us for media: voice is not built yet", now)
        elif method != "ACK":
            self._sip.respond(request, peer, 405, now.monotonic, headers=[("allow", ALLOWED)])

    # -- what is held --------------------------------------------------------------------------------------------

    def admit(self, ticket: int, now: Instant) -> str:
        """200 to a held REGISTER; the device's id, empty when nothing was held under this ticket."""
        device_id = self._registrar.admit(ticket, now)
        self._dismissed.discard(device_id)
        return device_id

    def redirect(self, ticket: int, contact: str, now: Instant) -> str:
        """302 to a held REGISTER; the device's id."""
        return self._registrar.redirect(ticket, contact, now)

    def refuse(self, ticket: int, status: int, now: Instant) -> None:
        if self._registrar.refuse(ticket, status, now):
            return
        held = self._held.pop(ticket, None)
        if held is not None:
            headers = [("retry-after", "60")] if status == 503 else []
            self._sip.respond(held.request, held.peer, status, now.monotonic, headers=headers)

    def accept_alarm(self, ticket: int, now: Instant) -> tuple[str, AlarmResponse] | None:
        """200 to a held alarm; who sent it, and the Response that it waits for."""
        held = self._held.pop(ticket, None)
        if held is None:
            return None
        self._sip.respond(held.request, held.peer, 200, now.monotonic)
        if held.request.method == "NOTIFY":
            return None  # in a subscription the 200 is the answer (section 9.11)
        return held.device_id, AlarmResponse(sn=held.notice.sn, device_id=held.notice.device_id)

    def _hold(self, held: _Held, now: Instant) -> int:
        if len(self._held) >= MOST_TICKETS:
            retry = [("retry-after", "60")]
            self._sip.respond(held.request, held.peer, 503, now.monotonic, headers=retry, remember=False)
            return 0
        ticket = next(self._tickets)
        self._held[ticket] = held
        self._sip.hold(key_of(held.request), now.monotonic)
        return ticket

    # -- MESSAGE -------------------------------------------------------------------------------------------------

    def _message(self, request: Request, peer: Peer, now: Instant) -> None:
        is_notify = request.method == "NOTIFY"
        device_id = (is_notify and self._asking.subscriptions.device_of(request.call_id)) or user_of(
            request.header("from")
        )
        presence = self._book.get(device_id)
        if presence is None:
            if now.monotonic >= self.grace_until or device_id in self._dismissed or self._may_recall(now.monotonic):
                self._refused(request, peer, 403, "it is not registered", now)
            return
        if presence.peer != peer:
            if not quirks.same_device(presence.peer, peer):
                self._refused(request, peer, 403, f"it is registered from {presence.peer.host}", now)
                return
            self._book.move(presence, peer)
        self._heard_from(presence, now)
        if is_notify:
            self._asking.subscriptions.take_notice(request, now)
            if not request.body.strip():
                self._sip.respond(request, peer, 200, now.monotonic)
                return
        elif is_usual_keepalive(request.body, 0):
            self._sip.send(plain_answer(echoed(request, peer), 200), peer)
            return
        if not self._may_tell(presence, len(request.body), now.monotonic):
            self._refused(request, peer, 503, "it tells too much at once", now)
            return
        self._command(request, peer, device_id, now)

    def _may_tell(self, presence: Presence, size_bytes: int, now: float) -> bool:
        """What one device tells costs the others their time."""
        if self._asking.is_collecting_of(presence.device_id):
            return True
        left = presence.told_bytes - (now - presence.told_at) * self._bounds.told_bytes_a_second
        told = max(left, 0.0) + size_bytes
        if told > self._bounds.told_bytes:
            return False
        presence.told_bytes, presence.told_at = told, now
        return True

    def _may_recall(self, now: float) -> bool:
        """Within the grace: whether this unknown device is told that it is unknown."""
        passed, self._recalled_at = now - self._recalled_at, now
        a_second = self._bounds.recalls_a_second
        self._recalls = min(a_second, self._recalls + passed * a_second)
        if self._recalls < 1.0:
            return False
        self._recalls -= 1.0
        return True

    def _command(self, request: Request, peer: Peer, device_id: str, now: Instant) -> None:
        if request.content_type not in (MANSCDP, "text/xml", "application/xml", ""):
            self._refused(request, peer, 415, f"content type {request.content_type[:40]!r}", now)
            return
        try:
            message = read_message(request.body, self._asking.dialects.of(device_id).charset)
        except Malformed as error:
            self._refused(request, peer, 400, str(error), now)
            return
        if isinstance(message, AlarmNotice):
            self._alarm(request, peer, device_id, message, now)
            return
        self._sip.respond(request, peer, 200, now.monotonic, remember=not isinstance(message, Keepalive))
        self._told(request, device_id, message, now)

    def _alarm(self, request: Request, peer: Peer, device_id: str, notice: AlarmNotice, now: Instant) -> None:
        if len(request.body) > LARGEST_ALARM_BYTES:
            self._refused(request, peer, 400, f"an alarm of {len(request.body)} bytes", now)
            return
        ticket = self._hold(_Held(request, peer, device_id, notice=notice), now)
        if ticket:
            self._events.append(
                AlarmArrived(ticket=ticket, device_id=device_id, notice=notice, peer=peer, raw=request.body)
            )

    def _told(self, request: Request, device_id: str, message: Message, now: Instant) -> None:
        match message:
            case CatalogPage():
                self._asking.take_page(device_id, message, now, raw=request.body)
            case OrderResult():
                self._asking.orders.take_result(device_id, message)
            case DeviceInfo():
                agent = plain_text(request.header("user-agent") or request.header("server"))[:128]
                self._events.append(DeviceDescribed(device_id=device_id, info=message, user_agent=agent))
            case DeviceStatus():
                self._events.append(StatusReported(device_id=device_id, status=message))
            case CatalogueNotice(changes=changes) if changes:
                self._events.append(CatalogueChanged(device_id=device_id, changes=changes))
            case PositionNotice(fixes=fixes) if fixes:
                self._events.append(PositionsTold(device_id=device_id, fixes=fixes))
            case SnapshotsSent():
                told = SnapshotsUploaded(device_id=device_id, session_id=message.session_id, files=message.files)
                self._events.append(told)
            case _:
                pass  # answered 200: what we do not speak, and what wants no more

    def _refused(self, request: Request, peer: Peer, status: int, cause: str, now: Instant) -> None:
        headers = [("retry-after", "60")] if status == 503 else []
        self._sip.respond(request, peer, status, now.monotonic, headers=headers, remember=False)
        device_id = user_of(request.header("from"))[:20]
        self._events.append(PeerRefused(peer=peer, device_id=device_id, cause=f"{request.method} {status}: {cause}"))
