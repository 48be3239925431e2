"""G.711 tables and ADTS headers."""

from array import array

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.elementary import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw, parse_adts_header
from fengtai.vocabulary.errors import Malformed

ALL_CODES = bytes(range(256))


@pytest.mark.parametrize(("codec", "decode"), [("pcm_alaw", decode_alaw), ("pcm_mulaw", decode_ulaw)])
def test_every_code_decodes_as_in_ffmpeg(codec: str, decode):
    context = av.CodecContext.create(codec, "r")
    context.sample_rate, context.layout = 8000, "mono"
    frames = context.decode(av.Packet(ALL_CODES)) + context.decode(None)
    expected = np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype("<i2").tobytes()
    assert decode(ALL_CODES) == expected


@pytest.mark.parametrize(("encode", "decode"), [(encode_alaw, decode_alaw), (encode_ulaw, decode_ulaw)])
def test_decoding_and_encoding_again_gives_the_same_sound(encode, decode):
    sound = decode(ALL_CODES)
    assert decode(encode(sound)) == sound


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=50))
def test_encoding_stays_within_the_step_of_its_segment(samples: list[int]):
    heard = array("h", decode_alaw(encode_alaw(array("h", samples).tobytes())))
    for sample, code in zip(samples, heard, strict=True):
        assert abs(sample - code) <= max(16, abs(sample) // 16 + 16)


def test_silence_has_the_codes_of_the_standard():
    assert encode_alaw(b"\x00\x00") in (b"\xd5", b"\x55")
    assert encode_ulaw(b"\x00\x00") in (b"\xff", b"\x7f")


def test_an_adts_header_of_a_camera():
    header = parse_adts_header(bytes.fromhex("fff950400edffc"))
    assert (header.sample_rate, header.channels, header.object_type) == (44100, 1, 2)
    assert (header.frame_bytes, header.header_bytes) == (118, 7)


@given(st.binary(max_size=20))
def test_any_bytes_are_a_header_or_malformed(data: bytes):
    try:
        assert parse_adts_header(data).frame_bytes >= 7
    except Malformed as refused:
        clause = refused.clause
    else:
        return
    assert clause.startswith("13818-7")
