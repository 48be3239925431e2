"""The worker's WebSocket port: `/live/<stream id>?ticket=...`. Checks ticket and Origin before it says anything."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from fengtai.media.tickets import session_of
from fengtai.media.worker.live_channel import LiveChannel
from fengtai.media.worker.viewer import Viewer
from fengtai.vocabulary.errors import FengtaiError, Forbidden, NotFound

log = structlog.get_logger()
_STATUS = {Forbidden: HTTPStatus.FORBIDDEN, NotFound: HTTPStatus.NOT_FOUND}


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
    ) -> None:
        self._key, self._origins, self._now_ms = ticket_key, frozenset(origins), now_ms
        self._channel, self._count = channel, count
        self._ended: set[str] = set()
        self._server: Server | None = None
        self.figures = {"viewers_refused": 0, "viewer_skips": 0}

    async def start(self, host: str, port: int) -> None:
        self._server = await serve(
            self._show,
            host,
            port,
            process_request=self._check,
            compression=None,  # video does not shrink
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

    def _admit(self, path: str) -> tuple[str, str, LiveChannel]:
        parts = urlsplit(path)
        stream_id = parts.path.removeprefix("/live/")
        if not parts.path.startswith("/live/") or not stream_id.isalnum():
            raise NotFound("there are only live pictures here: /live/<stream>")
        ticket = parse_qs(parts.query).get("ticket", [""])[0]
        session_id = session_of(ticket, self._key, stream_id=stream_id, now_ms=self._now_ms())
        if session_id in self._ended:
            raise Forbidden("your session has ended: sign in again")
        channel = self._channel(stream_id)
        if channel is None:
            raise NotFound("this stream has ended: ask for the picture again")
        return stream_id, session_id, channel

    async def _show(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        try:
            stream_id, session_id, channel = self._admit(socket.request.path)
        except FengtaiError as error:  # it ended between the check and now
            await socket.close(1008, str(error))
            return
        viewer = channel.join(session_id)
        self._count(stream_id, channel.viewers)
        listening = asyncio.create_task(_listen(socket, viewer))
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


async def _listen(socket: ServerConnection, viewer: Viewer) -> None:
    """A viewer has nothing to say; what matters is that it goes."""
    with suppress(ConnectionClosed):
        async for _ in socket:
            continue
    viewer.end()
