"""Time line, viewer's queue, recorder, ring, receivers: parts of a worker, without its process."""

import asyncio
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.film import FRAME_90K, film

from fengtai.media.messages import OpenReceiver, Report, StreamBroken, StreamReached
from fengtai.media.worker.intake import Intake
from fengtai.media.worker.live_channel import LiveChannel
from fengtai.media.worker.picture_recoder import RecoderPool
from fengtai.media.worker.recorder import Recorder
from fengtai.media.worker.ring import GopRing
from fengtai.media.worker.rounds import Rounds
from fengtai.media.worker.scribe import Gop
from fengtai.media.worker.stream import Surroundings, WorkerStream
from fengtai.media.worker.timeline import TimedUnit
from fengtai.media.worker.viewer import MOST_WAITING_BYTES, Viewer
from fengtai.protocols.fmp4 import read_fragments
from fengtai.protocols.mpegps import PsMuxer
from fengtai.protocols.rtp import RtpSender, frame_packet

POINT = "0190aaaabbbbccccddddeeeeffff0001"
BEGIN = 1_795_000_000_000
SSRC = 200_000_001


def timed(units: "object" = None, *, at_ms: int = BEGIN) -> list[TimedUnit]:
    return [TimedUnit(unit, number * FRAME_90K, at_ms + number * 40) for number, unit in enumerate(units or film())]


class Kept:
    """A store of GOPs that keeps them; `full` refuses."""

    def __init__(self) -> None:
        self.gops: list[Gop] = []
        self.closed = 0
        self.full = False

    def store(self, gop: Gop) -> bool:
        if not self.full:
            self.gops.append(gop)
        return not self.full

    def close_point(self, point_id: str) -> None:
        self.closed += 1


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def holes() -> list[tuple[int, int, str]]:
    return []


@pytest.fixture
def recorder(kept: Kept, holes: list[tuple[int, int, str]]) -> Recorder:
    return Recorder(POINT, kept, lambda *hole: holes.append(hole))


def test_a_clock_that_is_set_is_a_gap_of_its_own_cause(recorder: Recorder, holes: list[tuple[int, int, str]]) -> None:
    """UTC leaps by an hour, while the camera's pictures follow each other."""
    for one in timed(film(20)):
        leap = 3_600_000 if one.media_90k >= 10 * FRAME_90K else 0
        recorder.take(TimedUnit(one.unit, one.media_90k, one.utc_ms + leap))
    recorder.stop()

    assert holes == [(BEGIN + 400, BEGIN + 3_600_400, "clock")]


def test_each_gop_is_one_fragment_and_only_the_first_opens_a_file(recorder: Recorder, kept: Kept) -> None:
    for one in timed():
        recorder.take(one)
    recorder.stop()

    assert [gop.init is not None for gop in kept.gops] == [True, False, False, False, False]
    assert [(gop.start_ms - BEGIN, gop.duration_ms, gop.frames) for gop in kept.gops] == [
        (number * 400, 400, 10) for number in range(5)
    ]
    starts = [next(read_fragments(b"".join(gop.pieces))).base_time_90k for gop in kept.gops]
    assert starts == [number * 10 * FRAME_90K for number in range(5)]
    assert kept.closed == 1


def test_recording_begins_at_a_key_frame(recorder: Recorder, kept: Kept) -> None:
    for one in timed()[3:15]:
        recorder.take(one)
    recorder.stop()

    assert [gop.frames for gop in kept.gops] == [5]


def test_new_parameter_sets_begin_a_new_file(recorder: Recorder, kept: Kept) -> None:
    small, large = timed(film(20)), timed(film(20, 10, 640))
    for one in [*small, *(TimedUnit(t.unit, t.media_90k + 20 * FRAME_90K, t.utc_ms + 800) for t in large)]:
        recorder.take(one)
    recorder.stop()

    assert [gop.init is not None for gop in kept.gops] == [True, False, True, False]


def test_the_hour_begins_a_new_file(recorder: Recorder, kept: Kept) -> None:
    for hour in range(3):
        for one in timed(film(10), at_ms=BEGIN + hour * 3_600_000):
            recorder.take(TimedUnit(one.unit, one.media_90k + hour * 324_000_000, one.utc_ms))
    recorder.stop()

    assert [gop.init is not None for gop in kept.gops] == [True, True, True]


