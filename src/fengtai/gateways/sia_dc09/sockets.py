"""Bytes in and out of the gateway: one protocol object per TCP connection, one for all datagrams.

Back-pressure: a connection that has too many messages waiting for their commit, or that does not read its answers, is
not read until it has caught up. A silent connection is closed after `idle_seconds`.
"""

import asyncio
from collections import deque
from typing import cast

import structlog

from fengtai.gateways.sia_dc09.line import Answer, Line
from fengtai.protocols.sia_dc09 import Address, FrameReceived

log = structlog.get_logger()

WAITING_AT_MOST = 64
"""messages of one connection whose commit is awaited"""
DATAGRAMS_WAITING_AT_MOST = 4096


class Connections:
    """The TCP connections that are open, and how many may be."""

    def __init__(self, line: Line, *, at_most: int, idle_seconds: float) -> None:
        self.line, self.at_most, self.idle_seconds = line, at_most, idle_seconds
        self.open: set[PanelConnection] = set()

    def __call__(self) -> "PanelConnection":
        return PanelConnection(self)

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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peer: Address = (self._transport.get_extra_info("peername") or ("", 0))[:2]
        if len(self._connections.open) >= self._connections.at_most:
            self._line.counters["connections_refused"] += 1
            log.warning("dc09.connection_refused", peer=self._peer[0], open=len(self._connections.open))
            self._transport.abort()
            return
        self._connections.open.add(self)
        self._endpoint = self._line.receiver.connection(self._peer)
        self._heard_at = self._loop.time()
        self._idle_timer = self._loop.call_later(self._connections.idle_seconds, self._look_whether_idle)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        now = self._line.clock.now()
        for event in self._endpoint.receive_data(data, now=now):
            self._line.handle(event, self._peer, self._send, self._wait, now)
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
        if self not in self._connections.open:
            return
        self._connections.open.discard(self)
        self._idle_timer.cancel()
        self._endpoint.connection_lost()
        # Messages that wait are stored all the same; only their ACKs have nowhere to go, and the panel repeats.

    def abort(self) -> None:
        self._transport.abort()

    def _look_whether_idle(self) -> None:
        idle_seconds = self._loop.time() - self._heard_at
        left_seconds = self._connections.idle_seconds - idle_seconds
        if left_seconds <= 0 and not self._waiting:
            self._line.counters["idle_closed"] += 1
            self._transport.close()
            return
        self._idle_timer = self._loop.call_later(max(left_seconds, 1.0), self._look_whether_idle)


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
