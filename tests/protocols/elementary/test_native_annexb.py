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


LONG = st.tuples(st.binary(max_size=5), st.integers(0, 600), SPARSE.map(b"".join), st.integers(0, 600))
"""start codes that stand anywhere in the blocks that the search looks at, or over the edge of two"""


@given(LONG)
def test_start_codes_are_found_wherever_they_stand(parts: tuple[bytes, int, bytes, int]) -> None:
    head, before, sparse, behind = parts
    data = head + b"\xaa" * before + sparse + b"\xbb" * behind + sparse
    assert split_nals(data) == split_nals_in_python(data)


@given(SPARSE.map(b"".join), st.booleans(), st.integers(0, 20), st.integers(0, 20))
def test_plain_pictures_are_told_alike(data: bytes, is_h265: bool, before: int, behind: int) -> None:
    start, end = min(before, len(data)), max(0, len(data) - behind)
    assert plain_nals(data, is_h265, start, end) == plain_nals_in_python(data, is_h265, start, end)


def assembled(pictures: Sequence[bytes], by_short_way: bool) -> list[object]:
    assembler = VideoAssembler()
    if by_short_way:
        return [assembler.assemble(picture, place) for place, picture in enumerate(pictures)]
    return [assembler.assemble_nals(split_nals_in_python(picture), place) for place, picture in enumerate(pictures)]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_drawn_pictures_come_to_the_same_by_both_ways(codec: str) -> None:
    pictures = drawn_packets(codec)  # type: ignore[arg-type]
    assert assembled(pictures, True) == assembled(pictures, False)
    assert any(plain_nals(picture, codec == "h265", 0, len(picture)) for picture in pictures)


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


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (0, 5)])
def test_what_lies_outside_of_the_data_is_never_looked_at(start: int, end: int) -> None:
    native = pytest.importorskip(
        "fengtai.protocols.elementary.native_annexb", reason="the native kernels are not compiled"
    )
    with pytest.raises(IndexError):
        native.plain_nals(b"\x00\x00\x01A", False, start, end)
