"""Pictures sent over real sockets, received by the platform's own code."""

import asyncio
import socket
from collections.abc import Iterable
from itertools import pairwise

import pytest
from tests.apps.simulator.media_port import SSRC, MediaPort
from tests.protocols.elementary.drawn import drawn_units

from fengtai.apps.simulator.carriers import Carrier, TcpCarrier
from fengtai.apps.simulator.faults import Fault
from fengtai.apps.simulator.scenes import LoopedPictures, Pictures
from fengtai.apps.simulator.sender import MediaSender, Tone
from fengtai.protocols.elementary import decode_alaw

UNITS = drawn_units("h264", frames=20, gop=10)


async def quick_pictures(channel_id: str, stream_number: int) -> Pictures:
    return LoopedPictures(UNITS, 200.0)


@pytest.fixture
async def platform():
    platform = MediaPort()
    yield platform
    platform.close()


@pytest.fixture
async def sender():
    sender = MediaSender(quick_pictures)
    yield sender
    await sender.close()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tcp-passive"])
async def test_pictures_arrive_whole_beginning_with_a_key_frame(
    platform: MediaPort, sender: MediaSender, transport: str
):
    port = await platform.listen(transport[:3])
    await sender.start("call", "channel", "127.0.0.1", port, transport, SSRC)
    got = await platform.pictures_reach(25)
    assert got[0].is_key
    assert [unit.nals for unit in got[:25]] == [unit.nals for unit in (UNITS * 2)[:25]]
    assert [unit.pts_90k for unit in got[:25]] == [450 * n for n in range(25)]
    assert platform.receiver.ssrc == SSRC
    assert platform.receiver.counters.lost == 0


async def test_sound_goes_beside_the_pictures(platform: MediaPort, sender: MediaSender):
    await sender.start("call", "channel", "127.0.0.1", await platform.listen("tcp"), "tcp", SSRC)
    await platform.pictures_reach(20)
    assert {sound.codec for sound in platform.sounds} == {"g711a"}
    assert sum(len(sound.payload) for sound in platform.sounds[:20]) == 20 * 40
    assert any(decode_alaw(platform.sounds[1].payload))


async def test_a_key_frame_comes_at_once_when_asked(platform: MediaPort, sender: MediaSender):
    await sender.start("call", "channel", "127.0.0.1", await platform.listen("tcp"), "tcp", SSRC)
    await platform.pictures_reach(3)
    sender.key_frame("call")
    sender.key_frame("no such call")
    await platform.pictures_reach(12)
    keys = [index for index, unit in enumerate(platform.pictures) if unit.is_key]
    assert 3 <= keys[1] < 10


async def test_a_stopped_call_sends_no_more(platform: MediaPort, sender: MediaSender):
    await sender.start("call", "channel", "127.0.0.1", await platform.listen("tcp"), "tcp", SSRC)
    await platform.pictures_reach(2)
    await sender.stop("call")
    await sender.stop("call")
    assert sender.status()["calls"] == 0


async def test_a_call_whose_receiver_hangs_up_is_told(platform: MediaPort):
    broken: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    sender = MediaSender(quick_pictures, on_broken=broken.set_result)
    await sender.start("call", "channel", "127.0.0.1", await platform.listen("tcp"), "tcp", SSRC)
    await platform.pictures_reach(2)
    platform.hang_up()
    async with asyncio.timeout(10):
        assert await broken == "call"
    assert sender.status()["calls"] == 0


async def _quickly(host: str, port: int, transport: str) -> Carrier:
    return await TcpCarrier.connect(host, port, pause_seconds=0.0)


async def test_a_port_that_nobody_listens_on_is_an_error():
    impatient = Fault(does="Tries again at once.", carrier=_quickly)
    sender = MediaSender(quick_pictures, faults={"channel": impatient})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError):
            await sender.start("call", "channel", "127.0.0.1", taken.getsockname()[1], "tcp", SSRC)
    assert sender.status()["calls"] == 0


async def test_two_calls_of_one_camera_do_not_mix(sender: MediaSender):
    one, other = MediaPort(), MediaPort()
    await sender.start("one", "channel", "127.0.0.1", await one.listen("udp"), "udp", SSRC)
    await sender.start("other", "channel", "127.0.0.1", await other.listen("tcp"), "tcp", SSRC)
    for platform in (one, other):
        got = await platform.pictures_reach(12)
        assert [unit.nals for unit in got[:12]] == [unit.nals for unit in UNITS[:12]]
        platform.close()


async def test_faults_can_be_put_in_by_packet(platform: MediaPort):
    passed = iter(range(1_000_000))

    def some_are_lost(packet: bytes) -> Iterable[bytes]:
        number = next(passed)
        return [] if number > 100 and number % 40 == 0 else [packet]

    sender = MediaSender(quick_pictures, packet_hook=some_are_lost)
    await sender.start("call", "channel", "127.0.0.1", await platform.listen("udp"), "udp", SSRC)
    got = await platform.pictures_reach(15)
    await sender.close()
    assert platform.receiver.counters.lost > 0
    assert any(unit.is_damaged for unit in got)
    assert not got[0].is_damaged


async def test_a_sender_that_cannot_keep_up_leaves_pictures_out_and_keeps_to_the_clock(
    platform: MediaPort,
):
    async def far_too_many_pictures(channel_id: str, stream_number: int) -> Pictures:
        return LoopedPictures(UNITS, 45_000.0)

    sender = MediaSender(far_too_many_pictures, late_seconds=0.0)
    await sender.start("call", "channel", "127.0.0.1", await platform.listen("tcp"), "tcp", SSRC)
    got = await platform.pictures_reach(40)
    await sender.close()
    assert [unit.nals for unit in got[:40]] == [unit.nals for unit in (UNITS * 2)[:40]]
    steps = [after.pts_90k - before.pts_90k for before, after in pairwise(got)]
    assert min(steps) >= 2  # one picture's time at that rate
    assert max(steps) > 2


def test_the_tone_has_no_seam():
    tone, whole = Tone(), Tone()
    pieces = b"".join(tone.until(moment) for moment in range(3000, 270_001, 3000))
    assert pieces == whole.until(90_000) + whole.until(180_000) + whole.until(270_000)
    assert len(pieces) == 24_000
