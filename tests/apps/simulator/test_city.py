"""The whole city on real sockets, against the platform's endpoint of GB/T 28181."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from tests.apps.simulator.media_port import SSRC, MediaPort

from fengtai.apps.clocks import SystemClock
from fengtai.apps.simulator.city import SimulatedCity
from fengtai.apps.simulator.scenes import Encoding
from fengtai.protocols.gb28181 import (
    CatalogItem,
    CatalogueArrived,
    Peer,
    PlatformEndpoint,
    PlatformEvent,
    PlatformIdentity,
    PlayAnswered,
    RegistrationAsked,
)

PASSWORD = "shared-12"
CLOCK = SystemClock()
QUICK = Encoding(frames_per_second=50, gop_seconds=0.5, kilobits_per_second=200)


class Platform:
    """Carries the platform's endpoint over UDP, admits who knows the password, and remembers what it is told."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()
        tokens = iter(range(1_000_000))
        identity = PlatformIdentity(
            id="34020000002000000001", domain="3402000000", host=self.address[0], port=self.address[1]
        )
        self.endpoint = PlatformEndpoint(identity, nonce_secret=bytes(32), token=lambda: f"t{next(tokens)}")
        self.told: list[PlatformEvent] = []
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.socket, self._drain)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()

    def pump(self) -> None:
        while events := self.endpoint.events():
            self.told += events
            for event in events:
                if isinstance(event, RegistrationAsked):
                    if event.credentials.matches(PASSWORD, "REGISTER"):
                        self.endpoint.admit(event.ticket, CLOCK.now())
                    else:
                        self.endpoint.refuse(event.ticket, 403, CLOCK.now())
                elif isinstance(event, PlayAnswered):
                    self.endpoint.acknowledge(event.call_id, CLOCK.now())
        for data, peer in self.endpoint.datagrams_to_send():
            self.socket.sendto(data, (peer.host, peer.port))
        self._changed.set()

    async def until(self, come: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not come():
                self._changed.clear()
                await self._changed.wait()

    def catalogue(self, device_id: str) -> tuple[CatalogItem, ...]:
        found = [e for e in self.told if isinstance(e, CatalogueArrived) and e.device_id == device_id]
        return found[-1].items if found else ()

    def _drain(self) -> None:
        while True:
            try:
                data, (host, port) = self.socket.recvfrom(65535)
            except BlockingIOError:
                break
            self.endpoint.receive_datagram(data, Peer("udp", host, port), CLOCK.now())
        self.pump()


@pytest.fixture
async def platform():
    platform = Platform()
    yield platform
    platform.close()


@pytest.fixture
async def city(platform: Platform):
    city = SimulatedCity(
        server=platform.address,
        password=PASSWORD,
        clock=CLOCK,
        cameras=8,
        sip_transport="udp",
        width=320,
        height=180,
        encoding=QUICK,
    )
    await city.start()
    await city.registered()
    yield city
    await city.stop()


async def test_every_device_registers_and_tells_its_cameras_with_their_places(platform: Platform, city: SimulatedCity):
    assert city.status()["registered"] == 5
    recorder = "34020000001180000001"
    for device_id in city.devices:
        platform.endpoint.query_catalogue(device_id, CLOCK.now())
    platform.pump()
    await platform.until(lambda: all(platform.catalogue(device_id) for device_id in city.devices))
    assert [item.name for item in platform.catalogue(recorder)] == [
        *("烽台路仓库 大门", "烽台路口 西向", "江堤公园 北门", "滨江桥头")
    ]
    assert {item.parent_id for item in platform.catalogue(recorder)} == {recorder}
    (alone,) = platform.catalogue("34020000001320000001")
    assert (alone.longitude, alone.latitude) == (118.3706, 31.3304)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_camera_sends_its_drawn_street_when_invited(platform: Platform, city: SimulatedCity, transport: str):
    media = MediaPort()
    port = await media.listen(transport)
    call_id = platform.endpoint.play(
        "34020000001180000001",
        "34020000001310000006",
        host="127.0.0.1",
        port=port,
        ssrc=SSRC,
        tcp=transport == "tcp",
        now=CLOCK.now(),
    )
    platform.pump()
    got = await media.pictures_reach(10)
    assert got[0].is_key
    assert got[0].parameter_sets is not None
    assert (got[0].parameter_sets.video.width, got[0].parameter_sets.video.height) == (320, 180)
    assert media.receiver.ssrc == SSRC

    seen = len(media.pictures)
    platform.endpoint.want_key_frame(call_id, CLOCK.now())
    platform.pump()
    await media.pictures_reach(seen + 20)
    assert any(unit.is_key for unit in media.pictures[seen : seen + 20])

    platform.endpoint.hang_up(call_id, CLOCK.now())
    platform.pump()
    await platform.until(lambda: platform.endpoint.open_calls() == 0)
    media.close()


async def test_a_city_that_finds_no_platform_by_tcp_says_so_and_leaves_nothing_behind():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        city = SimulatedCity(server=taken.getsockname(), password=PASSWORD, clock=CLOCK, cameras=2, sip_transport="tcp")
        with pytest.raises(OSError):
            await city.start()
    assert city.status()["registered"] == 0
