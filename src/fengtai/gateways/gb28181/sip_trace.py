"""The last SIP messages of each device, as they went over the wire: the first thing that is looked at when a device and
the platform do not understand each other (behind `domain.devices.ports.DeviceCommands.trace`).

Bounded three ways: messages per device, devices, bytes in all. Keepalives have a short ring of their own, so that they do
not push out what matters. On a large site the life signs of devices at which nobody looks are not kept at all: they are
the hot path. Passwords never appear: answers to digests and Password elements are masked when the trace is read.
"""

import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fengtai.domain.devices.model import TracedMessage
from fengtai.protocols.gb28181 import Peer
from fengtai.vocabulary.clock import Instant

MESSAGES_A_DEVICE, LIFE_SIGNS_A_DEVICE = 180, 20
MOST_DEVICES, MOST_BYTES = 1_000, 64 * 1024 * 1024
LONGEST_MESSAGE_BYTES = 16_384
MOST_CALLS = 10_000
WATCHED_SECONDS = 3600.0
"""after somebody has read a device's trace, its life signs are kept this long, on a large site too"""

_CALL_ID = re.compile(rb"\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]{1,255})", re.IGNORECASE)
_FROM = re.compile(rb"\n(?:from|f)[ \t]*:[^\r\n]*?sips?:(\d{20})@", re.IGNORECASE)
_TO = re.compile(rb"\n(?:to|t)[ \t]*:[^\r\n]*?sips?:(\d{20})@", re.IGNORECASE)
_SECRETS = (
    (
        re.compile(r'(?im)^((?:proxy-)?authorization[ \t]*:[^\r\n]*?\bresponse[ \t]*=[ \t]*)("[^"\r\n]*"?|[^,\r\n]*)'),
        r'\1"***"',
    ),
    (re.compile(r"(?is)(<password>).*?(</password>)"), r"\1***\2"),
)


@dataclass(slots=True)
class _Ring:
    messages: deque[tuple[float, bool, Peer, bytes]] = field(default_factory=lambda: deque(maxlen=MESSAGES_A_DEVICE))
    life_signs: deque[tuple[float, bool, Peer, bytes]] = field(
        default_factory=lambda: deque(maxlen=LIFE_SIGNS_A_DEVICE)
    )
    bytes: int = 0


class SipTraces:
    """`saw` for every message; `began` names the device of a call, whose messages name only its channel."""

    def __init__(self, own_id: str, started: Instant) -> None:
        self._own_id, self._started = own_id.encode(), started
        self._rings: OrderedDict[str, _Ring] = OrderedDict()
        self._device_of_call: OrderedDict[bytes, str] = OrderedDict()
        self._watched: dict[str, float] = {}
        self._watched_until = float("-inf")
        self._bytes = 0
        self.is_large = False
        """more devices are present than can be traced"""

    def wants_life_signs(self, now: float) -> bool:
        return not self.is_large or now < self._watched_until

    def began(self, call_id: str, device_id: str) -> None:
        self._device_of_call[call_id.encode()] = device_id
        if len(self._device_of_call) > MOST_CALLS:
            self._device_of_call.popitem(last=False)

    def saw(self, incoming: bool, peer: Peer, data: bytes, now: float) -> None:
        is_life_sign = _is_life_sign(data)
        if is_life_sign and not self.wants_life_signs(now):
            return
        device_id = self._device_of(data)
        if not device_id or (is_life_sign and self.is_large and self._watched.get(device_id, 0.0) < now):
            return
        ring = self._rings.get(device_id)
        if ring is None:
            ring = self._rings[device_id] = _Ring()
        kept = ring.life_signs if is_life_sign else ring.messages
        size = min(len(data), LONGEST_MESSAGE_BYTES)
        if len(kept) == kept.maxlen:
            size -= len(kept[0][3])
        kept.append((now, incoming, peer, data[:LONGEST_MESSAGE_BYTES]))
        ring.bytes += size
        self._bytes += size
        if not is_life_sign:
            self._rings.move_to_end(device_id)
        while len(self._rings) > MOST_DEVICES or self._bytes > MOST_BYTES:
            _, oldest = self._rings.popitem(last=False)
            self._bytes -= oldest.bytes

    def trace(self, device_id: str, now: Instant) -> list[TracedMessage]:
        """Oldest first. Whoever reads a trace has the device watched for a while."""
        for watched, until in list(self._watched.items()):
            if until < now.monotonic:
                del self._watched[watched]
        if len(self._watched) < MOST_DEVICES:
            self._watched[device_id] = self._watched_until = now.monotonic + WATCHED_SECONDS
        ring = self._rings.get(device_id)
        if ring is None:
            return []
        return [self._shown(*one) for one in sorted([*ring.messages, *ring.life_signs], key=lambda one: one[0])]

    def _shown(self, at: float, incoming: bool, peer: Peer, data: bytes) -> TracedMessage:
        text = _text(data)
        for pattern, mask in _SECRETS:
            text = pattern.sub(mask, text)
        moment: datetime = (self._started.utc + timedelta(seconds=at - self._started.monotonic)).astimezone(UTC)
        return TracedMessage(
            at=moment,
            incoming=incoming,
            transport=peer.transport,
            peer=f"{peer.host}:{peer.port}",
            first_line=text.lstrip().partition("\n")[0].strip()[:200],
            text=text,
        )

    def _device_of(self, data: bytes) -> str:
        """Who of the two is not us; in a call, where only the channel is named, the device that was called."""
        call_id = _CALL_ID.search(data)
        if call_id is not None:
            known = self._device_of_call.get(call_id[1].strip())
            if known:
                return known
        for pattern in (_FROM, _TO):
            found = pattern.search(data)
            if found is not None and found[1] != self._own_id:
                return found[1].decode()
        return ""


def _is_life_sign(data: bytes) -> bool:
    """A keepalive or a REGISTER, or our ordinary answer to one."""
    if data.startswith(b"SIP/2.0 "):
        if data.endswith(b" MESSAGE\r\nContent-Length: 0\r\n\r\n"):
            return data.startswith(b"SIP/2.0 200")
        return data.startswith((b"SIP/2.0 401", b"SIP/2.0 200")) and b" REGISTER\r\n" in data
    return data.startswith(b"REGISTER ") or b">Keepalive<" in data


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")
