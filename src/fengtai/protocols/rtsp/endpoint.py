"""The server's side of one RTSP connection (RFC 2326): OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER.

One session per connection, RTP only interleaved on it (10.12): UDP is answered 461. Not its business: sockets, pictures,
passwords (the simulated cameras that it serves have none). States as in A.2: init, ready, playing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fengtai.protocols.rtsp.framing import RequestFramer
from fengtai.protocols.rtsp.messages import Request, Response, parse_request, serialise
from fengtai.protocols.sdp import Session
from fengtai.protocols.sdp import serialise as serialise_session
from fengtai.vocabulary.errors import Malformed

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
_MOST_CHANNEL = 254


@dataclass(frozen=True, slots=True)
class Described:
    """A client has asked what there is at this path: answer with `describe`."""

    path: str
    ask: int


@dataclass(frozen=True, slots=True)
class Playing:
    """The 200 to PLAY is among the bytes to send: packets may follow it."""

    path: str
    channels: Mapping[int, int]
    """track (place of its m= line) → channel of its RTP packets"""


@dataclass(frozen=True, slots=True)
class Ended:
    """TEARDOWN, or silence: send what there is to send, then close."""

    reason: str


RtspEvent = Described | Playing | Ended


def interleaved(channel: int, packet: bytes) -> bytes:
    """RFC 2326 10.12."""
    return b"$" + channel.to_bytes(1, "big") + len(packet).to_bytes(2, "big") + packet


class RtspServerEndpoint:
    """Call `receive` with what comes, then take `events` and `bytes_to_send`; call `handle_deadline` when it is time."""

    def __init__(self, *, session_id: str, now: float, timeout_seconds: float = 60.0) -> None:
        self._session_id, self._timeout_seconds = session_id, timeout_seconds
        self._framer = RequestFramer()
        self._out: list[bytes] = []
        self._events: list[RtspEvent] = []
        self._asked: dict[int, Request] = {}
        self._asks = 0
        self._described: dict[str, int] = {}
        """path → number of its tracks"""
        self._path = ""
        self._channels: dict[int, int] = {}
        self._is_playing = self._has_ended = False
        self._heard_at = now

    def receive(self, data: bytes, now: float) -> None:
        """Raise Malformed when the bytes are no RTSP: then close the connection."""
        self._heard_at = now
        for request in self._framer.feed(data):
            self._take(parse_request(request))

    def describe(self, ask: int, session: Session | None) -> None:
        """Answer a `Described`: the description, or None when nothing is there."""
        request = self._asked.pop(ask)
        if session is None:
            self._answer(request, 404)
            return
        self._described[request.path] = len(session.media)
        base = request.uri if request.uri.endswith("/") else request.uri + "/"
        headers = (("Content-Base", base), ("Content-Type", "application/sdp"))
        self._answer(request, 200, *headers, body=serialise_session(session))

    def bytes_to_send(self) -> bytes:
        out, self._out = b"".join(self._out), []
        return out

    def events(self) -> list[RtspEvent]:
        events, self._events = self._events, []
        return events

    def next_deadline(self) -> float | None:
        """A client must show itself within the time-out of the session (12.37); interleaved reports count."""
        return None if self._has_ended else self._heard_at + self._timeout_seconds * 1.5

    def handle_deadline(self, now: float) -> None:
        deadline = self.next_deadline()
        if deadline is not None and now >= deadline:
            self._end("the client has fallen silent")

    def _take(self, request: Request) -> None:
        handlers: Mapping[str, Callable[[Request], None]] = {
            "OPTIONS": lambda request: self._answer(request, 200, ("Public", _METHODS)),
            "GET_PARAMETER": self._stay,
            "DESCRIBE": self._describe,
            "SETUP": self._set_up,
            "PLAY": self._play,
            "TEARDOWN": self._tear_down,
        }
        if "cseq" not in request.headers:
            self._answer(request, 400)
        elif request.version != "RTSP/1.0":
            self._answer(request, 505)
        elif request.method not in handlers:
            self._answer(request, 405, ("Allow", _METHODS))
        else:
            handlers[request.method](request)

    def _stay(self, request: Request) -> None:
        """GET_PARAMETER without a body is the life sign of most clients (10.8)."""
        if "session" in request.headers and not self._is_ours(request):
            self._answer(request, 454)
        else:
            self._answer(request, 200, *self._session())

    def _describe(self, request: Request) -> None:
        self._asks += 1
        self._asked[self._asks] = request
        self._events.append(Described(request.path, self._asks))

    def _set_up(self, request: Request) -> None:
        path, _, track = request.path.rpartition("/trackID=")
        if not track.isascii() or not track.isdigit() or int(track[:4]) >= self._described.get(path, 0):
            return self._answer(request, 404)
        if self._is_playing:
            return self._answer(request, 455)
        if self._path not in ("", path):
            return self._answer(request, 459)
        channel = self._channel(request.headers.get("transport", ""))
        if channel is None:
            return self._answer(request, 461)
        self._path, self._channels[int(track)] = path, channel
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        self._answer(request, 200, ("Transport", transport), *self._session())

    def _channel(self, transport: str) -> int | None:
        """The first alternative that is interleaved TCP; without numbers, the next free pair."""
        for alternative in transport.split(","):
            words = [word.strip().lower() for word in alternative.split(";")]
            if not words or words[0] != "rtp/avp/tcp":
                continue
            free = 2 * len(self._channels)
            for word in words:
                if word.startswith("interleaved="):
                    first = word.removeprefix("interleaved=").partition("-")[0]
                    free = int(first[:4]) if first.isascii() and first.isdigit() else _MOST_CHANNEL + 1
            return free if free <= _MOST_CHANNEL and free not in self._channels.values() else None
        return None

    def _play(self, request: Request) -> None:
        if not self._is_ours(request):
            return self._answer(request, 454)
        if not self._channels:
            return self._answer(request, 455)
        self._answer(request, 200, *self._session(), ("Range", "npt=now-"))
        if not self._is_playing:
            self._is_playing = True
            self._events.append(Playing(self._path, dict(self._channels)))

    def _tear_down(self, request: Request) -> None:
        if not self._is_ours(request):
            return self._answer(request, 454)
        self._answer(request, 200)
        self._end("TEARDOWN")

    def _end(self, reason: str) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._events.append(Ended(reason))

    def _is_ours(self, request: Request) -> bool:
        return request.headers.get("session", "").partition(";")[0].strip() == self._session_id

    def _session(self) -> tuple[tuple[str, str], ...]:
        return (("Session", f"{self._session_id};timeout={self._timeout_seconds:.0f}"),)

    def _answer(self, request: Request, status: int, *headers: tuple[str, str], body: bytes = b"") -> None:
        cseq = request.headers.get("cseq", "0")
        if not cseq.isprintable() or len(cseq) > 32:
            raise Malformed("CSeq is no number", clause="RFC 2326 12.17")
        self._out.append(serialise(Response(status, cseq, headers, body)))
