"""Floods and slow connections against the running server, while a good device works: it is served throughout.

Before and after each attack the memory of all processes of the server is read: what strangers send may not stay.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from tests.journeys.siege import CHANCE, HOSTILE_XML, Besieged, Nothing, register, request, resident_bytes, siege

from fengtai.apps.simulator.devices import SimulatedDevice
from fengtai.protocols.gb28181 import AlarmNotice, CatalogItem, CatalogPage, Fix, PositionNotice, write_message
from fengtai.protocols.sip.endpoint import MOST_HELD_BYTES

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

GOOD = "34020000001320550001"
TALKER = "34020000001320550002"
TOLD = (
    HOSTILE_XML["wide"],
    write_message(
        PositionNotice(sn=1, device_id=TALKER, fixes=(Fix(target_id=TALKER, longitude=118.37, latitude=31.33),))
    ),
    write_message(
        CatalogPage(sn=9, device_id=TALKER, total=9_999_999, items=(CatalogItem(id=TALKER, name="x" * 200),) * 90)
    ),
    write_message(AlarmNotice(sn=2, device_id=TALKER, method=2, type=1, priority=1, description="x" * 1000)),
)
MESSAGE_SECONDS = 2
OF_AN_ADDRESS = 400
CROWD = 700
FLOOD = 10_000
MOST_GROWTH_BYTES = 60_000_000
"""by one attack, of all processes together: a bound on growth, not a figure"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def besieged(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Besieged]:
    bounds = {
        "FENGTAI_SIP__MESSAGE_SECONDS": str(MESSAGE_SECONDS),
        "FENGTAI_SIP__MOST_CONNECTIONS_OF_AN_ADDRESS": str(OF_AN_ADDRESS),
        "FENGTAI_DC09__MAX_CONNECTIONS_OF_AN_ADDRESS": str(OF_AN_ADDRESS),
        "FENGTAI_DC09__FRAME_SECONDS": str(MESSAGE_SECONDS),
    }
    async with siege(tmp_path_factory.mktemp("siege"), **bounds) as besieged:
        yield besieged


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["udp", "tcp"])
async def good(besieged: Besieged, request: pytest.FixtureRequest) -> AsyncIterator[SimulatedDevice]:
    """A device that registers, and whose alarms must be answered whatever happens."""
    server = ("127.0.0.1", besieged.town.ports["sip"])
    device = SimulatedDevice(
        GOOD, besieged.town.shared_password, server, media=Nothing(), transport=request.param, keepalive_seconds=1.0
    )
    await device.start()
    await device.registered()
    yield device
    await device.stop(sign_off=True)


@contextlib.asynccontextmanager
async def served(
    besieged: Besieged, good: SimulatedDevice, *, most_growth_bytes: int = MOST_GROWTH_BYTES
) -> AsyncIterator[None]:
    """During what is done here, and after it, every alarm of the good device is acknowledged; memory stays."""
    before, over, answered = resident_bytes(besieged.town), asyncio.Event(), 0

    async def alarms() -> int:
        count = 0
        while not over.is_set():
            assert await good.raise_alarm(GOOD, 5, 2, 4, "siege", within_seconds=20.0)
            count += 1
            await asyncio.sleep(0.2)
        return count

    working = asyncio.create_task(alarms())
    try:
        yield
    finally:
        over.set()
        answered = await working
    assert await good.raise_alarm(GOOD, 5, 2, 4, "siege over")
    assert answered > 0
    await besieged.stands()
    grown = resident_bytes(besieged.town) - before
    assert grown < most_growth_bytes, f"grown by {grown / 1e6:.0f} MB"


def _stranger(number: int) -> str:
    return f"3402000000132{number:07d}"


def _answer(number: int) -> bytes:
    """To a question that nobody asked."""
    return (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKno%d\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:c@d>;tag=2\r\nCall-ID: none-%d\r\nCSeq: 1 INVITE\r\nContact: <sip:c@127.0.0.1:9>\r\n\r\n"
        % (number, number)
    )


def _guess(number: int) -> bytes:
    """A REGISTER with an answer to no challenge of ours."""
    credentials = (
        b'Authorization: Digest username="%b",realm="3402000000",nonce="%032x",uri="sip:x",response="%032x"\r\n'
    )
    name = _stranger(number)
    return register(name, extra=credentials % (name.encode(), CHANCE.getrandbits(128), number), call=number)


FLOODS: dict[str, Callable[[int], bytes]] = {
    "registrations": lambda number: register(_stranger(number), call=number),
    "guessed-passwords": _guess,
    "keepalives": lambda number: request(
        "MESSAGE", _stranger(number), b"<Notify><CmdType>Keepalive</CmdType></Notify>"
    ),
    "calls": lambda number: request("INVITE", _stranger(number)),
    "byes": lambda number: request("BYE", _stranger(number)),
    "notices": lambda number: request("NOTIFY", _stranger(number), b"<Notify><CmdType>Catalog</CmdType></Notify>"),
    "unknown-methods": lambda number: request("SUBSCRIBE", _stranger(number)),
    "answers-to-nothing": _answer,
    "the-good-one's-name": lambda number: register(GOOD, call=number),
    "noise": lambda number: CHANCE.randbytes(number % 1200),
}


