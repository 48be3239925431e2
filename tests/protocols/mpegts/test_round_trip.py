"""What our muxer packs, our demuxer unpacks, and an independent reader reads."""

import io
from fractions import Fraction

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_units

from fengtai.protocols.elementary import AccessUnit, AudioFrame, ParameterSets
from fengtai.protocols.mpegts import TsDemuxer, TsMuxer
from fengtai.protocols.rtp import RtpReceiver, RtpSender

SETS = ParameterSets(
    "h264", (bytes.fromhex("674d001e9da8280f69b80808 0a0000030002000003006508"),), (b"\x68\xee\x3c\x80",)
)


def packed(units, *, sound: bool = False) -> list[bytes]:
    muxer = TsMuxer(units[0].codec, "g711a" if sound else None)
    packs = []
    for unit in units:
        pack = muxer.video_packets(unit)
        if sound:
            pack += muxer.audio_packets(AudioFrame("g711a", bytes([unit.pts_90k // 3600 + 1]) * 320, unit.pts_90k))
        packs.append(pack)
    return packs


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_drawn_pictures_and_sound_through_rtp(codec):
    units = drawn_units(codec)
    sender, receiver, demuxer = RtpSender(7, payload_type=33, max_payload_bytes=7 * 188), RtpReceiver(), TsDemuxer()
    got = []
    for unit, pack in zip(units, packed(units, sound=True), strict=True):
        for packet in sender.packets(pack, unit.pts_90k):
            for group in receiver.receive(packet, now=unit.pts_90k / 90_000):
                got += demuxer.feed(group.payload, timestamp_90k=group.timestamp, lost=group.lost)
    for group in receiver.flush():
        got += demuxer.feed(group.payload, timestamp_90k=group.timestamp)
    got += demuxer.flush()
    assert [unit for unit in got if isinstance(unit, AccessUnit)] == list(units)
    sounds = [unit for unit in got if isinstance(unit, AudioFrame)]
    assert [(sound.pts_90k, len(sound.payload), sound.codec) for sound in sounds] == [
        (unit.pts_90k, 320, "g711a") for unit in units
    ]
    assert demuxer.counters.resyncs == demuxer.counters.lost_packets == demuxer.counters.bad_tables == 0
    assert demuxer.declared_video == codec


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_an_independent_reader_reads_ours(codec):
    units = drawn_units(codec)
    with av.open(io.BytesIO(b"".join(packed(units))), format="mpegts") as container:
        assert container.streams.video[0].codec_context.name == {"h264": "h264", "h265": "hevc"}[codec]
        frames = list(container.decode(video=0))
    assert len(frames) == len(units)
    assert (frames[0].width, frames[0].height) == (320, 180)


def test_we_read_what_an_independent_writer_writes():
    units = drawn_units("h264")
    written = io.BytesIO()
    with (
        av.open(io.BytesIO(b"".join(unit.annexb() for unit in units)), format="h264") as source,
        av.open(written, "w", format="mpegts") as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for place, packet in enumerate(one for one in source.demux(video=0) if one.size):
            packet.pts = packet.dts = place * 3600
            packet.time_base = Fraction(1, 90_000)
            packet.stream = stream
            target.mux(packet)
    demuxer = TsDemuxer()
    got = [*demuxer.feed(written.getvalue(), timestamp_90k=0), *demuxer.flush()]
    pictures = [unit for unit in got if isinstance(unit, AccessUnit)]
    # the nals that carry the picture: a writer may add a delimiter, which is taken out again
    assert [unit.nals[-1] for unit in pictures] == [unit.nals[-1] for unit in units]
    assert [unit.is_key for unit in pictures] == [unit.is_key for unit in units]


slices = st.binary(max_size=300).map(lambda body: body.replace(b"\x00", b"\x01") + b"\x80")


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.booleans(), slices, st.sampled_from([0, 1, 170, 183, 184, 70_000])), min_size=1, max_size=6),
    st.lists(st.integers(1, 5000), max_size=30),
)
def test_any_pictures_in_any_pieces(told: list[tuple[bool, bytes, int]], cuts: list[int]):
    units = []
    for index, (is_key, body, size) in enumerate(told):
        is_key = is_key or index == 0
        nal = bytes([0x65 if is_key else 0x41]) + body + b"x" * size
        units.append(AccessUnit("h264", (nal,), is_key, index * 3600, SETS if is_key else None))
    stream = b"".join(packed(units))
    assert len(stream) % 188 == 0
    demuxer, got, at = TsDemuxer(), [], 0
    for cut in [*cuts, len(stream)]:
        got += demuxer.feed(stream[at : at + cut], timestamp_90k=0)
        at += cut
    got += [*demuxer.feed(stream[at:], timestamp_90k=0), *demuxer.flush()]
    assert got == units
    assert demuxer.counters.lost_packets == 0
