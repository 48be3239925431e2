"""The worker's WebSocket port: `/live/<stream id>?ticket=...` and `/playback/<playback id>?ticket=...`. Checks ticket and
Origin before it says anything."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from fengtai.media.certificates import FreshCertificate
from fengtai.media.tickets import session_of
from fengtai.media.worker.live_channel import MOST_VIEWERS, LiveChannel
from fengtai.media.worker.playback_room import PlaybackRoom
from fengtai.media.worker.viewer import Viewer
from fengtai.vocabulary.errors import FengtaiError, Forbidden, NotFound, TooMany

log = structlog.get_logger()
_STATUS = {
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    TooMany: HTTPStatus.SERVICE_UNAVAILABLE,
}


class LiveServer:
    """`channel` finds the live channel of a stream; `count` is told when its viewers change."""

    def __init__(
        self,
        *,
        ticket_key: bytes,
        origins: list[str],
        now_ms: Callable[[], int],
        channel: Callable[[str], LiveChannel | None],
        count: Callable[[str, int], None],
        playbacks: PlaybackRoom,
    ) -> None:
        self._key, self._origins, self._now_ms = ticket_key, frozenset(origins), now_ms
        self._channel, self._count, self._playbacks = channel, count, playbacks
        self._ended: set[str] = set()
        self._server: Server | None = None
        self.figures = {"viewers_refused": 0, "viewer_skips": 0}

    async def start(self, host: str, port: int, tls: tuple[str, str] | None = None) -> None:
        """`tls`: certificate and key file."""
        certificate = None if tls is None else FreshCertificate(Path(tls[0]), Path(tls[1]))
        self._server = await serve(
            self._show,
            host,
            port,
            process_request=self._check,
            compression=None,  # video does not shrink
            ssl=None if certificate is None else certificate.context,
            max_size=4096,
            open_timeout=10,
            server_header=None,
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def end_session(self, session_id: str) -> None:
        """Its tickets are dead from now on. Sessions are few and short: the set lives as long as the worker."""
        self._ended.add(session_id)

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        try:
            self._check_origin(request)
            self._admit(request.path)
        except FengtaiError as error:
            self.figures["viewers_refused"] += 1
            log.info("viewer.refused", reason=str(error), peer=str(connection.remote_address))
            return connection.respond(_STATUS.get(type(error), HTTPStatus.BAD_REQUEST), f"{error}\n")
        return None

    def _check_origin(self, request: Request) -> None:
        """A browser always sends Origin (RFC 6455 10.2): it must be the console's host, whatever its port."""
        origin = request.headers.get("Origin")
        if origin is None or origin in self._origins:
            return
        if urlsplit(origin).hostname != urlsplit(f"//{request.headers.get('Host', '')}").hostname:
            raise Forbidden(f"{origin[:100]} may not show live pictures: add it to media.origins if it should")

    def _admit(self, path: str) -> "_Admitted":
        """Raise Forbidden or NotFound with the sentence that the console shows."""
        parts = urlsplit(path)
        kind, _, name = parts.path.removeprefix("/").partition("/")
        if kind not in ("live", "playback") or not (name.isascii() and name.isalnum()):
            raise NotFound("there are only pictures here: /live/<stream>, /playback/<playback>")
        query = parse_qs(parts.query)
        session_id = session_of(query.get("ticket", [""])[0], self._key, stream_id=name, now_ms=self._now_ms())
        if session_id in self._ended:
            raise Forbidden("your session has ended: sign in again")
        channel = self._channel(name) if kind == "live" else None
        if kind == "live" and channel is None:
            raise NotFound("this stream has ended: ask for the picture again")
        if channel is not None and channel.viewers >= MOST_VIEWERS:
            raise TooMany(f"{MOST_VIEWERS} viewers see this stream already")
        if kind == "playback" and not self._playbacks.may_begin(name):
            raise NotFound("this playback is over, is seen already, or too many are being seen: ask for it again")
        return _Admitted(name, session_id, channel, query.get("h265", ["1"])[0] != "0")

    async def _show(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        try:
            admitted = self._admit(socket.request.path)
        except FengtaiError as error:  # it ended between the check and now
            await socket.close(1008, str(error))
            return
        if admitted.channel is not None:
            await self._show_live(socket, admitted, admitted.channel)
        else:
            await self._playbacks.show(admitted.name, admitted.session_id, socket, plays_h265=admitted.plays_h265)

    async def _show_live(self, socket: ServerConnection, admitted: "_Admitted", channel: LiveChannel) -> None:
        stream_id = admitted.name
        viewer = channel.join(admitted.session_id, plays_h265=admitted.plays_h265)
        self._count(stream_id, channel.viewers)
        listening = asyncio.create_task(_listen(socket, viewer, channel))
        try:
            while (message := await viewer.take()) is not None:
                await socket.send(message)
            await socket.close()
        except ConnectionClosed:
            pass
        finally:
            channel.leave(viewer)
            self.figures["viewer_skips"] += viewer.skips
            self._count(stream_id, channel.viewers)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


@dataclass(frozen=True, slots=True)
class _Admitted:
    name: str
    session_id: str
    channel: LiveChannel | None
    """None: it is a playback"""
    plays_h265: bool


async def _listen(socket: ServerConnection, viewer: Viewer, channel: LiveChannel) -> None:
    """A viewer says whether it listens ({"type": "sound", "on": true}), and goes; all else it says is passed over."""
    with suppress(ConnectionClosed):
        async for message in socket:
            with suppress(ValueError):
                said = json.loads(message)
                if isinstance(said, dict) and said.get("type") == "sound":
                    channel.want_sound(viewer, said.get("on") is True)
    viewer.end()
