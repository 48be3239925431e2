"""The hand parser: bytes to Request or Response (RFC 3261 sections 7 and 25, RFC 4475 for what goes wrong).

Hot path: about ten lines are split, nothing else is looked into. Only `Malformed` is raised.
Lenient where devices are: bare line feeds, spaces around colons, any letter case. Strict where a reader could be led
astray: start line, conflicting Content-Length, missing mandatory headers.
"""

from fengtai.protocols.sip.messages import Header, Request, Response
from fengtai.vocabulary.errors import Malformed

MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 200

_COMPACT = {
    "i": "call-id",
    "m": "contact",
    "e": "content-encoding",
    "l": "content-length",
    "c": "content-type",
    "f": "from",
    "s": "subject",
    "k": "supported",
    "t": "to",
    "v": "via",
    "o": "event",
    "r": "refer-to",
    "u": "allow-events",
}
_USUAL = (
    "Via From To Call-ID CSeq Contact Max-Forwards Expires X-GB-ver Content-Length Content-Type User-Agent Authorization "
    "WWW-Authenticate Date Subject Allow Route Record-Route Event Subscription-State Retry-After"
)
_NAMES = {
    **_COMPACT,
    **{short.upper(): name for short, name in _COMPACT.items()},
    **{name: name.lower() for name in _USUAL.split()},
    **{name.lower(): name.lower() for name in _USUAL.split()},
    "Call-Id": "call-id",
    "CSEQ": "cseq",
}
_MANDATORY = frozenset(("via", "from", "to", "call-id", "cseq"))
_TOKEN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")


def parse_message(data: bytes) -> Request | Response:
    """Parse one whole message; its body is all that follows the empty line (the length of a datagram is the truth:
    devices count characters instead of bytes). Raise Malformed."""
    head, body = _divided(data)
    lines = head.split("\r\n") if "\r\n" in head else head.split("\n")
    first = lines[0]
    headers = _headers(lines)
    if first.startswith("SIP/"):
        return _response(first, headers, body, data)
    return _request(first, headers, body, data)


def declared_length(headers: list[Header]) -> int | None:
    """Content-Length, None when absent. Raise Malformed when it is no number, or when two of them disagree."""
    found: int | None = None
    for name, value in headers:
        if name == "content-length":
            text = value.strip()
            if not (text.isascii() and text.isdigit()) or len(text) > 10:
                raise Malformed(f"Content-Length {text[:20]!r} is not a length", clause="RFC 3261 20.14")
            if found is not None and found != int(text):
                raise Malformed("two different Content-Length headers", clause="RFC 3261 20.14")
            found = int(text)
    return found


def _divided(data: bytes) -> tuple[str, bytes]:
    start = len(data) - len(data.lstrip(b"\r\n")) if data[:1] in b"\r\n" else 0
    end, gap = data.find(b"\r\n\r\n", start), 4
    if end < 0:
        end, gap = data.find(b"\n\n", start), 2
    if end < 0:
        end, gap = len(data), 0
    if end - start > MAX_HEAD_BYTES:
        raise Malformed("headers are longer than 65536 bytes", clause="RFC 3261 7")
    if end == start:
        raise Malformed("an empty message", clause="RFC 3261 7", data=data)
    return data[start:end].decode("utf-8", "surrogateescape"), data[end + gap :]


def _headers(lines: list[str]) -> list[Header]:
    if len(lines) > MAX_HEADERS:
        raise Malformed(f"more than {MAX_HEADERS} header lines", clause="RFC 3261 7.3")
    headers: list[Header] = []
    known = _NAMES
    for line in lines[1:]:
        if not line:
            continue
        if line[0] in " \t":
            if not headers:
                raise Malformed("a folded line without a header before it", clause="RFC 3261 7.3.1")
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}")
            continue
        raw, colon, value = line.partition(":")
        if not colon:
            raise Malformed(f"header line {line[:40]!r} has no colon", clause="RFC 3261 7.3.1")
        short = known.get(raw)
        if short is None:
            short = raw.strip().lower()
            short = _COMPACT.get(short, short)
            if not short or not _TOKEN.issuperset(short):
                raise Malformed(f"{raw[:40]!r} is not a header name", clause="RFC 3261 25.1")
        headers.append((short, value.strip()))
    return headers


def _request(first: str, headers: list[Header], body: bytes, data: bytes) -> Request:
    method, _, rest = first.partition(" ")
    uri, _, version = rest.rpartition(" ")
    if not method or not uri or not _TOKEN.issuperset(method):
        raise Malformed(
            f"start line {first[:60]!r} is neither a request nor a response", clause="RFC 3261 7", data=data
        )
    if version.upper() != "SIP/2.0":
        raise Malformed(f"version {version[:20]!r} is not SIP/2.0", clause="RFC 3261 7.1", data=data)
    if " " in uri or "<" in uri or "\t" in uri:
        raise Malformed(f"request URI {uri[:60]!r} holds blanks or brackets", clause="RFC 3261 7.1", data=data)
    request = Request(method, uri, headers, body)
    request.first = first_values = _checked(headers)
    if first_values["cseq"].rpartition(" ")[2] != method and request.cseq_method != method:
        raise Malformed("CSeq names another method than the start line", clause="RFC 3261 8.1.1.5")
    return request


def _response(first: str, headers: list[Header], body: bytes, data: bytes) -> Response:
    version, _, rest = first.partition(" ")
    status, _, reason = rest.partition(" ")
    if version.upper() != "SIP/2.0":
        raise Malformed(f"version {version[:20]!r} is not SIP/2.0", clause="RFC 3261 7.2", data=data)
    if not (len(status) == 3 and status.isascii() and status.isdigit() and "100" <= status <= "699"):
        raise Malformed(f"status {status[:20]!r} is not between 100 and 699", clause="RFC 3261 7.2", data=data)
    response = Response(int(status), reason, headers, body)
    response.first = _checked(headers)
    return response


def _checked(headers: list[Header]) -> dict[str, str]:
    """The first value by name. Raise Malformed when a mandatory header is missing or CSeq is none."""
    first = dict(reversed(headers))
    if not first.keys() >= _MANDATORY:
        missing = ", ".join(sorted(_MANDATORY - first.keys()))
        raise Malformed(f"mandatory headers are missing: {missing}", clause="RFC 3261 8.1.1")
    cseq = first["cseq"]
    number = cseq.split(None, 1)[0] if cseq else ""
    if not (number.isascii() and number.isdigit()) or len(number) > 10 or int(number) >= 2**31:
        raise Malformed(f"CSeq {cseq[:30]!r} is not below 2**31", clause="RFC 3261 8.1.1.5")
    if len(first) != len(headers):
        _refuse_doubles(headers)
    length = first.get("content-length")
    if length is not None and (len(first) != len(headers) or not length.isdigit() or len(length) > 10):
        declared_length(headers)
    return first


def _refuse_doubles(headers: list[Header]) -> None:
    """Two From, To, Call-ID or CSeq headers: whoever reads the other one would be led astray (RFC 4475 3.3.8)."""
    single = [name for name, _ in headers if name in _MANDATORY and name != "via"]
    if len(single) != len(set(single)):
        raise Malformed("From, To, Call-ID or CSeq stands twice", clause="RFC 3261 7.3.1")
