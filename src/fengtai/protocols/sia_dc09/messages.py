"""DC-09 messages (5.5): what stands between check and CR. Bytes to values and back; no keys' store, no clock.

Body: `"ID"seq[Rrcvr]Lpref#acct[data][ext]..._timestamp`, encrypted from the first "[" when the ID begins with "*".
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from fengtai.protocols.sia_dc09.cipher import decrypt, encrypt
from fengtai.protocols.sia_dc09.framing import RawFrame, wrap
from fengtai.vocabulary.errors import Malformed

CLAUSE = "SIA DC-09, 5.5 message"
INNER_ACCOUNT_DIFFERS = "inner-account-differs"
TIMESTAMP_UNREADABLE = "timestamp-unreadable"

_HEAD = re.compile(
    rb'"(?P<star>\*?)(?P<form>[A-Z0-9-]{1,11})"(?P<sequence>[0-9]{4})'
    rb"(?P<route>(?:R(?P<receiver>[0-9A-Fa-f]{0,6}))?(?:L(?P<line>[0-9A-Fa-f]{0,6}?))?(?:\#(?P<account>[0-9A-Za-z]{1,16})|A0)?)"
    rb"\[",
)
_HEAD_FIELDS = ("star", "form", "sequence", "receiver", "line", "account")
_INNER_ACCOUNT = re.compile(r"#?([0-9A-Fa-f]{0,16})\|")
_EXTENDED = re.compile(rb"\[([A-Z])([^\[\]]*)\]")
_TIMESTAMP = re.compile(rb"_([0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{2}-[0-9]{2}-[0-9]{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in clear values. `receiver`, `line` and `account` are as written, without R, L and #."""

    form: str
    """ "SIA-DCS", "ADM-CID", "NULL", "ACK", "NAK", "DUH", ... without the star """
    sequence: str
    account: str = ""
    receiver: str | None = None
    """None: the field is absent"""
    line: str | None = "0"
    content: str = ""
    """the data without the inner account: `NFA129`, `1131 01 015`"""
    inner_account: str | None = None
    """None: the data names no account"""
    extended: tuple[tuple[str, str], ...] = ()
    timestamp: datetime | None = None
    encrypted: bool = False
    quirks: tuple[str, ...] = ()

    @property
    def route(self) -> str:
        """`R..L..#acct`, as a reply must echo it."""
        receiver = "" if self.receiver is None else f"R{self.receiver}"
        line = "" if self.line is None else f"L{self.line}"
        return f"{receiver}{line}#{self.account}" if self.account else f"{receiver}{line}A0"

    def extension(self, letter: str) -> str:
        if not self.extended:
            return ""
        return next((value for name, value in self.extended if name == letter), "")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The clear head of a message whose rest is not yet read (its key must be found first)."""

    head: Message
    rest: bytes


def open_envelope(body: bytes) -> Envelope:
    """Read the head. Raise Malformed when it is no DC-09 message."""
    match = _HEAD.match(body)
    if match is None:
        raise Malformed("no DC-09 head", clause=CLAUSE, data=body)
    star, form, sequence, receiver, line, account = match.group(*_HEAD_FIELDS)
    head = Message(
        form=form.decode(),
        sequence=sequence.decode(),
        receiver=None if receiver is None else receiver.decode(),
        line=None if line is None else line.decode(),
        account="" if account is None else account.decode(),
        encrypted=bool(star),
    )
    return Envelope(head, body[match.end() :])


def read_rest(envelope: Envelope, key: bytes | None = None) -> Message:
    """The whole message. An encrypted one needs its key. Raise Malformed when the rest cannot be read (wrong key)."""
    rest = envelope.rest
    if envelope.head.encrypted:
        if key is None:
            raise Malformed("encrypted, and no key is known", clause="SIA DC-09, 5.4 encryption", data=rest)
        pad, bar, rest = decrypt(key, rest).partition(b"|")
        if not bar or len(pad) > 16 or not all(0x20 <= byte < 0x7F for byte in pad):
            raise Malformed("no pad before the data: the key is wrong", clause="SIA DC-09, 5.4 encryption")
    data, bracket, tail = rest.partition(b"]")
    if not bracket:
        raise Malformed('no "]" after the data', clause=CLAUSE, at=len(data), data=rest)
    return _with_data(envelope.head, text_of(data), tail)


def _with_data(head: Message, data: str, tail: bytes) -> Message:
    quirks: list[str] = []
    content, inner = data, None
    if match := _INNER_ACCOUNT.match(data):
        inner, content = match[1], data[match.end() :]
        if inner and inner.upper() != head.account.upper():
            quirks.append(INNER_ACCOUNT_DIFFERS)
    timestamp: datetime | None = None
    extended: tuple[tuple[str, str], ...] = ()
    if tail:
        timestamp, extended = _tail_of(tail, quirks)
    # Built anew and not by `replace`: this is the hot path of the receiver.
    return Message(
        form=head.form,
        sequence=head.sequence,
        account=head.account,
        receiver=head.receiver,
        line=head.line,
        content=content,
        inner_account=inner,
        extended=extended,
        timestamp=timestamp,
        encrypted=head.encrypted,
        quirks=tuple(quirks),
    )


def _tail_of(tail: bytes, quirks: list[str]) -> tuple[datetime | None, tuple[tuple[str, str], ...]]:
    timestamp = None
    if match := _TIMESTAMP.search(tail):
        timestamp = parse_timestamp(match[1].decode())
    if timestamp is None and b"_" in tail:
        quirks.append(TIMESTAMP_UNREADABLE)
    return timestamp, tuple((name.decode(), text_of(value)) for name, value in _EXTENDED.findall(tail))


def encode(message: Message, key: bytes | None = None, *, pad: bytes | None = None, binary_crc: bool = False) -> bytes:
    """The frame of this message. `key` must be given when, and only when, it is encrypted."""
    if message.encrypted != (key is not None):
        raise ValueError("a key belongs to an encrypted message, and to no other")
    inner = "" if message.inner_account is None else f"#{message.inner_account}|" if message.inner_account else "|"
    extended = "".join(f"[{letter}{value}]" for letter, value in message.extended)
    stamp = "" if message.timestamp is None else format_timestamp(message.timestamp)
    rest = bytes_of(f"{inner}{message.content}]{extended}{stamp}")
    if key is not None:
        rest = encrypt(key, rest, pad=pad)
    star = "*" if message.encrypted else ""
    head = f'"{star}{message.form}"{message.sequence}{message.route}['
    return wrap(head.encode() + rest, binary_crc=binary_crc)


def decode(frame: RawFrame, key: bytes | None = None) -> Message:
    """Head and rest in one step, for whoever has the key at hand."""
    return read_rest(open_envelope(frame.body), key)


def parse_timestamp(text: str) -> datetime | None:
    """`HH:MM:SS,MM-DD-YYYY`, always UTC (5.5.1.9); None when it names no moment."""
    try:
        return datetime(
            int(text[15:19]),
            int(text[9:11]),
            int(text[12:14]),
            int(text[:2]),
            int(text[3:5]),
            int(text[6:8]),
            tzinfo=UTC,
        )
    except ValueError:
        return None


def format_timestamp(moment: datetime) -> str:
    return f"_{moment:%H:%M:%S,%m-%d-}{moment.year:04d}"


def text_of(data: bytes) -> str:
    """Text fields are Windows-1252 by the standard; panels sold in China send UTF-8 or GB 18030."""
    if data.isascii():
        return data.decode("ascii")
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("gb18030", "replace")


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8")
