"""A TCP port hears only the camera that it was asked for, whoever connects first."""

import asyncio

from tests.media.film import FRAME_90K, film
from tests.media.worker.test_worker_parts import SSRC, free_udp_port, listening, pictures

from fengtai.protocols.mpegps import PsMuxer
from fengtai.protocols.rtp import RtpSender, frame_packet


def _tcp_frames(sender: RtpSender, first: int, last: int, muxer: PsMuxer) -> bytes:
    packs = [(muxer.video_pack(unit), number * FRAME_90K) for number, unit in enumerate(film()[first:last], first)]
    return b"".join(frame_packet(packet) for pack, stamp in packs for packet in sender.packets(pack, stamp))


async def _eventually(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_early_media_of_a_camera_that_ignores_our_ssrc_is_held_until_its_answer_is_known() -> None:
    port = free_udp_port()
    stream = listening(port, [], is_tcp=True)
    try:
        _, camera = await asyncio.open_connection("127.0.0.1", port)
        camera.write(_tcp_frames(RtpSender(66), 0, 8, PsMuxer("h264")))
        await _eventually(lambda: stream._receiver.peer)
        assert stream.figures["packets"] == 0

        stream.expect(["192.0.2.9", "127.0.0.1"], 40_000)

        await pictures(stream, 7)
    finally:
        camera.close()
        stream.close("stopped", "the test is over")
    assert stream.figures["strangers"] == 0
    assert stream.intake.receiver.ssrc_differs


async def test_a_stranger_who_connects_first_does_not_take_the_camera_s_place() -> None:
    """The stranger sends good pictures from another address than the camera's, with an SSRC of its own."""
    port = free_udp_port()
    stream = listening(port, [], is_tcp=True)
    try:
        stream.expect(["192.0.2.9"], 0)
        hears, stranger = await asyncio.open_connection("127.0.0.1", port)
        stranger.write(_tcp_frames(RtpSender(66), 0, 8, PsMuxer("h264")))
        assert await hears.read() == b""
        assert stream.why_dark().startswith("127.0.0.1 connected, but the device is 192.0.2.9")
        _, camera = await asyncio.open_connection("127.0.0.1", port)
        camera.write(_tcp_frames(RtpSender(SSRC), 0, 8, PsMuxer("h264")))
        await pictures(stream, 7)
    finally:
        stranger.close()
        camera.close()
        stream.close("stopped", "the test is over")

    assert stream.figures["strangers"] == 1
    assert not stream.intake.receiver.ssrc_differs


async def test_many_silent_connections_do_not_keep_the_camera_out() -> None:
    port = free_udp_port()
    stream = listening(port, [], is_tcp=True)
    writers: list[asyncio.StreamWriter] = []
    try:
        for _ in range(12):
            writers.append((await asyncio.open_connection("127.0.0.1", port))[1])
        _, camera = await asyncio.open_connection("127.0.0.1", port)
        writers.append(camera)
        camera.write(_tcp_frames(RtpSender(SSRC), 0, 8, PsMuxer("h264")))
        await pictures(stream, 7)
    finally:
        for writer in writers:
            writer.close()
        stream.close("stopped", "the test is over")

    assert stream.figures["strangers"] >= 8


async def test_of_pictures_read_at_one_moment_only_the_newest_is_taken_to_have_come_just_now() -> None:
    port = free_udp_port()
    stream = listening(port, [], is_tcp=True)
    try:
        stream.expect(["127.0.0.1"], 0)
        _, camera = await asyncio.open_connection("127.0.0.1", port)
        camera.write(_tcp_frames(RtpSender(SSRC), 0, 8, PsMuxer("h264")))
        await pictures(stream, 7)
    finally:
        camera.close()
        stream.close("stopped", "the test is over")

    places = [timed.utc_ms for timed in stream.ring.units]
    assert [place - places[0] for place in places] == [number * 40 for number in range(len(places))]
    assert places[-1] <= asyncio.get_running_loop().time() * 1000  # the test's UTC: none of them lies ahead of it
