"""What the platform answers to requests of devices: REGISTER, MESSAGE, BYE, OPTIONS.

The keepalive is the hot path: no XML is parsed for an ordinary one, nothing is remembered, and its 200 leaves at once.
No 1xx is ever sent to anything but INVITE (a Dahua fails on a 100 to REGISTER).
"""

import zlib
from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple

from fengtai.protocols.gb28181 import quirks
from fengtai.protocols.gb28181.calls import Calls
from fengtai.protocols.gb28181.events import (
    AlarmArrived,
    DeviceDescribed,
    DeviceRegistered,
    DeviceUnregistered,
    PeerRefused,
    PlatformEvent,
    RegistrationAsked,
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
    beijing_text,
    keepalive_sender,
    read_message,
)
from fengtai.protocols.gb28181.presence import Presence, PresenceBook
from fengtai.protocols.sip import (
    NonceMint,
    NonceState,
    Peer,
    Request,
    SipEndpoint,
    challenge,
    parse_credentials,
    parse_name_address,
    read_express,
    user_of,
)
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Malformed

MOST_TICKETS = 10_000
MOST_REGISTRATIONS_HELD = 4_000
"""beyond, a REGISTER gets 503 at once: what is left of the machine belongs to life signs and alarms"""
REGISTRATIONS_A_SECOND, REGISTRATIONS_AT_ONCE = 20_000.0, 40_000.0
LEAST_RETRY_SECONDS, RETRY_SPREAD_SECONDS = 30, 60
LONGEST_EXPIRY_SECONDS = 86_400
DEFAULT_EXPIRY_SECONDS = 86_400
ALLOWED = "INVITE, ACK, BYE, CANCEL, INFO, OPTIONS, MESSAGE, REGISTER"
MANSCDP = "application/manscdp+xml"
EDITIONS = frozenset(("1.0", "1.1", "2.0", "3.0"))
LARGEST_ALARM_BYTES = 65_536


class _Held(NamedTuple):
    """A request whose answer the shell decides."""

    request: Request
    peer: Peer
    device_id: str
    expires_seconds: int = 0
    edition: str = "2.0"
    notice: AlarmNotice | None = None


