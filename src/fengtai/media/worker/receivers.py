"""Sockets of one stream: a UDP port read by a drain loop, or a TCP port that one device connects to.

Each port belongs to one stream. UDP: the first source whose packets are accepted is kept, others are strangers, counted
and dropped; TCP: one connection at a time, a second one is refused while the first delivers (GB/T 28181 digest 4.2, 6.12).
"""

import asyncio
import socket
from collections.abc import Callable

from fengtai.protocols.rtp import StreamDeframer
from fengtai.vocabulary.errors import Malformed

BURST = 64
"""datagrams per wake-up, so that one camera does not starve the others"""
SOCKET_BUFFER_BYTES = 4 << 20
STRANGER_AFTER_SECONDS = 5.0
"""silence after which another source may take over (the device's address has changed)"""

Packet = Callable[[bytes, float], bool]
"""Takes one packet and the moment of the loop; true when it belongs to the stream."""


def _bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


class UdpReceiver:
    """Raises OSError when the port is taken."""

    def __init__(self, loop: asyncio.AbstractEventLoop, host: str, port: int, packet: Packet) -> None:
        self._loop, self._packet = loop, packet
        self._socket = _bound(host, port, socket.SOCK_DGRAM)
        self._source: object = None
        self._heard_at = 0.0
        self.strangers = 0
        loop.add_reader(self._socket.fileno(), self._drain)

    @property
    def peer(self) -> str:
        return "" if self._source is None else str(self._source)

    def _drain(self) -> None:
        receive, packet, now = self._socket.recvfrom, self._packet, self._loop.time()
        for _ in range(BURST):
            try:
                data, source = receive(65536)
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # an ICMP answer to nothing of ours
            if source == self._source:
                if packet(data, now):
                    self._heard_at = now
            elif self._is_held(now) or not packet(data, now):
                self.strangers += 1
            else:
                self._source, self._heard_at = source, now

    def _is_held(self, now: float) -> bool:
        """The source that delivers keeps the port."""
        return self._source is not None and now - self._heard_at < STRANGER_AFTER_SECONDS

    async def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()


class TcpReceiver:
    """Listens until closed; `lost` is called when the device that delivered has closed its connection."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, host: str, port: int, packet: Packet, lost: Callable[[str], None]
    ) -> None:
        self._loop, self._packet, self._lost = loop, packet, lost
        self._socket = _bound(host, port, socket.SOCK_STREAM)
        self._socket.listen(4)
        self._current: _Connection | None = None
        self.strangers = 0
        loop.add_reader(self._socket.fileno(), self._accept)

    @property
    def peer(self) -> str:
        return "" if self._current is None else self._current.peer

    def _accept(self) -> None:
        try:
            sock, source = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        current = self._current
        if current is not None and current.delivers(self._loop.time()):
            self.strangers += 1
            sock.close()
            return
        if current is not None:
            current.close()
        sock.setblocking(False)
        self._current = _Connection(self._loop, sock, str(source), self._packet, self._ended)

    def _ended(self, connection: "_Connection", reason: str) -> None:
        if connection is self._current:
            self._current = None
            if connection.accepted:
                self._lost(reason)

    async def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        if self._current is not None:
            self._current.close()
            self._current = None


class _Connection:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        peer: str,
        packet: Packet,
        ended: Callable[["_Connection", str], None],
    ) -> None:
        self._loop, self._socket, self._packet, self._ended = loop, sock, packet, ended
        self._deframer = StreamDeframer()
        self._heard_at = 0.0
        self.peer = peer
        self.accepted = False
        """at least one of its packets belongs to the stream"""
        loop.add_reader(sock.fileno(), self._drain)

    def delivers(self, now: float) -> bool:
        return self.accepted and now - self._heard_at < STRANGER_AFTER_SECONDS

    def _drain(self) -> None:
        try:
            data = self._socket.recv(256 * 1024)
            packets = self._deframer.feed(data)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            return self._end(f"connection broken: {error.strerror}")
        except Malformed as error:
            return self._end(str(error))
        if not data:
            return self._end("the device closed the connection")
        now = self._loop.time()
        for packet in packets:
            if self._packet(packet, now):
                self.accepted, self._heard_at = True, now

    def _end(self, reason: str) -> None:
        self.close()
        self._ended(self, reason)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
