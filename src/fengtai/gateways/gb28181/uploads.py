"""Where devices upload the pictures that they were asked for: a small HTTP server that is there only while one is asked.

Each question has an address of its own that nobody can guess and that is good once. What is taken is bounded in size, in
number and in time, comes from the device that was asked (or the settings say otherwise), and is a JPEG by its bytes.
GB/T 28181-2022 section 9.14. Must not know: points, people, where pictures are kept.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

import h11
import structlog

from fengtai.protocols.gb28181 import uploaded_jpeg
from fengtai.vocabulary.errors import Malformed, TooMany

log = structlog.get_logger()

MOST_BYTES = 8 << 20
"""of one picture: an 8K camera's is about half of it"""
MOST_SESSIONS, MOST_CONNECTIONS = 32, 64
UPLOAD_SECONDS = 15.0
PATH = "/pictures/"


@dataclass(slots=True)
class Session:
    """One question: what came for it so far."""

    id: str
    device_id: str
    host: str
    """from where it may come; empty: from anywhere"""
    count: int
    pictures: list[bytes] = field(default_factory=list)
    refused: str = ""
    """why the last upload was not taken"""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_full(self) -> bool:
        return len(self.pictures) >= self.count


class PictureUploads:
    """`port` 0: a free one, another each time. `advertised`: how devices reach us."""

    def __init__(self, *, host: str, advertised: str, port: int, from_anywhere: bool = False) -> None:
        self._host, self._advertised, self._port, self._from_anywhere = host, advertised, port, from_anywhere
        self._sessions: dict[str, Session] = {}
        self._server: asyncio.Server | None = None
        self._opening = asyncio.Lock()
        self._connections: set[asyncio.Task[Any]] = set()
        self.taken = self.refused = 0

    async def open(self, device_id: str, host: str, *, count: int, own_address: str = "") -> tuple[Session, str]:
        """A question and the address for it; `own_address`: at which the device reaches us, when it is another than usual.
        Raise TooMany, and OSError when the port is not free."""
        if len(self._sessions) >= MOST_SESSIONS:
            raise TooMany("too many devices are sending pictures at this moment: try again in a few seconds")
        session = Session(secrets.token_hex(24), device_id, "" if self._from_anywhere else host, count)
        self._sessions[session.id] = session
        try:
            async with self._opening:
                if self._server is None:
                    self._server = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError:
            await self.close(session)
            raise
        port = self._server.sockets[0].getsockname()[1]
        return session, f"http://{own_address or self._advertised}:{port}{PATH}{session.id}"

    async def close(self, session: Session) -> None:
        """Its address is dead from now on; with the last one the server goes."""
        self._sessions.pop(session.id, None)
        async with self._opening:
            if not self._sessions and self._server is not None:
                server, self._server = self._server, None
                server.close()

    async def stop(self) -> None:
        for session in list(self._sessions.values()):
            await self.close(session)
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def finished(self, device_id: str, session_id: str) -> Session | None:
        """The session of a device's UploadSnapShotFinished; None: nobody asked, or another device was asked."""
        session = self._sessions.get(session_id)
        return session if session is not None and session.device_id == device_id else None

    # -- HTTP ----------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if len(self._connections) <= MOST_CONNECTIONS:
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await self._converse(reader, writer)
        except (OSError, TimeoutError) as error:
            log.info("picture.connection_broke", error=repr(error))
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and the connection is closed."""
        host = writer.get_extra_info("peername")[0]
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=16_384)
        status, reason = 400, "this is no upload"
        try:
            status, reason = await self._taken(http, reader, writer, host)
        except h11.RemoteProtocolError as error:
            reason = str(error)
        except Malformed as error:
            status, reason = 415, str(error)
        if status != 200:
            self.refused += 1
            log.warning("picture.refused", peer=host, status=status, cause=reason)
        if http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = b"" if status == 200 else reason.encode()
            headers = [("content-length", str(len(body))), ("connection", "close"), ("content-type", "text/plain")]
            for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                writer.write(http.send(event) or b"")
            await writer.drain()

    async def _taken(
        self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str
    ) -> tuple[int, str]:
        """Status and reason. Nothing of a body is read before its address is known to be good."""
        session, body, content_type = None, bytearray(), ""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                if http.they_are_waiting_for_100_continue:
                    writer.write(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                http.receive_data(await reader.read(65_536))
            elif isinstance(event, h11.Request):
                session = self._session_of(event)
                if session is None:
                    return 404, "nobody asked for this"
                if session.host not in ("", host):
                    session.refused = f"an upload came from {host}, not from the device ({session.host})"
                    session.changed.set()
                    return 403, session.refused
                headers = {name: value.decode("latin-1") for name, value in event.headers}
                content_type = headers.get(b"content-type", "")
                if int(headers.get(b"content-length", "0")) > MOST_BYTES:
                    return 413, _too_large(session)
            elif isinstance(event, h11.Data):
                body += event.data
                if session is None or len(body) > MOST_BYTES:
                    return 413, _too_large(session)
            elif isinstance(event, h11.EndOfMessage) and session is not None:
                return self._keep(session, bytes(body), content_type)
            else:
                return 400, "the connection ended in the middle of an upload"

    def _session_of(self, request: h11.Request) -> Session | None:
        """Some devices put the file's name behind the address they were given."""
        path = request.target.decode("latin-1").partition("?")[0]
        if request.method not in (b"POST", b"PUT") or not path.startswith(PATH):
            return None
        return self._sessions.get(path.removeprefix(PATH).partition("/")[0])

    def _keep(self, session: Session, body: bytes, content_type: str) -> tuple[int, str]:
        if session.id not in self._sessions or session.is_full:
            return 404, "this is over"
        try:
            session.pictures.append(uploaded_jpeg(body, content_type))
        except Malformed as error:
            session.refused = f"what it uploaded is no picture: {error}"
            session.changed.set()
            raise
        self.taken += 1
        session.changed.set()
        return 200, ""


def _too_large(session: Session | None) -> str:
    sentence = f"its picture is larger than {MOST_BYTES >> 20} MiB"
    if session is not None:
        session.refused = sentence
        session.changed.set()
    return sentence
