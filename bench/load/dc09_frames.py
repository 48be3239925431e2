"""Sends plain ADM-CID alarm frames over many TCP connections, one outstanding each, and counts the ACKs.

Usage: python -m bench.load.dc09_frames PORT CONNECTIONS SECONDS ACCOUNTS. Prints one JSON line.
All connections stand before the first frame goes out, and what is answered after the last second does not count: so
neither a short backlog of the listener nor one straggler changes the rate.
The CRC is computed here on its own, so that neither side's code is in the generator.
"""

import asyncio
import json
import statistics
import sys
import time
from typing import cast

import uvloop

CRC_TABLE = [0] * 256
for byte in range(256):
    value = byte
    for _ in range(8):
        value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    CRC_TABLE[byte] = value


def frame(account: str, sequence: int, zone: int) -> bytes:
    body = b'"ADM-CID"%04dL0#%s[#%s|1130 01 %03d]' % (sequence, account.encode(), account.encode(), zone)
    crc = 0
    for octet in body:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ octet) & 0xFF]
    return b"\n%04X%04X%s\r" % (crc, len(body), body)


class Panel(asyncio.Protocol):
    """One connection: once begun, sends its next frame as soon as the last one was acknowledged."""

    def __init__(self, account: str) -> None:
        self.account, self.until = account, 0.0
        self.sequence = 0
        self.latencies_s: list[float] = []
        self.refused = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._frames = [frame(account, sequence, sequence % 100) for sequence in range(1, 2001)]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class is no subclass
        self._buffer = b""

    def itself(self) -> "Panel":
        return self

    def begin(self, until: float) -> None:
        self.until = until
        self._send()

    def _send(self) -> None:
        self.sent_at = time.perf_counter()
        self.transport.write(self._frames[self.sequence % 2000])
        self.sequence += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(b"\r"):
            return
        now = time.perf_counter()
        if b'"ACK"' not in self._buffer:
            self.refused += 1
        elif now < self.until:
            self.latencies_s.append(now - self.sent_at)
        self._buffer = b""
        if now < self.until:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def run(port: int, connections: int, seconds: float, accounts: int) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    prepared = [f"{1000 + number % accounts:04d}" for number in range(connections)]
    panels = [Panel(account) for account in prepared]
    for panel in panels:  # one after the other: a burst of 500 overflows the backlog that asyncio gives a listener
        await loop.create_connection(panel.itself, "127.0.0.1", port)
    until = time.perf_counter() + seconds
    for panel in panels:
        panel.begin(until)
    await asyncio.wait_for(asyncio.gather(*(panel.done for panel in panels)), seconds + 60)
    latencies = sorted(value for panel in panels for value in panel.latencies_s)
    return {
        "per_second": round(len(latencies) / seconds, 1),
        "acknowledged": len(latencies),
        "refused": sum(panel.refused for panel in panels),
        "p50_ms": round(statistics.median(latencies) * 1000, 2),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 2),
        "max_ms": round(latencies[-1] * 1000, 2),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))))
