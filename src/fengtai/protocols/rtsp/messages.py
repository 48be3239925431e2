"""One RTSP request or response (RFC 2326 4, 6, 7). Lenient in reading (bare line feeds, any case), exact in writing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fengtai.vocabulary.errors import Malformed

REASONS: Mapping[int, str] = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    505: "RTSP Version Not Supported",
}
_CLAUSE = "RFC 2326 6"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    """upper case"""
    uri: str
    version: str
    headers: Mapping[str, str]
    """names in lower case; of a repeated one the first"""
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path of an absolute URI without its slashes at both ends: "rtsp://host/gate/" gives "gate"."""
        _, scheme, rest = self.uri.partition("://")
        path = rest.partition("/")[2] if scheme else self.uri
        return path.partition("?")[0].strip("/")


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    cseq: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"")


def parse_request(data: bytes) -> Request:
    """Head and body of one request. Raise Malformed when the request line or a header is none."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    words = lines[0].split()
    if len(words) != 3 or not words[2].startswith("RTSP/") or not words[0].isascii():
        raise Malformed("not an RTSP request line", clause=_CLAUSE, data=data[:64])
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise Malformed(f"header line {line[:40]!r} has no name", clause="RFC 2326 4", data=data[:64])
        headers.setdefault(name.strip().lower(), value.strip())
    return Request(words[0].upper(), words[1], words[2], headers, body)


def serialise(response: Response) -> bytes:
    lines = [f"RTSP/1.0 {response.status} {REASONS[response.status]}", f"CSeq: {response.cseq}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.body:
        lines.append(f"Content-Length: {len(response.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + response.body
