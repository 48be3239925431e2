"""The receiver of DC-09 (5.6): bytes, peer and moment come in; events and reply bytes go out.

Never answers what it cannot read (5.5.1.2: wrong check, silence), never acknowledges by itself what must be stored
first. Keeps raw bytes of unknown senders in a bounded ring. Must not know sockets, accounts' store or alarms.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from fengtai.protocols.sia_dc09.content import events_of
from fengtai.protocols.sia_dc09.events import (
    FrameIgnored,
    FrameReceived,
    FrameRefused,
    HeartbeatReceived,
    ReceiverEvent,
)
from fengtai.protocols.sia_dc09.framing import FrameScanner, RawFrame, frames_of_datagram, wrap
from fengtai.protocols.sia_dc09.messages import Envelope, Message, encode, open_envelope, read_rest
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Malformed

Address = tuple[str, int]
Keys = Callable[[str, str, str], Sequence[bytes]]
"""(account, receiver, line) → the AES keys that it may use (`cipher.parse_keys`); none when it is to speak in the clear"""

EVENT_FORMS = frozenset({"SIA-DCS", "ADM-CID"})
REPLY_FORMS = frozenset({"ACK", "NAK", "DUH", "RSP"})


@dataclass(frozen=True, slots=True)
class ClockWindow:
    """How far a panel's clock may be from ours (5.5.1.9): an encrypted message outside it is refused with our time."""

    behind_seconds: float = 40.0
    ahead_seconds: float = 20.0

    def holds(self, skew_seconds: float) -> bool:
        return -self.behind_seconds <= skew_seconds <= self.ahead_seconds


@dataclass(frozen=True, slots=True)
class UnansweredFrame:
    """What came from a sender that could not be answered."""

    at: Instant
    peer: Address
    reason: str
    account: str
    raw: bytes


class Receiver:
    """One receiver for all its connections: keys, window, counters and the ring of unanswered frames."""

    def __init__(self, keys: Keys, *, window: ClockWindow | None = None, ring_frames: int = 200) -> None:
        self._keys = keys
        self._window = window or ClockWindow()
        self.counters: Counter[str] = Counter()
        self.unanswered: deque[UnansweredFrame] = deque(maxlen=ring_frames)

    def connection(self, peer: Address) -> "ReceiverConnection":
        return ReceiverConnection(self, peer)

    def receive_datagram(self, data: bytes, peer: Address, *, now: Instant) -> list[ReceiverEvent]:
        frames, garbage_bytes = frames_of_datagram(data)
        self.counters["garbage_bytes"] += garbage_bytes
        return [self.receive_frame(frame, peer, now=now) for frame in frames]

    def receive_frame(self, frame: RawFrame, peer: Address, *, now: Instant) -> ReceiverEvent:
        """What this frame is. Also for a second try, after the keys were read anew."""
        event = self._event(frame, now)
        self.counters[type(event).__name__] += 1
        for quirk in frame.quirks:
            self.counters[quirk] += 1
        if isinstance(event, FrameIgnored):
            self.counters[f"ignored_{event.reason}"] += 1
            self.unanswered.append(UnansweredFrame(now, peer, event.reason, event.account, frame.raw))
        return event

    def acknowledge(self, received: FrameReceived, *, now: Instant) -> bytes:
        """The ACK of a message that is stored: route and sequence echoed, encrypted when it was."""
        message = received.message
        return _reply("ACK", message, received.key, now, binary_crc=received.binary_crc)

    def _event(self, frame: RawFrame, now: Instant) -> ReceiverEvent:
        if not frame.crc_ok:
            return FrameIgnored("crc", frame.raw)
        try:
            envelope = open_envelope(frame.body)
        except Malformed:
            return FrameIgnored("malformed", frame.raw)
        head = envelope.head
        if head.form in REPLY_FORMS:
            return FrameIgnored("reply", frame.raw, head.account)
        if not head.encrypted:
            return self._opened(envelope, None, frame, now) or FrameIgnored("malformed", frame.raw, head.account)
        keys = self._keys(head.account, head.receiver or "", head.line or "")
        for key in keys:
            if event := self._opened(envelope, key, frame, now):
                return event
        return FrameIgnored("wrong-key" if keys else "no-key", frame.raw, head.account)

    def _opened(self, envelope: Envelope, key: bytes | None, frame: RawFrame, now: Instant) -> ReceiverEvent | None:
        try:
            message = read_rest(envelope, key)
        except Malformed:
            return None
        return self._answer(message, key, frame, now)

    def _answer(self, message: Message, key: bytes | None, frame: RawFrame, now: Instant) -> ReceiverEvent:
        skew = None if message.timestamp is None else (message.timestamp - now.utc).total_seconds()
        if skew is not None and not self._window.holds(skew):
            self.counters["clock_outside_window"] += 1
        if message.encrypted and (skew is None or not self._window.holds(skew)):
            # 5.5.1.9: an encrypted message must carry a time within the window; a NAK is never encrypted (5.5.2.2).
            nak = Message(form="NAK", sequence="0000", receiver="0", line="0", timestamp=_whole_second(now))
            return FrameRefused(message, encode(nak, binary_crc=frame.crc_is_binary), "time")
        if message.form == "NULL":
            return HeartbeatReceived(message, _reply("ACK", message, key, now, binary_crc=frame.crc_is_binary))
        if message.form not in EVENT_FORMS:
            return FrameRefused(message, _reply("DUH", message, None, now, binary_crc=frame.crc_is_binary), "form")
        return FrameReceived(
            message=message,
            events=events_of(message.form, message.content),
            raw=frame.raw,
            binary_crc=frame.crc_is_binary,
            quirks=frame.quirks + message.quirks,
            clock_skew_seconds=skew,
            dedup_key=dedup_key(message),
            key=key,
        )


