"""Bytes in and out of the gateway: one protocol object per TCP connection, one for all datagrams.

Back-pressure: a connection that has too many messages waiting for their commit, or that does not read its answers, is
not read until it has caught up. A connection without a whole frame is closed after `idle_seconds`, one whose frame does not
end after `frame_seconds`.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple, cast

import structlog

from fengtai.gateways.sia_dc09.line import Answer, Line
from fengtai.protocols.sia_dc09 import Address, FrameIgnored, FrameReceived, ReceiverEvent

log = structlog.get_logger()

WAITING_AT_MOST = 64
"""messages of one connection whose commit is awaited"""
DATAGRAMS_WAITING_AT_MOST = 4096
USELESS_BYTES_AT_MOST = 32_768
"""of one connection without a frame that could be answered: nobody's panel, and it costs more than it is worth"""
PIECE_BYTES = 16_384
"""are looked at before it is asked whether they were of use"""
TOLD_AGAIN_SECONDS = 10.0
"""refusals of one kind stand in the log so often"""


class Bounds(NamedTuple):
    """What TCP connections may occupy, and for how long."""

    at_most: int
    of_an_address: int
    idle_seconds: float
    """without a whole frame"""
    frame_seconds: float
    """for a frame that has begun, however steadily its bytes drip in"""


class Connections:
    """The TCP connections that are open. When there is no room, whoever has been here longest without a whole frame makes
    it: thousands of silent strangers keep no panel out."""

    def __init__(self, line: Line, bounds: Bounds) -> None:
        self.line, self.bounds = line, bounds
        self.open: set[PanelConnection] = set()
        self._strangers: dict[PanelConnection, None] = {}
        """have not sent a whole frame yet; the oldest first"""
        self._of_address: Counter[str] = Counter()
        self._told_at: dict[str, float] = {}

    def __call__(self) -> "PanelConnection":
        return PanelConnection(self)

    def admit(self, connection: "PanelConnection", address: str) -> bool:
        """False: there is no room, hang up."""
        if self._of_address[address] >= self.bounds.of_an_address:
            self.refuse("connections_of_an_address_refused", address)
            return False
        if len(self.open) >= self.bounds.at_most:
            oldest = next(iter(self._strangers), None)
            if oldest is None:
                self.refuse("connections_refused", address)
                return False
            self.refuse("silent_strangers_closed", oldest.address)
            self.leave(oldest)
            oldest.abort()
        self.open.add(connection)
        self._strangers[connection] = None
        self._of_address[address] += 1
        return True

    def known(self, connection: "PanelConnection") -> None:
        """It has sent a whole frame."""
        self._strangers.pop(connection, None)

    def leave(self, connection: "PanelConnection") -> bool:
        """False: it had left already, or was never admitted."""
        if connection not in self.open:
            return False
        self.open.discard(connection)
        self._strangers.pop(connection, None)
        self._of_address[connection.address] -= 1
        if not self._of_address[connection.address]:
            del self._of_address[connection.address]
        return True

    def refuse(self, why: str, address: str) -> None:
        """Counted each time, written into the log once in a while."""
        self.line.counters[why] += 1
        now = asyncio.get_running_loop().time()
        if now - self._told_at.get(why, float("-inf")) >= TOLD_AGAIN_SECONDS:
            self._told_at[why] = now
            log.warning(f"dc09.{why}", address=address, so_far=self.line.counters[why], open=len(self.open))

    def close(self) -> None:
        for connection in tuple(self.open):
            connection.abort()


