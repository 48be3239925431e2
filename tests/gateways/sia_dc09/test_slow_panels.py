"""TCP connections that are slow, silent or too many: they are bounded, and a good panel is served throughout."""

import asyncio

import pytest

from fengtai.gateways.sia_dc09.plugin import Settings
from fengtai.protocols.sia_dc09 import Message, encode

from .conftest import House, a_house

BURGLARY = encode(Message(form="ADM-CID", sequence="0001", account="1234", content="1130 01 001"))
ACK = encode(Message(form="ACK", sequence="0001", account="1234"))
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(house: House, *, own: str = "127.0.0.1") -> Connection:
    return await asyncio.open_connection("127.0.0.1", house.gateway.port, local_addr=(own, 0))


async def report(connection: Connection) -> None:
    reader, writer = connection
    writer.write(BURGLARY)
    async with asyncio.timeout(5):
        assert await reader.readexactly(len(ACK)) == ACK


async def hung_up_on(connection: Connection) -> bool:
    try:
        async with asyncio.timeout(5):
            return await connection[0].read() == b""
    except ConnectionError:
        return True


def counted(house: House, what: str) -> int:
    return house.gateway.status()["counters"].get(what, 0)  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    "bytes_that_never_end",
    [b"\n", BURGLARY[:-1], b'0000"A"' * 4_000, b"\r" * 5000, b"GET / HTTP/1.1\r\n" * 50],
    ids=["a line feed", "half a frame", "an endless line", "only ends", "another protocol"],
)
async def test_who_never_ends_a_frame_is_hung_up_on(bytes_that_never_end: bytes) -> None:
    async with a_house(Settings(port=0, frame_seconds=0.3)) as house:
        slow, good = await connect(house), await connect(house)
        slow[1].write(bytes_that_never_end)
        assert await hung_up_on(slow)
        assert counted(house, "slow_closed") == 1
        await report(good)


@pytest.mark.parametrize("useless", [b"\r", b'0000"A"\r', bytes(range(256))], ids=["ends", "wrong checks", "noise"])
async def test_who_sends_much_that_is_of_no_use_is_hung_up_on(useless: bytes) -> None:
    async with a_house(Settings(port=0)) as house:
        noisy, good = await connect(house), await connect(house)
        noisy[1].write(useless * (400_000 // len(useless)))
        assert await hung_up_on(noisy)
        assert counted(house, "useless_closed") == 1
        await report(good)


async def test_a_byte_now_and_then_wins_no_time() -> None:
    async with a_house(Settings(port=0, frame_seconds=0.3)) as house:
        slow = await connect(house)
        closed = asyncio.create_task(hung_up_on(slow))
        for byte in encode(Message(form="ADM-CID", sequence="0002", account="1234", content="x" * 200)):
            slow[1].write(bytes([byte]))
            await asyncio.wait([closed], timeout=0.05)
            if closed.done():
                break
        assert await closed
        assert counted(house, "FrameReceived") == 0


async def test_a_frame_that_takes_its_time_within_the_bound_is_taken() -> None:
    async with a_house(Settings(port=0, frame_seconds=20.0)) as house:
        connection = await connect(house)
        for byte in BURGLARY[:-1]:
            connection[1].write(bytes([byte]))
            await connection[1].drain()
        connection[1].write(BURGLARY[-1:] + BURGLARY[:10])
        async with asyncio.timeout(5):
            assert await connection[0].readexactly(len(ACK)) == ACK


async def test_whoever_has_said_nothing_yet_makes_room_for_the_next() -> None:
    async with a_house(Settings(port=0, max_connections=20)) as house:
        good = await connect(house)
        await report(good)
        strangers = [await connect(house) for _ in range(19)]
        newcomers = [await connect(house) for _ in range(19)]
        for newcomer in newcomers:
            await report(newcomer)
        assert all([await hung_up_on(stranger) for stranger in strangers])
        assert counted(house, "silent_strangers_closed") == 19
        await report(good)
        assert house.gateway.status()["connections"] == 20


async def test_when_all_have_spoken_the_next_is_refused_and_they_stand() -> None:
    async with a_house(Settings(port=0, max_connections=5)) as house:
        panels = [await connect(house) for _ in range(5)]
        for panel in panels:
            await report(panel)
        assert await hung_up_on(await connect(house))
        assert counted(house, "connections_refused") == 1
        for panel in panels:
            await report(panel)


async def test_one_address_has_its_share_and_others_theirs() -> None:
    async with a_house(Settings(port=0, max_connections_of_an_address=10)) as house:
        crowd = [await connect(house, own="127.0.0.7") for _ in range(300)]
        assert sum([await hung_up_on(one) for one in crowd[10:]]) == 290
        assert counted(house, "connections_of_an_address_refused") == 290
        await report(crowd[0])
        other = await connect(house)
        await report(other)
        crowd[1][1].close()
        async with asyncio.timeout(5):
            while house.gateway.status()["connections"] != 10:
                await asyncio.sleep(0)
        await report(await connect(house, own="127.0.0.7"))
