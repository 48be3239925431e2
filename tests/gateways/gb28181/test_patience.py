"""Slow TCP connections are bounded: by the time that a message may take, and by the bytes that wait for their rest."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from fengtai.gateways.gb28181.patience import Patience, Waiting
from fengtai.protocols.sip import Peer, SipEndpoint
from fengtai.protocols.sip.endpoint import MOST_HELD_BYTES
from fengtai.protocols.sip.events import StreamUnusable

from .conftest import House, Visit

PATIENCE = Patience(message_seconds=10.0, idle_seconds=100.0)


def test_a_first_message_that_drips_in_has_its_time_and_no_more() -> None:
    waiting = Waiting(PATIENCE, 0.0)
    for second in range(1, 10):
        waiting.heard(0, second, float(second))
    assert waiting.left_seconds(9.0) == 1.0
    assert waiting.left_seconds(11.0) == 0.0


def test_blank_lines_before_the_first_message_win_nothing() -> None:
    waiting = Waiting(PATIENCE, 0.0)
    waiting.heard(0, 0, 9.0)
    assert waiting.left_seconds(10.0) == 0.0


def test_between_messages_it_may_rest_and_a_begun_one_has_its_time() -> None:
    waiting = Waiting(PATIENCE, 0.0)
    waiting.heard(1, 0, 5.0)
    assert waiting.left_seconds(5.0) == 100.0
    waiting.heard(1, 3, 50.0)
    waiting.heard(1, 4, 58.0)
    assert waiting.left_seconds(58.0) == 2.0
    waiting.heard(2, 1, 59.0)  # whole, and the next one has begun
    assert waiting.left_seconds(59.0) == 10.0
    waiting.heard(2, 0, 60.0)
    assert waiting.left_seconds(60.0) == 100.0


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(1, 9)), max_size=60))
def test_nobody_waits_longer_than_idle(heard: list[tuple[int, int, int]]) -> None:
    waiting, whole, now = Waiting(PATIENCE, 0.0), 0, 0
    for more, held, later in heard:
        whole, now = whole + more, now + later
        waiting.heard(whole, held, now)
        assert waiting.left_seconds(now) <= PATIENCE.idle_seconds
        if held:
            assert waiting.left_seconds(now) <= PATIENCE.message_seconds


async def test_the_gateway_hangs_up_on_a_message_that_drips_in(house: House) -> None:
    gateway = await house.open(message_seconds=0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    hung_up = asyncio.ensure_future(reader.read())
    async with asyncio.timeout(30):
        while not hung_up.done():
            writer.write(b"R")
            await asyncio.wait([hung_up], timeout=0.05)
    assert hung_up.exception() is not None or hung_up.result() == b""
    writer.close()
    await gateway.stop()


def test_bodies_without_their_end_are_held_up_to_a_bound() -> None:
    sip = SipEndpoint(host="10.0.0.1", port=5060, token=lambda: "t")
    head = b"MESSAGE sip:x@y SIP/2.0\r\nContent-Length: 8000000\r\n\r\n"
    peers = [Peer("tcp", "10.0.0.9", 1000 + number, number) for number in range(1, 40)]
    for peer in peers:
        sip.stream_opened(peer)
        sip.receive_stream(head + bytes(7_900_000), peer, 0.0)
    refused = [event for event in sip.events() if isinstance(event, StreamUnusable)]
    assert sum(sip.stream_held(peer)[1] for peer in peers) <= MOST_HELD_BYTES
    assert refused[0].peer == peers[16]
    for peer in peers:
        sip.stream_closed(peer, 0.0)
    sip.stream_opened(peers[0])  # room again
    sip.receive_stream(head + bytes(7_900_000), peers[0], 0.0)
    assert sip.stream_held(peers[0])[1] > 7_900_000


async def test_a_host_with_too_many_connections_is_turned_away_and_others_are_not(house: House, visit: Visit) -> None:
    gateway = await house.open(most_connections_of_an_address=5)
    connect = asyncio.open_connection
    crowd = [await connect("127.0.0.1", gateway.port, local_addr=("127.0.0.7", 0)) for _ in range(20)]
    async with asyncio.timeout(5):
        assert [await reader.read() for reader, _ in crowd[5:]] == [b""] * 15
    assert (gateway.status()["tcp_connections"], gateway.status()["tcp_refused"]) == (5, 15)

    device = await visit(gateway.port, transport="tcp")
    await device.registered()
    for _, writer in crowd:
        writer.close()
    await gateway.stop()
