"""What program and transport streams share."""

from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.elementary import STREAM_TYPES, crc32_mpeg2, read_pts, write_pts


@given(st.integers(0, (1 << 33) - 1))
def test_a_time_stamp_is_read_as_written_and_holds_its_marker_bits(pts: int):
    written = write_pts(pts)
    assert read_pts(b"\xff" + written, 1) == pts
    assert written[0] & 0xF1 == 0x21
    assert written[2] & written[4] & 1


@given(st.binary(max_size=200))
def test_the_crc_over_data_and_its_crc_is_zero(data: bytes):
    assert crc32_mpeg2(data + crc32_mpeg2(data).to_bytes(4, "big")) == 0


def test_the_types_that_gb_28181_names():
    assert (STREAM_TYPES["h264"], STREAM_TYPES["h265"], STREAM_TYPES["g711a"], STREAM_TYPES["aac"]) == (
        0x1B,
        0x24,
        0x90,
        0x0F,
    )
