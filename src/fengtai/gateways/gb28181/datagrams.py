"""A burst of datagrams in, a burst out. Owns how often the kernel is asked; must not know what the bytes mean.

Half of what a keepalive costs is the two system calls, so the compiled twin (native_datagrams.pyx) takes up to 64
datagrams with one call and gives back the answers with another.
"""

import socket
from typing import Protocol

Address = tuple[str, int]
Datagram = tuple[bytes, Address]

MOST_AT_ONCE = 64
DATAGRAM_BYTES = 65_535


class Datagrams(Protocol):
    """On a bound UDP socket (IPv4) that does not block."""

    def receive(self) -> list[Datagram]:
        """What waits, up to 64; empty when nothing does. Raise OSError for what the network says about something that
        was sent before (ICMP)."""

    def send(self, datagrams: list[Datagram]) -> int:
        """Send what the kernel takes; return how many it did not: SIP repeats what matters."""


class PlainDatagrams:
    """One call for each datagram: where nothing has been compiled, and as the measure of the other in tests."""

    def __init__(self, udp: socket.socket) -> None:
        self._udp = udp

    def receive(self) -> list[Datagram]:
        found: list[Datagram] = []
        while len(found) < MOST_AT_ONCE:
            try:
                data, (host, port) = self._udp.recvfrom(DATAGRAM_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                if not found:
                    raise
                break
            found.append((data, (host, port)))
        return found

    def send(self, datagrams: list[Datagram]) -> int:
        unsent = 0
        for data, address in datagrams:
            try:
                self._udp.sendto(data, address)
            except OSError:
                unsent += 1
        return unsent


def datagrams_of(udp: socket.socket) -> Datagrams:
    try:
        from fengtai.gateways.gb28181.native_datagrams import NativeDatagrams
    except ImportError:  # nobody has compiled it: the same, slower
        return PlainDatagrams(udp)
    return NativeDatagrams(udp.fileno())
