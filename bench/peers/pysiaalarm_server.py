"""pysiaalarm 3.2.2's asyncio TCP server at its best: uvloop, logging off, storing nothing.

Usage: python -m bench.peers.pysiaalarm_server PORT ACCOUNTS. Prints "ready" when it listens.
"""

import asyncio
import logging
import sys

import uvloop
from pysiaalarm import SIAAccount
from pysiaalarm.aio import SIAClient


async def serve(port: int, accounts: int) -> None:
    logging.disable(logging.CRITICAL)

    async def take(event: object) -> None:
        return None

    client = SIAClient("127.0.0.1", port, [SIAAccount(f"{1000 + number:04d}") for number in range(accounts)], take)
    await client.async_start(reuse_port=True)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