@pytest.mark.parametrize("what", FLOODS)
async def test_a_flood_from_many_addresses(besieged: Besieged, good: SimulatedDevice, what: str):
    async with served(besieged, good):
        with contextlib.ExitStack() as sockets:
            senders = []
            for last in range(2, 10):
                udp = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                udp.bind((f"127.0.0.{last}", 0))
                senders.append(udp)
            for number in range(FLOOD):
                senders[number % 8].sendto(FLOODS[what](number), ("127.0.0.1", besieged.town.ports["sip"]))
                if number % 200 == 0:
                    await asyncio.sleep(0.005)
        await asyncio.sleep(0.5)  # an alarm or two among what still waits in the sockets


async def test_answers_that_would_come_back_to_us_do_not_go_round(besieged: Besieged, good: SimulatedDevice):
    """Requests whose Via, Contact and From are the platform's own: each is answered once, to where it came from."""
    port = besieged.town.ports["sip"]
    own = f"127.0.0.1:{port}".encode()
    async with served(besieged, good):
        for number in range(2000):
            for method in ("INVITE", "MESSAGE", "OPTIONS", "REGISTER"):
                message = request(method, "34020000002000000001").replace(b"127.0.0.2:5060;rport", own)
                besieged.sip(message.replace(b"Max-Forwards: 70", b"Contact: <sip:x@%b>\r\nMax-Forwards: 1" % own))
            if number % 50 == 0:
                await asyncio.sleep(0.005)
    assert (await besieged.figures())["gb28181.tasks_failed"] == 0


async def _drip(port: int, pieces: bytes, pause_seconds: float) -> bool:
    """Byte by byte; whether the server hung up before the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    closed = asyncio.create_task(reader.read())
    try:
        for at in range(len(pieces)):
            writer.write(pieces[at : at + 1])
            done, _ = await asyncio.wait([closed], timeout=pause_seconds)
            if done:
                return True
    except ConnectionError:
        return True
    finally:
        writer.close()
        closed.cancel()
        await asyncio.gather(closed, return_exceptions=True)
    return False


async def test_messages_that_drip_in_are_hung_up_on(besieged: Besieged, good: SimulatedDevice):
    whole = register("34020000001320009998").replace(b"/UDP", b"/TCP").replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 900)
    async with served(besieged, good):
        port = besieged.town.ports["sip"]
        hung_up = await asyncio.gather(*(_drip(port, whole, 0.2) for _ in range(300)))
    assert all(hung_up)


async def test_bodies_that_never_end_do_not_pile_up(besieged: Besieged, good: SimulatedDevice):
    """Each announces eight megabytes and holds the last ones back: half a gigabyte in all. What the endpoint holds of
    begun messages together is bounded; the allocator may keep as much after it."""
    head = b"MESSAGE sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKb\r\nContent-Length: 8000000\r\n\r\n"
    async with served(besieged, good, most_growth_bytes=MOST_HELD_BYTES + MOST_GROWTH_BYTES):
        port = besieged.town.ports["sip"]
        writers = []
        for _ in range(64):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(writer)
            with contextlib.suppress(ConnectionError):
                writer.write(head + bytes(7_900_000))
                await writer.drain()
        await asyncio.sleep(MESSAGE_SECONDS + 1)
        for writer in writers:
            writer.close()


@contextlib.asynccontextmanager
async def crowd(port: int, say: bytes = b"") -> AsyncIterator[None]:
    """Connections from one address that stay."""
    writers = []
    try:
        for _ in range(CROWD):
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.7", 0))
            writers.append(writer)
            with contextlib.suppress(ConnectionError):
                writer.write(say)
        yield
    finally:
        for writer in writers:
            writer.close()


async def test_one_address_takes_its_share_of_connections_and_no_more(besieged: Besieged, good: SimulatedDevice):
    before = (await besieged.figures())["gb28181.tcp_refused"]
    async with served(besieged, good), crowd(besieged.town.ports["sip"]):
        await asyncio.sleep(0.5)
        assert (await besieged.figures())["gb28181.tcp_refused"] >= before + CROWD - OF_AN_ADDRESS - 100
        assert await good.raise_alarm(GOOD, 5, 2, 4, "in the crowd")


@pytest.mark.parametrize(
    "said", [b"", b'0000"A"' * 4000, b'"\r' * 15_000], ids=["nothing", "an endless line", "quotes and ends"]
)
async def test_panels_are_heard_among_a_crowd(besieged: Besieged, good: SimulatedDevice, said: bytes):
    async with served(besieged, good), crowd(besieged.town.ports["dc09"], said):
        await besieged.stands()
        await asyncio.sleep(MESSAGE_SECONDS + 1)
        await besieged.stands()


async def test_a_device_with_the_password_that_tells_without_end(besieged: Besieged, good: SimulatedDevice):
    """Alarms, positions, parts of a catalogue that nobody asked for, messages that are none: its own trouble only."""
    server = ("127.0.0.1", besieged.town.ports["sip"])
    device = SimulatedDevice(TALKER, besieged.town.shared_password, server, media=Nothing())
    await device.start()
    try:
        await device.registered()
        async with served(besieged, good):
            for number in range(2000):
                besieged.sip(request("MESSAGE", TALKER, TOLD[number % len(TOLD)]))
                if number % 10 == 0:
                    await asyncio.sleep(0.01)
    finally:
        await device.stop()


async def test_afterwards_nothing_of_ours_has_failed(besieged: Besieged):
    figures = await besieged.figures()
    assert (figures["gb28181.tasks_failed"], figures["gb28181.alarms_not_kept"]) == (0, 0)
    log = (besieged.town.data / "serve.log").read_text(errors="replace")
    assert "Traceback" not in log, log[log.index("Traceback") :][:3000]
