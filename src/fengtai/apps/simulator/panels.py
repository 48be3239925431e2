"""A simulated alarm panel on a real socket: the platform's own DC-09 code in the opposite role.

Behaves like a panel: numbers its messages, waits 20 s for an answer, sends three times (SIA DC-09, 5.6.1.1), sets its
clock after a NAK and sends again. A real panel keeps its sequence number over a restart; this one begins anywhere.
"""

import asyncio
import secrets
from typing import Literal

from fengtai.apps.clocks import SystemClock
from fengtai.protocols.sia_dc09 import ANSWER_SECONDS, ATTEMPTS, Answer, Answered, Dialler, Message, parse_keys
from fengtai.vocabulary.clock import Clock

_QUALIFIERS = {"new": "1", "restore": "3", "status": "6"}


class SimulatedPanel:
    """One panel. `code` of three digits is sent as Contact ID, of two letters as SIA DC-03."""

    def __init__(
        self,
        *,
        account: str,
        host: str,
        port: int,
        clock: Clock | None = None,
        key: str | bytes | None = None,
        transport: Literal["tcp", "udp"] = "tcp",
        receiver: str | None = None,
        line: str | None = "0",
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.account = account
        self._clock, self._answer_seconds = clock or SystemClock(), answer_seconds
        secret = parse_keys(key)[0] if isinstance(key, str) and key else key or None
        self._dialler = Dialler(
            account,
            receiver=receiver,
            line=line,
            key=secret if isinstance(secret, bytes) else None,
            first_sequence=1 + secrets.randbelow(9999),
        )
        self._wire = _TcpWire(host, port) if transport == "tcp" else _UdpWire(host, port)
        self._one_at_a_time = asyncio.Lock()

    async def send_event(
        self, code: str, partition: str, zone: str, qualifier: Literal["new", "restore", "status"] = "new"
    ) -> float | None:
        """Milliseconds from the last byte sent to the ACK received; None when no attempt was acknowledged."""
        if code.isdigit():
            digits = f"{_QUALIFIERS[qualifier]}{code} {partition.zfill(2)} {zone.zfill(3)}"
            return await self._send("ADM-CID", digits)
        area = f"ri{partition}/" if partition.strip("0") else ""
        return await self._send("SIA-DCS", f"N{area}{code}{zone.zfill(3) if zone else ''}")

    async def heartbeat(self) -> float | None:
        """The same for a link test."""
        return await self._send("NULL", "")

    async def run(self, heartbeat_seconds: float) -> None:
        """Send heartbeats until cancelled; a lost connection is made anew."""
        while True:
            await self.heartbeat()
            await asyncio.sleep(heartbeat_seconds)

    async def close(self) -> None:
        await self._wire.close()

    async def _send(self, form: str, content: str) -> float | None:
        async with self._one_at_a_time:
            message = self._dialler.message(form, content, now=self._clock.now())
            for _ in range(ATTEMPTS):
                answered, milliseconds = await self._attempt(message)
                if answered is Answer.TIME_REFUSED:
                    message = self._dialler.message(form, content, now=self._clock.now())
                elif answered is not None:
                    return milliseconds if answered is Answer.ACKNOWLEDGED else None
            return None

    async def _attempt(self, message: Message) -> tuple[Answer | None, float]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._answer_seconds):
                await self._wire.send(self._dialler.frame(message))
                sent_at = loop.time()
                while True:
                    data = await self._wire.receive()
                    for answered in self._dialler.receive_data(data, now=self._clock.now()):
                        if _belongs(answered, message):
                            return answered.answer, (loop.time() - sent_at) * 1000
        except TimeoutError:
            return None, 0.0
        except OSError:
            await self._wire.close()
            await asyncio.sleep(min(1.0, self._answer_seconds / 4))  # the receiver is away: do not hammer it
            return None, 0.0


def _belongs(answered: Answered, message: Message) -> bool:
    return answered.sequence == message.sequence or answered.answer is Answer.TIME_REFUSED


class _TcpWire:
    """A connection that is made when needed and kept."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, data: bytes) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        writer = self._streams[1]
        writer.write(data)
        await writer.drain()

    async def receive(self) -> bytes:
        assert self._streams is not None
        data = await self._streams[0].read(4096)
        if not data:
            raise ConnectionResetError("the receiver closed the connection")
        return data

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class _UdpWire(asyncio.DatagramProtocol):
    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._transport: asyncio.DatagramTransport | None = None
        self._received: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received.put_nowait(data)

    async def send(self, data: bytes) -> None:
        if self._transport is None:
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=(self._host, self._port))
        self._transport.sendto(data)

    async def receive(self) -> bytes:
        return await self._received.get()

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
