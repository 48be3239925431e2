"""The check sum of a fragment is zlib's CRC-32, compiled or not, however the fragment is cut."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.media.shelf.check_sums import crc32_in_python, crc32_of

SIZES = st.one_of(st.integers(0, 300), st.integers(4_000, 4_200))
"""around the 16 and 64 bytes that are taken at once"""


@given(st.lists(st.tuples(SIZES, st.integers(0, 2**32 - 1)), max_size=6))
def test_all_pieces_together_have_the_sum_of_the_whole(cuts: list[tuple[int, int]]) -> None:
    pieces = [(seed.to_bytes(4, "big") * (size // 4 + 1))[:size] for size, seed in cuts]
    assert crc32_of(pieces) == crc32_in_python(pieces) == zlib.crc32(b"".join(pieces))


@given(st.binary(max_size=700))
def test_any_bytes_have_zlib_s_sum(data: bytes) -> None:
    assert crc32_of([data]) == zlib.crc32(data)


def test_each_length_is_summed_to_its_last_byte() -> None:
    data = bytes(number * 7 & 0xFF for number in range(400))
    assert [crc32_of([data[:size]]) for size in range(401)] == [zlib.crc32(data[:size]) for size in range(401)]


def test_what_is_no_bytes_is_refused() -> None:
    with pytest.raises(TypeError):
        crc32_of([b"abc", None])  # type: ignore[list-item]
