"""The platform's side of media on a real socket: what a simulated camera sends is received and taken apart."""

import asyncio
import socket

from fengtai.protocols.elementary import AccessUnit, AudioFrame
from fengtai.protocols.mpegps import PsDemuxer
from fengtai.protocols.rtp import RtpReceiver, StreamDeframer

SSRC = 200001234


class MediaPort:
    """Receives one stream by UDP or TCP and takes it apart."""

    def __init__(self) -> None:
        self.receiver, self.demuxer, self.deframer = RtpReceiver(SSRC), PsDemuxer(), StreamDeframer()
        self.pictures: list[AccessUnit] = []
        self.sounds: list[AudioFrame] = []
        self.connections = 0
        self._changed = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    async def listen(self, transport: str) -> int:
        if transport == "udp":
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.bind(("127.0.0.1", 0))
            self._udp.setblocking(False)
            asyncio.get_running_loop().add_reader(self._udp, self._drain)
            return int(self._udp.getsockname()[1])
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def pictures_reach(self, count: int) -> list[AccessUnit]:
        async with asyncio.timeout(10):
            while len(self.pictures) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.pictures

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()

    def close(self) -> None:
        self.hang_up()
        if hasattr(self, "_udp"):
            asyncio.get_running_loop().remove_reader(self._udp)
            self._udp.close()
        if hasattr(self, "_server"):
            self._server.close()

    def _drain(self) -> None:
        while True:
            try:
                self._take(self._udp.recv(65536))
            except BlockingIOError:
                return

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        while data := await reader.read(65536):
            for packet in self.deframer.feed(data):
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        for group in self.receiver.receive(packet, now=asyncio.get_running_loop().time()):
            for unit in self.demuxer.feed(
                group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame, lost=group.lost
            ):
                if isinstance(unit, AudioFrame):
                    self.sounds.append(unit)
                else:
                    self.pictures.append(unit)
                self._changed.set()
