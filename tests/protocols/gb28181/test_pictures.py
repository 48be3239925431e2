"""A JPEG is told by its bytes; anything else is refused with the clause, and nothing crashes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fengtai.protocols.gb28181 import jpeg_size, uploaded_jpeg
from fengtai.vocabulary.errors import Malformed


def jpeg(width: int, height: int, **how: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG", **how)
    return out.getvalue()


WHOLE = jpeg(64, 48)


@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_the_size_is_read_of_baseline_and_progressive(width: int, height: int, progressive: bool) -> None:
    assert jpeg_size(jpeg(width, height, progressive=progressive)) == (width, height)


def test_padding_behind_the_end_is_passed_over() -> None:
    assert jpeg_size(WHOLE + b"\0" * 32) == (64, 48)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "begins with FF D8"),
        (b"GIF89a", "begins with FF D8"),
        (WHOLE[:40], "no scan"),
        (WHOLE[:-2], "cut off"),
        (WHOLE + b"<script>" * 20, "cut off"),
        (b"\xff\xd8\xff\xe0\x00\x00\xff\xd9", "broken segment"),
        (b"\xff\xd8\xff\xda\x00\x02\xff\xd9", "no frame header"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, cause: str) -> None:
    with pytest.raises(Malformed, match=cause):
        jpeg_size(data)


@given(st.binary(max_size=300), st.integers(0, 600), st.sampled_from(["image/jpeg", "multipart/form-data; boundary=x"]))
def test_noise_raises_malformed_only(noise: bytes, at: int, kind: str) -> None:
    for body in (noise, WHOLE[:at] + noise + WHOLE[at:], b"--x\r\n\r\n" + noise):
        try:
            picture = uploaded_jpeg(body, kind)
        except Malformed:
            continue
        assert picture[:2] == b"\xff\xd8"


def test_the_file_of_a_form_is_found() -> None:
    body = b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\ntext\r\n--b\r\n\r\n" + WHOLE + b"\r\n--b--\r\n"
    assert uploaded_jpeg(body, 'multipart/form-data; boundary="b"') == WHOLE
    with pytest.raises(Malformed, match="no JPEG"):
        uploaded_jpeg(body, "multipart/form-data; boundary=c")
    with pytest.raises(Malformed, match="boundary"):
        uploaded_jpeg(body, "multipart/form-data")
