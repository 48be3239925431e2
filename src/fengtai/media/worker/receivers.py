"""Sockets of one stream: a UDP port read by a drain loop, or a TCP port that one device connects to. Read in rounds.

Each port belongs to one stream. UDP: the first source whose packets are accepted is kept, others are strangers, counted
and dropped; TCP: one connection at a time, a second one is refused while the first delivers (GB/T 28181 digest 4.2, 6.12).
"""

import asyncio
import socket
from collections.abc import Callable, Sequence

from fengtai.media.worker.rounds import Rounds
from fengtai.protocols.rtp import StreamDeframer
from fengtai.vocabulary.errors import Malformed

BURST = 512
"""datagrams per round, so that one camera does not starve the others"""
SOCKET_BUFFER_BYTES = 4 << 20
STRANGER_AFTER_SECONDS = 5.0
"""silence after which another source may take over (the device's address has changed)"""

Packets = Callable[[Sequence[bytes], float], bool]
"""Takes packets in the order in which they came and the moment of the loop; true when one belongs to the stream."""
_READ_BYTES = 256 * 1024
_read_buffer = bytearray(_READ_BYTES)
"""shared by all connections of the process: what is read is copied out at once"""
_read_view = memoryview(_read_buffer)


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

    def __init__(
        self, loop: asyncio.AbstractEventLoop, rounds: Rounds, host: str, port: int, packets: Packets, *, ssrc: int
    ) -> None:
        """`ssrc`: the one that the device was asked to send."""
        self._loop, self._rounds, self._packets, self._ssrc = loop, rounds, packets, ssrc.to_bytes(4, "big")
        self._socket = _bound(host, port, socket.SOCK_DGRAM)
        self._source: object = None
        self._is_asked_for = False
        """the source that has the port sends the SSRC that was asked for"""
        self._heard_at = 0.0
        self.strangers = 0
        self.refused = ""
        rounds.add_reader(self._socket.fileno(), self._drain)

    @property
    def peer(self) -> str:
        return "" if self._source is None else str(self._source)

    def _drain(self) -> None:
        receive, now = self._socket.recvfrom, self._loop.time()
        waiting: list[bytes] = []
        for _ in range(BURST):
            try:
                data, source = receive(65536)
            except (BlockingIOError, InterruptedError):
                break
            except ConnectionError:
                continue  # an ICMP answer to nothing of ours
            if source == self._source:
                waiting.append(data)
                continue
            self._take(waiting, now)
            waiting = []
            if self._is_held(data, now) or not self._packets([data], now):
                self.strangers += 1
            else:
                self._source, self._heard_at = source, now
                self._is_asked_for = data[8:12] == self._ssrc
        self._take(waiting, now)

    def _take(self, waiting: list[bytes], now: float) -> None:
        """Packets of the source that has the port."""
        if waiting and self._packets(waiting, now):
            self._heard_at = now

    def _is_held(self, data: bytes, now: float) -> bool:
        """The source that delivers keeps the port; only who sends what was asked for takes it from one who does not
        (an old sender that was never told to stop)."""
        if self._source is None or now - self._heard_at >= STRANGER_AFTER_SECONDS:
            return False
        return self._is_asked_for or data[8:12] != self._ssrc

    async def close(self) -> None:
        self._rounds.remove_reader(self._socket.fileno())
        self._socket.close()


class TcpReceiver:
    """Listens until closed; `lost` is called when the device that delivered has closed its connection."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        rounds: Rounds,
        host: str,
        port: int,
        packets: Packets,
        lost: Callable[[str], None],
    ) -> None:
        self._loop, self._rounds, self._packets, self._lost = loop, rounds, packets, lost
        self._socket = _bound(host, port, socket.SOCK_STREAM)
        self._socket.listen(4)
        self._current: _Connection | None = None
        self.strangers = 0
        self.refused = ""
        """why the last connection that brought nothing was closed"""
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
        self._current = _Connection(self._loop, self._rounds, sock, str(source), self._packets, self._ended)

    def _ended(self, connection: "_Connection", reason: str) -> None:
        if connection is self._current:
            self._current = None
            if connection.accepted:
                self._lost(reason)
            else:
                self.refused = reason

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
        rounds: Rounds,
        sock: socket.socket,
        peer: str,
        packets: Packets,
        ended: Callable[["_Connection", str], None],
    ) -> None:
        self._loop, self._rounds, self._socket, self._packets, self._ended = loop, rounds, sock, packets, ended
        self._deframer = StreamDeframer()
        self._heard_at = 0.0
        self.peer = peer
        self.accepted = False
        """at least one of its packets belongs to the stream"""
        rounds.add_reader(sock.fileno(), self._drain)

    def delivers(self, now: float) -> bool:
        return self.accepted and now - self._heard_at < STRANGER_AFTER_SECONDS

    def _drain(self) -> None:
        try:
            size = self._socket.recv_into(_read_buffer)
            packets = self._deframer.feed(bytes(_read_view[:size]))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            return self._end(f"connection broken: {error.strerror}")
        except Malformed as error:
            return self._end(str(error))
        if not size:
            return self._end("the device closed the connection")
        now = self._loop.time()
        if packets and self._packets(packets, now):
            self.accepted, self._heard_at = True, now

    def _end(self, reason: str) -> None:
        self.close()
        self._ended(self, reason)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._rounds.remove_reader(self._socket.fileno())
            self._socket.close()
