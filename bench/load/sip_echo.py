"""A UDP echo with the reader of our gateway and nothing behind it: what the machine gives in Python."""

import asyncio
import socket
import sys

import uvloop

DATAGRAMS_A_WAKE_UP = 64


async def main(port: int) -> None:
    echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    echo.setblocking(False)
    echo.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    echo.bind(("127.0.0.1", port))

    def drain() -> None:
        for _ in range(DATAGRAMS_A_WAKE_UP):
            try:
                data, peer = echo.recvfrom(65_535)
            except BlockingIOError:
                return
            echo.sendto(data, peer)

    asyncio.get_running_loop().add_reader(echo.fileno(), drain)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
