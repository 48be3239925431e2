"""REGISTER (GB/T 28181-2022 section 9.1): challenge, hold until the shell has tried the password, admit or refuse.

The usual form is read by the express lane of `sip` and never becomes a message object; any other goes through the parser.
Both ways end in the same few lines, so that they cannot come apart. Challenges are stateless. Must not know: passwords.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from fengtai.protocols.gb28181 import quirks
from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.gb28181.events import (
    DeviceRegistered,
    DeviceUnregistered,
    PeerRefused,
    PlatformEvent,
    RegistrationAsked,
)
from fengtai.protocols.gb28181.identity import PlatformIdentity
from fengtai.protocols.gb28181.notices import beijing_text
from fengtai.protocols.gb28181.presence import Presence, PresenceBook
from fengtai.protocols.sip import (
    Credentials,
    NonceMint,
    NonceState,
    Peer,
    Request,
    SipEndpoint,
    TransactionKey,
    challenge,
    echoed,
    key_of,
    parse_credentials,
    parse_name_address,
    plain_answer,
    read_express,
    read_registering,
    user_of,
)
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Malformed

REGISTRATIONS_A_SECOND, REGISTRATIONS_AT_ONCE = 20_000.0, 40_000.0
LEAST_RETRY_SECONDS, RETRY_SPREAD_SECONDS = 30, 60
LONGEST_EXPIRY_SECONDS = 86_400
DEFAULT_EXPIRY_SECONDS = 86_400
EDITIONS = {edition.encode(): edition for edition in ("1.0", "1.1", "2.0", "3.0")}
UNSAID_EDITION = "2.0"
"""2016: what devices speak that do not say it"""


class _Asked(NamedTuple):
    """A REGISTER whose password the shell tries."""

    key: TransactionKey
    echo: bytes
    peer: Peer
    device_id: str
    expires_seconds: int
    edition: str
    call_id: str
    contact: bytes


class Registrar:
    def __init__(
        self,
        identity: PlatformIdentity,
        sip: SipEndpoint,
        book: PresenceBook,
        nonce_secret: bytes,
        tickets: Iterator[int],
        bounds: Bounds,
    ) -> None:
        self._identity, self._sip, self._book, self._tickets = identity, sip, book, tickets
        self._most_held = bounds.most_registrations_held
        self._mint = NonceMint(nonce_secret)
        self._edition = identity.edition.encode()
        self._asked: dict[int, _Asked] = {}
        self._events: list[PlatformEvent] = []
        self._bucket, self._bucket_at = REGISTRATIONS_AT_ONCE, 0.0
        self._dated: tuple[datetime, bytes] | None = None
        self._told: tuple[Instant, int] | None = None

    def events(self) -> list[PlatformEvent]:
        events, self._events = self._events, []
        return events

    def answer_at_once(self, data: bytes, host: str, port: int, now: Instant) -> bytes | None:
        """What to send now (b"": nothing yet), or None: this REGISTER is for the parser."""
        found = read_registering(data, host, port)
        if found is None:
            other = read_express(data, b"REGISTER", Peer("udp", host, port))
            if other is None or len(other.to_user) != 20 or not other.to_user.isdigit():
                return None
            return self._challenge(other.echo, other.to_user, host, now)
        device_id, echo, call_id, contact, expires, edition, credentials = found
        if credentials is None:
            return self._challenge(echo, device_id, host, now)
        if not expires and b"xpires" in contact:
            return None
        before = self._sip.repeat(echo)
        if before is not None:
            return before
        asked = _Asked(
            echo,
            echo,
            Peer("udp", host, port),
            device_id,
            _seconds(expires),
            EDITIONS.get(edition, UNSAID_EDITION),
            plain_text(call_id.decode("utf-8", "surrogateescape")),
            contact,
        )
        return self._ask(asked, credentials, now)

    def take(self, request: Request, peer: Peer, now: Instant) -> None:
        """A REGISTER that the parser read."""
        wire = self._taken(request, peer, now)
        if wire:
            self._sip.send(wire, peer)

    def admit(self, ticket: int, now: Instant) -> str:
        """200 to a held REGISTER; the device's id, empty when nothing was held under this ticket."""
        asked = self._asked.pop(ticket, None)
        if asked is None:
            return ""
        device_id, peer = asked.device_id, asked.peer
        more = b"Date: %b\r\nExpires: %d\r\nContact: %b\r\nX-GB-ver: %b\r\n" % (
            self._date(now),
            asked.expires_seconds,
            asked.contact or quirks.contact_of_binding("", device_id, peer).encode(),
            self._edition,
        )
        self._sip.respond_plainly(asked.key, asked.echo, peer, 200, now.monotonic, more)
        if asked.expires_seconds == 0:
            self._book.remove(device_id)
            self._events.append(DeviceUnregistered(device_id=device_id))
            return device_id
        before = self._book.get(device_id)
        at = now.monotonic  # its last-seen time is written with its binding
        presence = Presence(device_id, peer, at + asked.expires_seconds, at, asked.edition, asked.call_id, at)
        self._book.put(presence)
        renewed = before is not None and before.peer == peer
        self._events.append(DeviceRegistered(device_id, peer, asked.expires_seconds, asked.edition, renewed))
        return device_id

    def redirect(self, ticket: int, contact: str, now: Instant) -> str:
        """302 to a held REGISTER; the device's id, empty when nothing was held under this ticket."""
        asked = self._asked.pop(ticket, None)
        if asked is None:
            return ""
        more = b"Contact: %b\r\nExpires: %d\r\nX-GB-ver: %b\r\n" % (
            contact.encode(),
            asked.expires_seconds,
            self._edition,
        )
        self._sip.respond_plainly(asked.key, asked.echo, asked.peer, 302, now.monotonic, more)
        return asked.device_id

    def refuse(self, ticket: int, status: int, now: Instant) -> bool:
        """False: no REGISTER is held under this ticket."""
        asked = self._asked.pop(ticket, None)
        if asked is None:
            return False
        more = b"Retry-After: 60\r\n" if status == 503 else b""
        self._sip.respond_plainly(asked.key, asked.echo, asked.peer, status, now.monotonic, more)
        return True

    # -- inside --------------------------------------------------------------------------------------------------

    def _taken(self, request: Request, peer: Peer, now: Instant) -> bytes:
        echo = echoed(request, peer)
        device_id = user_of(request.header("to")) or user_of(request.header("from"))
        if not (len(device_id) == 20 and device_id.isascii() and device_id.isdigit()):
            return self._refused(request, echo, peer, 403, "the id is not a code of twenty digits")
        given = request.header("authorization")
        if not given:
            return self._challenge(echo, device_id, peer.host, now)
        try:
            credentials = parse_credentials(given)
        except Malformed as error:
            return self._refused(request, echo, peer, 400, str(error))
        expires = _expires(request)
        if expires is None:
            return self._refused(request, echo, peer, 400, "Expires is not a number")
        edition = EDITIONS.get(request.header("x-gb-ver").encode("utf-8", "replace"), UNSAID_EDITION)
        contact = request.header("contact").encode("utf-8", "surrogateescape")
        call_id = plain_text(request.call_id)
        asked = _Asked(key_of(request), echo, peer, device_id, expires, edition, call_id, contact)
        return self._ask(asked, credentials, now)

    def _ask(self, asked: _Asked, credentials: Credentials, now: Instant) -> bytes:
        """Hold it for the shell, or say what to answer at once."""
        device_id, peer = asked.device_id, asked.peer
        if self._mint.check(credentials.nonce, self._utc_ms(now), device_id, peer.host) is not NonceState.GOOD:
            # A nonce of before our restart counts as stale too: the device then tries again without asking anybody.
            return self._challenge(asked.echo, device_id, peer.host, now, stale=True)
        if len(self._asked) >= self._most_held or not self._bucket_gives(now.monotonic):
            return self._come_later(asked)
        ticket = next(self._tickets)
        self._asked[ticket] = asked
        self._sip.hold(asked.key, now.monotonic)
        self._events.append(
            RegistrationAsked(ticket, device_id, credentials, peer, asked.expires_seconds, asked.edition, asked.call_id)
        )
        return b""

    def _challenge(self, echo: bytes, device_id: str, host: str, now: Instant, *, stale: bool = False) -> bytes:
        value = challenge(
            self._identity.domain, self._mint.mint(self._utc_ms(now), device_id, host), stale=stale
        ).encode()
        return plain_answer(echo, 401, b"WWW-Authenticate: %b\r\nX-GB-ver: %b\r\n" % (value, self._edition))

    def _bucket_gives(self, now: float) -> bool:
        """One bucket for all registrations, however many hosts they come from."""
        passed, self._bucket_at = now - self._bucket_at, now
        self._bucket = min(REGISTRATIONS_AT_ONCE, self._bucket + passed * REGISTRATIONS_A_SECOND)
        if self._bucket < 1.0:
            return False
        self._bucket -= 1.0
        return True

    def _come_later(self, asked: _Asked) -> bytes:
        """503, each device with a pause of its own, so that they do not all come back in one second."""
        pause = LEAST_RETRY_SECONDS + zlib.crc32(asked.device_id.encode()) % RETRY_SPREAD_SECONDS
        cause = "REGISTER 503: too many at once"
        self._events.append(PeerRefused(peer=asked.peer, device_id=asked.device_id, cause=cause))
        return plain_answer(asked.echo, 503, b"Retry-After: %d\r\n" % pause)

    def _refused(self, request: Request, echo: bytes, peer: Peer, status: int, cause: str) -> bytes:
        device_id = user_of(request.header("from"))[:20]
        self._events.append(PeerRefused(peer=peer, device_id=device_id, cause=f"REGISTER {status}: {cause}"))
        return plain_answer(echo, status)

    def _utc_ms(self, now: Instant) -> int:
        """Worked out once for each burst."""
        if self._told is None or self._told[0] is not now:
            self._told = now, now.utc_ms
        return self._told[1]

    def _date(self, now: Instant) -> bytes:
        """Beijing time for the Date header, written once per moment: many are answered in one."""
        if self._dated is None or self._dated[0] != now.utc:
            self._dated = now.utc, beijing_text(now.utc, milliseconds=True).encode()
        return self._dated[1]


def _seconds(text: bytes) -> int:
    return min(int(text), LONGEST_EXPIRY_SECONDS) if text else DEFAULT_EXPIRY_SECONDS


def plain_text(text: str) -> str:
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
