"""Transport streams as they should not be: cut, torn, without tables, or no stream at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_units
from tests.protocols.mpegts.test_round_trip import packed

from fengtai.protocols.elementary import AccessUnit
from fengtai.protocols.mpegts import TsDemuxer, association_section, map_section, parse_association, parse_map
from fengtai.vocabulary.errors import Malformed

UNITS = drawn_units("h264")
STREAM = b"".join(packed(UNITS))
PACKETS = [STREAM[at : at + 188] for at in range(0, len(STREAM), 188)]


def pictures(data: bytes, demuxer: TsDemuxer | None = None) -> list[AccessUnit]:
    demuxer = demuxer or TsDemuxer()
    got = [*demuxer.feed(data, timestamp_90k=0), *demuxer.flush()]
    return [unit for unit in got if isinstance(unit, AccessUnit)]


def pid(packet: bytes) -> int:
    return (packet[1] & 0x1F) << 8 | packet[2]


def test_bytes_between_packets_are_skipped():
    torn = b"noise" + b"".join(PACKETS[:10]) + b"noise again" + b"".join(PACKETS[10:])
    demuxer = TsDemuxer()
    assert pictures(torn, demuxer) == list(UNITS)
    assert demuxer.counters.resyncs >= 2


def test_without_tables_the_video_is_found_by_its_pes():
    assert pictures(b"".join(packet for packet in PACKETS if pid(packet) == 0x100)) == list(UNITS)


def test_a_table_with_a_wrong_crc_is_counted_and_does_no_harm():
    demuxer = TsDemuxer()
    broken = [packet[:-175] + b"\x55" + packet[-174:] if pid(packet) == 0x1000 else packet for packet in PACKETS]
    assert pictures(b"".join(broken), demuxer) == list(UNITS)
    assert demuxer.counters.bad_tables == sum(unit.is_key for unit in UNITS)


def test_a_lost_packet_marks_its_picture_and_what_follows_up_to_the_next_key_frame():
    inside = next(place for place, packet in enumerate(PACKETS) if pid(packet) == 0x100 and not packet[1] & 0x40)
    got = pictures(b"".join(PACKETS[:inside] + PACKETS[inside + 1 :]))
    assert [unit.is_damaged for unit in got] == [True] + [False] * 19
    assert [unit.follows_loss for unit in got] == [True] * 10 + [False] * 10


def test_a_packet_sent_twice_counts_once():
    assert pictures(b"".join(packet * 2 for packet in PACKETS)) == list(UNITS)


def test_a_beginning_in_the_middle_waits_for_the_next_picture():
    got = pictures(STREAM[1000:])
    assert got == [] or got[-1].nals == UNITS[-1].nals


def test_scrambled_packets_are_counted_not_shown():
    demuxer = TsDemuxer()
    scrambled = [packet[:3] + bytes([packet[3] | 0x80]) + packet[4:] for packet in PACKETS]
    assert pictures(b"".join(scrambled), demuxer) == []
    assert demuxer.counters.scrambled == len(PACKETS)


def test_memory_is_bounded():
    demuxer = TsDemuxer(max_frame_bytes=1000)
    assert all(unit.size_bytes < 1000 for unit in pictures(STREAM, demuxer))
    assert demuxer.counters.oversized_frames > 0


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_demuxer(data: bytes):
    demuxer = TsDemuxer()
    demuxer.feed(data, timestamp_90k=0)
    demuxer.feed(b"".join(b"G" + bytes([byte]) * 187 for byte in data[:20]), timestamp_90k=0, lost=True)
    demuxer.flush()


@given(st.integers(0, len(PACKETS) - 1), st.integers(0, 187), st.integers(0, 255))
def test_no_changed_byte_breaks_it_or_hides_the_rest(place: int, at: int, value: int):
    packets = list(PACKETS)
    packets[place] = packets[place][:at] + bytes([value]) + packets[place][at + 1 :]
    assert len(pictures(b"".join(packets))) >= len(UNITS) - 11


@given(st.binary(max_size=60))
def test_tables_refuse_what_they_are_not(data: bytes):
    for parse in (parse_association, parse_map):
        with pytest.raises(Malformed):
            parse(data)


def test_tables_are_read_as_written():
    assert parse_association(association_section(1, 0x1000)) == (0x1000,)
    assert parse_map(map_section(1, 0x100, [(0x100, 0x24), (0x101, 0x90)])) == ((0x100, 0x24), (0x101, 0x90))
