"""Sockets read in rounds."""

import asyncio
import socket

from fengtai.media.worker.rounds import Rounds


async def heard(queue: "asyncio.Queue[bytes]") -> bytes:
    return await asyncio.wait_for(queue.get(), 5)


async def test_what_comes_is_read_at_the_next_round_until_the_reader_is_removed() -> None:
    rounds = Rounds(asyncio.get_running_loop())
    near, far = socket.socketpair()
    read: asyncio.Queue[bytes] = asyncio.Queue()
    try:
        rounds.add_reader(near.fileno(), lambda: read.put_nowait(near.recv(1)))
        far.send(b"ab")  # more than one reading takes: the rest is for the next round
        assert [await heard(read), await heard(read)] == [b"a", b"b"]
        rounds.remove_reader(near.fileno())
        rounds.remove_reader(near.fileno())
        far.send(b"c")
        other, end = socket.socketpair()
        rounds.add_reader(other.fileno(), lambda: read.put_nowait(other.recv(1)))
        end.send(b"d")
        assert await heard(read) == b"d"
        other.close()
        end.close()
    finally:
        rounds.close()
        near.close()
        far.close()


async def test_a_reader_that_fails_is_counted_and_does_not_disturb_the_others() -> None:
    rounds = Rounds(asyncio.get_running_loop())
    (near, far), (other, end) = socket.socketpair(), socket.socketpair()
    read: asyncio.Queue[bytes] = asyncio.Queue()

    def fail() -> None:
        near.recv(1)
        raise ValueError("a fault of ours")

    try:
        rounds.add_reader(near.fileno(), fail)
        rounds.add_reader(other.fileno(), lambda: read.put_nowait(other.recv(1)))
        far.send(b"x")
        end.send(b"y")
        assert await heard(read) == b"y"
        end.send(b"z")
        assert await heard(read) == b"z"
        assert rounds.faults == 1
    finally:
        rounds.close()
        for one in (near, far, other, end):
            one.close()
