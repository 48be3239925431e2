"""NAL units in byte streams and in MP4 samples."""

from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_packets
from tests.protocols.elementary.vectors import h264_vector

from fengtai.protocols.elementary import split_access_units, split_nals, to_annexb, to_length_prefixed

nal_units = st.binary(min_size=1, max_size=200).map(lambda body: b"\x65" + body.replace(b"\x00", b"\x01") + b"\x80")


def test_both_lengths_of_start_code_delimit():
    assert split_nals(b"\x00\x00\x00\x01\x67ab\x00\x00\x01\x68c\x00\x00\x00\x01\x65d") == [
        b"\x67ab",
        b"\x68c",
        b"\x65d",
    ]


def test_bytes_before_the_first_start_code_and_trailing_zeros_are_no_unit():
    assert split_nals(b"junk\x00\x00\x01\x65d\x00\x00\x00") == [b"\x65d"]
    assert split_nals(b"no start code") == []
    assert split_nals(b"\x00\x00\x01") == []


@given(st.lists(nal_units, min_size=1, max_size=8))
def test_what_is_joined_comes_apart_again(nals: list[bytes]):
    assert split_nals(to_annexb(nals)) == nals


@given(st.lists(nal_units, min_size=1, max_size=8))
def test_length_prefixes_lead_from_unit_to_unit(nals: list[bytes]):
    sample, found, at = to_length_prefixed(nals), [], 0
    while at < len(sample):
        size = int.from_bytes(sample[at : at + 4], "big")
        found.append(sample[at + 4 : at + 4 + size])
        at += 4 + size
    assert found == nals


@given(st.binary(max_size=400))
def test_any_bytes_can_be_split(data: bytes):
    assert all(nal and b"\x00\x00\x01" not in nal for nal in split_nals(data))


def test_a_file_is_cut_into_pictures():
    pictures = list(split_access_units(b"".join(drawn_packets("h264")), "h264"))
    assert [to_annexb(picture) for picture in pictures] == [to_annexb(split_nals(p)) for p in drawn_packets("h264")]


def test_h265_files_are_cut_into_pictures_too():
    assert len(list(split_access_units(b"".join(drawn_packets("h265")), "h265"))) == len(drawn_packets("h265"))


def test_pictures_of_a_conformance_stream_with_many_slices():
    pictures = list(split_access_units(h264_vector("BA1_FT_C.264"), "h264"))
    assert len(pictures) == 299
    assert any(len(picture) > 4 for picture in pictures)
