"""The express lane: requests in the form that nearly all devices use, read without building a message.

Keepalives and first REGISTERs are nine of ten messages; here they cost a third. Whatever is unusual in the least (folded
or repeated headers, compact names, several Vias, unknown headers) is not decided here: the answer is None, and the
parser proper takes it. So nothing is accepted here that the parser would refuse.
"""

import zlib
from typing import NamedTuple

from fengtai.protocols.sip.messages import Peer

_ECHOED = {b"Via": 0, b"From": 1, b"To": 2, b"Call-ID": 3, b"CSeq": 4}
_HARMLESS = frozenset(
    b"Contact,Max-Forwards,Expires,X-GB-ver,X-GB-Ver,Content-Type,Content-Length,User-Agent,Date,Allow".split(b",")
)
MOST_LINES = 16


class Express(NamedTuple):
    """Who sends, about whom, and the headers that every answer echoes, as bytes that end in CRLF."""

    from_user: str
    to_user: str
    echo: bytes


def read_express(data: bytes, method: bytes, peer: Peer) -> Express | None:
    """Read a request of this method; None when the parser proper has to look at it."""
    end = data.find(b"\r\n\r\n")
    lines = data[:end].split(b"\r\n")
    if end < 0 or len(lines) > MOST_LINES or not lines[0].endswith(b" SIP/2.0") or lines[0].count(b" ") != 2:
        return None
    echoed: list[bytes] = [b""] * 5
    for line in lines[1:]:
        name, _, value = line.partition(b": ")
        place = _ECHOED.get(name)
        if place is None:
            if name not in _HARMLESS:
                return None
        elif echoed[place] or not value or value[0] == 32:
            return None
        else:
            echoed[place] = value
    via, sender, to, call_id, cseq = echoed
    number, _, named = cseq.partition(b" ")
    if not (via and sender and to and call_id) or named != method or not number.isdigit() or len(number) > 9:
        return None
    stamped = _stamped(via, peer)
    from_user, to_user = _user(sender), _user(to)
    if not stamped or not from_user or not to_user:
        return None
    if b";tag=" not in to:
        to = b"%b;tag=%08x" % (to, zlib.crc32(b"%b|%b|%b" % (call_id, sender, cseq)))
    echo = b"Via: %b\r\nFrom: %b\r\nTo: %b\r\nCall-ID: %b\r\nCSeq: %b\r\n" % (stamped, sender, to, call_id, cseq)
    return Express(from_user, to_user, echo)


def _stamped(via: bytes, peer: Peer) -> bytes:
    """With `received` and `rport`; empty when this Via wants a closer look."""
    if b"," in via or b"received" in via or via.count(b";rport") != 1:
        return b""
    before, _, after = via.partition(b";rport")
    if after and after[0] != 59:  # ";"
        return b""
    return b"%b;rport=%d;received=%b%b" % (before, peer.port, peer.host.encode(), after)


def _user(value: bytes) -> str:
    start = value.find(b"sip:") + 4
    end = value.find(b"@", start)
    user = value[start:end]
    return user.decode() if start > 3 and end > 0 and user.isalnum() else ""
