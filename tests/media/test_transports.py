"""Each device is asked in the way that it can do, which is learnt; a port stays with its camera."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.media.camera import Cameras
from tests.media.conftest import CHANNEL, DEVICE, POINT, House, close_house, free_port, new_books, open_house

from fengtai.domain.live.model import Stage, Transport
from fengtai.domain.live.ports import TransportStore
from fengtai.vocabulary.errors import Unavailable


@pytest.fixture(autouse=True)
def hurry(monkeypatch) -> None:
    monkeypatch.setattr("fengtai.media.stream_start.FIRST_TRANSPORT_SECONDS", 0.3)


def lesson_of(house: House, device_id: str = DEVICE):
    return house.books.run(lambda uow: uow.store(TransportStore).get(device_id))


async def test_a_camera_that_only_waits_for_our_connection_is_played_and_remembered(house: House) -> None:
    house.cameras.speaks = frozenset({Transport.TCP_ACTIVE})

    await house.watch()

    assert [one.transport for one in house.cameras.invited] == list(Transport)
    lesson = lesson_of(house)
    assert lesson.transport is Transport.TCP_ACTIVE
    assert lesson.why.startswith("tcp-passive: The device agreed to send")
    assert "udp: The device agreed to send" in lesson.why

    house.cameras.hang_up(house.cameras.invited[-1].stream_id)
    await house.watch()

    assert [one.transport for one in house.cameras.invited[3:]] == [Transport.TCP_ACTIVE]


async def test_a_camera_that_has_changed_its_ways_teaches_again(house: House) -> None:
    house.cameras.speaks = frozenset({Transport.UDP})
    await house.watch()
    assert lesson_of(house).transport is Transport.UDP
    house.cameras.hang_up(house.cameras.invited[-1].stream_id)

    house.cameras.speaks = frozenset({Transport.TCP_PASSIVE})
    await house.watch()

    assert lesson_of(house).transport is Transport.TCP_PASSIVE
    assert [one.transport for one in house.cameras.invited[2:]] == [Transport.UDP, Transport.TCP_PASSIVE]


async def test_a_camera_that_does_what_is_usual_teaches_nothing(house: House) -> None:
    await house.watch()

    assert lesson_of(house) is None


async def test_a_connection_from_elsewhere_with_another_ssrc_is_not_the_camera(house: House) -> None:
    """The camera's answer names another address, and what connects sends an SSRC that nobody asked for."""
    house.cameras.sends_from = ("192.0.2.7",)
    house.cameras.speaks = frozenset({Transport.TCP_PASSIVE})
    house.cameras.ssrc_offset = 5

    with pytest.raises(Unavailable):
        await house.watch()

    trace = house.streams.traces(POINT)[0]
    assert any("127.0.0.1 connected, but the device is 192.0.2.7" in one.detail for one in trace.stages)


async def test_the_right_ssrc_may_come_from_any_address(house: House) -> None:
    house.cameras.sends_from = ("192.0.2.7",)
    house.cameras.speaks = frozenset({Transport.TCP_PASSIVE})

    await house.watch()

    assert len(house.cameras.invited) == 1


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[House]:
    """Ten ports for ten cameras, each of which needs a second try."""
    first = (free_port() & ~1) % 60_000
    cameras = Cameras(speaks=frozenset({Transport.UDP}))
    opened = await open_house(tmp_path, cameras, new_books(), ports=f"{first}-{first + 19}", quarantine_seconds=60)
    try:
        yield opened
    finally:
        await close_house(opened)


async def test_as_many_ports_as_cameras_are_enough_when_every_first_try_fails(crowd: House) -> None:
    def watch(number: int):
        return crowd.streams.watch(
            f"{POINT[:-2]}{number:02d}", device_id=f"{DEVICE[:-2]}{number:02d}", channel_id=CHANNEL, session_id="s"
        )

    places = await asyncio.gather(*(watch(number) for number in range(10)))

    assert len({place.stream_id for place in places}) == 10
    assert len(crowd.cameras.invited) == 20
    with pytest.raises(Unavailable, match=r"all 10 RTP ports .* are taken"):
        await watch(10)
    playing = [state for state in crowd.streams.states() if state.stage is Stage.PLAYING]
    assert len(playing) == 10


async def test_a_receiver_that_nobody_knows_any_more_is_closed(house: House) -> None:
    place = await house.watch()
    forgotten = house.streams._streams.pop(POINT)  # as if the main process had lost it

    await house.until(lambda: house.workers.states[0].get("streams") == 0)

    assert forgotten.stream_id == place.stream_id
