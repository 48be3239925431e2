"""TCP sockets of one stream: a port that the device connects to, or a connection that we make to the device.

A port hears only the camera that it was asked for: who connects must come from an address that the device is known by
(its answer's, or the one by which it signals), or send the SSRC that was asked for. A stranger who connects first does not
take the place; he is held, bounded, until it is known who may speak, then closed, counted and named.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence

from fengtai.media.worker.receivers import STRANGER_AFTER_SECONDS, Packets, bound_socket
from fengtai.media.worker.rounds import RESTED_ROUNDS, Rounds
from fengtai.protocols.rtp import StreamDeframer
from fengtai.vocabulary.errors import Malformed

MOST_CANDIDATES = 4
"""connections of which it is not known yet whether they are the camera"""
MOST_HELD_BYTES = 1 << 20
"""of what a candidate has sent meanwhile: a camera that begins before its answer has come"""
CONNECT_TRIES, CONNECT_SECONDS, CONNECT_PAUSE_SECONDS = 3, 3.0, 1.0
"""GB/T 28181-2022 annex L: at least three tries, at least a second apart"""

_READ_BYTES = 128 * 1024
"""below what malloc gives back to the kernel at once"""
_MOST_READS = 4
"""of one connection in a round; who sends more is read again in the next one"""


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
        *,
        ssrc: int,
    ) -> None:
        """`ssrc`: the one that the device was asked to send."""
        self._loop, self._rounds, self._packets, self._lost = loop, rounds, packets, lost
        self._ssrc = ssrc.to_bytes(4, "big")
        self._socket = bound_socket(host, port, socket.SOCK_STREAM)
        self._socket.listen(MOST_CANDIDATES)
        self._hosts: frozenset[str] | None = None
        self._current: _Connection | None = None
        self._candidates: list[_Connection] = []
        self.strangers, self.rest_rounds = 0, RESTED_ROUNDS
        self.refused = ""
        """why the last connection that brought nothing was closed"""
        loop.add_reader(self._socket.fileno(), self._accept)

    @property
    def peer(self) -> str:
        connected = self._current or next(iter(self._candidates), None)
        return "" if connected is None else connected.peer

    def expect(self, hosts: Sequence[str], port: int) -> None:
        """Where the device may come from is known now; none: it cannot be known, whoever sends RTP is heard."""
        self._hosts = frozenset(hosts)
        for candidate in list(self._candidates):
            if candidate.held:
                self._judge(candidate, [], self._loop.time())

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        for connection in (*self._candidates, *([self._current] if self._current else ())):
            connection.close()
        self._candidates, self._current = [], None

    def _accept(self) -> None:
        try:
            sock, source = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        current = self._current
        if current is not None and current.is_asked_for and current.delivers(self._loop.time()):
            self.strangers += 1
            sock.close()
            return
        sock.setblocking(False)
        if len(self._candidates) >= MOST_CANDIDATES:
            self._dismiss(self._candidates[0], f"{self._candidates[0].host} connected and sent nothing of use")
        self._candidates.append(
            _Connection(self._loop, self._rounds, sock, source[0], source[1], self._judge, self._ended)
        )

    def _judge(self, connection: "_Connection", packets: Sequence[bytes], now: float) -> bool:
        """What a connection has sent; true when it belongs to the stream."""
        if connection is self._current:
            return self._packets(packets, now)
        packets = [*connection.held, *packets]
        is_asked_for = any(packet[8:12] == self._ssrc for packet in packets)
        if not is_asked_for and self._hosts is None:
            connection.hold(packets)
            return False
        if not is_asked_for and self._hosts and connection.host not in self._hosts:
            self._dismiss(connection, f"{connection.host} connected, but the device is {' or '.join(self._hosts)}")
            return False
        current = self._current
        if current is not None and current.delivers(now) and (current.is_asked_for or not is_asked_for):
            self._dismiss(connection, f"{connection.host} connected while the device was sending")
            return False
        connection.held = []
        if not packets or not self._packets(packets, now):
            return False
        if current is not None:
            current.close()
        self._candidates.remove(connection)
        self._current, connection.is_asked_for = connection, is_asked_for
        return True

    def _dismiss(self, connection: "_Connection", why: str) -> None:
        self.strangers += 1
        self.refused = why
        self._candidates.remove(connection)
        connection.close()

    def _ended(self, connection: "_Connection", reason: str) -> None:
        if connection is self._current:
            self._current = None
            self._lost(reason)
        elif connection in self._candidates:
            self._candidates.remove(connection)
            self.refused = reason


class TcpCaller:
    """Connects to the device when its address is known. The offered port is the one that we come from."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        rounds: Rounds,
        host: str,
        port: int,
        packets: Packets,
        lost: Callable[[str], None],
    ) -> None:
        """`lost` is called, too, when no connection can be made."""
        self._loop, self._rounds, self._packets, self._lost = loop, rounds, packets, lost
        self._own = (host, port)
        self._reserved: socket.socket | None = bound_socket(host, port, socket.SOCK_STREAM)
        self._current: _Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.strangers, self.rest_rounds = 0, RESTED_ROUNDS
        self.refused = ""

    @property
    def peer(self) -> str:
        return "" if self._current is None else self._current.peer

    def expect(self, hosts: Sequence[str], port: int) -> None:
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(hosts, port))

    def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        if self._reserved is not None:
            self._reserved.close()
        if self._current is not None:
            self._current.close()
        self._reserved = self._current = None

    async def _connect(self, hosts: Sequence[str], port: int) -> None:
        """The address of the answer first; behind it may stand a private one, so the one of its signalling after it."""
        if not hosts or not port:
            return self._lost("the device has not told a port to connect to")
        for attempt in range(CONNECT_TRIES):
            if attempt:
                await asyncio.sleep(CONNECT_PAUSE_SECONDS)
            for host in hosts:
                sock = self._socket()
                try:
                    async with asyncio.timeout(CONNECT_SECONDS / len(hosts)):
                        await self._loop.sock_connect(sock, (host, port))
                except (OSError, TimeoutError) as error:
                    sock.close()
                    self.refused = f"{host}:{port} cannot be connected to: {_words(error)}"
                    continue
                except asyncio.CancelledError:
                    sock.close()
                    raise
                self._current = _Connection(self._loop, self._rounds, sock, host, port, self._take, self._ended)
                return
        self._lost(self.refused)

    def _socket(self) -> socket.socket:
        """The socket that has held the port since the offer; a further try gets another one."""
        reserved, self._reserved = self._reserved, None
        if reserved is not None:
            return reserved
        try:
            return bound_socket(*self._own, socket.SOCK_STREAM)
        except OSError:  # the port rests in TIME_WAIT: any other will do, few devices look at it
            return bound_socket(self._own[0], 0, socket.SOCK_STREAM)

    def _take(self, connection: "_Connection", packets: Sequence[bytes], now: float) -> bool:
        return self._packets(packets, now)

    def _ended(self, connection: "_Connection", reason: str) -> None:
        self._current = None
        self._lost(reason)


