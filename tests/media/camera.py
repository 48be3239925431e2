"""A camera on the network: sends the film as RTP/PS to where it was invited, over UDP or TCP, until told to stop."""

import asyncio
import itertools
import socket

from msgspec.structs import replace
from tests.media.film import FPS, FRAME_90K, film
from tests.media.tones import adts_tone, g711_tone

from fengtai.domain.live.model import Receiver, Sender, Stage, Transport
from fengtai.domain.live.ports import NoPicture, Reached
from fengtai.protocols.elementary import AudioCodec, AudioFrame, VideoCodec
from fengtai.protocols.mpegps import PsMuxer
from fengtai.protocols.rtp import RtpSender, frame_packet


class Cameras:
    """A StreamSource whose devices are on this machine. `mute` cameras agree to send, and do not."""

    def __init__(
        self,
        *,
        speaks: frozenset[Transport] = frozenset(Transport),
        pictures: int = 50,
        gop: int = 10,
        codec: VideoCodec = "h264",
        sound: AudioCodec | None = None,
    ) -> None:
        self.speaks, self.codec, self.sound = speaks, codec, sound
        self.substream: VideoCodec | None = None
        """its codec; None: whatever stream is asked for, the main one is sent"""
        self.ssrc_offset = 0
        """devices that ignore y="""
        self.sends_from = ("127.0.0.1",)
        """what its answer says"""
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

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> Sender:
        self.invited.append(receiver)
        self._tell[receiver.stream_id] = reached
        reached(Stage.INVITE_SENT, "")
        if self.refuses:
            raise NoPicture(self.refuses, "Look at the camera.")
        reached(Stage.ANSWERED, "200 OK")
        reached(Stage.ACKNOWLEDGED, "")
        port = 0
        if not self.mute and receiver.transport in self.speaks:
            waits = socket.create_server(("127.0.0.1", 0)) if receiver.transport is Transport.TCP_ACTIVE else None
            port = waits.getsockname()[1] if waits is not None else 0
            self._shows[receiver.stream_id] = asyncio.create_task(self._show(receiver, waits))
        return Sender(hosts=self.sends_from, port=port)

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

    async def _show(self, receiver: Receiver, waits: socket.socket | None) -> None:
        loop = asyncio.get_running_loop()
        with await self._connected(receiver, waits) as sock:
            is_stream = sock.type == socket.SOCK_STREAM
            codec = self.substream if receiver.stream_number and self.substream else self.codec
            muxer, sender = PsMuxer(codec, self.sound), RtpSender(receiver.ssrc + self.ssrc_offset)
            units, began = film(self.pictures, self.gop, codec=codec), loop.time()
            try:
                for number in itertools.count():
                    unit = replace(units[number % len(units)], pts_90k=number * FRAME_90K)
                    pack = muxer.video_pack(unit)
                    if self.sound is not None:
                        pack += muxer.audio_part(self._heard(number))
                    packets = sender.packets(pack, unit.pts_90k)
                    if is_stream:
                        await loop.sock_sendall(sock, b"".join(map(frame_packet, packets)))
                    else:
                        for packet in packets:
                            await loop.sock_sendall(sock, packet)
                    await asyncio.sleep(max(0.0, began + (number + 1) / FPS - loop.time()))
            except (ConnectionError, BrokenPipeError):
                return  # nobody listens any more

    def _heard(self, number: int) -> AudioFrame:
        """40 ms of a tone."""
        assert self.sound is not None
        if self.sound == "aac":
            return AudioFrame("aac", adts_tone()[number % len(adts_tone())], number * FRAME_90K, 16_000)
        return AudioFrame(self.sound, g711_tone(self.sound), number * FRAME_90K)

    async def _connected(self, receiver: Receiver, waits: socket.socket | None) -> socket.socket:
        loop = asyncio.get_running_loop()
        if waits is not None:
            with waits:
                waits.setblocking(False)
                sock, _ = await loop.sock_accept(waits)
                return sock
        is_stream = receiver.transport is Transport.TCP_PASSIVE
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if is_stream else socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, (receiver.host, receiver.port))
        except BaseException:
            sock.close()
            raise
        return sock
