"""One stream in a worker: packets in; ring, recorder and viewers out; stages and silence reported up."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fengtai.media.messages import (
    NOTHING_CAME,
    OpenReceiver,
    Report,
    StreamBroken,
    StreamNoted,
    StreamReached,
    StreamSilent,
)
from fengtai.media.worker.intake import Intake
from fengtai.media.worker.live_channel import LiveChannel
from fengtai.media.worker.picture_recoder import RecoderPool
from fengtai.media.worker.receivers import UdpReceiver
from fengtai.media.worker.recorder import Recorder
from fengtai.media.worker.ring import GopRing
from fengtai.media.worker.rounds import REST_SECONDS, Rounds
from fengtai.media.worker.sound import SoundLine
from fengtai.media.worker.tcp_receivers import TcpCaller, TcpReceiver
from fengtai.media.worker.timeline import TimedUnit, TimeLine
from fengtai.protocols.elementary import AccessUnit, AudioFrame

DRIFT_PPM = 1_000
"""nearly four seconds an hour: a good crystal has 50"""
LEAST_PACKETS_JUDGED, MOST_LOST = 1_000, 0.005
"""GB/T 28181-2022 section 5 allows a thousandth"""
MOST_CLOCK_NOTES = 20
"""of one stream"""


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
    recoders: RecoderPool


class WorkerStream:
    """Opens its socket at once: raises OSError when the port is taken."""

    def __init__(self, asked: OpenReceiver, around: Surroundings) -> None:
        self.stream_id, self.point_id = asked.stream_id, asked.point_id
        self._around = around
        self._loss_told = False
        self.intake = Intake(asked.ssrc)
        self._receive, self._counters = self.intake.receiver.receive_all, self.intake.receiver.counters
        self.ring = GopRing()
        self.live = LiveChannel(self.ring, around.recoders)
        self._timeline = TimeLine()
        self._sound_line = SoundLine()
        self._last: TimedUnit | None = None
        self._clock_told = (0, False, False)
        self._clock_notes = 0
        self._recorder: Recorder | None = None
        self._has_packet = self._has_key = False
        self._heard_at = around.loop.time()
        self._told_silent = False
        self._is_tcp = asked.is_tcp or asked.connects
        self._receiver = self._opened(asked)
        self.carry_sound(asked.carries_sound)
        self.record(asked.records)

    def _opened(self, asked: OpenReceiver) -> TcpReceiver | TcpCaller | UdpReceiver:
        loop, rounds, place = self._around.loop, self._around.rounds, (asked.host, asked.port)
        if asked.connects:
            return TcpCaller(loop, rounds, *place, self._packets, self._broken)
        if asked.is_tcp:
            return TcpReceiver(loop, rounds, *place, self._packets, self._broken, ssrc=asked.ssrc)
        return UdpReceiver(loop, rounds, *place, self._packets, ssrc=asked.ssrc)

    def expect(self, hosts: Sequence[str], port: int) -> None:
        """The device has agreed: from where it may send, or where we connect to."""
        self._receiver.expect(hosts, port)

    def carry_sound(self, on: bool) -> None:
        """The point's policy; off: sound is counted, and dropped before anybody else sees it."""
        if on == (self.intake.sounds is not None):
            return
        self.intake.carry_sound(on)
        if not on:
            self.live.no_sound()

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
            "stamps_missing": self._timeline.missing,
            "audio_frames": self.intake.audio_frames,
            "audio_nonsense": self._sound_line.nonsense,
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

    def note_clock(self) -> None:
        """Called about once a second: tell what is odd about the camera's clock, each oddity once in a while."""
        line = self._timeline
        oddities = (line.jumps, line.missing > 0, abs(line.drift_ppm or 0) > DRIFT_PPM)
        if oddities == self._clock_told or self._clock_notes >= MOST_CLOCK_NOTES:
            return
        jumps, is_missing, drifts = oddities
        notes = []
        if jumps != self._clock_told[0]:
            notes.append(f"the camera's clock has jumped {jumps} times")
        if is_missing and not self._clock_told[1]:
            notes.append("the camera sends no time stamps: the pace is taken from the arrival")
        if drifts and not self._clock_told[2]:
            notes.append(f"the camera's clock drifts by {line.drift_ppm} ppm against ours")
        self._clock_told = oddities
        for note in notes:
            self._clock_notes += 1
            self._around.report(StreamNoted(stream_id=self.stream_id, detail=note))

    def note_loss(self) -> None:
        """Called about once a second: tell once that so much is lost on the way that pictures break."""
        counters = self._counters
        lost, all_of_them = counters.lost, counters.lost + counters.packets
        if self._loss_told or all_of_them < LEAST_PACKETS_JUDGED or lost < all_of_them * MOST_LOST:
            return
        self._loss_told = True
        advice = "" if self._is_tcp else ": TCP would lose none (set the device to it)"
        told = f"{100 * lost / all_of_them:.1f} % of the packets are lost on the way{advice}"
        self._around.report(StreamNoted(stream_id=self.stream_id, detail=told))

    def check_silence(self, now: float) -> None:
        """Called about once a second."""
        silent = now - self._heard_at
        if silent >= self._around.no_packet_seconds and not self._told_silent:
            self._told_silent = True
            detail = self.intake.why_no_key_frame() if self._has_packet and not self._has_key else ""
            self._around.report(StreamSilent(stream_id=self.stream_id, seconds=silent, detail=detail))

    def close(self, stage: str, detail: str) -> None:
        """The port is free on return."""
        self._receiver.close()
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
            units, sounds = self.intake.units_of(groups), self.intake.sounds
            for unit in units:
                if sounds:
                    self._hear(sounds, unit.pts_90k)
                self._take(unit, now - _waited_seconds(unit, units[-1]))
            if sounds:
                self._hear(sounds, None)
            if self._receiver.rest_rounds and self._has_key and not self.live.viewers:
                self._around.rounds.rest(self._receiver.rest_rounds)
        return True

    def _hear(self, frames: list[AudioFrame], before_90k: int | None) -> None:
        """Sound that comes before this picture (None: all), so that a round of many pictures gives each GOP its own; it is
        placed by the picture placed last, and dropped before the first."""
        heard = len(frames)
        if before_90k is not None:
            heard = next((at for at, frame in enumerate(frames) if frame.pts_90k >= before_90k), heard)
        if self._last is not None:
            for frame in frames[:heard]:
                for sound in self._sound_line.place(frame, self._last):
                    if self._recorder is not None:
                        self._recorder.take_sound(sound)
                    self.live.hear(sound)
        del frames[:heard]

    def _take(self, unit: AccessUnit, now: float) -> None:
        if unit.is_key and unit.parameter_sets is None:
            return  # it cannot be decoded before its parameter sets have come
        timed = self._last = self._timeline.place(unit, self._around.utc_ms(now))
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


def _waited_seconds(unit: AccessUnit, newest: AccessUnit) -> float:
    """How long a picture has lain in the kernel: of those that are read at one moment, only the newest came just now."""
    return min(max(0.0, (newest.pts_90k - unit.pts_90k) / 90_000), REST_SECONDS)
