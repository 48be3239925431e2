"""The express lane: requests in the form that nearly all devices use, read without building a message.

Keepalives and REGISTERs are nine of ten messages; here they cost a tenth. One pattern (its compiled twin:
native_express.pyx) reads the order in which the usual stacks (eXosip and its kin) write their headers; other orders are
read line by line; whatever is unusual in the least (folded or repeated headers, compact names, several Vias, unknown
headers) is not decided here: the answer is None, and the parser proper takes it. So nothing is accepted here that the
parser would refuse, and an answer is the same byte by byte whichever way it took.
"""

import re
import zlib
from typing import NamedTuple

from fengtai.protocols.sip.digest import Credentials
from fengtai.protocols.sip.messages import Peer

_ECHOED = {b"Via": 0, b"From": 1, b"To": 2, b"Call-ID": 3, b"CSeq": 4}
_HARMLESS = frozenset(b"Contact,Max-Forwards,Expires,X-GB-ver,X-GB-Ver,Content-Type,User-Agent,Date,Allow".split(b","))
MOST_LINES = 16


class Express(NamedTuple):
    """Who sends, about whom, the headers that every answer echoes (bytes that end in CRLF), and where the body begins."""

    from_user: str
    to_user: str
    echo: bytes
    body_at: int


Registering = tuple[str, bytes, bytes, bytes, bytes, bytes, Credentials | None]
"""A REGISTER of a 20-digit code: the code, what every answer echoes, Call-ID, Contact, Expires, X-GB-ver (empty when they
are absent) and the credentials; without credentials it wants a challenge. A bare tuple, because there are so many."""


# A value that ends in a blank is left to the parser, which takes the blank away before it is echoed.
_HEAD = (
    rb"(Via: SIP/2\.0/UDP [^,;\r\n]+(?:;branch=[^,;\r\n]+)?);rport((?:;branch=[^,;\r\n]*[!-+\--:<-~])?)\r\n"
    rb"(?:Max-Forwards: \d{1,3}\r\n)?"
    rb"From: (<sip:([0-9A-Za-z]{1,64})@[^<>\r\n]*>(?:[^\r\n]*[!-~])?)\r\n"
    rb"To: (<sip:([0-9A-Za-z]{1,64})@[^<>;\r\n]*>)\r\n"
    rb"Call-ID: ([^ \t\r\n]+)\r\nCSeq: (\d{1,9} %b)\r\n"
)
_OTHERS = rb"(?:(?:Content-Type|Max-Forwards|User-Agent|Contact|Expires|X-GB-[Vv]er|Date|Allow): [^\r\n]*\r\n){0,9}"
# A second Content-Length is not matched: which of the two counts is for the parser to say.
_MESSAGE = re.compile(
    rb"MESSAGE [^ <\t\r\n]+ SIP/2\.0\r\n"
    + (_HEAD % b"MESSAGE" + _OTHERS + rb"(?:Content-Length: \d{1,9}\r\n" + _OTHERS + rb")?\r\n")
)
_PROOF = (
    rb'Digest username="([^"\r\n]+)", ?realm="([^"\r\n]+)", ?nonce="([^"\r\n]+)", ?uri="([^"\r\n]+)", ?'
    rb'response="([^"\r\n]+)"(?:, ?algorithm="?MD5"?)?'
)
# Each header that says something may stand once: "(?(9)(?!)|" fails when group 9 has matched before.
_REGISTER = re.compile(
    rb"REGISTER [^ <\t\r\n]+ SIP/2\.0\r\n" + _HEAD % b"REGISTER" + rb"(?:"
    rb"(?(9)(?!)|Contact: ([^ \t\r\n][^\r\n]*)\r\n)|"
    rb"(?(10)(?!)|Expires: (\d{1,9})\r\n)|"
    rb"(?(11)(?!)|Authorization: " + _PROOF + rb"\r\n)|"
    rb"(?(16)(?!)|X-GB-[Vv]er: (\d\.\d)\r\n)|"
    rb"(?(17)(?!)|Content-Length: (0)\r\n)|"
    rb"(?:Max-Forwards|User-Agent|Date|Allow): [^\r\n]*\r\n){0,11}\r\n\Z"
)


def read_usual_in_python(data: bytes, host: str, port: int) -> tuple[str, bytes, int] | None:
    """A MESSAGE in the usual order: who sends it, what every answer echoes, where the body begins. The hottest of all:
    a bare tuple."""
    found = _MESSAGE.match(data)
    if found is None:
        return None
    via, after, sender, user, to, _, call_id, cseq = found.groups()
    return user.decode(), _echo(via, after, sender, to, call_id, cseq, host, port), found.end()


def read_registering_in_python(data: bytes, host: str, port: int) -> Registering | None:
    """A REGISTER in the usual order, without a body; None: read it another way."""
    found = _REGISTER.match(data)
    if found is None:
        return None
    via, after, sender, _, to, user, call_id, cseq, contact, expires, *proof, edition, _ = found.groups(b"")
    if len(user) != 20 or not user.isdigit():
        return None
    credentials = None
    if proof[0]:
        try:
            credentials = Credentials(*[text.decode("ascii") for text in proof])
        except UnicodeDecodeError:
            return None
    echo = _echo(via, after, sender, to, call_id, cseq, host, port)
    return user.decode(), echo, call_id, contact, expires, edition, credentials


def _echo(
    via: bytes, after: bytes, sender: bytes, to: bytes, call_id: bytes, cseq: bytes, host: str, port: int
) -> bytes:
    return b"%b;rport=%d;received=%b%b\r\nFrom: %b\r\nTo: %b;tag=%08x\r\nCall-ID: %b\r\nCSeq: %b\r\n" % (
        via,
        port,
        host.encode(),
        after,
        sender,
        to,
        zlib.crc32(b"%b|%b|%b" % (call_id, sender, cseq)),
        call_id,
        cseq,
    )


try:
    from fengtai.protocols.sip.native_express import read_registering as read_registering
    from fengtai.protocols.sip.native_express import read_usual as read_usual
except ImportError:  # nobody has compiled them: the same, slower
    read_registering, read_usual = read_registering_in_python, read_usual_in_python


def read_express(data: bytes, method: bytes, peer: Peer) -> Express | None:
    """A request of this method in any order of headers, read line by line; None when the parser proper has to look."""
    end = data.find(b"\r\n\r\n")
    lines = data[:end].split(b"\r\n")
    if end < 0 or len(lines) > MOST_LINES or not lines[0].endswith(b" SIP/2.0") or lines[0].count(b" ") != 2:
        return None
    echoed: list[bytes] = [b""] * 5
    lengths = 0
    for line in lines[1:]:
        name, _, value = line.partition(b": ")
        place = _ECHOED.get(name)
        if place is None:
            if name == b"Content-Length" and value.isdigit() and len(value) < 10 and not lengths:
                lengths += 1
            elif name not in _HARMLESS:
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
    return Express(from_user, to_user, echo, end + 4)


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
