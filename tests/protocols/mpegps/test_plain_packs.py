"""The short way for ordinary packs gives what the long way gives; compiled, it gives what its Python twin gives."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_units
from tests.protocols.elementary.vectors import shared_vector

from fengtai.protocols.elementary import AudioFrame
from fengtai.protocols.mpegps import PsDemuxer, PsMuxer
from fengtai.protocols.mpegps.plain_packs import plain_pack, plain_pack_in_python

UNITS = drawn_units("h264", width=64, height=48, frames=6, gop=3)
MUXER = PsMuxer("h264", "g711a")
PACKS = [
    MUXER.video_pack(unit) + MUXER.audio_part(AudioFrame("g711a", bytes([7]) * 320, unit.pts_90k)) for unit in UNITS
]
MAP = PACKS[0][PACKS[0].index(b"\x00\x00\x01\xbc") :]
MAP = MAP[: 6 + int.from_bytes(MAP[4:6], "big")]
PRIVATE = b"\x00\x00\x01\xbd\x00\x05abcde"
Change = tuple[int, int, bytes]
CHANGES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 3), st.sampled_from([b"", b"\x00", b"\x00\x00\x01\xe0", PRIVATE])),
    max_size=2,
)


def changed(pack: bytes, changes: list[Change]) -> bytes:
    """Bytes are taken out and others put in, near the beginning, where the headers are."""
    for at, out, put in changes:
        pack = pack[:at] + put + pack[at + out :]
    return pack


@given(st.integers(0, len(PACKS) - 1), CHANGES, st.sampled_from([0xE0, 0xE1]), st.sampled_from([MAP, b""]))
def test_compiled_and_not_it_finds_the_same(pack: int, changes: list[Change], video_id: int, known_map: bytes) -> None:
    data = changed(PACKS[pack], changes)
    assert plain_pack(data, video_id, known_map) == plain_pack_in_python(data, video_id, known_map)


@given(st.binary(max_size=80))
def test_no_bytes_break_it(tail: bytes) -> None:
    for data in (tail, b"\x00\x00\x01\xe0" + tail, PACKS[1][:14] + tail):
        assert plain_pack(data, 0xE0, MAP) == plain_pack_in_python(data, 0xE0, MAP)


@given(st.lists(st.tuples(st.integers(0, len(PACKS) - 1), CHANGES, st.booleans(), st.booleans()), max_size=8))
def test_a_stream_comes_to_the_same_by_both_ways(told: list[tuple[int, list[Change], bool, bool]]) -> None:
    short, long = PsDemuxer(), PsDemuxer(shortcut=None)
    for number, (pack, changes, ends, lost) in enumerate([(0, [], True, False), *told]):
        data, stamp = changed(PACKS[pack], changes), number * 3_600
        ends_frame = ends or lost
        assert short.feed(data, timestamp_90k=stamp, ends_frame=ends_frame, lost=lost) == long.feed(
            data, timestamp_90k=stamp, ends_frame=ends_frame, lost=lost
        )
        assert asdict(short.counters) == asdict(long.counters)
        assert short.parameter_sets == long.parameter_sets
    assert short.flush() == long.flush()


def test_ordinary_packs_do_go_the_short_way() -> None:
    packs = [plain_pack(pack, 0xE0, MAP) for pack in PACKS]
    assert all(pack is not None and pack[1] < pack[2] and len(pack[4]) == 1 for pack in packs)


def test_private_streams_are_counted_and_a_foreign_map_is_not_ordinary() -> None:
    counted = plain_pack(PACKS[1] + PRIVATE, 0xE0, MAP)
    assert counted is not None
    assert counted[6] == 1
    assert plain_pack(PACKS[0], 0xE0, b"") is None


def test_real_cameras_packets_come_to_the_same() -> None:
    told = json.loads(shared_vector("ps-rtp", "srs_gb28181_ps.json"))
    for vector in told["vectors"]:
        short, long = PsDemuxer(), PsDemuxer(shortcut=None)
        for packet in vector["packets"]:
            data = bytes.fromhex(packet["hex"])
            assert short.feed(data, timestamp_90k=0) == long.feed(data, timestamp_90k=0), vector["test"]
        assert asdict(short.counters) == asdict(long.counters)


def test_what_is_no_bytes_is_refused() -> None:
    native = pytest.importorskip("fengtai.protocols.mpegps.native_packs", reason="the native kernels are not compiled")
    with pytest.raises(TypeError):
        native.plain_pack(None, 0xE0, b"")
