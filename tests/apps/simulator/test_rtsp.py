"""The RTSP server on a real socket, read by FFmpeg's own client (PyAV) and by hand."""

import asyncio
from collections.abc import AsyncIterator

import av
import pytest
from tests.protocols.elementary.drawn import drawn_units

from fengtai.apps.simulator.rtsp import LivePictures, RtspServer
from fengtai.apps.simulator.scenes import LoopedPictures, Pictures

UNITS = drawn_units("h264", frames=20, gop=10)
CHANNEL = "34020000001310000001"


async def pictures(channel_id: str) -> Pictures:
    if channel_id != CHANNEL:
        raise LookupError(channel_id)
    return LoopedPictures(UNITS, 100.0)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = RtspServer(LivePictures(pictures, host="127.0.0.1"))
    yield await server.start()
    await server.stop()


def seen(url: str, frames: int) -> tuple[list[tuple[int, int, bool]], set[str]]:
    """Size and kind of the first frames, and the codecs that the description names."""
    with av.open(url, options={"rtsp_transport": "tcp", "timeout": "5000000"}) as container:
        codecs = {stream.codec_context.name for stream in container.streams}
        decoded = []
        for frame in container.decode(video=0):
            decoded.append((frame.width, frame.height, bool(frame.key_frame)))
            if len(decoded) == frames:
                break
        return decoded, codecs


async def test_a_player_sees_and_hears_the_camera(port: int):
    sets = UNITS[0].parameter_sets
    assert sets is not None
    decoded, codecs = await asyncio.to_thread(seen, f"rtsp://127.0.0.1:{port}/{CHANNEL}", 15)
    assert {(width, height) for width, height, _ in decoded} == {(sets.video.width, sets.video.height)}
    assert [is_key for *_, is_key in decoded] == [place % 10 == 0 for place in range(15)]
    assert codecs == {"h264", "pcm_alaw"}


async def test_two_clients_are_served_each_from_a_key_frame(port: int):
    url = f"rtsp://127.0.0.1:{port}/{CHANNEL}"
    both = await asyncio.gather(asyncio.to_thread(seen, url, 3), asyncio.to_thread(seen, url, 3))
    assert [decoded[0][2] for decoded, _ in both] == [True, True]


async def test_an_unknown_camera_is_not_found(port: int):
    with pytest.raises(av.FFmpegError):
        await asyncio.to_thread(seen, f"rtsp://127.0.0.1:{port}/nowhere", 1)


async def test_bytes_that_are_no_rtsp_close_the_connection(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
