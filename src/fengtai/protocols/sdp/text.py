"""SDP text to Session and back. Lenient in reading (bare line feeds, any order, unknown lines, texts after y=), exact in
writing: CRLF, y= and f= last. Only `Malformed` is raised."""

from fengtai.protocols.sdp.model import Media, Session
from fengtai.vocabulary.errors import Malformed

MAX_BYTES = 65_536
MAX_LINES = 1_000


def parse_session(data: bytes) -> Session:
    """Raise Malformed when there is no address or no usable m= line syntax."""
    if len(data) > MAX_BYTES:
        raise Malformed("a session description of more than 65536 bytes", clause="RFC 4566 5")
    lines = data.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    if len(lines) > 2 * MAX_LINES:
        raise Malformed("a session description of more than 1000 lines", clause="RFC 4566 5")
    reader = _Reader()
    for line in lines:
        text = line.strip().strip("\0")
        if len(text) >= 2 and text[1] == "=":
            reader.take(text[0], text[2:].strip())
    return reader.session()


def serialise(session: Session) -> bytes:
    lines = ["v=0", f"o={session.user} 0 0 IN IP4 {session.address}", f"s={session.name}"]
    if session.uri:
        lines.append(f"u={session.uri}")
    lines += [f"c=IN IP4 {session.address}", f"t={session.start} {session.stop}"]
    for media in session.media:
        lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
        if media.connection:
            lines.append(f"c=IN IP4 {media.connection}")
        lines += [f"a={name}:{value}" if value else f"a={name}" for name, value in media.attributes]
    if session.ssrc is not None:
        lines.append(f"y={session.ssrc:010d}")
    if session.parameters:
        lines.append(f"f={session.parameters}")
    return ("\r\n".join(lines) + "\r\n").encode()


class _Reader:
    def __init__(self) -> None:
        self._user = self._origin = self._address = self._name = self._uri = self._parameters = ""
        self._start = self._stop = 0
        self._ssrc: int | None = None
        self._media: list[Media] = []
        self._attributes: list[tuple[str, str]] = []
        self._other: list[str] = []

    def take(self, kind: str, value: str) -> None:
        if kind == "o":
            parts = value.split()
            self._user = parts[0] if parts else ""
            self._origin = parts[5] if len(parts) >= 6 else ""
        elif kind == "s":
            self._name = value
        elif kind == "c":
            self._connection(value)
        elif kind == "t":
            self._start, self._stop = _two_numbers(value)
        elif kind == "u":
            self._uri = value
        elif kind == "m":
            self._open_media(value)
        elif kind == "a":
            name, _, text = value.partition(":")
            if self._media:
                self._attributes.append((name.strip().lower(), text.strip()))
        elif kind == "y":
            digits = value.split()[0] if value.split() else ""
            if digits.isascii() and digits.isdigit() and int(digits[:12]) < 2**32:
                self._ssrc = int(digits[:12])
        elif kind == "f":
            self._parameters = value
        elif kind != "v":
            self._other.append(f"{kind}={value}")

    def session(self) -> Session:
        self._close_media()
        address = self._address or self._origin
        if not address and not (self._media and all(media.connection for media in self._media)):
            raise Malformed("neither c= nor o= names an address", clause="RFC 4566 5.7")
        return Session(
            self._user,
            address,
            self._name,
            tuple(self._media),
            self._start,
            self._stop,
            self._uri,
            self._ssrc,
            self._parameters,
            tuple(self._other),
        )

    def _connection(self, value: str) -> None:
        parts = value.split()
        address = parts[-1].partition("/")[0] if parts else ""
        if self._media:
            last = self._media[-1]
            self._media[-1] = Media(last.kind, last.port, last.protocol, last.formats, last.attributes, address)
        else:
            self._address = address

    def _open_media(self, value: str) -> None:
        self._close_media()
        parts = value.split()
        port = parts[1].partition("/")[0] if len(parts) >= 2 else ""
        if len(parts) < 3 or not (port.isascii() and port.isdigit()) or int(port[:6]) > 65535:
            raise Malformed(f"media line {value[:60]!r} names no kind, port and protocol", clause="RFC 4566 5.14")
        self._media.append(Media(parts[0].lower(), int(port), parts[2], tuple(parts[3:])))

    def _close_media(self) -> None:
        if self._media and self._attributes:
            last = self._media[-1]
            attributes = tuple(self._attributes)
            self._media[-1] = Media(last.kind, last.port, last.protocol, last.formats, attributes, last.connection)
        self._attributes = []


def _two_numbers(value: str) -> tuple[int, int]:
    numbers = [int(part[:18]) if part.isascii() and part.isdigit() else 0 for part in value.split()[:2]]
    start, stop = [*numbers, 0, 0][:2]
    return start, stop
