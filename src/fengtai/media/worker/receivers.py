"""The UDP socket of one stream, read by a drain loop in rounds; its TCP sockets are in `tcp_receivers`.

Each port belongs to one stream: the first source whose packets are accepted is kept, others are strangers, counted and
dropped (GB/T 28181 digest 4.2, 6.12).
"""

import asyncio
import socket
from collections.abc import Callable, Sequence

from fengtai.media.worker.rounds import RESTED_ROUNDS, Rounds

BURST = 512
"""datagrams per round, so that one camera does not starve the others"""
SOCKET_BUFFER_BYTES = 4 << 20
"""where the machine allows it (net.core.rmem_max): seconds of a camera, and room for a large key frame"""
STRANGER_AFTER_SECONDS = 5.0
"""silence after which another source may take over (the device's address has changed)"""

Packets = Callable[[Sequence[bytes], float], bool]
"""Takes packets in the order in which they came and the moment of the loop; true when one belongs to the stream."""


def bound_socket(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """Raise OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # its buffer grows by itself, beyond rmem_max
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
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
        self._socket = bound_socket(host, port, socket.SOCK_DGRAM)
        has_room = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= SOCKET_BUFFER_BYTES
        self.rest_rounds = RESTED_ROUNDS // 2 if has_room else 0
        """for how many rounds it may rest: for less than a late packet is waited for; none where the buffer is small"""
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

    def _drain(self) -> bool:
        """True: the kernel may have more of it."""
        receive, now = self._socket.recvfrom, self._loop.time()
        waiting: list[bytes] = []
        is_left = True
        for _ in range(BURST):
            try:
                data, source = receive(65536)
            except (BlockingIOError, InterruptedError):
                is_left = False
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
        return is_left

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

    def expect(self, hosts: Sequence[str], port: int) -> None:
        """Here the SSRC decides, not the address: a camera behind NAT sends from anywhere (ADR 0016)."""

    def close(self) -> None:
        self._rounds.remove_reader(self._socket.fileno())
        self._socket.close()
