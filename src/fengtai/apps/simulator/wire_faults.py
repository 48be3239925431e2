"""What may happen to a simulated camera's packets on their way: loss, disorder, repeats, other SSRCs, silence, strangers.

Seeded: a run can be repeated. Hooks change packets (`PacketHook`), carriers change how they travel.
"""

import random
import socket
from collections.abc import Iterable
from typing import Any

from fengtai.apps.simulator.carriers import Carrier, TcpCarrier, UdpCarrier
from fengtai.protocols.rtp import RtpSender


def with_ssrc(packet: bytes, ssrc: int) -> bytes:
    return packet[:8] + (ssrc & 0xFFFFFFFF).to_bytes(4, "big") + packet[12:]


class Loss:
    """So many packets of a hundred never arrive."""

    def __init__(self, per_cent: float, seed: int) -> None:
        self._share, self._random = per_cent / 100, random.Random(seed)  # noqa: S311 - not for secrets

    def __call__(self, packet: bytes) -> Iterable[bytes]:
        return () if self._random.random() < self._share else (packet,)


class Disorder:
    """One packet of ten arrives up to four packets late."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._held: list[tuple[int, bytes]] = []

    def __call__(self, packet: bytes) -> Iterable[bytes]:
        self._held = [(waits - 1, held) for waits, held in self._held]
        due = [held for waits, held in self._held if waits <= 0]
        self._held = [(waits, held) for waits, held in self._held if waits > 0]
        if self._random.random() < 0.1:
            self._held.append((self._random.randint(1, 4), packet))
            return due
        return [packet, *due]


class Repeats:
    """Every fifth packet comes twice, every fiftieth three times."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, packet: bytes) -> Iterable[bytes]:
        self._number += 1
        return [packet] * (3 if self._number % 50 == 0 else 2 if self._number % 5 == 0 else 1)


class OtherSsrc:
    """Another SSRC than asked: from the first packet, or from the given number on."""

    def __init__(self, *, after_packets: int = 0) -> None:
        self._after_packets, self._number = after_packets, 0

    def __call__(self, packet: bytes) -> Iterable[bytes]:
        self._number += 1
        if self._number <= self._after_packets:
            return (packet,)
        return (with_ssrc(packet, int.from_bytes(packet[8:12], "big") + 4711),)


def without_marker(packet: bytes) -> Iterable[bytes]:
    return (packet[:1] + bytes([packet[1] & 0x7F]) + packet[2:],)


def not_rtp(packet: bytes) -> Iterable[bytes]:
    """The payload alone, as raw PS is sent by cheap encoders."""
    return (packet[12:],)


class Silent:
    """Says yes and sends nothing."""

    local_port = 9

    async def send(self, packets: Iterable[bytes]) -> None:
        for _ in packets:
            continue

    def close(self) -> None:
        """Nothing was opened."""


class Mute:
    """Is connected, and sends nothing."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    @property
    def local_port(self) -> int:
        return self._carrier.local_port

    async def send(self, packets: Iterable[bytes]) -> None:
        for _ in packets:
            continue

    def close(self) -> None:
        self._carrier.close()


class HalfOpen(Mute):
    """Sends for a while, then neither sends nor closes: the connection stays as if all were well."""

    def __init__(self, carrier: Carrier, *, frames: int) -> None:
        super().__init__(carrier)
        self._frames = frames

    async def send(self, packets: Iterable[bytes]) -> None:
        if self._frames <= 0:
            return await super().send(packets)
        self._frames -= 1
        await self._carrier.send(packets)


class DollarFramed:
    """Frames packets as RTSP does (RFC 2326 10.12) instead of by RFC 4571."""

    def __init__(self, carrier: TcpCarrier) -> None:
        self._carrier = carrier

    @property
    def local_port(self) -> int:
        return self._carrier.local_port

    async def send(self, packets: Iterable[bytes]) -> None:
        await self._carrier.write(b"".join(b"$\x00" + len(one).to_bytes(2, "big") + one for one in packets))

    def close(self) -> None:
        self._carrier.close()


class Among:
    """Strangers send to the same port: another camera's stream with its own SSRC, noise, RTP of nobody."""

    def __init__(self, carrier: UdpCarrier, host: str, port: int, *, seed: int, come_first: bool = False) -> None:
        """`come_first`: they have been sending before the camera begins."""
        self._carrier = carrier
        self._stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._stranger.setblocking(False)
        self._stranger.connect((host, port))
        self._random: Any = random.Random(seed)  # noqa: S311 - not for secrets
        self._foreign = RtpSender(4711)
        self._stamp = 0
        if come_first:
            for _ in range(5):
                self._disturb()

    @property
    def local_port(self) -> int:
        return self._carrier.local_port

    async def send(self, packets: Iterable[bytes]) -> None:
        await self._carrier.send(packets)
        self._disturb()

    def _disturb(self) -> None:
        self._stamp += 3600
        noise = [b"", b"\x80", self._random.randbytes(200), b"\x80\x60" + self._random.randbytes(60)]
        for packet in [*self._foreign.packets(b"\x00\x00\x01\xba" + bytes(1000), self._stamp), *noise]:
            try:
                self._stranger.send(packet)
            except OSError:
                continue  # nobody is there, or the buffer is full: strangers do not mind

    def close(self) -> None:
        self._stranger.close()
        self._carrier.close()
