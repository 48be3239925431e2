"""How real devices differ, and what becomes of it (digest of GB/T 28181, 4.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_units

from fengtai.protocols.elementary import AccessUnit, AudioFrame
from fengtai.protocols.mpegps import PsDemuxer, PsMuxer, parse_program_map
from fengtai.vocabulary.errors import Malformed

UNITS = drawn_units("h264", frames=20, gop=10)
PACKS = tuple(map(PsMuxer("h264").video_pack, UNITS))
SYSTEM, MAP, VIDEO, PACK = (b"\x00\x00\x01" + bytes([code]) for code in (0xBB, 0xBC, 0xE0, 0xBA))


def demux(packs, *, lost_at: frozenset[int] = frozenset(), demuxer: PsDemuxer | None = None):
    demuxer = demuxer or PsDemuxer()
    units = []
    for index, pack in enumerate(packs):
        units += demuxer.feed(pack, timestamp_90k=index * 3600, lost=index in lost_at)
    return units + demuxer.flush()


def without(pack: bytes, part: bytes) -> bytes:
    at = pack.find(part)
    if at < 0:
        return pack
    return pack[:at] + pack[at + 6 + int.from_bytes(pack[at + 4 : at + 6], "big") :]


def before_video(pack: bytes, inserted: bytes) -> bytes:
    at = pack.index(VIDEO)
    return pack[:at] + inserted + pack[at:]


def test_no_map_at_all_the_codec_is_told_by_the_bytes():
    assert demux(without(without(pack, SYSTEM), MAP) for pack in PACKS) == list(UNITS)


def test_a_map_only_once():
    assert demux([PACKS[0], *(without(pack, MAP) for pack in PACKS[1:])]) == list(UNITS)


def test_a_map_that_calls_h265_h264():
    units = drawn_units("h265")
    packs = list(map(PsMuxer("h265").video_pack, units))
    mislabelled = [pack.replace(b"\x24\xe0", b"\x1b\xe0", 1) if MAP in pack else pack for pack in packs]
    demuxer = PsDemuxer()
    assert demux(mislabelled, demuxer=demuxer) == list(units)
    assert (demuxer.declared_video, demuxer.codec) == ("h264", "h265")


def test_a_map_with_a_wrong_crc():
    at = PACKS[0].index(MAP) + 6 + PACKS[0][PACKS[0].index(MAP) + 5] - 4
    broken = PACKS[0][:at] + b"\xff\xff\xff\xff" + PACKS[0][at + 4 :]
    assert demux([broken, *PACKS[1:]]) == list(UNITS)


@pytest.mark.parametrize("length", [0, 4, 15, 40, 2000, 65535])
def test_a_map_with_a_wrong_length(length: int):
    at = PACKS[0].index(MAP) + 4
    broken = PACKS[0][:at] + length.to_bytes(2, "big") + PACKS[0][at + 2 :]
    assert demux([broken, *PACKS[1:]]) == list(UNITS)


def test_pes_of_length_zero():
    packs = []
    for pack in PACKS:
        at = pack.index(VIDEO) + 4
        packs.append(pack[:at] + b"\x00\x00" + pack[at + 2 :])
    assert demux(packs) == list(UNITS)


def test_private_bytes_in_the_stuffing():
    packs = [pack[:13] + b"\xfe\x00\x00\x01\xaf\x12\x34" + pack[14:] for pack in PACKS]
    assert demux(packs) == list(UNITS)


def test_a_stuffing_length_that_leads_nowhere():
    packs = [pack[:13] + b"\xff" + pack[14:] for pack in PACKS]
    assert demux(packs) == list(UNITS)


def test_stray_start_codes_between_the_parts():
    packs = [before_video(pack, b"\x00\x00\x01\xaf") for pack in PACKS]
    assert demux(packs) == list(UNITS)


@pytest.mark.parametrize("stream_id", [0xBD, 0xBE, 0xBF, 0xF0, 0xFF])
def test_private_streams_are_skipped(stream_id: int):
    private = b"\x00\x00\x01" + bytes([stream_id]) + b"\x00\x0a" + b"\x00\x00\x01\xe0privat"
    demuxer = PsDemuxer()
    assert demux((before_video(pack, private) for pack in PACKS), demuxer=demuxer) == list(UNITS)
    assert demuxer.counters.other_streams == 20


def test_a_second_video_stream_is_left_out():
    second = PACKS[5][PACKS[5].index(VIDEO) :].replace(VIDEO, b"\x00\x00\x01\xe1")
    assert demux(pack + second for pack in PACKS) == list(UNITS)


def test_parameter_sets_and_picture_in_packs_of_their_own():
    muxer, packs = PsMuxer("h264"), []
    for unit in UNITS:
        if unit.parameter_sets is not None:
            sets = AccessUnit("h264", unit.parameter_sets.nals, False, unit.pts_90k)
            packs.append(muxer.video_pack(sets))
        packs.append(muxer.video_pack(AccessUnit("h264", unit.nals, unit.is_key, unit.pts_90k)))
    assert demux(packs) == list(UNITS)


def test_a_stream_that_begins_with_sound():
    sound = PsMuxer("h264", "g711u").audio_pack(AudioFrame("g711u", b"\x7f" * 160, 0))
    got = demux([sound, sound, *PACKS])
    assert [unit for unit in got if isinstance(unit, AccessUnit)] == list(UNITS)
    # without a map it is taken for what nearly all cameras send
    assert [unit.codec for unit in got if isinstance(unit, AudioFrame)] == ["g711a", "g711a"]


def test_frames_without_pts_go_by_the_transports_time():
    packs = []
    for index, pack in enumerate(PACKS):
        if index % 3:
            at = pack.index(VIDEO)
            length = int.from_bytes(pack[at + 4 : at + 6], "big") - 5
            pack = pack[: at + 4] + length.to_bytes(2, "big") + b"\x80\x00\x00" + pack[at + 14 :]
        packs.append(pack)
    assert demux(packs) == list(UNITS)


def test_time_goes_on_after_the_pts_wraps():
    muxer = PsMuxer("h264")
    moved = [AccessUnit(u.codec, u.nals, u.is_key, u.pts_90k + 2**33 - 36_000, u.parameter_sets) for u in UNITS]
    assert [unit.pts_90k for unit in demux(map(muxer.video_pack, moved))] == [unit.pts_90k for unit in moved]


def test_two_pictures_in_one_frame_of_the_transport_are_told_apart_by_their_pts():
    demuxer = PsDemuxer()
    assert demuxer.feed(b"".join(PACKS), timestamp_90k=0) == list(UNITS)


def test_a_pes_longer_than_its_pack_ends_with_the_pack():
    at = PACKS[3].index(VIDEO) + 4
    length = int.from_bytes(PACKS[3][at : at + 2], "big") + 9
    packs = [*PACKS[:3], PACKS[3][:at] + length.to_bytes(2, "big") + PACKS[3][at + 2 :], *PACKS[4:]]
    assert demux(packs) == list(UNITS)


def test_a_frame_cut_by_a_false_marker_is_joined_again():
    demuxer, got = PsDemuxer(), []
    for pack in PACKS:
        got += demuxer.feed(pack[:700], timestamp_90k=0, ends_frame=True)
        got += demuxer.feed(pack[700:], timestamp_90k=0, ends_frame=True)
    assert got + demuxer.flush() == list(UNITS)


def test_joining_in_the_middle_waits_for_the_next_pack():
    got = demux([PACKS[0][-300:], PACKS[4], *PACKS[10:]])
    assert got[-10:] == list(UNITS[10:])


def test_a_damaged_frame_is_marked_and_the_next_ones_are_whole():
    packs = list(PACKS)
    packs[4] = packs[4][:500] + packs[4][1900:]
    got = demux(packs, lost_at=frozenset({4}))
    assert [unit.is_damaged for unit in got] == [index == 4 for index in range(20)]
    assert [unit.follows_loss for unit in got] == [4 <= index < 10 for index in range(20)]
    assert [unit.nals for unit in got[5:]] == [unit.nals for unit in UNITS[5:]]


def test_a_picture_whose_end_is_lost_is_marked_when_that_is_known():
    demuxer = PsDemuxer()
    assert demuxer.feed(PACKS[0][:-500], timestamp_90k=0) == []
    got = demuxer.feed(PACKS[1], timestamp_90k=3600, lost=True)
    assert [(unit.is_damaged, unit.pts_90k) for unit in got] == [(True, 0), (False, 3600)]


def test_lost_frames_damage_none_but_are_told():
    got = demux([*PACKS[:4], *PACKS[7:]], lost_at=frozenset({4}))
    assert not any(unit.is_damaged for unit in got)
    assert [unit.follows_loss for unit in got] == [False] * 4 + [True] * 3 + [False] * 10


def test_loss_in_the_first_bytes_of_a_pack_costs_that_picture_only():
    packs = list(PACKS)
    packs[10] = packs[10][100:]
    got = demux(packs, lost_at=frozenset({10}))
    assert [unit.nals for unit in got if not unit.is_damaged] == [u.nals for i, u in enumerate(UNITS) if i != 10]


def test_a_picture_beyond_the_limit_is_dropped_and_memory_is_given_back():
    demuxer = PsDemuxer(max_frame_bytes=100_000)
    head = PACKS[0][: PACKS[0].index(VIDEO)] + VIDEO + b"\x00\x00\x80\x00\x00" + b"\x00\x00\x01\x65"
    assert demuxer.feed(head, timestamp_90k=0, ends_frame=False) == []
    for _ in range(40):
        demuxer.feed(b"x" * 10_000, timestamp_90k=0, ends_frame=False)
        assert len(demuxer._buffer) + demuxer._picture.size <= 100_000
    assert demuxer.counters.oversized_frames >= 1
    got = demux(PACKS, demuxer=demuxer)
    assert [unit.nals for unit in got][-20:] == [unit.nals for unit in UNITS]


def test_streams_that_cannot_be_decoded_are_named():
    demuxer = PsDemuxer()
    demuxer.feed(PACKS[0].replace(b"\x1b\xe0", b"\x80\xe0"), timestamp_90k=0)
    assert demuxer.declared_video == "svac"


parts = st.sampled_from([0xB9, 0xBA, 0xBB, 0xBC, 0xBD, 0xC0, 0xE0, 0xE1, 0xFF])
pieces = st.binary(max_size=60) | st.tuples(parts, st.binary(max_size=40)).map(
    lambda told: b"\x00\x00\x01" + bytes([told[0]]) + told[1]
)


@given(st.lists(st.tuples(pieces, st.booleans(), st.booleans()), max_size=30))
def test_any_bytes_are_survived(told: list[tuple[bytes, bool, bool]]):
    demuxer = PsDemuxer(max_frame_bytes=1000)
    for data, ends_frame, lost in told:
        for unit in demuxer.feed(data, timestamp_90k=0, ends_frame=ends_frame, lost=lost):
            assert isinstance(unit, AccessUnit | AudioFrame)
        assert len(demuxer._buffer) + demuxer._picture.size <= 1000
    demuxer.flush()


@given(st.integers(0, 19), st.integers(0, 3000), st.binary(min_size=1, max_size=8))
def test_broken_bytes_in_one_picture_leave_the_later_gop_whole(index: int, at: int, noise: bytes):
    packs = list(PACKS)
    at = min(at, len(packs[index]) - len(noise))
    packs[index] = packs[index][:at] + noise + packs[index][at + len(noise) :]
    got = [unit for unit in demux([*packs, *PACKS]) if isinstance(unit, AccessUnit)]
    assert [unit.nals for unit in got[-15:]] == [unit.nals for unit in UNITS[-15:]]


@given(st.binary(max_size=60))
def test_any_bytes_are_a_map_or_malformed(data: bytes):
    try:
        assert parse_program_map(MAP + data).stream_types
    except Malformed as refused:
        clause = refused.clause
    else:
        return
    assert clause.startswith("13818-1")
