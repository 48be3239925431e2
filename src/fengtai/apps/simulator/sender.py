"""Sends a camera's pictures and sound as PS over RTP, by UDP or TCP, at the pace of the camera.

The media side of a simulated device: `start` when the platform has acknowledged, `stop` at its BYE, `key_frame` when it
asks. Pace: an absolute schedule (frame n leaves at start + n / rate), so that nothing drifts; a sender that has fallen
behind by more than a second leaves pictures out instead of sending in a burst, and its time stamps keep to the clock.
"""

import asyncio
import math
from array import array
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import structlog

from fengtai.apps.simulator.carriers import Carrier, ListeningPort
from fengtai.apps.simulator.faults import NO_FAULT, Fault, PacketHook
from fengtai.apps.simulator.packetising import Packetising
from fengtai.apps.simulator.scenes import Pictures
from fengtai.media.worker.snapshot import jpeg_of
from fengtai.protocols.elementary import AudioCodec, AudioFrame, encode_alaw, encode_ulaw
from fengtai.protocols.rtp import RtpSender

log = structlog.get_logger()

_LATE_SECONDS = 1.0
_SAMPLES_PER_SECOND = 8000


@dataclass(slots=True)
class _Call:
    channel_id: str
    pictures: Pictures
    carrier: Carrier
    rtp: RtpSender
    fault: Fault
    hooks: Sequence[PacketHook]
    want_key: bool = True
    frames: int = 0
    task: "asyncio.Task[None] | None" = field(default=None, repr=False)