class PanelConnection(asyncio.Protocol):
    def __init__(self, connections: Connections) -> None:
        self._connections, self._line = connections, connections.line
        self._waiting: deque[_Waiting] = deque()
        self._loop = asyncio.get_running_loop()
        self._peer_reads = True
        self._is_reading = True
        self._begun_at = float("inf")
        """the frame that is not whole yet"""
        self._useless_bytes = 0
        """since the last frame that could be answered"""
        self._timer: asyncio.TimerHandle | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peer: Address = (self._transport.get_extra_info("peername") or ("", 0))[:2]
        self.address = self._peer[0]
        if not self._connections.admit(self, self.address):
            self._transport.abort()
            return
        self._endpoint = self._line.receiver.connection(self._peer)
        self._heard_at = self._loop.time()
        self._set_timer(self._due())

    def data_received(self, data: bytes) -> None:
        if self not in self._connections.open:
            return
        now = self._line.clock.now()
        for at in range(0, len(data), PIECE_BYTES):
            piece = data[at : at + PIECE_BYTES]
            events = self._endpoint.receive_data(piece, now=now)
            for event in events:
                self._line.handle(event, self._peer, self._send, self._wait, now)
            if not self._note_progress(events, len(piece)):
                return
        if len(self._waiting) > 1 or not self._is_reading:
            self._read_or_wait()

    def _wait(self, received: FrameReceived) -> Answer:
        place = _Waiting(self, received)
        self._waiting.append(place)
        return place

    def answer(self) -> None:
        """ACKs leave in the order of the messages, each after its commit."""
        while self._waiting and self._waiting[0].is_stored is not None:
            place = self._waiting.popleft()
            if place.is_stored:
                self._send(self._line.acknowledge(place.received))
        if not self._is_reading:
            self._read_or_wait()

    def _send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        self._peer_reads = False
        self._read_or_wait()

    def resume_writing(self) -> None:
        self._peer_reads = True
        self._read_or_wait()

    def _read_or_wait(self) -> None:
        if self._transport.is_closing():
            return
        limit = WAITING_AT_MOST if self._is_reading else WAITING_AT_MOST // 2
        wants = self._peer_reads and len(self._waiting) < limit
        if wants and not self._is_reading:
            self._transport.resume_reading()
        elif not wants and self._is_reading:
            self._transport.pause_reading()
        self._is_reading = wants

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._connections.leave(self):
            return
        self._endpoint.connection_lost()
        # Messages that wait are stored all the same; only their ACKs have nowhere to go, and the panel repeats.

    def abort(self) -> None:
        self._transport.abort()

    def _note_progress(self, events: Sequence[ReceiverEvent], size_bytes: int) -> bool:
        """False: it is of no use, and was hung up on."""
        at = self._loop.time()
        self._useless_bytes += size_bytes
        if events:
            self._heard_at, self._begun_at = at, float("inf")
            if not all(isinstance(event, FrameIgnored) for event in events):
                self._connections.known(self)
                self._useless_bytes = 0
        if self._useless_bytes > USELESS_BYTES_AT_MOST:
            self._connections.refuse("useless_closed", self.address)
            self._transport.abort()
            return False
        if self._begun_at > at and (self._endpoint.held_bytes or not events):
            self._begun_at = at
        if self._timer is None or self._timer.when() > self._due():
            self._set_timer(self._due())
        return True

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._look_whether_slow)

    def _due(self) -> float:
        bounds = self._connections.bounds
        return min(self._heard_at + bounds.idle_seconds, self._begun_at + bounds.frame_seconds)

    def _look_whether_slow(self) -> None:
        at, due = self._loop.time(), self._due()
        if due > at or self._waiting or not self._is_reading:  # it waits for us
            self._set_timer(max(due, at + 1.0))
            return
        is_slow = self._begun_at + self._connections.bounds.frame_seconds <= at
        self._connections.refuse("slow_closed" if is_slow else "idle_closed", self.address)
        self._transport.close()


class _Waiting:
    """One message of a connection whose commit is awaited; called with the outcome."""

    __slots__ = ("_connection", "is_stored", "received")

    def __init__(self, connection: PanelConnection, received: FrameReceived) -> None:
        self._connection, self.received = connection, received
        self.is_stored: bool | None = None

    def __call__(self, is_stored: bool) -> None:
        self.is_stored = is_stored
        self._connection.answer()


class Datagrams(asyncio.DatagramProtocol):
    """All panels that use UDP: one frame per datagram, the answer to where it came from (NAT)."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._waiting = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._waiting >= DATAGRAMS_WAITING_AT_MOST:
            self._line.counters["datagrams_shed"] += 1  # not acknowledged: the panel repeats
            return
        peer = (addr[0], addr[1])

        def send(reply: bytes) -> None:
            if not self._transport.is_closing():
                self._transport.sendto(reply, addr)

        def wait(received: FrameReceived) -> Answer:
            self._waiting += 1

            def answer(is_stored: bool) -> None:
                self._waiting -= 1
                if is_stored:
                    send(self._line.acknowledge(received))

            return answer

        now = self._line.clock.now()
        for event in self._line.receiver.receive_datagram(data, peer, now=now):
            self._line.handle(event, peer, send, wait, now)

    def error_received(self, exc: Exception) -> None:
        self._line.counters["datagram_errors"] += 1
