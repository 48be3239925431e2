"""One stream in a worker: packets in; ring, recorder and viewers out; stages and silence reported up."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fengtai.media.messages import NOTHING_CAME, OpenReceiver, Report, StreamBroken, StreamReached, StreamSilent
from fengtai.media.worker.intake import Intake
from fengtai.media.worker.live_channel import LiveChannel
from fengtai.media.worker.receivers import TcpReceiver, UdpReceiver
from fengtai.media.worker.recorder import Recorder
from fengtai.media.worker.ring import GopRing
from fengtai.media.worker.rounds import Rounds
from fengtai.media.worker.timeline import TimeLine
from fengtai.protocols.elementary import AccessUnit


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stream needs from its worker."""

    loop: asyncio.AbstractEventLoop
    rounds: Rounds
    utc_ms: Callable[[float], float]
    """UTC of a moment of the loop's clock"""
    report: Callable[[Report], None]
    recorder: Callable[[str], Recorder]
    no_packet_seconds: float


class WorkerStream:
    """Opens its socket at once: raises OSError when the port is taken."""

    def __init__(self, asked: OpenReceiver, around: Surroundings) -> None:
        self.stream_id, self.point_id = asked.stream_id, asked.point_id
        self._around = around
        self.intake = Intake(asked.ssrc)
        self._receive, self._counters = self.intake.receiver.receive_all, self.intake.receiver.counters
        self.ring = GopRing()
        self.live = LiveChannel(self.ring)
        self._timeline = TimeLine()
        self._recorder: Recorder | None = None
        self._has_packet = self._has_key = False
        self._heard_at = around.loop.time()
        self._told_silent = False
        if asked.is_tcp:
            self._receiver: TcpReceiver | UdpReceiver = TcpReceiver(
                around.loop, around.rounds, asked.host, asked.port, self._packets, self._broken
            )
        else:
            self._receiver = UdpReceiver(
                around.loop, around.rounds, asked.host, asked.port, self._packets, ssrc=asked.ssrc
            )
        self.record(asked.records)

    def record(self, on: bool) -> None:
        if on and self._recorder is None:
            self._recorder = self._around.recorder(self.point_id)
            for timed in self.ring.units:  # what came before the wish, from the last key frame on
                self._recorder.take(timed)
        elif not on and self._recorder is not None:
            self._recorder.stop()
            self._recorder = None

    def recording_failed(self) -> None:
        if self._recorder is not None:
            self._recorder.failed()

    @property
    def records(self) -> bool:
        return self._recorder is not None

    @property
    def recorded_until_ms(self) -> int:
        """End of the last GOP given to the scribe; 0 before the first."""
        return 0 if self._recorder is None else self._recorder.end_ms or 0

    @property
    def figures(self) -> dict[str, int]:
        counters = self.intake.receiver.counters
        return {
            "packets": counters.packets,
            "payload_bytes": counters.payload_bytes,
            "packets_lost": counters.lost,
            "packets_foreign": counters.foreign,
            "packets_malformed": counters.malformed,
            "strangers": self._receiver.strangers,
            "damaged_pictures": self.intake.demuxer.counters.damaged_pictures,
            "clock_jumps": self._timeline.jumps,
            "audio_frames_dropped": self.intake.audio_frames,
        }

    def why_dark(self) -> str:
        """Why there is no picture: goes on behind a colon."""
        if self._counters.malformed > self._counters.packets:
            return "what comes is not RTP"
        if self._has_packet:
            return self.intake.why_no_key_frame()
        if self._receiver.refused:
            return self._receiver.refused
        if self._receiver.peer:
            return "it is connected but has sent nothing"
        return NOTHING_CAME

    def check_silence(self, now: float) -> None:
        """Called about once a second."""
        silent = now - self._heard_at
        if silent >= self._around.no_packet_seconds and not self._told_silent:
            self._told_silent = True
            detail = self.intake.why_no_key_frame() if self._has_packet and not self._has_key else ""
            self._around.report(StreamSilent(stream_id=self.stream_id, seconds=silent, detail=detail))

    async def close(self, stage: str, detail: str) -> None:
        await self._receiver.close()
        self.record(False)
        self.live.end(stage, detail)

    def _packets(self, packets: Sequence[bytes], now: float) -> bool:
        """Hot: all packets of all cameras pass here, those of one round together."""
        counters = self._counters
        accepted = counters.packets
        groups = self._receive(packets, now=now)
        if counters.packets == accepted:
            return False
        self._heard_at = now
        if not self._has_packet:
            self._has_packet = True
            detail = "with another SSRC than asked" if self.intake.receiver.ssrc_differs else ""
            self._reached("first-packet", detail)
        if groups:
            self._told_silent = False
            for unit in self.intake.units_of(groups):
                self._take(unit, now)
        return True

    def _take(self, unit: AccessUnit, now: float) -> None:
        if unit.is_key and unit.parameter_sets is None:
            return  # it cannot be decoded before its parameter sets have come
        timed = self._timeline.place(unit, self._around.utc_ms(now))
        self.ring.add(timed)
        if self._recorder is not None:
            self._recorder.take(timed)
        self.live.offer(timed)
        if unit.is_key and not self._has_key:
            self._has_key = True
            container = self.intake.container
            self._reached("first-key-frame", unit.codec if container == "PS" else f"{unit.codec} in {container}")

    def _reached(self, stage: str, detail: str) -> None:
        self._around.report(StreamReached(stream_id=self.stream_id, stage=stage, detail=detail))

    def _broken(self, reason: str) -> None:
        self._around.report(StreamBroken(stream_id=self.stream_id, detail=reason))
