"""NAL units are found alike by what is compiled and by its Python twin; plain pictures alike by the short way."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_packets
from tests.protocols.elementary.vectors import h264_vector

from fengtai.protocols.elementary import VideoAssembler, split_access_units, to_annexb
from fengtai.protocols.elementary.annexb import plain_nals, plain_nals_in_python, split_nals, split_nals_in_python

SPARSE = st.lists(
    st.sampled_from([b"\x00", b"\x00\x00\x01", b"\x01", b"\x41", b"\x42\x01", b"\x67\x64", b"\x06", b"a"])
)
"""bytes in which start codes, halves of them and headers of all kinds are frequent"""


@given(st.one_of(SPARSE.map(b"".join), st.binary(max_size=300)))
def test_any_bytes_are_split_alike(data: bytes) -> None:
    assert split_nals(data) == split_nals_in_python(data)


@given(SPARSE.map(b"".join), st.booleans())
def test_plain_pictures_are_told_alike(data: bytes, is_h265: bool) -> None:
    assert plain_nals(data, is_h265) == plain_nals_in_python(data, is_h265)


def assembled(pictures: Sequence[bytes], by_short_way: bool) -> list[object]:
    assembler = VideoAssembler()
    if by_short_way:
        return [assembler.assemble(picture, place) for place, picture in enumerate(pictures)]
    return [assembler.assemble_nals(split_nals_in_python(picture), place) for place, picture in enumerate(pictures)]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_drawn_pictures_come_to_the_same_by_both_ways(codec: str) -> None:
    pictures = drawn_packets(codec)  # type: ignore[arg-type]
    assert assembled(pictures, True) == assembled(pictures, False)
    assert any(plain_nals(picture, codec == "h265") for picture in pictures)


@given(st.lists(SPARSE.map(b"".join), max_size=5), st.sampled_from(["h264", "h265"]))
def test_odd_pictures_come_to_the_same_by_both_ways(odd: list[bytes], codec: str) -> None:
    pictures = [drawn_packets(codec)[0], *odd]  # type: ignore[arg-type]
    assert assembled(pictures, True) == assembled(pictures, False)


@pytest.mark.parametrize("name", ["BA1_FT_C.264", "BA_MW_D_IDR_LOST.264"])
def test_conformance_streams_come_to_the_same_by_both_ways(name: str) -> None:
    pictures = [to_annexb(nals) for nals in split_access_units(h264_vector(name), "h264")]
    assert assembled(pictures, True) == assembled(pictures, False)


def test_what_is_no_bytes_is_refused() -> None:
    native = pytest.importorskip(
        "fengtai.protocols.elementary.native_annexb", reason="the native kernels are not compiled"
    )
    with pytest.raises(TypeError):
        native.split_nals(None)
