"""The machine's own limit for consoles: an event stream that does nothing but say the time, in a process of its own.

Usage: python -m bench.load.bare_sse CONSOLES EVENTS_PER_SECOND SECONDS. Prints one JSON line with p95_ms.
"""

import asyncio
import json
import multiprocessing
import sys
import time

import uvloop


async def tell(port: multiprocessing.Queue, per_second: float) -> None:  # type: ignore[type-arg]
    writers: list[asyncio.StreamWriter] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        writers.append(writer)

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port.put(server.sockets[0].getsockname()[1])
    while True:
        await asyncio.sleep(1 / per_second)
        for writer in writers:
            writer.write(b"event: time\ndata: %r\n\n" % time.monotonic())


async def listen(port: int, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    while line := await reader.readline():
        if line.startswith(b"data: "):
            latencies.append(time.monotonic() - float(line[6:]))


async def main(consoles: int, per_second: float, seconds: float) -> None:
    port: multiprocessing.Queue = multiprocessing.Queue()  # type: ignore[type-arg]
    teller = multiprocessing.Process(target=lambda: uvloop.run(tell(port, per_second)), daemon=True)
    teller.start()
    number, latencies = port.get(timeout=10), []
    tasks = [asyncio.create_task(listen(number, latencies)) for _ in range(consoles)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    teller.kill()
    print(json.dumps({"p95_ms": sorted(latencies)[int(len(latencies) * 0.95)] * 1000}))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
