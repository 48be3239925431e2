"""What our muxer packs, our demuxer unpacks: through RTP, in any pieces, with sound."""

import io

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_units

from fengtai.protocols.elementary import AccessUnit, AudioFrame, ParameterSets, crc32_mpeg2
from fengtai.protocols.mpegps import PsDemuxer, PsMuxer, parse_program_map
from fengtai.protocols.rtp import RtpReceiver, RtpSender

SETS = ParameterSets(
    "h264", (bytes.fromhex("674d001e9da8280f69b80808 0a0000030002000003006508"),), (b"\x68\xee\x3c\x80",)
)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_drawn_pictures_and_sound_through_rtp(codec):
    units = drawn_units(codec)
    muxer, sender, receiver, demuxer = PsMuxer(codec, "g711a"), RtpSender(7), RtpReceiver(), PsDemuxer()
    pictures, sounds = [], []
    for unit in units:
        tone = AudioFrame("g711a", bytes([unit.pts_90k // 3600 + 1]) * 320, unit.pts_90k)
        groups = [
            group
            for packet in sender.packets(muxer.video_pack(unit) + muxer.audio_part(tone), unit.pts_90k)
            for group in receiver.receive(packet, now=unit.pts_90k / 90_000)
        ]
        for group in [*groups, *(receiver.flush() if unit is units[-1] else [])]:
            for got in demuxer.feed(
                group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame, lost=group.lost
            ):
                (sounds if isinstance(got, AudioFrame) else pictures).append(got)
    assert pictures == list(units)
    assert [(sound.pts_90k, len(sound.payload), sound.codec) for sound in sounds] == [
        (unit.pts_90k, 320, "g711a") for unit in units
    ]
    assert demuxer.counters.resyncs == demuxer.counters.damaged_pictures == 0
    assert demuxer.declared_video == codec


slices = st.binary(max_size=300).map(lambda body: body.replace(b"\x00", b"\x01") + b"\x80")
pictures = st.lists(
    st.tuples(st.booleans(), st.lists(slices, min_size=1, max_size=4), st.integers(0, 70_000)), min_size=1, max_size=8
)


@settings(max_examples=60)
@given(pictures, st.lists(st.integers(1, 5000), max_size=30))
def test_any_pictures_in_any_pieces(told: list[tuple[bool, list[bytes], int]], cuts: list[int]):
    units = []
    for index, (is_key, bodies, size) in enumerate(told):
        is_key = is_key or index == 0
        nals = tuple(bytes([0x65 if is_key else 0x41]) + body for body in [*bodies[:-1], bodies[-1] + b"x" * size])
        units.append(AccessUnit("h264", nals, is_key, index * 3600, SETS if is_key else None))
    muxer, demuxer, got = PsMuxer("h264"), PsDemuxer(), []
    stream = b"".join(map(muxer.video_pack, units))
    for size in cuts:
        piece, stream = stream[:size], stream[size:]
        got += demuxer.feed(piece, timestamp_90k=0, ends_frame=False)
    got += demuxer.feed(stream, timestamp_90k=0) + demuxer.flush()
    assert got == units


def test_the_map_is_sent_with_key_frames_and_has_a_right_crc():
    units, muxer = drawn_units("h265"), PsMuxer("h265", "g711u")
    packs = [muxer.video_pack(unit) for unit in units]
    assert [b"\x00\x00\x01\xbc" in pack for pack in packs] == [unit.is_key for unit in units]
    at = packs[0].index(b"\x00\x00\x01\xbc")
    program_map = parse_program_map(packs[0][at:])
    assert program_map.stream_types == ((0xE0, 0x24), (0xC0, 0x91))
    # over map and CRC together the remainder is zero (13818-1 annex A)
    assert crc32_mpeg2(packs[0][at : at + 6 + int.from_bytes(packs[0][at + 4 : at + 6], "big")]) == 0
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7


def test_large_pictures_are_split_and_only_the_first_pes_has_a_pts():
    unit = AccessUnit("h264", (b"\x65" + b"x" * 150_000,), True, 90_000, SETS)
    pack = PsMuxer("h264").video_pack(unit)
    heads = [pack[at : at + 9] for at in range(len(pack)) if pack[at : at + 4] == b"\x00\x00\x01\xe0"]
    assert [head[7] for head in heads] == [0x80, 0, 0]
    assert [int.from_bytes(head[4:6], "big") for head in heads[:2]] == [65535, 65535]


def test_ffmpeg_reads_what_we_mux():
    units, muxer = drawn_units("h264", frames=20, gop=10), PsMuxer("h264")
    with av.open(io.BytesIO(b"".join(map(muxer.video_pack, units))), format="mpeg") as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 20
    assert (frames[0].width, frames[0].height) == (320, 180)
