"""REGISTER (GB/T 28181-2022 section 9.1): challenge, hold until the shell has tried the password, admit or refuse.

The usual form is read by the express lane of `sip` and never becomes a message object; any other goes through the parser.
Both ways end in the same few lines, so that they cannot come apart. Challenges are stateless. Must not know: passwords.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache, partial

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
    register_lane_of,
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


_Asked = tuple[RegistrationAsked, TransactionKey, bytes, bytes]
"""A REGISTER whose password the shell tries; its key, what its answer echoes, and its Contact. A bare tuple, because there
are so many."""
_peer = partial(tuple.__new__, Peer)
_registration_asked = partial(tuple.__new__, RegistrationAsked)
_device_registered = partial(tuple.__new__, DeviceRegistered)
"""As the classes make them, in a third of the time."""


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
        self._unauthorized = {stale: self._challenge_parts(stale) for stale in (False, True)}
        self._lane = register_lane_of(self._mint, *self._unauthorized[False])
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
        taken = self._lane.take(data, host, port, self._utc_ms(now))
        if isinstance(taken, bytes):
            return taken
        if taken is None:
            other = read_express(data, b"REGISTER", Peer("udp", host, port))
            if other is None or len(other.to_user) != 20 or not other.to_user.isdigit():
                return None
            return self._challenge(other.echo, other.to_user, host, now)
        (device_id, echo, call_id, contact, expires, edition, credentials), is_ours = taken
        if not expires and b"xpires" in contact:
            return None
        before = self._sip.repeat(echo)
        if before is not None:
            return before
        asked = _registration_asked(
            (
                next(self._tickets),
                device_id,
                credentials,
                _peer(("udp", host, port, 0)),
                _seconds(expires),
                EDITIONS.get(edition, UNSAID_EDITION),
                plain_text(call_id.decode("utf-8", "surrogateescape")),
            )
        )
        return self._ask(asked, is_ours, echo, echo, contact, now)

    def take(self, request: Request, peer: Peer, now: Instant) -> None:
        """A REGISTER that the parser read."""
        wire = self._taken(request, peer, now)
        if wire:
            self._sip.send(wire, peer)

    def admit(self, ticket: int, now: Instant) -> str:
        """200 to a held REGISTER; the device's id, empty when nothing was held under this ticket."""
        held = self._asked.pop(ticket, None)
        if held is None:
            return ""
        (_, device_id, _, peer, seconds, edition, call_id), key, echo, contact = held
        at = now.monotonic
        more = b"Date: %b\r\nExpires: %d\r\nContact: %b\r\nX-GB-ver: %b\r\n" % (
            self._date(now),
            seconds,
            contact or quirks.contact_of_binding("", device_id, peer).encode(),
            self._edition,
        )
        self._sip.respond_plainly(key, echo, peer, 200, at, more)
        if seconds == 0:
            self._book.remove(device_id)
            self._events.append(DeviceUnregistered(device_id=device_id))
            return device_id
        # its last-seen time is written with its binding
        before = self._book.put(Presence(device_id, peer, at + seconds, at, edition, call_id, at))
        renewed = before is not None and before.peer == peer
        self._events.append(_device_registered((device_id, peer, seconds, edition, renewed)))
        return device_id

    def redirect(self, ticket: int, contact: str, now: Instant) -> str:
        """302 to a held REGISTER; the device's id, empty when nothing was held under this ticket."""
        held = self._asked.pop(ticket, None)
        if held is None:
            return ""
        asked, key, echo, _ = held
        more = b"Contact: %b\r\nExpires: %d\r\nX-GB-ver: %b\r\n" % (
            contact.encode(),
            asked.expires_seconds,
            self._edition,
        )
        self._sip.respond_plainly(key, echo, asked.peer, 302, now.monotonic, more)
        return asked.device_id

    def refuse(self, ticket: int, status: int, now: Instant) -> bool:
        """False: no REGISTER is held under this ticket."""
        held = self._asked.pop(ticket, None)
        if held is None:
            return False
        asked, key, echo, _ = held
        more = b"Retry-After: 60\r\n" if status == 503 else b""
        self._sip.respond_plainly(key, echo, asked.peer, status, now.monotonic, more)
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
        ticket = next(self._tickets)
        asked = RegistrationAsked(ticket, device_id, credentials, peer, expires, edition, call_id)
        is_ours = self._mint.check(credentials.nonce, self._utc_ms(now), device_id, peer.host) is NonceState.GOOD
        return self._ask(asked, is_ours, key_of(request), echo, contact, now)

    def _ask(
        self, asked: RegistrationAsked, is_ours: bool, key: TransactionKey, echo: bytes, contact: bytes, now: Instant
    ) -> bytes:
        """Hold it for the shell, or say what to answer at once. `is_ours`: the nonce is, and it is not too old."""
        ticket, at = asked[0], now.monotonic
        if not is_ours:
            # A nonce of before our restart counts as stale too: the device then tries again without asking anybody.
            return self._challenge(echo, asked.device_id, asked.peer.host, now, stale=True)
        if len(self._asked) >= self._most_held or not self._bucket_gives(at):
            return self._come_later(asked, echo)
        self._asked[ticket] = asked, key, echo, contact
        self._sip.hold(key, at)
        self._events.append(asked)
        return b""

    def _challenge(self, echo: bytes, device_id: str, host: str, now: Instant, *, stale: bool = False) -> bytes:
        first, middle, last = self._unauthorized[stale]
        nonce = self._mint.mint(self._utc_ms(now), device_id, host)
        return b"".join((first, echo, middle, nonce.encode(), last))

    def _challenge_parts(self, stale: bool) -> list[bytes]:
        """A 401, cut where the echo and the nonce go in: there are as many challenges as registrations."""
        value = challenge(self._identity.domain, "\0", stale=stale).encode()
        whole = plain_answer(b"\0", 401, b"WWW-Authenticate: %b\r\nX-GB-ver: %b\r\n" % (value, self._edition))
        return whole.split(b"\0")

    def _bucket_gives(self, now: float) -> bool:
        """One bucket for all registrations, however many hosts they come from."""
        if now != self._bucket_at:
            passed, self._bucket_at = now - self._bucket_at, now
            self._bucket = min(REGISTRATIONS_AT_ONCE, self._bucket + passed * REGISTRATIONS_A_SECOND)
        if self._bucket < 1.0:
            return False
        self._bucket -= 1.0
        return True

    def _come_later(self, asked: RegistrationAsked, echo: bytes) -> bytes:
        """503, each device with a pause of its own, so that they do not all come back in one second."""
        pause = LEAST_RETRY_SECONDS + zlib.crc32(asked.device_id.encode()) % RETRY_SPREAD_SECONDS
        cause = "REGISTER 503: too many at once"
        self._events.append(PeerRefused(peer=asked.peer, device_id=asked.device_id, cause=cause))
        return plain_answer(echo, 503, b"Retry-After: %d\r\n" % pause)

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
        if self._dated is None or self._dated[0] is not now.utc:
            self._dated = now.utc, beijing_text(now.utc, milliseconds=True).encode()
        return self._dated[1]


@lru_cache(maxsize=64)
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
