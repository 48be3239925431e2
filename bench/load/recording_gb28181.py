"""Cameras that register by GB/T 28181 and send the loop as PS over RTP to whoever invites them.

Usage: python -m bench.load.recording_gb28181 SIP_PORT CAMERAS tcp|udp. The shared password comes from
FENGTAI_SIP__SHARED_PASSWORD. Prints "ready" when all are registered; then see `recording_pace.answer_figures`.
With udp they agree to an INVITE for TCP but never connect, as cameras do that know only UDP: the platform tries the other.
"""

import asyncio
import os
import socket
import sys

import numpy as np
import uvloop
from numpy.typing import NDArray

from bench.load.recording_pace import Pace, Viewing, answer_figures, log_aside
from bench.load.recording_pictures import STEP_90K
from fengtai.apps.simulator.devices import SimulatedDevice
from fengtai.apps.simulator.sender import Tone
from fengtai.apps.simulator.town_plan import DEFAULT_DOMAIN, PlannedDevice, plan_town
from fengtai.protocols.elementary import AccessUnit, AudioFrame
from fengtai.protocols.gb28181 import CatalogItem
from fengtai.protocols.mpegps import PsMuxer
from fengtai.protocols.rtp import RtpSender, frame_packet

Cut = tuple[list[bytes], bytes, NDArray[np.intp]]
"""packets with SSRC 0; the same framed for TCP (RFC 4571) in one piece; where in it the SSRCs stand"""


class Packing:
    def __init__(self) -> None:
        self._muxer, self._rtp, self._tone = PsMuxer("h264", "g711a"), RtpSender(0), Tone()

    def __call__(self, unit: AccessUnit, pts_90k: int) -> tuple[Cut, int]:
        moved = AccessUnit(unit.codec, unit.nals, unit.is_key, pts_90k, unit.parameter_sets)
        pack = self._muxer.video_pack(moved)
        pack += self._muxer.audio_part(AudioFrame("g711a", self._tone.until(pts_90k + STEP_90K), pts_90k))
        packets = self._rtp.packets(pack, pts_90k)
        framed = [frame_packet(packet) for packet in packets]
        starts = np.cumsum([0, *(len(piece) for piece in framed[:-1])])
        return (packets, b"".join(framed), starts[:, None] + np.arange(10, 14)), sum(map(len, packets))


class TcpSink:
    def __init__(self, writer: asyncio.StreamWriter, ssrc: int) -> None:
        self.writer = writer
        self._ssrc = np.frombuffer(ssrc.to_bytes(4, "big"), np.uint8)

    def waiting_bytes(self) -> int:
        return self.writer.transport.get_write_buffer_size()

    def send(self, cut: Cut) -> int:
        packets, framed, places = cut
        own = np.frombuffer(framed, np.uint8).copy()
        own[places] = self._ssrc
        self.writer.write(own.data)
        return len(framed) - 2 * len(packets)


class UdpSink:
    def __init__(self, address: tuple[str, int], ssrc: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.socket.connect(address)
        self._ssrc = ssrc.to_bytes(4, "big")

    def waiting_bytes(self) -> int:
        return 0

    def send(self, cut: Cut) -> int:
        sent, send, ssrc = 0, self.socket.send, self._ssrc
        for packet in cut[0]:
            try:
                sent += send(packet[:8] + ssrc + packet[12:])
            except (BlockingIOError, ConnectionRefusedError):
                continue  # not sent: the figures show it
        return sent


class Senders:
    """The media side of all simulated devices (`apps.simulator.devices.Media`)."""

    def __init__(self, pace: Pace[Cut], places: dict[str, int], transport: str) -> None:
        self._pace, self._places, self._transport = pace, places, transport
        self._calls: dict[str, tuple[Viewing[Cut], TcpSink | UdpSink]] = {}

    async def start(
        self, call_id: str, channel_id: str, host: str, port: int, transport: str, ssrc: int, stream_number: int = 0
    ) -> None:
        if (transport == "udp") != (self._transport == "udp"):
            return
        sink: TcpSink | UdpSink
        if transport == "udp":
            sink = UdpSink((host, port), ssrc)
        else:
            sink = TcpSink((await asyncio.open_connection(host, port))[1], ssrc)
        self._calls[call_id] = self._pace.begin(sink, self._places[channel_id]), sink

    async def stop(self, call_id: str) -> None:
        if (call := self._calls.pop(call_id, None)) is not None:
            viewing, sink = call
            self._pace.end(viewing)
            (sink.writer if isinstance(sink, TcpSink) else sink.socket).close()

    def key_frame(self, call_id: str) -> None:
        """It has one every two seconds, and begins with one."""


def device(plan: PlannedDevice, media: Senders, port: int) -> SimulatedDevice:
    channels = [
        CatalogItem(id=camera.channel_id, name=camera.name, parent_id=plan.device_id) for camera in plan.cameras
    ]
    password = os.environ["FENGTAI_SIP__SHARED_PASSWORD"]
    return SimulatedDevice(plan.device_id, password, ("127.0.0.1", port), media=media, channels=channels)


async def run(port: int, cameras: int, transport: str) -> None:
    log_aside()
    pace: Pace[Cut] = Pace(Packing(), cameras)
    plan = plan_town(cameras, domain=DEFAULT_DOMAIN)
    channels = [camera.channel_id for planned in plan for camera in planned.cameras]
    senders = Senders(pace, {channel: place for place, channel in enumerate(channels)}, transport)
    devices = [device(planned, senders, port) for planned in plan]
    for one in devices:
        await one.start()
    for one in devices:
        await one.registered()
    pacing = asyncio.create_task(pace.run())
    print("ready", flush=True)
    await answer_figures(pace)
    pacing.cancel()
    for one in devices:
        await one.stop()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
