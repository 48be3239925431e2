"""Sockets read in rounds."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fengtai.media.worker.rounds import RESTED_ROUNDS, ROUND_SECONDS, Rounds


class HandLoop:
    """As much of a loop as rounds use; time goes on by hand."""

    def __init__(self) -> None:
        self.timers: list[HandTimer] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> "HandTimer":
        self.timers.append(HandTimer(self, seconds, call))
        return self.timers[-1]

    def go_on(self) -> float:
        """To the next timer; how long that took."""
        (timer,) = self.timers
        self.timers.clear()
        timer.call()
        return timer.seconds


class HandTimer:
    def __init__(self, loop: HandLoop, seconds: float, call: Callable[[], None]) -> None:
        self._loop, self.seconds, self.call = loop, seconds, call

    def cancel(self) -> None:
        self._loop.timers.remove(self)


class Ears:
    """A reader of one socket that takes one byte a time, and rests when it is told to."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self.near, self.far = socket.socketpair()
        self.heard = b""
        self.rests = self.leaves = False
        self.rounds = RESTED_ROUNDS
        rounds.add_reader(self.near.fileno(), self._read)

    def _read(self) -> bool:
        self.heard += self.near.recv(1)
        if self.rests:
            self._rounds.rest(self.rounds)
        return self.leaves


@pytest.fixture
def by_hand() -> Iterator[tuple[HandLoop, Rounds, Callable[[], Ears]]]:
    loop: Any = HandLoop()
    rounds, made = Rounds(loop), list[Ears]()

    def ears() -> Ears:
        made.append(Ears(rounds))
        return made[-1]

    yield loop, rounds, ears
    rounds.close()
    for one in made:
        one.near.close()
        one.far.close()


def test_who_rests_is_passed_by_and_all_who_rest_are_read_together(by_hand: Any) -> None:
    loop, _, ears = by_hand
    awake, first, second = ears(), ears(), ears()
    first.rests = second.rests = True
    for one in (awake, first, second):
        one.far.send(bytes(2 * RESTED_ROUNDS))
    rounds_of = []
    for _ in range(2 * RESTED_ROUNDS):  # the first round reads all; then those that rest are read with every eighth
        loop.go_on()
        rounds_of.append((len(awake.heard), len(first.heard), len(second.heard)))
    assert [awake for awake, _, _ in rounds_of] == list(range(1, 2 * RESTED_ROUNDS + 1))
    assert [first for _, first, _ in rounds_of] == [1] * (RESTED_ROUNDS - 1) + [2] * RESTED_ROUNDS + [3]
    assert all(first == second for _, first, second in rounds_of)


def test_who_may_rest_half_as_long_is_read_twice_as_often_and_also_with_the_others(by_hand: Any) -> None:
    loop, _, ears = by_hand
    long, short = ears(), ears()
    long.rests = short.rests = True
    short.rounds = RESTED_ROUNDS // 2
    for one in (long, short):
        one.far.send(bytes(8))
    waits = [round(loop.go_on() / ROUND_SECONDS) for _ in range(6)]
    assert waits == [1, RESTED_ROUNDS // 2 - 1, *[RESTED_ROUNDS // 2] * 4]
    assert (len(short.heard), len(long.heard)) == (6, 3)


def test_while_all_rest_there_are_no_rounds_between_until_somebody_new_comes(by_hand: Any) -> None:
    loop, _, ears = by_hand
    sleeper = ears()
    sleeper.rests = True
    sleeper.far.send(b"abc")
    waits = [loop.go_on() for _ in range(3)]
    assert sleeper.heard == b"abc"
    assert waits == [ROUND_SECONDS, (RESTED_ROUNDS - 1) * ROUND_SECONDS, RESTED_ROUNDS * ROUND_SECONDS]
    newcomer = ears()
    newcomer.far.send(b"x")
    assert loop.go_on() == ROUND_SECONDS
    assert newcomer.heard == b"x"


def test_when_somebody_waits_all_are_read_at_once_and_may_rest_again(by_hand: Any) -> None:
    loop, rounds, ears = by_hand
    sleeper = ears()
    sleeper.rests = True
    sleeper.far.send(b"abc")
    loop.go_on()
    rounds.wake()
    assert loop.go_on() == 0
    assert sleeper.heard == b"ab"
    assert loop.go_on() > ROUND_SECONDS
    assert sleeper.heard == b"abc"


def test_waking_nobody_sets_no_timer(by_hand: Any) -> None:
    loop, rounds, _ = by_hand
    rounds.wake()
    assert loop.timers == []


def test_who_has_left_something_does_not_rest(by_hand: Any) -> None:
    loop, _, ears = by_hand
    busy = ears()
    busy.rests = busy.leaves = True
    busy.far.send(b"abc")
    assert [loop.go_on() for _ in range(3)] == [ROUND_SECONDS] * 3
    assert busy.heard == b"abc"


def test_who_is_removed_while_resting_is_forgotten(by_hand: Any) -> None:
    loop, rounds, ears = by_hand
    gone, other = ears(), ears()
    gone.rests = True
    gone.far.send(b"ab")
    loop.go_on()
    rounds.remove_reader(gone.near.fileno())
    other.far.send(b"x")
    loop.go_on()
    assert (gone.heard, other.heard) == (b"a", b"x")
    rounds.rest()  # nobody is being read: nothing happens


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