def _words(error: OSError | TimeoutError) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or "no answer in time"


Judge = Callable[["_Connection", Sequence[bytes], float], bool]


class _Connection:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        rounds: Rounds,
        sock: socket.socket,
        host: str,
        port: int,
        judge: Judge,
        ended: Callable[["_Connection", str], None],
    ) -> None:
        self._loop, self._rounds, self._socket, self._judge, self._ended = loop, rounds, sock, judge, ended
        self._deframer = StreamDeframer()
        self._heard_at = float("-inf")
        self.host, self.peer = host, f"{host}:{port}"
        self.is_asked_for = False
        """it sends the SSRC that was asked for"""
        self.held: list[bytes] = []
        rounds.add_reader(sock.fileno(), self._drain)

    def delivers(self, now: float) -> bool:
        return now - self._heard_at < STRANGER_AFTER_SECONDS

    def hold(self, packets: list[bytes]) -> None:
        if sum(map(len, packets)) <= MOST_HELD_BYTES:
            self.held = packets

    def _drain(self) -> bool:
        """True: the kernel has more of it."""
        for _ in range(_MOST_READS):
            try:
                data = self._socket.recv(_READ_BYTES)
                packets = self._deframer.feed(data)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError as error:
                return self._end(f"connection broken: {error.strerror}")
            except Malformed as error:
                return self._end(str(error))
            if not data:
                return self._end("the device closed the connection")
            now = self._loop.time()
            if packets and self._judge(self, packets, now):
                self._heard_at = now
            if len(data) < _READ_BYTES or self._socket.fileno() < 0:
                return False  # emptied, or dismissed for what it has sent
        return True

    def _end(self, reason: str) -> bool:
        self.close()
        self._ended(self, reason)
        return False

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._rounds.remove_reader(self._socket.fileno())
            self._socket.close()
