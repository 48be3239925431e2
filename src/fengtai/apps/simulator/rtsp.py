"""An RTSP server on a real socket that serves a simulated camera's pictures: H.264 and G.711 A-law, interleaved on TCP.

For what cannot be asked by GB/T 28181: a viewer's player, a peer in a benchmark. What is seen comes from a `Programme`;
`LivePictures` is one over the pictures that the simulated GB/T 28181 cameras send.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from fengtai.apps.simulator.scenes import Pictures
from fengtai.apps.simulator.sender import Tone
from fengtai.protocols.elementary import AccessUnit, ParameterSets
from fengtai.protocols.rtp import RtpPacket, build_packet, pack_nals
from fengtai.protocols.rtsp import (
    Described,
    Ended,
    Playing,
    RtspEvent,
    RtspServerEndpoint,
    h264_format,
    interleaved,
)
from fengtai.protocols.sdp import Media, Session
from fengtai.vocabulary.errors import Invalid, Malformed

log = structlog.get_logger()

VIDEO, SOUND = 0, 1
"""tracks: places of the m= lines"""
VIDEO_TYPE, PCMA_TYPE = 96, 8
_READ_BYTES = 65_536


class Programme(Protocol):
    """What can be seen, and how it is sent."""

    async def session(self, path: str) -> Session | None:
        """The description of what is at this path; None when nothing is."""

    async def send(self, path: str, channels: Mapping[int, int], writer: asyncio.StreamWriter) -> None:
        """Write interleaved packets until cancelled. Raise OSError when the client is gone."""


def camera_session(sets: ParameterSets, host: str) -> Session:
    """Tracks 0 (H.264, RFC 6184) and 1 (PCMA, RFC 3551). Raise Invalid for another codec."""
    if sets.codec != "h264":
        raise Invalid("only H.264 is served by RTSP", field="codec")
    video = (
        ("rtpmap", f"{VIDEO_TYPE} H264/90000"),
        ("fmtp", f"{VIDEO_TYPE} {h264_format(sets.sps[0], sets.pps[0])}"),
        ("control", f"trackID={VIDEO}"),
    )
    sound = (("rtpmap", f"{PCMA_TYPE} PCMA/8000"), ("control", f"trackID={SOUND}"))
    return Session(
        "-",
        host,
        "Simulated camera",
        (
            Media("video", 0, "RTP/AVP", (str(VIDEO_TYPE),), video),
            Media("audio", 0, "RTP/AVP", (str(PCMA_TYPE),), sound),
        ),
    )


class CameraPackets:
    """The interleaved packets of one camera's pictures and sound, numbered from 0. Pure."""

    def __init__(self, channels: Mapping[int, int], ssrc: int) -> None:
        self._channels, self._ssrc = channels, ssrc
        self._sequences = {VIDEO: 0, SOUND: 0}

    def picture(self, unit: AccessUnit) -> bytes:
        """Key frames carry their parameter sets in the stream, as cameras do."""
        nals = (*(unit.parameter_sets.nals if unit.parameter_sets else ()), *unit.nals)
        payloads = pack_nals(nals)
        last = len(payloads) - 1
        return b"".join(
            self._packet(VIDEO, VIDEO_TYPE, place == last, unit.pts_90k, payload)
            for place, payload in enumerate(payloads)
        )

    def sound(self, samples: bytes, pts_90k: int) -> bytes:
        return self._packet(SOUND, PCMA_TYPE, False, pts_90k * 8000 // 90_000, samples)

    def _packet(self, track: int, kind: int, marker: bool, timestamp: int, payload: bytes) -> bytes:
        channel = self._channels.get(track)
        if channel is None:
            return b""  # the client has not set up this track
        sequence = self._sequences[track]
        self._sequences[track] = sequence + 1 & 0xFFFF
        return interleaved(
            channel, build_packet(RtpPacket(kind, marker, sequence, timestamp, self._ssrc + track, payload))
        )


class LivePictures:
    """A `Programme` over a gallery: `open_pictures` takes a channel id; an unknown one raises LookupError."""

    def __init__(self, open_pictures: Callable[[str], Awaitable[Pictures]], *, host: str) -> None:
        self._open_pictures, self._host = open_pictures, host

    async def session(self, path: str) -> Session | None:
        try:
            pictures = await self._open_pictures(path)
        except LookupError:
            return None
        try:
            sets = (await pictures.next(want_key=True)).parameter_sets
        finally:
            pictures.close()
        return None if sets is None else camera_session(sets, self._host)

    async def send(self, path: str, channels: Mapping[int, int], writer: asyncio.StreamWriter) -> None:
        pictures = await self._open_pictures(path)
        try:
            await self._pace(pictures, CameraPackets(channels, secrets.randbits(31)), writer)
        finally:
            pictures.close()

    async def _pace(self, pictures: Pictures, packets: CameraPackets, writer: asyncio.StreamWriter) -> None:
        loop, tone, rate = asyncio.get_running_loop(), Tone(), pictures.frames_per_second
        begun, sent = loop.time(), 0
        while True:
            unit = await pictures.next(want_key=sent == 0)
            writer.write(packets.picture(unit) + packets.sound(tone.until(unit.pts_90k + 90_000 / rate), unit.pts_90k))
            await writer.drain()
            sent += 1
            await asyncio.sleep(max(0.0, begun + sent / rate - loop.time()))


@dataclass(slots=True)
class _Connection:
    endpoint: RtspServerEndpoint
    writer: asyncio.StreamWriter
    sending: "asyncio.Task[None] | None" = None


class RtspServer:
    """Call `start`, at the end `stop`."""

    def __init__(self, programme: Programme, *, session_seconds: float = 60.0) -> None:
        self._programme, self._session_seconds = programme, session_seconds
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port. Raise OSError when it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, backlog=256)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for handler in list(self._handlers):
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        self._handlers.add(handler)
        now = asyncio.get_running_loop().time()
        endpoint = RtspServerEndpoint(session_id=secrets.token_hex(8), now=now, timeout_seconds=self._session_seconds)
        connection = _Connection(endpoint, writer)
        try:
            await self._converse(connection, reader)
        except (OSError, Malformed) as error:
            log.info("rtsp.connection_ended", error=str(error))
        finally:
            if connection.sending is not None:
                connection.sending.cancel()
                await asyncio.wait([connection.sending])
            writer.close()
            self._handlers.discard(handler)

    async def _converse(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        loop, endpoint, writer = asyncio.get_running_loop(), connection.endpoint, connection.writer
        has_ended = False
        while not has_ended:
            deadline = endpoint.next_deadline()
            try:
                async with asyncio.timeout_at(deadline):
                    data = await reader.read(_READ_BYTES)
            except TimeoutError:
                endpoint.handle_deadline(loop.time())
            else:
                if not data:
                    return
                endpoint.receive(data, loop.time())
            for event in endpoint.events():
                has_ended |= await self._act(connection, event)
            writer.write(endpoint.bytes_to_send())
            await writer.drain()

    async def _act(self, connection: _Connection, event: RtspEvent) -> bool:
        """True when the conversation is over."""
        match event:
            case Described():
                connection.endpoint.describe(event.ask, await self._programme.session(event.path))
            case Playing():
                connection.writer.write(connection.endpoint.bytes_to_send())
                connection.sending = asyncio.create_task(self._send(event, connection.writer))
            case Ended():
                return True
        return False

    async def _send(self, playing: Playing, writer: asyncio.StreamWriter) -> None:
        try:
            await self._programme.send(playing.path, playing.channels, writer)
        except OSError as error:
            log.info("rtsp.client_gone", path=playing.path, error=str(error))
            writer.close()
        except Exception:
            log.exception("rtsp.sending_failed", path=playing.path)
            writer.close()
