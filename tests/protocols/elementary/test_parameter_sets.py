"""What parameter sets tell about a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_packets, drawn_units
from tests.protocols.elementary.vectors import h264_vector

from fengtai.protocols.elementary import ParameterSets, VideoAssembler, sniff_codec, split_access_units, split_nals
from fengtai.vocabulary.errors import Malformed


def first_sets(data: bytes) -> ParameterSets:
    assembler = VideoAssembler()
    for picture in split_access_units(data, "h264"):
        assembler.assemble_nals(picture, 0)
        if assembler.parameter_sets:
            return assembler.parameter_sets
    raise AssertionError("no parameter sets")


@pytest.mark.parametrize(
    ("name", "codec_string", "size"),
    [
        ("BA1_FT_C.264", "avc1.42e01e", (352, 288)),
        ("BA_MW_D.264", "avc1.42e00a", (176, 144)),
        ("Zhling_1280x720.264", "avc1.42c01f", (1280, 720)),
    ],
)
def test_size_and_codec_of_conformance_streams(name: str, codec_string: str, size: tuple[int, int]):
    video = first_sets(h264_vector(name)).video
    assert ((video.width, video.height), video.codec_string[:9]) == (size, codec_string[:9])


def test_a_camera_of_180_lines_crops_its_last_macroblock_row():
    sets = drawn_units("h264")[0].parameter_sets
    assert sets is not None
    assert (sets.video.width, sets.video.height, sets.video.frame_rate) == (320, 180, 25.0)


def test_h265_gives_size_and_codec_string():
    sets = drawn_units("h265")[0].parameter_sets
    assert sets is not None
    assert (sets.video.width, sets.video.height) == (320, 180)
    assert sets.video.codec_string.startswith("hvc1.1.6.L")
    assert len(sets.nals) == 3


def test_codecs_are_told_apart_by_their_bytes():
    assert sniff_codec(split_nals(drawn_packets("h264")[0])) == "h264"
    assert sniff_codec(split_nals(drawn_packets("h265")[0])) == "h265"
    assert sniff_codec(split_nals(drawn_packets("h264")[1])) is None


def test_a_real_cameras_sets_are_read():
    # from RTP packets of a GB/T 28181 camera, published in the unit tests of ossrs/srs (MIT)
    sets = ParameterSets(
        "h264", (bytes.fromhex("674d001e9da8280f69b80808 0a0000030002000003006508"),), (b"\x68\xee\x3c\x80",)
    )
    assert (sets.video.codec_string, sets.video.width, sets.video.height) == ("avc1.4d001e", 640, 480)
    assert sets.decoder_configuration().startswith(b"\x01\x4d\x00\x1e\xff\xe1")


@pytest.mark.parametrize("codec", ["h264", "h265"])
@given(body=st.binary(min_size=0, max_size=60))
def test_any_bytes_are_sets_or_malformed(codec: str, body: bytes):
    head = {"h264": b"\x67", "h265": b"\x42\x01"}[codec]
    sets = ParameterSets(codec, (head + body,), (b"\x68\xee\x3c\x80",), (b"\x40\x01" + body,))  # type: ignore[arg-type]
    try:
        assert sets.video.width > 0
        assert sets.decoder_configuration()
    except Malformed as refused:
        clause = refused.clause
    else:
        return
    assert clause
