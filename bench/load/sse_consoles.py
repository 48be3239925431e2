"""Many consoles that only listen: notes when each alarm arrived at each of them.

Usage: python -m bench.load.sse_consoles URL TOKEN CONSOLES. Says "ready", listens until a line comes on standard input,
then prints one JSON object: signal number → moments (monotonic seconds). All consoles share the machine's clock.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from urllib.parse import urlsplit

import uvloop

SEEN: dict[str, list[float]] = defaultdict(list)


async def console(url: str, token: str, ready: asyncio.Event) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 22)
    writer.write(f"GET /api/events HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    kind = b""
    while line := await reader.readline():
        if line.startswith(b"event: "):
            kind = line[7:].strip()
            if kind == b"hello":
                ready.set()
        elif kind == b"alarms.raised" and line.startswith(b"data: "):
            now = time.monotonic()
            SEEN[str(json.loads(line[6:])["signal_seq"])].append(now)


async def main(url: str, token: str, consoles: int) -> None:
    readies = [asyncio.Event() for _ in range(consoles)]
    tasks = [asyncio.create_task(console(url, token, ready)) for ready in readies]
    for ready in readies:
        await asyncio.wait_for(ready.wait(), 30)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()
    print(json.dumps(SEEN))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
