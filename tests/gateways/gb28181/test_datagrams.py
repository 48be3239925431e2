"""Bursts of datagrams: what was compiled does what is written in Python, on real sockets."""

import socket
from collections.abc import Callable, Iterator

import pytest

from fengtai.gateways.gb28181.datagrams import MOST_AT_ONCE, Datagrams, PlainDatagrams

Make = Callable[[socket.socket], Datagrams]


def compiled(udp: socket.socket) -> Datagrams:
    native = pytest.importorskip("fengtai.gateways.gb28181.native_datagrams", reason="make setup has compiled nothing")
    found: Datagrams = native.NativeDatagrams(udp.fileno())
    return found


@pytest.fixture(params=[PlainDatagrams, compiled], ids=["python", "compiled"])
def make(request: pytest.FixtureRequest) -> Make:
    kind: Make = request.param
    return kind


def bound() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.setblocking(False)
    return udp


@pytest.fixture
def here() -> Iterator[socket.socket]:
    with bound() as udp:
        yield udp


@pytest.fixture
def there() -> Iterator[socket.socket]:
    with bound() as udp:
        yield udp


def test_nothing_waits(make: Make, here: socket.socket) -> None:
    assert make(here).receive() == []


def test_a_burst_comes_in_order_and_at_most_so_many_at_once(
    make: Make, here: socket.socket, there: socket.socket
) -> None:
    sent = [b"%d" % number * (1 + number % 50) for number in range(MOST_AT_ONCE + 7)]
    for data in sent:
        there.sendto(data, here.getsockname())

    datagrams = make(here)
    first, second = datagrams.receive(), datagrams.receive()

    assert (len(first), len(second)) == (MOST_AT_ONCE, 7)
    assert [data for data, _ in first + second] == sent
    assert {address for _, address in first + second} == {there.getsockname()}


@pytest.mark.parametrize("data", [b"", b"x" * 60_000, bytes(range(256))])
def test_a_datagram_is_carried_whole(make: Make, here: socket.socket, there: socket.socket, data: bytes) -> None:
    there.sendto(data, here.getsockname())
    ((came, address),) = make(here).receive()
    assert make(here).send([(came, address)]) == 0
    assert there.recvfrom(65_535) == (data, here.getsockname())


def test_a_burst_goes_to_everybody_it_is_for(make: Make, here: socket.socket) -> None:
    others = [bound() for _ in range(3)]
    answers = [(b"for %d, %d" % (number % 3, number), others[number % 3].getsockname()) for number in range(150)]

    assert make(here).send(answers) == 0

    for number, other in enumerate(others):
        came = [other.recv(100) for _ in range(50)]
        assert came == [data for data, _ in answers[number::3]]
        other.close()


def test_what_cannot_be_sent_is_counted_and_the_rest_goes(
    make: Make, here: socket.socket, there: socket.socket
) -> None:
    nowhere = (b"lost", ("127.0.0.1", 0))
    too_long = (b"x" * 70_000, there.getsockname())
    assert make(here).send([nowhere, (b"one", there.getsockname()), too_long, (b"two", there.getsockname())]) == 2
    assert [there.recv(10), there.recv(10)] == [b"one", b"two"]
    assert make(here).send([]) == 0