class MediaSender:
    """The calls of one simulated device (or of a whole city: call ids are distinct)."""

    def __init__(
        self,
        open_pictures: Callable[[str, int], Awaitable[Pictures]],
        *,
        has_sound: bool = True,
        packet_hook: PacketHook | None = None,
        faults: Mapping[str, Fault] | None = None,
        on_started: Callable[[str], None] | None = None,
        on_broken: Callable[[str], None] | None = None,
        late_seconds: float = _LATE_SECONDS,
    ) -> None:
        """`open_pictures`: channel id and number of the stream (1: sub-stream) → its pictures.
        `faults`: channel id → what that camera does otherwise.

        `on_started`: told the channel id of a call that begins; `on_broken`: the call id of one whose receiver went away.
        `late_seconds`: how far it may fall behind before it leaves pictures out.
        """
        self._late_seconds = late_seconds
        self._open_pictures, self._faults = open_pictures, faults or {}
        self._has_sound, self._hook = has_sound, packet_hook
        self._on_started, self._on_broken = on_started, on_broken
        self._calls: dict[str, _Call] = {}
        self._waiting: dict[str, ListeningPort] = {}

    async def listen(self, call_id: str, channel_id: str) -> int:
        """Wait for the platform's connection; the port for the answer. 0: this camera does not do that."""
        if not self._faults.get(channel_id, NO_FAULT).listens:
            return 0
        port = self._waiting[call_id] = await ListeningPort.open()
        return port.port

    async def start(
        self, call_id: str, channel_id: str, host: str, port: int, transport: str, ssrc: int, stream_number: int = 0
    ) -> None:
        """Connect and begin to send, with a key frame. `transport`: "udp", "tcp" (we connect) or "tcp-listen" (the
        platform connects to the port of `listen`).

        Raise OSError when the platform's media port cannot be reached.
        """
        await self.stop(call_id)
        fault = self._faults.get(channel_id, NO_FAULT)
        waiting = self._waiting.pop(call_id, None)
        carrier = await (waiting.carrier() if waiting is not None else fault.carrier(host, port, transport))
        try:
            pictures = await self._open_pictures(channel_id, stream_number)
        except BaseException:
            carrier.close()
            raise
        hooks = [hook for hook in (fault.hook() if fault.hook else None, self._hook) if hook is not None]
        call = _Call(channel_id, pictures, carrier, RtpSender(ssrc), fault, hooks)
        self._calls[call_id] = call
        call.task = asyncio.create_task(self._run(call_id, call), name=f"media of {channel_id}")
        log.debug("media.started", call_id=call_id, channel_id=channel_id, host=host, port=port, transport=transport)
        if self._on_started is not None:
            self._on_started(channel_id)

    async def stop(self, call_id: str) -> None:
        """Stop sending. Unknown calls are no error: a BYE may come twice."""
        call = self._calls.pop(call_id, None)
        if call is None or call.task is None:
            return
        call.task.cancel()
        await asyncio.wait([call.task])

    async def still(self, channel_id: str) -> bytes:
        """One picture of this camera, as JPEG."""
        pictures = await self._open_pictures(channel_id, 0)
        try:
            return await asyncio.to_thread(jpeg_of, await pictures.next(want_key=True))
        finally:
            pictures.close()

    def key_frame(self, call_id: str) -> None:
        """Make the next picture a key frame."""
        call = self._calls.get(call_id)
        if call is not None:
            call.want_key = True

    async def close(self) -> None:
        for call_id in list(self._calls):
            await self.stop(call_id)

    def status(self) -> dict[str, object]:
        return {
            "calls": len(self._calls),
            "frames": sum(call.frames for call in self._calls.values()),
            "packets": sum(call.rtp.packets_sent for call in self._calls.values()),
            "bytes": sum(call.rtp.bytes_sent for call in self._calls.values()),
        }

    async def _run(self, call_id: str, call: _Call) -> None:
        try:
            await self._send_frames(call)
        except OSError as error:
            log.info("media.broken", call_id=call_id, channel_id=call.channel_id, error=str(error))
            self._calls.pop(call_id, None)
            if self._on_broken is not None:
                self._on_broken(call_id)
        except Exception:
            log.exception("media.failed", call_id=call_id, channel_id=call.channel_id)
            self._calls.pop(call_id, None)
            if self._on_broken is not None:
                self._on_broken(call_id)
        finally:
            call.carrier.close()
            call.pictures.close()

    async def _send_frames(self, call: _Call) -> None:
        loop = asyncio.get_running_loop()
        rate = call.pictures.frames_per_second
        tone = Tone(call.fault.audio) if self._has_sound else None
        packetising: Packetising | None = None
        begun, sent = loop.time(), 0
        while True:
            want_key, call.want_key = call.want_key, False
            unit = await call.pictures.next(want_key=want_key)
            if packetising is None:
                packetising = call.fault.packetising(unit.codec, call.fault.audio if tone else None, call.rtp)
            sound = None
            if tone is not None:
                sound = AudioFrame(call.fault.audio, tone.until(unit.pts_90k + 90_000 / rate), unit.pts_90k)
            packets: Iterable[bytes] = packetising.packets(unit, sound)
            for hook in call.hooks:
                packets = _hooked(hook, packets)
            await call.carrier.send(packets)
            call.frames += 1
            sent += 1
            wait = begun + sent / rate - loop.time()
            if wait < -self._late_seconds:
                missed = int(-wait * rate)
                call.pictures.skip(missed)
                sent += missed
            await asyncio.sleep(max(0.0, wait))


def _hooked(hook: PacketHook, packets: Iterable[bytes]) -> Iterable[bytes]:
    for packet in packets:
        yield from hook(packet)


class Tone:
    """A quiet tone of 440 Hz in G.711, without a seam: one second, over and over."""

    def __init__(self, codec: AudioCodec = "g711a") -> None:
        self._second, self._sent = _tone_of_a_second(codec), 0

    def until(self, pts_90k: float) -> bytes:
        """The samples from where it stopped to this moment; after a pause of more than a second, its last second."""
        last = int(pts_90k * _SAMPLES_PER_SECOND / 90_000)
        first = max(self._sent, last - _SAMPLES_PER_SECOND)
        self._sent = max(self._sent, last)
        begin = first % _SAMPLES_PER_SECOND
        return (self._second * 2)[begin : begin + max(0, last - first)]


@cache
def _tone_of_a_second(codec: AudioCodec) -> bytes:
    samples = [int(1500 * math.sin(2 * math.pi * 440 * n / _SAMPLES_PER_SECOND)) for n in range(_SAMPLES_PER_SECOND)]
    linear = array("h", samples).tobytes()
    return encode_ulaw(linear) if codec == "g711u" else encode_alaw(linear)