def test_a_hole_within_a_stream_is_told(recorder: Recorder, holes: list[tuple[int, int, str]]) -> None:
    for one in timed(film(20)):
        late = 5_000 if one.media_90k >= 10 * FRAME_90K else 0
        recorder.take(TimedUnit(one.unit, one.media_90k + late * 90, one.utc_ms + late))
    recorder.stop()

    assert holes == [(BEGIN + 400, BEGIN + 5_400, "stream-lost")]


def test_a_disk_that_is_too_slow_makes_a_gap(recorder: Recorder, kept: Kept, holes: list[tuple[int, int, str]]) -> None:
    kept.full = True
    for one in timed(film(50)):
        recorder.take(one)
    kept.full = False
    for one in timed(film(20), at_ms=BEGIN + 2_000):
        recorder.take(TimedUnit(one.unit, one.media_90k + 50 * FRAME_90K, one.utc_ms))
    recorder.stop()

    assert [hole[2] for hole in holes] == ["disk"] * 4
    assert (holes[0][0], holes[-1][1]) == (BEGIN, BEGIN + 1_600)
    assert (kept.gops[0].init is not None, kept.gops[0].start_ms) == (True, BEGIN + 1_600)


def test_after_a_fault_of_the_disk_a_new_file_begins_later(recorder: Recorder, kept: Kept) -> None:
    for one in timed(film(20)):
        recorder.take(one)
    recorder.failed()
    for one in timed(film(20), at_ms=BEGIN + 800):
        recorder.take(TimedUnit(one.unit, one.media_90k + 20 * FRAME_90K, one.utc_ms))
    assert len(kept.gops) == 1

    for one in timed(film(20), at_ms=BEGIN + 11_000):
        recorder.take(TimedUnit(one.unit, one.media_90k + 275 * FRAME_90K, one.utc_ms))

    assert kept.gops[1].init is not None


