"""How a simulated camera's RTP packets travel: in UDP datagrams, or over a TCP connection to the platform."""

import asyncio
import contextlib
import socket
from collections.abc import Iterable
from typing import Protocol

from fengtai.protocols.rtp import frame_packet

_CONNECT_TRIES = 3
_CONNECT_PAUSE_SECONDS = 1.0
_WAIT_SECONDS = 8.0
_BURST_PACKETS = 24
_BURST_PAUSE_SECONDS = 0.001


class Carrier(Protocol):
    """A way for packets to the receiver."""

    @property
    def local_port(self) -> int: ...

    async def send(self, packets: Iterable[bytes]) -> None:
        """Raise OSError when the receiver is gone."""

    def close(self) -> None: ...


class UdpCarrier:
    """RTP in datagrams, in bursts that a socket buffer can hold."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((host, port))

    @property
    def local_port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def send(self, packets: Iterable[bytes]) -> None:
        for count, packet in enumerate(packets, start=1):
            try:
                self._socket.send(packet)
            except ConnectionRefusedError:
                continue  # ICMP of an earlier datagram: the receiver is not there (yet)
            except BlockingIOError:
                await asyncio.sleep(_BURST_PAUSE_SECONDS)
                with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                    self._socket.send(packet)  # still full: lost, as on any network
            if count % _BURST_PACKETS == 0:
                await asyncio.sleep(_BURST_PAUSE_SECONDS)

    def close(self) -> None:
        self._socket.close()


class TcpCarrier:
    """RTP on a connection with the platform (RFC 4571), whoever made it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @classmethod
    async def connect(cls, host: str, port: int, *, pause_seconds: float = _CONNECT_PAUSE_SECONDS) -> "TcpCarrier":
        """Tries as GB/T 28181-2022 asks: at least three times, at least a second apart. Raise OSError after that."""
        for attempt in range(1, _CONNECT_TRIES + 1):
            try:
                _, writer = await asyncio.open_connection(host, port)
                return cls(writer)
            except OSError:
                if attempt == _CONNECT_TRIES:
                    raise
                await asyncio.sleep(pause_seconds)
        raise AssertionError("unreachable: the last try returns or raises")

    @property
    def local_port(self) -> int:
        return int(self._writer.get_extra_info("sockname")[1])

    async def send(self, packets: Iterable[bytes]) -> None:
        await self.write(b"".join([frame_packet(packet) for packet in packets]))

    async def write(self, data: bytes) -> None:
        """Bytes that are framed already. Raise OSError when the receiver is gone."""
        if self._writer.is_closing():
            raise ConnectionResetError("the platform closed the media connection")
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


class ListeningPort:
    """Where a camera waits for the platform to connect (a=setup:passive in its answer)."""

    def __init__(self, server: asyncio.Server, connected: "asyncio.Future[asyncio.StreamWriter]") -> None:
        self._server, self._connected = server, connected

    @classmethod
    async def open(cls, host: str = "") -> "ListeningPort":
        connected: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

        def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if connected.done():
                writer.close()
            else:
                connected.set_result(writer)

        return cls(await asyncio.start_server(accept, host or None, 0, family=socket.AF_INET), connected)

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    async def carrier(self) -> Carrier:
        """When the platform has connected. Raise OSError when it does not come."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return TcpCarrier(await asyncio.shield(self._connected))
        except TimeoutError as error:
            raise ConnectionAbortedError("the platform has not connected") from error
        finally:
            self._server.close()

    def close(self) -> None:
        self._server.close()
