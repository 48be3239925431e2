"""A camera on the network: sends the film as RTP/PS to where it was invited, over UDP or TCP, until told to stop."""

import asyncio
import itertools
import socket
from dataclasses import replace

from tests.media.film import FPS, FRAME_90K, film

from fengtai.domain.live.model import Receiver, Stage, Transport
from fengtai.domain.live.ports import NoPicture, Reached
from fengtai.protocols.mpegps import PsMuxer
from fengtai.protocols.rtp import RtpSender, frame_packet


class Cameras:
    """A StreamSource whose devices are on this machine. `mute` cameras agree to send, and do not."""

    def __init__(
        self, *, speaks: frozenset[Transport] = frozenset(Transport), pictures: int = 50, gop: int = 10
    ) -> None:
        self.speaks = speaks
        self.pictures, self.gop = pictures, gop
        self.refuses = ""
        self.held: set[int] = set()
        """ports and SSRCs to which a camera may still be sending from before"""
        self.mute = False
        self.invited: list[Receiver] = []
        self.stopped: list[str] = []
        self.key_frames_asked: list[str] = []
        self._shows: dict[str, asyncio.Task[None]] = {}
        self._tell: dict[str, Reached] = {}

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> None:
        self.invited.append(receiver)
        self._tell[receiver.stream_id] = reached
        reached(Stage.INVITE_SENT, "")
        if self.refuses:
            raise NoPicture(self.refuses, "Look at the camera.")
        reached(Stage.ANSWERED, "200 OK")
        reached(Stage.ACKNOWLEDGED, "")
        if not self.mute and receiver.transport in self.speaks:
            self._shows[receiver.stream_id] = asyncio.create_task(self._show(receiver))

    async def stop(self, stream_id: str) -> None:
        self.stopped.append(stream_id)
        if (show := self._shows.pop(stream_id, None)) is not None:
            show.cancel()

    async def want_key_frame(self, stream_id: str) -> None:
        self.key_frames_asked.append(stream_id)

    def is_held(self, port: int, ssrc: int) -> bool:
        return port in self.held or ssrc in self.held

    def hang_up(self, stream_id: str) -> None:
        """The device ends the stream by itself."""
        self._shows.pop(stream_id).cancel()
        self._tell[stream_id](Stage.STOPPED, "the device sent BYE")

    def cut_the_cable(self) -> None:
        for show in self._shows.values():
            show.cancel()
        self._shows.clear()

    async def _show(self, receiver: Receiver) -> None:
        loop = asyncio.get_running_loop()
        kind = socket.SOCK_STREAM if receiver.transport is Transport.TCP_PASSIVE else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, (receiver.host, receiver.port))
            muxer, sender = PsMuxer("h264"), RtpSender(receiver.ssrc)
            units, began = film(self.pictures, self.gop), loop.time()
            try:
                for number in itertools.count():
                    unit = replace(units[number % len(units)], pts_90k=number * FRAME_90K)
                    packets = sender.packets(muxer.video_pack(unit), unit.pts_90k)
                    if kind is socket.SOCK_STREAM:
                        await loop.sock_sendall(sock, b"".join(map(frame_packet, packets)))
                    else:
                        for packet in packets:
                            await loop.sock_sendall(sock, packet)
                    await asyncio.sleep(max(0.0, began + (number + 1) / FPS - loop.time()))
            except (ConnectionError, BrokenPipeError):
                return  # nobody listens any more
