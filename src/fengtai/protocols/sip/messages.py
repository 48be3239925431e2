"""SIP requests and responses as values (RFC 3261 sections 7, 18, 20). Owns: headers, serialising, answering a request.

Header names are kept in lower case, values as they came (bytes that are not UTF-8 survive by surrogateescape).
Must not know: sockets, transactions, what a method means to GB/T 28181.
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple


class Peer(NamedTuple):
    """Where bytes came from or go to. `connection` numbers a TCP connection; 0 for UDP."""

    transport: str
    """ "udp" or "tcp" """
    host: str
    port: int
    connection: int = 0


Header = tuple[str, str]

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    420: "Bad Extension",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    489: "Bad Event",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    505: "Version Not Supported",
    603: "Decline",
}

_WRITTEN = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "www-authenticate": "WWW-Authenticate",
    "x-gb-ver": "X-GB-ver",
    "mime-version": "MIME-Version",
}


def _written(name: str) -> str:
    known = _WRITTEN.get(name)
    if known is None:
        known = "-".join(part.capitalize() for part in name.split("-"))
    return known


class _Message(ABC):
    __slots__ = ("body", "first", "headers", "transaction")

    def __init__(self, headers: list[Header], body: bytes) -> None:
        self.headers, self.body = headers, body
        self.first: dict[str, str] | None = None
        """the first value by name, of a message that was parsed (and is not changed any more)"""
        self.transaction: tuple[str, str, str] | None = None
        """the key of its server transaction, once that was asked for"""

    def header(self, name: str) -> str:
        """The first value of this header (lower-case name), or an empty string."""
        if self.first is not None:
            return self.first.get(name, "")
        for have, value in self.headers:
            if have == name:
                return value
        return ""

    def all(self, name: str) -> list[str]:
        return [value for have, value in self.headers if have == name]

    @property
    def call_id(self) -> str:
        return self.header("call-id")

    @property
    def cseq(self) -> int:
        number = self.header("cseq").split(None, 1)[:1]
        return int(number[0]) if number and number[0].isdecimal() else 0

    @property
    def cseq_method(self) -> str:
        parts = self.header("cseq").split(None, 1)
        return parts[1].strip() if len(parts) == 2 else ""

    @property
    def branch(self) -> str:
        return via_parameter(self.header("via"), "branch")

    @property
    def from_tag(self) -> str:
        return tag_of(self.header("from"))

    @property
    def to_tag(self) -> str:
        return tag_of(self.header("to"))

    @property
    def content_type(self) -> str:
        """Lower case, without parameters: vendors write Application/MANSCDP+xml in every way."""
        return self.header("content-type").split(";", 1)[0].strip().lower()

    @abstractmethod
    def start_line(self) -> str:
        """The request line or the status line."""

    def to_bytes(self) -> bytes:
        """The wire form; Content-Length is always ours and always right."""
        lines = [self.start_line()]
        lines += [f"{_written(name)}: {value}" for name, value in self.headers if name != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


class Request(_Message):
    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, headers: list[Header], body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method, self.uri = method, uri

    def start_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"

    def __repr__(self) -> str:
        return f"Request({self.method} {self.uri} {self.call_id})"


class Response(_Message):
    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: list[Header], body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status, self.reason = status, reason

    def start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"

    def __repr__(self) -> str:
        return f"Response({self.status} {self.reason} {self.cseq_method} {self.call_id})"


def via_parameter(via: str, name: str) -> str:
    """A parameter of the first Via value; an empty string when it is absent or has no value."""
    for part in via.split(",", 1)[0].split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip()
    return ""


def tag_of(value: str) -> str:
    """The tag of a From or To value: a parameter of the header, after the closing bracket (section 20)."""
    parameters = value[value.rfind(">") + 1 :] if ">" in value else value
    for part in parameters.split(";")[1:]:
        key, _, text = part.partition("=")
        if key.strip().lower() == "tag":
            return text.strip()
    return ""


def sent_by(via: str) -> str:
    """Host and port that the sender wrote: part of the key of a server transaction (section 17.2.3)."""
    protocol_and_host = via.split(";", 1)[0].split(",", 1)[0].split()
    return protocol_and_host[-1] if protocol_and_host else ""


def _stamped(via: str, peer: Peer) -> str:
    """The top Via with `received` and `rport` (RFC 3261 section 18.2.1, RFC 3581 section 4): symmetric answers."""
    if via.count(";rport;") == 1 and "," not in via and "received" not in via:
        return via.replace(";rport;", f";rport={peer.port};received={peer.host};")
    first, comma, rest = via.partition(",")
    parts = [part.strip() for part in first.split(";")]
    kept, wants_port = parts[:1], False
    for part in parts[1:]:
        key = part.partition("=")[0].strip().lower()
        if key == "rport":
            wants_port = True
        elif key != "received":
            kept.append(part)
    if wants_port:
        kept.append(f"rport={peer.port}")
    kept.append(f"received={peer.host}")
    return ";".join(kept) + comma + rest


def answer(
    request: Request,
    peer: Peer,
    status: int,
    *,
    reason: str = "",
    headers: Iterable[Header] = (),
    body: bytes = b"",
    to_tag: str = "",
) -> Response:
    """A response to this request (section 8.2.6). The To tag is derived from the request, so that a repeat of the
    request gets the same one without any state."""
    echoed: list[Header] = []
    first_via = True
    for name, value in request.headers:
        if name == "via":
            echoed.append((name, _stamped(value, peer) if first_via else value))
            first_via = False
        elif name in ("from", "call-id", "cseq"):
            echoed.append((name, value))
        elif name == "to":
            if status > 100 and ";tag=" not in value.lower():
                value = f"{value};tag={to_tag or derived_tag(request)}"
            echoed.append((name, value))
    echoed.extend(headers)
    return Response(status, reason or REASONS.get(status, "Answer"), echoed, body)


def derived_tag(request: Request) -> str:
    """The same tag for every repeat of one request (stateless servers: section 8.2.7)."""
    seed = f"{request.header('call-id')}|{request.header('from')}|{request.header('cseq')}"
    return f"{zlib.crc32(seed.encode('utf-8', 'surrogateescape')):08x}"


def echoed(request: Request, peer: Peer) -> bytes:
    """The headers that every answer echoes (section 8.2.6), each with its CRLF. The To tag is derived from the request."""
    lines: list[str] = []
    for name, value in request.headers:
        if name == "via":
            lines.append(f"Via: {value if lines else _stamped(value, peer)}\r\n")
    to = request.header("to")
    if ";tag=" not in to.lower():
        to = f"{to};tag={derived_tag(request)}"
    lines.append(
        f"From: {request.header('from')}\r\nTo: {to}\r\nCall-ID: {request.header('call-id')}\r\n"
        f"CSeq: {request.header('cseq')}\r\n"
    )
    return "".join(lines).encode("utf-8", "surrogateescape")


def plain_answer(echo: bytes, status: int, more: bytes = b"") -> bytes:
    """The bytes of an answer without a body: the hot path. `more`: header lines, each with its CRLF."""
    return b"".join((_first_line(status), echo, more, b"Content-Length: 0\r\n\r\n"))


@lru_cache(maxsize=100)
def _first_line(status: int) -> bytes:
    return b"SIP/2.0 %d %b\r\n" % (status, REASONS.get(status, "Answer").encode())


def with_headers(headers: Sequence[Header], *more: Header) -> list[Header]:
    """These headers with others put at the end, in the place of any of the same name."""
    names = {name for name, _ in more}
    return [header for header in headers if header[0] not in names] + list(more)