class Inbox:
    def __init__(
        self, identity: PlatformIdentity, sip: SipEndpoint, book: PresenceBook, calls: Calls, nonce_secret: bytes
    ) -> None:
        self._identity, self._sip, self._book, self._calls = identity, sip, book, calls
        self._mint = NonceMint(nonce_secret)
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._last_ticket = 0
        self._events: list[PlatformEvent] = []
        self._heard: dict[str, Instant] = {}
        self._dismissed: set[str] = set()
        self._bucket, self._bucket_at = REGISTRATIONS_AT_ONCE, 0.0
        self._dated: tuple[datetime, str] | None = None
        self.grace_until = float("-inf")

    def events(self) -> list[PlatformEvent]:
        events, self._events = self._events, []
        return events

    def dismiss(self, device_id: str) -> None:
        """This device is told 403 even within the grace, until it registers again."""
        if len(self._dismissed) >= MOST_TICKETS:
            self._dismissed.clear()
        self._dismissed.add(device_id)

    def take_heard(self) -> dict[str, Instant]:
        heard, self._heard = self._heard, {}
        return heard

    def take_express(self, data: bytes, peer: Peer, now: Instant) -> bool:
        """An ordinary keepalive of a device that is present, or a REGISTER that has to be challenged: answered without
        being parsed. False: it is for the parser."""
        if data.startswith(b"MESSAGE "):
            if keepalive_sender(data) is None:
                return False
            found = read_express(data, b"MESSAGE", peer)
            if found is None:
                return False
            presence = self._book.get(found.from_user)
            if presence is None or presence.peer != peer:
                return False
            presence.heard_at = now.monotonic
            self._heard[found.from_user] = now
            self._sip.send(b"SIP/2.0 200 OK\r\n%bContent-Length: 0\r\n\r\n" % found.echo, peer)
            return True
        if data.startswith(b"REGISTER "):
            found = read_express(data, b"REGISTER", peer)
            if found is None or len(found.to_user) != 20 or not found.to_user.isdigit():
                return False
            nonce = self._mint.mint(now.utc_ms, found.to_user, peer.host)
            self._sip.send(
                b"SIP/2.0 401 Unauthorized\r\n%bWWW-Authenticate: %b\r\nX-GB-ver: %b\r\nContent-Length: 0\r\n\r\n"
                % (found.echo, challenge(self._identity.domain, nonce).encode(), self._identity.edition.encode()),
                peer,
            )
            return True
        return False

    def take(self, request: Request, peer: Peer, now: Instant) -> tuple[str, CatalogPage] | None:
        """Answer, or hold for the shell. Gives back a part of a catalogue, with the device that sent it."""
        method = request.method
        if method == "MESSAGE" or method == "NOTIFY":
            return self._message(request, peer, now)
        if method == "REGISTER":
            self._register(request, peer, now)
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
        return None

    # -- REGISTER ------------------------------------------------------------------------------------------------

    def _register(self, request: Request, peer: Peer, now: Instant) -> None:
        device_id = user_of(request.header("to")) or user_of(request.header("from"))
        if not (len(device_id) == 20 and device_id.isascii() and device_id.isdigit()):
            self._refused(request, peer, 403, "the id is not a code of twenty digits", now)
            return
        given = request.header("authorization")
        if not given:
            self._challenge(request, peer, device_id, now, stale=False)
            return
        try:
            credentials = parse_credentials(given)
        except Malformed as error:
            self._refused(request, peer, 400, str(error), now)
            return
        state = self._mint.check(credentials.nonce, now.utc_ms, device_id, peer.host)
        if state is not NonceState.GOOD:
            # A nonce of before our restart counts as stale too: the device then tries again without asking anybody.
            self._challenge(request, peer, device_id, now, stale=True)
            return
        expires = _expires(request)
        if expires is None:
            self._refused(request, peer, 400, "Expires is not a number", now)
            return
        edition = request.header("x-gb-ver")
        if edition not in EDITIONS:
            edition = "2.0"  # 2016: what devices speak that do not say it
        if len(self._held) >= MOST_REGISTRATIONS_HELD or not self._bucket_gives(now.monotonic):
            self._come_later(request, peer, device_id, now)
            return
        ticket = self._hold(_Held(request, peer, device_id, expires, edition), now)
        if ticket:
            self._events.append(
                RegistrationAsked(
                    ticket=ticket,
                    device_id=device_id,
                    credentials=credentials,
                    peer=peer,
                    expires_seconds=expires,
                    edition=edition,
                    call_id=_plain(request.call_id),
                )
            )

    def _bucket_gives(self, now: float) -> bool:
        """One bucket for all registrations, however many hosts they come from."""
        passed, self._bucket_at = now - self._bucket_at, now
        self._bucket = min(REGISTRATIONS_AT_ONCE, self._bucket + passed * REGISTRATIONS_A_SECOND)
        if self._bucket < 1.0:
            return False
        self._bucket -= 1.0
        return True

    def _come_later(self, request: Request, peer: Peer, device_id: str, now: Instant) -> None:
        """503, each device with a pause of its own, so that they do not all come back in one second."""
        pause = LEAST_RETRY_SECONDS + zlib.crc32(device_id.encode()) % RETRY_SPREAD_SECONDS
        retry = [("retry-after", str(pause))]
        self._sip.respond(request, peer, 503, now.monotonic, headers=retry, remember=False)
        self._events.append(PeerRefused(peer=peer, device_id=device_id, cause="REGISTER 503: too many at once"))

    def _challenge(self, request: Request, peer: Peer, device_id: str, now: Instant, *, stale: bool) -> None:
        nonce = self._mint.mint(now.utc_ms, device_id, peer.host)
        headers = [
            ("www-authenticate", challenge(self._identity.domain, nonce, stale=stale)),
            ("x-gb-ver", self._identity.edition),
        ]
        self._sip.respond(request, peer, 401, now.monotonic, headers=headers, remember=False)

    def admit(self, ticket: int, now: Instant) -> str:
        """200 to a held REGISTER; the device's id, empty when nothing was held under this ticket."""
        held = self._held.pop(ticket, None)
        if held is None:
            return ""
        contact = quirks.contact_of_binding(held.request.header("contact"), held.device_id, held.peer)
        more = (
            f"Date: {self._date(now)}\r\nExpires: {held.expires_seconds}\r\nContact: {contact}\r\n"
            f"X-GB-ver: {self._identity.edition}\r\n"
        )
        self._sip.respond_plainly(held.request, held.peer, 200, now.monotonic, more, remember=True)
        if held.expires_seconds == 0:
            self._book.remove(held.device_id)
            self._events.append(DeviceUnregistered(device_id=held.device_id))
            return held.device_id
        self._dismissed.discard(held.device_id)
        before = self._book.get(held.device_id)
        self._book.put(
            Presence(
                held.device_id,
                held.peer,
                now.monotonic + held.expires_seconds,
                now.monotonic,
                held.edition,
                held.request.call_id,
            )
        )
        self._heard[held.device_id] = now
        self._events.append(
            DeviceRegistered(
                device_id=held.device_id,
                peer=held.peer,
                expires_seconds=held.expires_seconds,
                edition=held.edition,
                renewed=before is not None and before.peer == held.peer,
            )
        )
        return held.device_id

    def _date(self, now: Instant) -> str:
        """Beijing time for the Date header, written once per moment: many are answered in one."""
        if self._dated is None or self._dated[0] != now.utc:
            self._dated = now.utc, beijing_text(now.utc, milliseconds=True)
        return self._dated[1]

    def refuse(self, ticket: int, status: int, now: Instant) -> None:
        held = self._held.pop(ticket, None)
        if held is not None:
            headers = [("retry-after", "60")] if status == 503 else []
            self._sip.respond(held.request, held.peer, status, now.monotonic, headers=headers)

    def accept_alarm(self, ticket: int, now: Instant) -> tuple[str, AlarmResponse] | None:
        """200 to a held alarm; who sent it, and the Response that it waits for."""
        held = self._held.pop(ticket, None)
        if held is None or held.notice is None:
            return None
        self._sip.respond(held.request, held.peer, 200, now.monotonic)
        return held.device_id, AlarmResponse(sn=held.notice.sn, device_id=held.notice.device_id)

    def _hold(self, held: _Held, now: Instant) -> int:
        if len(self._held) >= MOST_TICKETS:
            retry = [("retry-after", "60")]
            self._sip.respond(held.request, held.peer, 503, now.monotonic, headers=retry, remember=False)
            return 0
        self._last_ticket += 1
        self._held[self._last_ticket] = held
        self._sip.hold(held.request, now.monotonic)
        return self._last_ticket

    # -- MESSAGE -------------------------------------------------------------------------------------------------

    def _message(self, request: Request, peer: Peer, now: Instant) -> tuple[str, CatalogPage] | None:
        device_id = user_of(request.header("from"))
        presence = self._book.get(device_id)
        if presence is None:
            if now.monotonic >= self.grace_until or device_id in self._dismissed:
                self._refused(request, peer, 403, "it is not registered", now)
            return None
        if presence.peer != peer:
            if not quirks.same_device(presence.peer, peer):
                self._refused(request, peer, 403, f"it is registered from {presence.peer.host}", now)
                return None
            self._book.move(presence, peer)
        presence.heard_at = now.monotonic
        self._heard[device_id] = now
        body = request.body
        if keepalive_sender(body) is not None:
            self._sip.respond_plainly(request, peer, 200, now.monotonic)
            return None
        return self._command(request, peer, device_id, now)

    def _command(self, request: Request, peer: Peer, device_id: str, now: Instant) -> tuple[str, CatalogPage] | None:
        if request.content_type not in (MANSCDP, "text/xml", "application/xml", ""):
            self._refused(request, peer, 415, f"content type {request.content_type[:40]!r}", now)
            return None
        try:
            message = read_message(request.body)
        except Malformed as error:
            self._refused(request, peer, 400, str(error), now)
            return None
        if isinstance(message, AlarmNotice):
            if len(request.body) > LARGEST_ALARM_BYTES:
                self._refused(request, peer, 400, f"an alarm of {len(request.body)} bytes", now)
                return None
            ticket = self._hold(_Held(request, peer, device_id, notice=message), now)
            if ticket:
                self._events.append(
                    AlarmArrived(ticket=ticket, device_id=device_id, notice=message, peer=peer, raw=request.body)
                )
            return None
        self._sip.respond(request, peer, 200, now.monotonic, remember=not isinstance(message, Keepalive))
        if isinstance(message, CatalogPage):
            return device_id, message
        if isinstance(message, DeviceInfo):
            self._events.append(DeviceDescribed(device_id=device_id, info=message))
        elif isinstance(message, DeviceStatus):
            self._events.append(StatusReported(device_id=device_id, status=message))
        return None

    def _refused(self, request: Request, peer: Peer, status: int, cause: str, now: Instant) -> None:
        self._sip.respond(request, peer, status, now.monotonic, remember=False)
        device_id = user_of(request.header("from"))[:20]
        self._events.append(PeerRefused(peer=peer, device_id=device_id, cause=f"{request.method} {status}: {cause}"))


def _plain(text: str) -> str:
    """For keeping: what is not printable ASCII (NULs, broken UTF-8) becomes a question mark."""
    if text.isascii() and text.isprintable():
        return text[:255]
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:255])


def _expires(request: Request) -> int | None:
    """The Expires header, else the parameter of Contact, else a day. None: not a number (answer 400)."""
    text = request.header("expires")
    if not text and request.header("contact"):
        try:
            text = parse_name_address(request.header("contact")).parameters.get("expires", "")
        except Malformed:
            text = ""
    if not text:
        return DEFAULT_EXPIRY_SECONDS
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text[:10]), LONGEST_EXPIRY_SECONDS)
