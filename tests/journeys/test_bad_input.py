"""One running server under bad input of every kind: it refuses, counts, goes on, and nobody else notices.

After each attack the server must be ready and a good panel acknowledged; after all of them a good camera must still play,
memory must not have grown without bound, and the counters must tell what was refused.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from tests.journeys.siege import (
    ABSURD,
    CAMERAS,
    CHANCE,
    HOSTILE_XML,
    INTRUDER,
    Besieged,
    Nothing,
    first_picture,
    register,
    request,
    resident_bytes,
    siege,
    sip_vectors,
    throw_by_tcp,
)
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fengtai.apps.clocks import SystemClock
from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import SITES
from fengtai.apps.simulator.city import device_ids
from fengtai.apps.simulator.devices import SimulatedDevice
from fengtai.protocols.sia_dc09 import Answer, Dialler, Message, parse_keys

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

MOST_GROWTH_BYTES = 150_000_000
"""of all processes of the server together, over all attacks: a bound on growth, not a figure"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def besieged(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Besieged]:
    async with siege(tmp_path_factory.mktemp("besieged")) as besieged:
        yield besieged


# SIP


async def test_torture_messages_and_their_mutilations_over_udp(besieged: Besieged):
    for message in sip_vectors():
        besieged.sip(message)
        besieged.sip(message[: CHANCE.randrange(len(message))])
        place = CHANCE.randrange(len(message))
        besieged.sip(message[:place] + bytes([CHANCE.randrange(256)]) + message[place + 1 :])
    for size in (0, 1, 40, 1400, 9000):
        besieged.sip(CHANCE.randbytes(size))
    await besieged.stands()


async def test_torture_messages_over_tcp(besieged: Besieged):
    for message in sip_vectors():
        await throw_by_tcp(besieged.town.ports["sip"], message, stay_seconds=0.01)
    await besieged.stands()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("what", ABSURD)
async def test_absurd_numbers(besieged: Besieged, what: str, transport: str):
    message = register(INTRUDER, extra=ABSURD[what])
    if transport == "udp":
        besieged.sip(message)
    else:
        await throw_by_tcp(besieged.town.ports["sip"], message, stay_seconds=0.05)
    await besieged.stands()


async def test_headers_without_end_are_cut_off(besieged: Besieged):
    _, writer = await asyncio.open_connection("127.0.0.1", besieged.town.ports["sip"])
    writer.write(b"REGISTER sip:x SIP/2.0\r\n")
    with pytest.raises(ConnectionError):
        await _headers(writer, most_bytes=64_000_000)
    writer.close()
    await besieged.stands()