async def test_a_slow_viewer_goes_on_at_the_next_key_frame() -> None:
    viewer = Viewer("s")
    half = bytes(MOST_WAITING_BYTES // 2 + 1)
    viewer.put_control("hello")
    viewer.put_fragment(half, is_key=True)
    viewer.put_fragment(half, is_key=False)
    viewer.put_fragment(b"lost", is_key=False)
    viewer.put_fragment(b"key", is_key=True)
    viewer.put_fragment(b"next", is_key=False)
    viewer.end("bye")

    got = []
    while (message := await viewer.take()) is not None:
        got.append(message)
    assert got == ["hello", b"key", b"next", "bye"]
    assert viewer.skips == 1


async def test_a_new_size_of_the_picture_brings_a_new_hello_and_init() -> None:
    ring = GopRing()
    channel = LiveChannel(ring, RecoderPool(asyncio.get_running_loop(), 0))
    for one in timed(film(5)):
        ring.add(one)
        channel.offer(one)
    viewer = channel.join("s")
    for one in timed(film(10, 10, 640)):
        later = TimedUnit(one.unit, one.media_90k + 5 * FRAME_90K, one.utc_ms)
        ring.add(later)
        channel.offer(later)
    channel.end("stopped", "the test is over")

    kinds = []
    while (message := await viewer.take()) is not None:
        kinds.append(json.loads(message)["type"] if isinstance(message, str) else message[4:8].decode())
    assert kinds == ["hello", "ftyp", "moof", "hello", "ftyp", *["moof"] * 10, "state"]


def test_a_gop_without_end_is_not_kept_for_ever(monkeypatch) -> None:
    monkeypatch.setattr("fengtai.media.worker.ring.MOST_UNITS", 5)
    ring = GopRing()
    for one in timed(film(10)):
        ring.add(one)

    assert ring.units == ()
    assert ring.key_frame is not None


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Camera:
    """Sends datagrams by hand."""

    def __init__(self, port: int, ssrc: int = SSRC) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._muxer, self._sender = PsMuxer("h264"), RtpSender(ssrc)

    def show(self, first: int, last: int) -> None:
        for number, unit in enumerate(film()[first:last], first):
            for packet in self._sender.packets(self._muxer.video_pack(unit), number * FRAME_90K):
                self._socket.send(packet)

    def send(self, data: bytes) -> None:
        self._socket.send(data)

    def close(self) -> None:
        self._socket.close()


def listening(port: int, reports: list[Report], *, is_tcp: bool) -> WorkerStream:
    around = Surroundings(
        loop=asyncio.get_running_loop(),
        rounds=Rounds(asyncio.get_running_loop()),
        utc_ms=lambda moment: moment * 1000,
        report=reports.append,
        recorder=lambda point_id: Recorder(point_id, Kept(), lambda *_: None),
        no_packet_seconds=15,
        recoders=RecoderPool(asyncio.get_running_loop(), 0),
    )
    asked = OpenReceiver(
        ask=1, stream_id="s", point_id=POINT, host="127.0.0.1", port=port, ssrc=SSRC, is_tcp=is_tcp, records=False
    )
    return WorkerStream(asked, around)


async def pictures(stream: WorkerStream, count: int) -> None:
    async with asyncio.timeout(5):
        while stream.intake.demuxer.counters.pictures < count:
            await asyncio.sleep(0.01)


async def test_a_stranger_s_packets_do_not_come_into_the_picture() -> None:
    reports: list[Report] = []
    port = free_udp_port()
    stream = listening(port, reports, is_tcp=False)
    camera, stranger = Camera(port), Camera(port, ssrc=66)
    try:
        stranger.send(b"")
        stranger.send(b"GET / HTTP/1.1\r\n\r\n")
        camera.show(0, 5)
        await pictures(stream, 4)
        stranger.show(0, 5)
        camera.show(5, 12)
        await pictures(stream, 11)
    finally:
        camera.close()
        stranger.close()
        stream.close("stopped", "the test is over")

    assert stream.figures["strangers"] > 5
    assert stream.figures["damaged_pictures"] == 0
    assert [report.stage for report in reports if isinstance(report, StreamReached)] == [
        "first-packet",
        "first-key-frame",
    ]


async def test_an_old_sender_does_not_keep_the_device_out_that_was_asked() -> None:
    port = free_udp_port()
    stream = listening(port, [], is_tcp=False)
    camera, stranger = Camera(port), Camera(port, ssrc=66)
    try:
        stranger.show(0, 5)
        await pictures(stream, 4)
        camera.show(0, 5)
        stranger.show(5, 10)
        camera.show(5, 12)
        await pictures(stream, 4 + 11)
    finally:
        camera.close()
        stranger.close()
        stream.close("stopped", "the test is over")

    assert stream.intake.receiver.ssrc == SSRC
    assert stream.figures["strangers"] >= 5


async def test_a_second_connection_is_refused_while_the_camera_delivers() -> None:
    reports: list[Report] = []
    port = free_udp_port()
    stream = listening(port, reports, is_tcp=True)
    muxer, sender = PsMuxer("h264"), RtpSender(SSRC)

    def frames(first: int, last: int) -> bytes:
        packs = [(muxer.video_pack(unit), number * FRAME_90K) for number, unit in enumerate(film()[first:last], first)]
        return b"".join(frame_packet(packet) for pack, stamp in packs for packet in sender.packets(pack, stamp))

    try:
        _, early = await asyncio.open_connection("127.0.0.1", port)
        early.write(b"GET / HTTP/1.1\r\nHost: scanner\r\n\r\n")
        _, camera = await asyncio.open_connection("127.0.0.1", port)
        camera.write(frames(0, 8))
        await pictures(stream, 6)
        scanner_hears, scanner = await asyncio.open_connection("127.0.0.1", port)
        assert await scanner_hears.read() == b""
        camera.write(frames(8, 16))
        await pictures(stream, 14)
        assert [type(report).__name__ for report in reports] == ["StreamReached", "StreamReached"]

        camera.close()
        async with asyncio.timeout(5):
            while not isinstance(reports[-1], StreamBroken):
                await asyncio.sleep(0.01)
    finally:
        for writer in (early, camera, scanner):
            writer.close()
        stream.close("stopped", "the test is over")

    assert stream.figures["damaged_pictures"] == 0


async def test_h265_is_told_in_the_hello_and_passed_on() -> None:
    ring = GopRing()
    channel = LiveChannel(ring, RecoderPool(asyncio.get_running_loop(), 0))
    for one in timed(film(5, 5, codec="h265")):
        ring.add(one)
    viewer = channel.join("s")

    hello, init = await viewer.take(), await viewer.take()

    assert json.loads(str(hello))["codec"].startswith("hvc1.")
    assert isinstance(init, bytes)
    assert b"hvcC" in init


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_no_bytes_of_a_peer_stop_the_intake(packets: list[bytes]) -> None:
    intake = Intake(SSRC)
    for packet in packets:
        assert intake.feed(packet, 1.0) == []
        intake.feed(b"\x80\x60" + packet[:2].ljust(2) + bytes(4) + SSRC.to_bytes(4, "big") + packet, 1.0)
