"""Carries bytes and time between sockets and the platform endpoint; decides nothing.

UDP is read in bursts (up to 64 datagrams a wake-up, `datagrams.py`), and what is answered at once is answered in a burst.
TCP is served on the same port; what goes to a TCP device goes down its own connection.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from typing import Protocol

import structlog

from fengtai.gateways.gb28181.datagrams import Datagrams, datagrams_of
from fengtai.gateways.gb28181.patience import Patience, Waiting
from fengtai.gateways.gb28181.remarks import Remarks
from fengtai.protocols.gb28181 import Peer
from fengtai.vocabulary.clock import Clock, Instant
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()

SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
MOST_UNSENT_BYTES = 4 * 1024 * 1024


class Carried(Protocol):
    """An endpoint as far as sockets need it."""

    def answer_at_once(self, data: bytes, host: str, port: int, now: Instant) -> bytes | None: ...
    def receive_unusual(self, data: bytes, peer: Peer, now: Instant) -> None: ...
    def stream_opened(self, peer: Peer) -> None: ...
    def receive_stream(self, data: bytes, peer: Peer, now: Instant) -> None: ...
    def stream_held(self, peer: Peer) -> tuple[int, int]: ...
    def stream_closed(self, peer: Peer, now: Instant) -> None: ...
    def datagrams_to_send(self) -> list[tuple[bytes, Peer]]: ...
    def next_deadline(self) -> float | None: ...
    def handle_deadline(self, now: Instant) -> None: ...


class Witness(Protocol):
    """Is told of every message as it comes or goes (True: it came)."""

    def wants_life_signs(self, now: float) -> bool:
        """False: what is answered at once need not be told."""

    def saw(self, incoming: bool, peer: Peer, data: bytes, now: float) -> None: ...


class SipSockets:
    """First `bind`, then `serve` an endpoint (whose address is known now). `on_events` is called after each batch: it
    takes the endpoint's events. Call `pump` after every act upon the endpoint."""

    def __init__(self, clock: Clock, patience: Patience, remarks: Remarks) -> None:
        self._clock, self._patience, self._remarks = clock, patience, remarks
        self._loop = asyncio.get_running_loop()
        self._endpoint: Carried
        self._on_events: Callable[[], None]
        self._witness: Witness
        self._datagrams: Datagrams
        self._udp: socket.socket | None = None
        self._tcp: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._of_host: Counter[str] = Counter()
        self._last_connection = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._pumping = False
        self.unsent = self.refused = 0

    def bind(self, host: str, port: int) -> int:
        """Take UDP and TCP of this port; answers it (of use when 0 was asked for). Raise Unavailable when taken."""
        try:
            self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._tcp.bind((host, port))
            bound = int(self._tcp.getsockname()[1])
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.setblocking(False)
            self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            self._udp.bind((host, bound))
        except OSError as error:
            for one in (self._tcp, self._udp):
                if one is not None:
                    one.close()
            raise Unavailable(f"SIP cannot listen on {host}:{port}: {error.strerror or error}") from error
        return bound

    async def serve(self, endpoint: Carried, on_events: Callable[[], None], witness: Witness) -> None:
        assert self._udp is not None, "bind comes first"
        self._datagrams = datagrams_of(self._udp)
        self._endpoint, self._on_events, self._witness = endpoint, on_events, witness
        self._loop.add_reader(self._udp.fileno(), self._drain)
        self._server = await asyncio.start_server(self._serve, sock=self._tcp, backlog=1024)
        self.pump()

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers.values()):
            writer.close()
        if self._udp is not None:
            self._loop.remove_reader(self._udp.fileno())
            self._udp.close()
            self._udp = None
        if self._server is not None:
            await self._server.wait_closed()

    def drop(self, peer: Peer) -> None:
        """Close a TCP connection that cannot be used."""
        writer = self._writers.get(peer.connection)
        if writer is not None:
            writer.close()

    @property
    def connections(self) -> int:
        return len(self._writers)

    def pump(self) -> None:
        """Send what is to be sent, tell what happened, set the timer. Safe to call from `on_events`."""
        if self._pumping:
            return
        self._pumping = True
        try:
            now = self._clock.now().monotonic
            out = self._endpoint.datagrams_to_send()
            while True:
                for data, peer in out:
                    self._witness.saw(False, peer, data, now)
                self._send(out)
                self._on_events()
                out = self._endpoint.datagrams_to_send()
                if not out:
                    break
        finally:
            self._pumping = False
        self._set_timer()

    def _drain(self) -> None:
        if self._udp is None:
            return
        try:
            burst = self._datagrams.receive()
        except OSError as error:  # an ICMP answer to something sent before: not about what waits now
            log.debug("sip.socket_error", error=str(error))
            return
        answer_at_once, now = self._endpoint.answer_at_once, self._clock.now()
        told, answers = self._witness.wants_life_signs(now.monotonic), []
        for data, address in burst:
            answer = answer_at_once(data, *address, now)
            if answer is None or told:
                self._closer_look(data, Peer("udp", *address), answer, now)
            if answer:
                answers.append((answer, address))
        if answers:
            self.unsent += self._datagrams.send(answers)
        self.pump()

    def _closer_look(self, data: bytes, peer: Peer, answer: bytes | None, now: Instant) -> None:
        """At what is not in the usual form, and at whatever the witness wants to see."""
        self._witness.saw(True, peer, data, now.monotonic)
        if answer is None:
            self._endpoint.receive_unusual(data, peer, now)
        elif answer:
            self._witness.saw(False, peer, answer, now.monotonic)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername")[:2]
        if not self._admits(host):
            writer.close()
            return
        self._last_connection += 1
        self._of_host[host] += 1
        peer = Peer("tcp", host, port, self._last_connection)
        self._writers[peer.connection] = writer
        self._endpoint.stream_opened(peer)
        try:
            waiting = Waiting(self._patience, self._loop.time())
            while data := await asyncio.wait_for(reader.read(65_536), waiting.left_seconds(self._loop.time())):
                now = self._clock.now()
                self._witness.saw(True, peer, data, now.monotonic)
                self._endpoint.receive_stream(data, peer, now)
                waiting.heard(*self._endpoint.stream_held(peer), self._loop.time())
                self.pump()
        except (ConnectionError, TimeoutError) as error:
            log.debug("sip.connection_broke", peer=f"{host}:{port}", error=str(error))
        finally:
            del self._writers[peer.connection]
            self._of_host[host] -= 1
            if not self._of_host[host]:
                del self._of_host[host]
            writer.close()
            self._endpoint.stream_closed(peer, self._clock.now())
            self.pump()

    def _admits(self, host: str) -> bool:
        if len(self._writers) >= self._patience.most_connections:
            cause = f"{len(self._writers)} connections are open"
        elif self._of_host[host] >= self._patience.most_of_a_host:
            cause = f"this host has {self._of_host[host]} of them (sip.most_connections_of_an_address)"
        else:
            return True
        self.refused += 1
        self._remarks.warn("sip.connection_refused", host=host, cause=cause)
        return False

    def _send(self, out: list[tuple[bytes, Peer]]) -> None:
        burst = []
        for data, peer in out:
            if peer.transport == "udp":
                burst.append((data, (peer.host, peer.port)))
                continue
            writer = self._writers.get(peer.connection)
            if writer is None or writer.is_closing():
                self.unsent += 1
            elif writer.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
                writer.close()  # the peer does not read
            else:
                writer.write(data)
        if burst and self._udp is not None:
            self.unsent += self._datagrams.send(burst)

    def _set_timer(self) -> None:
        deadline = self._endpoint.next_deadline()
        if deadline is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - self._clock.now().monotonic), self._deadline_passed)

    def _deadline_passed(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._endpoint.handle_deadline(self._clock.now())
        self.pump()