async def _headers(writer: asyncio.StreamWriter, *, most_bytes: int) -> None:
    line = b"X-Endless: " + b"a" * 8000 + b"\r\n"
    for _ in range(most_bytes // len(line)):
        writer.write(line)
        await writer.drain()
        await asyncio.sleep(0)


async def test_slow_connections_hold_nobody_up(besieged: Besieged):
    connections = []
    for place in range(200):
        port = besieged.town.ports["sip" if place % 2 else "dc09"]
        connections.append(await asyncio.open_connection("127.0.0.1", port))
    for _ in range(3):
        for _, writer in connections:
            writer.write(b"R")
        await besieged.stands()
    for _, writer in connections:
        writer.close()


async def test_wrong_passwords_are_refused_and_counted(besieged: Besieged):
    before = (await besieged.figures())["gb28181.registrations_refused"]
    for _ in range(3):
        device = SimulatedDevice(
            INTRUDER, "not the password", ("127.0.0.1", besieged.town.ports["sip"]), media=Nothing()
        )
        await device.start()
        assert await device.refused() in (401, 403)
        await device.stop()
    assert (await besieged.figures())["gb28181.registrations_refused"] > before
    await besieged.stands()


async def _status(besieged: Besieged, message: bytes) -> int:
    """What a stranger at another address of this machine is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.2", 0))
        udp.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(udp, message, ("127.0.0.1", besieged.town.ports["sip"]))
        return int((await asyncio.wait_for(loop.sock_recv(udp, 4096), 5)).split(b" ", 2)[1])


async def test_nobody_speaks_for_a_camera_that_is_registered_from_elsewhere(besieged: Besieged):
    camera = device_ids(CAMERAS)[0]
    keepalive = (
        b"<?xml version='1.0'?><Notify><CmdType>Keepalive</CmdType><SN>1</SN><DeviceID>%b</DeviceID>"
        b"<Status>OK</Status></Notify>" % camera.encode()
    )
    alarm = keepalive.replace(b"Keepalive", b"Alarm")
    assert await _status(besieged, request("MESSAGE", camera, keepalive)) == 403
    assert await _status(besieged, request("MESSAGE", camera, alarm)) == 403
    assert await _status(besieged, request("BYE", camera)) == 481
    assert await _status(besieged, request("INVITE", camera)) == 488
    assert await _status(besieged, request("SUBSCRIBE", camera)) == 405
    await besieged.stands()


async def test_a_flood_of_unknown_ids(besieged: Besieged):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for number in range(20_000):
            udp.sendto(register(f"3402000000132{number:07d}", call=number), ("127.0.0.1", besieged.town.ports["sip"]))
            if number % 500 == 0:
                await asyncio.sleep(0.005)
    await besieged.stands()


@pytest.mark.parametrize("what", HOSTILE_XML)
async def test_hostile_xml_of_a_registered_device(besieged: Besieged, what: str):
    """Registered, so that its bodies are read."""
    device = SimulatedDevice(
        device_ids(CAMERAS)[1],  # the other camera: it takes its place
        besieged.town.shared_password,
        ("127.0.0.1", besieged.town.ports["sip"]),
        media=Nothing(),
    )
    await device.start()
    await device.registered()
    body = HOSTILE_XML[what].replace(b"%b", INTRUDER.encode())
    code = device.device_id.encode()
    head = (
        b"MESSAGE sip:34020000002000000001@3402000000 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKx%d\r\nFrom: <sip:%b@3402000000>;tag=1\r\n"
        b"To: <sip:34020000002000000001@3402000000>\r\nCall-ID: xml%d\r\nCSeq: 2 MESSAGE\r\nMax-Forwards: 70\r\n"
        b"Content-Type: Application/MANSCDP+xml\r\nContent-Length: %d\r\n\r\n"
        % (CHANCE.randrange(10**9), code, CHANCE.randrange(10**9), len(body))
    )
    assert device._udp is not None
    if len(head + body) < 65_000:
        device._udp.send(head + body)
    await throw_by_tcp(besieged.town.ports["sip"], head.replace(b"/UDP", b"/TCP") + body, stay_seconds=0.3)
    await besieged.stands()
    await device.stop()


# DC-09


def _dialler(account: str, key: str = "") -> Dialler:
    secret = parse_keys(key)[0] if key else None
    return Dialler(account, key=secret, first_sequence=CHANCE.randrange(1, 9000))


async def _answers(besieged: Besieged, dialler: Dialler, pieces: list[bytes], count: int) -> list[tuple[Answer, str]]:
    """Send these pieces on one connection; the answers, up to `count`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", besieged.town.ports["dc09"])
    answers: list[tuple[Answer, str]] = []
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while len(answers) < count and (data := await reader.read(4096)):
                answers += [(one.answer, one.sequence) for one in dialler.receive_data(data, now=SystemClock().now())]
    except TimeoutError:
        pass  # fewer answers than hoped for: the caller compares
    finally:
        writer.close()
    return answers


def _event(dialler: Dialler, *, code: str = "1130", zone: int = 1) -> Message:
    return dialler.message("ADM-CID", f"{code} 01 {zone:03d}", now=SystemClock().now())


async def test_a_frame_byte_by_byte_and_many_in_one_segment(besieged: Besieged):
    dialler = _dialler("1001")
    first = _event(dialler)
    frame = dialler.frame(first)
    assert await _answers(besieged, dialler, [frame[at : at + 1] for at in range(len(frame))], 1) == [
        (Answer.ACKNOWLEDGED, first.sequence)
    ]
    joined = [_event(dialler, zone=zone) for zone in range(1, 6)]
    answers = await _answers(besieged, dialler, [b"".join(map(dialler.frame, joined))], 5)
    assert sorted(answers, key=lambda one: one[1]) == [(Answer.ACKNOWLEDGED, one.sequence) for one in joined]


async def test_a_repeated_frame_is_acknowledged_each_time(besieged: Besieged):
    dialler = _dialler("1001")
    message = _event(dialler)
    answers = await _answers(besieged, dialler, [dialler.frame(message)] * 3, 3)
    assert answers == [(Answer.ACKNOWLEDGED, message.sequence)] * 3


async def test_a_wrong_crc_is_not_answered_and_the_next_frame_is(besieged: Besieged):
    dialler = _dialler("1001")
    bad, good = _event(dialler), _event(dialler)
    broken = bytearray(dialler.frame(bad))
    broken[-3] ^= 0x01
    answers = await _answers(besieged, dialler, [bytes(broken), b"\n\r\x00noise", dialler.frame(good)], 1)
    assert answers == [(Answer.ACKNOWLEDGED, good.sequence)]


async def test_a_stale_encrypted_frame_gets_the_time(besieged: Besieged):
    dialler = _dialler("1002", SITES[1].key)
    dialler.clock_correction = timedelta(hours=-2)
    stale = dialler.frame(_event(dialler))
    assert [one for one, _ in await _answers(besieged, dialler, [stale], 1)] == [Answer.TIME_REFUSED]


@pytest.mark.parametrize("account", ["9999", "0", "A" * 16])
async def test_unknown_accounts_are_acknowledged_because_they_may_be_an_alarm(besieged: Besieged, account: str):
    dialler = _dialler(account)
    message = _event(dialler)
    assert await _answers(besieged, dialler, [dialler.frame(message)], 1) == [(Answer.ACKNOWLEDGED, message.sequence)]


async def test_an_unknown_code_is_acknowledged(besieged: Besieged):
    dialler = _dialler("1001")
    message = _event(dialler, code="1FFF")
    assert await _answers(besieged, dialler, [dialler.frame(message)], 1) == [(Answer.ACKNOWLEDGED, message.sequence)]


async def test_noise_on_the_panels_port(besieged: Besieged):
    dialler = _dialler("1001")
    for _ in range(20):
        await throw_by_tcp(besieged.town.ports["dc09"], CHANCE.randbytes(20_000), stay_seconds=0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for _ in range(500):
            udp.sendto(CHANCE.randbytes(200), ("127.0.0.1", besieged.town.ports["dc09"]))
    message = _event(dialler)
    assert await _answers(besieged, dialler, [dialler.frame(message)], 1) == [(Answer.ACKNOWLEDGED, message.sequence)]


# HTTP and live pictures


async def test_no_route_answers_a_stranger(besieged: Besieged):
    """Whatever is not public says 401 without a session, and no more."""
    async with ConsoleClient(besieged.town.url) as console:
        await console.sign_in(*besieged.furnished.sign_ins["engineer"])
        paths = (await console.get("/openapi.json"))["paths"]
    public = {"/healthz", "/readyz", "/metrics", "/api/site", "/api/setup", "/api/session", "/openapi.json"}
    public |= {"/api/charter", "/api/sign-in", "/api/session/second"}
    public |= {"/api/session/passkey", "/api/session/passkey/question"}
    public |= {"/api/session/provider/return", "/api/session/provider/{provider_id}/leave"}
    async with httpx.AsyncClient(base_url=besieged.town.url, trust_env=False) as http:
        wrong = {}
        for path, methods in paths.items():
            for method in methods:
                if path.startswith("/api/") and path not in public:
                    asked = path.replace("{", "x").replace("}", "x")
                    status = (await http.request(method.upper(), asked, headers={"X-Fengtai": "1"})).status_code
                    if status != 401:
                        wrong[f"{method} {path}"] = status
    assert wrong == {}
    assert len(paths) > 30


async def test_bodies_that_are_none(besieged: Besieged):
    async with httpx.AsyncClient(base_url=besieged.town.url, trust_env=False) as http:
        for body in (b"", b"{", b"[" * 100_000, b"\xff" * 100, b'{"name": ' + b"9" * 5000 + b"}", b"x" * 5_000_000):
            answer = await http.post("/api/session", content=body, headers={"Content-Type": "application/json"})
            assert 400 <= answer.status_code < 500, body[:20]
            assert answer.headers["content-type"].startswith("application/problem+json")
    await besieged.stands()


async def test_the_media_port_admits_nobody_without_a_ticket_of_ours(besieged: Besieged):
    async with ConsoleClient(besieged.town.url) as console:
        await console.sign_in(*besieged.furnished.sign_ins["operator"])
        point = besieged.good_point
        url = (await console.post(f"/api/live/{point}/watch", {"purpose": "bad input"}))["url"]
    parts = urlsplit(url)
    place, ticket = f"{parts.scheme}://{parts.netloc}", parts.query.removeprefix("ticket=")
    changed = ("0" if ticket[-1] != "0" else "1") + ticket[1:] if ticket[0] not in "01" else "2" + ticket[1:]
    for address in (
        f"{place}{parts.path}",
        f"{place}{parts.path}?ticket=",
        f"{place}{parts.path}?ticket={changed}",
        f"{place}{parts.path}?ticket={ticket[:-2]}",
        f"{place}/live/{'0' * 32}?ticket={ticket}",
        f"{place}/live/../../etc/passwd?ticket={ticket}",
        f"{place}/?ticket={'A' * 8000}",
    ):
        assert await _refusal(address) in (400, 401, 403, 404), address
    assert await _refusal(url, origin="https://evil.example") == 403
    async with connect(url, max_size=None, compression=None) as watching:  # and the right one is still good
        assert json.loads(await asyncio.wait_for(watching.recv(), 20))["type"] == "hello"


async def _refusal(url: str, *, origin: str | None = None) -> int:
    try:
        async with connect(url, origin=origin):  # type: ignore[arg-type]
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_garbage_on_the_media_ports(besieged: Besieged):
    """On the very ports on which cameras are received now."""
    first = besieged.town.ports["rtp"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for port in range(first, first + 200, 2):
            for packet in (CHANCE.randbytes(300), b"\x80\x60" + CHANCE.randbytes(100), b"", b"\x80"):
                udp.sendto(packet, ("127.0.0.1", port))
    for port in range(first, first + 200, 2):
        try:
            await throw_by_tcp(port, CHANCE.randbytes(1000), stay_seconds=0.01)
        except ConnectionRefusedError:
            continue  # no stream there
    await besieged.stands()


# after all of it


async def test_afterwards_a_good_camera_plays(besieged: Besieged):
    assert await first_picture(besieged) == (320, 180)


async def test_afterwards_memory_has_not_run_away(besieged: Besieged):
    grown = resident_bytes(besieged.town) - besieged.resident_bytes
    assert grown < MOST_GROWTH_BYTES, f"grown by {grown / 1e6:.0f} MB"


async def test_afterwards_the_counters_tell_the_refusals(besieged: Besieged):
    figures = await besieged.figures()
    counted = (
        "gb28181.messages_refused",
        "gb28181.connections_unusable",
        "gb28181.registrations_refused",
        "sia-dc09.counters.ignored_crc",
        "sia-dc09.counters.FrameRefused",
        "sia-dc09.counters.garbage_bytes",
    )
    assert [name for name in counted if not figures.get(name)] == [], figures