class ReceiverConnection:
    """One TCP connection of a panel: its unfinished frame and nothing else."""

    def __init__(self, receiver: Receiver, peer: Address) -> None:
        self._receiver, self._peer = receiver, peer
        self._scanner = FrameScanner()

    def receive_data(self, data: bytes, *, now: Instant) -> list[ReceiverEvent]:
        """Events in the order of the frames. Send what they ask for; see `events.py`."""
        garbage_before = self._scanner.garbage_bytes
        frames = self._scanner.receive_data(data)
        if self._scanner.garbage_bytes != garbage_before:
            self._receiver.counters["garbage_bytes"] += self._scanner.garbage_bytes - garbage_before
        return [self._receiver.receive_frame(frame, self._peer, now=now) for frame in frames]

    @property
    def held_bytes(self) -> int:
        """Of a frame that is not whole yet."""
        return self._scanner.held_bytes

    def connection_lost(self) -> None:
        garbage_before = self._scanner.garbage_bytes
        self._scanner.close()
        self._receiver.counters["garbage_bytes"] += self._scanner.garbage_bytes - garbage_before


def dedup_key(message: Message) -> str:
    """Account, route, sequence and data without the time: a panel that starts anew counts from 1 again, so the sequence
    alone would not do; a repeat carries a later time, so the time must not count."""
    data = f"{message.form}{message.content}"
    if message.extended:
        data += "".join(f"[{letter}{value}]" for letter, value in message.extended)
    return f"{message.route}/{message.sequence}/{_digest(data)}"


@lru_cache(maxsize=4096)
def _digest(data: str) -> str:
    return hashlib.blake2b(data.encode(), digest_size=8).hexdigest()


def _whole_second(now: Instant) -> datetime:
    return now.utc.replace(microsecond=0)


def _reply(form: str, message: Message, key: bytes | None, now: Instant, *, binary_crc: bool) -> bytes:
    """Encrypted when there is a key; a DUH has nothing to hide and gets none (5.5.2.3)."""
    if key is None:
        return wrap(f'"{form}"{message.sequence}{message.route}[]'.encode(), binary_crc=binary_crc)
    reply = Message(
        form=form,
        sequence=message.sequence,
        receiver=message.receiver,
        line=message.line,
        account=message.account,
        timestamp=_whole_second(now),
        encrypted=True,
    )
    return encode(reply, key, binary_crc=binary_crc)
