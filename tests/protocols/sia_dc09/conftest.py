"""A receiver, a panel and the words in which the tests of DC-09 are told."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fengtai.protocols.sia_dc09 import FrameReceived, Message, Receiver, ReceiverEvent, encode
from fengtai.vocabulary.clock import Instant

NOW = Instant(5000.0, datetime(2009, 9, 25, 14, 12, 4, tzinfo=UTC))
PEER = ("10.0.0.7", 4711)
KEY = b"AAAAAAAAAAAAAAAA"


def a_receiver(keys: Mapping[str, tuple[bytes, ...]] | None = None, **how: object) -> Receiver:
    known = keys or {}
    return Receiver(lambda account, receiver, line: known.get(account, ()), **how)  # type: ignore[arg-type]


def burglary(sequence: int = 1, zone: str = "015", **changes: object) -> bytes:
    values: dict[str, object] = {
        "form": "ADM-CID",
        "sequence": f"{sequence:04d}",
        "account": "1234",
        "inner_account": "1234",
        "content": f"1131 01 {zone}",
    }
    return encode(Message(**values | changes))  # type: ignore[arg-type]


def hear(receiver: Receiver, frame: bytes, now: Instant = NOW) -> ReceiverEvent:
    [event] = receiver.receive_datagram(frame, PEER, now=now)
    return event


def received(receiver: Receiver, frame: bytes, now: Instant = NOW) -> FrameReceived:
    event = hear(receiver, frame, now)
    assert isinstance(event, FrameReceived), event
    return event
