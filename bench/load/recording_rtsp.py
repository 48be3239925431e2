"""The same cameras behind the simulator's RTSP server: rtsp://127.0.0.1:PORT/0, /1 and so on, interleaved on TCP.

Usage: python -m bench.load.recording_rtsp CAMERAS. Prints the port when it listens; then see `recording_pace`.
"""

import asyncio
import sys
from collections.abc import Mapping

import uvloop

from bench.load.recording_pace import Pace, answer_figures, log_aside
from bench.load.recording_pictures import STEP_90K, the_loop
from fengtai.apps.simulator.rtsp import SOUND, VIDEO, CameraPackets, RtspServer, camera_session
from fengtai.apps.simulator.sender import Tone
from fengtai.protocols.elementary import AccessUnit
from fengtai.protocols.sdp import Session

CHANNELS = {VIDEO: 0, SOUND: 2}
"""what ffmpeg asks for; all clients get the same bytes"""


class Packing:
    def __init__(self) -> None:
        self._packets, self._tone = CameraPackets(CHANNELS, 0x20261121), Tone()

    def __call__(self, unit: AccessUnit, pts_90k: int) -> tuple[bytes, int]:
        moved = AccessUnit(unit.codec, unit.nals, unit.is_key, pts_90k, unit.parameter_sets)
        packed = self._packets.picture(moved)
        packed += self._packets.sound(self._tone.until(pts_90k + STEP_90K), pts_90k)
        return packed, len(packed)


class StreamSink:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def waiting_bytes(self) -> int:
        return self._writer.transport.get_write_buffer_size()

    def send(self, packed: bytes) -> int:
        self._writer.write(packed)
        return len(packed)


class Loop:
    """The programme that the RTSP server serves."""

    def __init__(self, pace: Pace[bytes], cameras: int) -> None:
        self._pace, self._cameras = pace, cameras
        sets = the_loop()[0].parameter_sets
        assert sets is not None
        self._session = camera_session(sets, "127.0.0.1")

    async def session(self, path: str) -> Session | None:
        return self._session if path.isdigit() and int(path) < self._cameras else None

    async def send(self, path: str, channels: Mapping[int, int], writer: asyncio.StreamWriter) -> None:
        if dict(channels) != CHANNELS:
            raise RuntimeError(f"a client asked for channels {dict(channels)}, not {CHANNELS}")
        viewing = self._pace.begin(StreamSink(writer), int(path))
        try:
            await writer.wait_closed()
        finally:
            self._pace.end(viewing)


async def run(cameras: int) -> None:
    log_aside()
    pace: Pace[bytes] = Pace(Packing(), cameras)
    server = RtspServer(Loop(pace, cameras))
    port = await server.start()
    pacing = asyncio.create_task(pace.run())
    print(port, flush=True)
    await answer_figures(pace)
    pacing.cancel()
    await server.stop()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1])))
