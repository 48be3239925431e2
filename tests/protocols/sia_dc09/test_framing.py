"""Frames are found in whatever TCP and UDP deliver."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.sia_dc09.conftest import burglary

from fengtai.protocols.sia_dc09 import FrameScanner, RawFrame, frames_of_datagram, wrap
from fengtai.protocols.sia_dc09.crc import crc16

BODY = b'"ADM-CID"0001L0#1234[#1234|1131 01 015]'


def scan(*pieces: bytes) -> tuple[list[RawFrame], FrameScanner]:
    scanner = FrameScanner()
    return [frame for piece in pieces for frame in scanner.receive_data(piece)], scanner


def test_the_check_is_crc_16_arc() -> None:
    assert crc16(b"123456789") == 0xBB3D


def test_a_frame_split_at_every_byte_is_one_frame() -> None:
    whole = wrap(BODY)
    for cut in range(1, len(whole)):
        frames, scanner = scan(whole[:cut], whole[cut:])
        assert [(frame.body, frame.raw, frame.crc_ok) for frame in frames] == [(BODY, whole, True)]
        assert scanner.garbage_bytes == 0


def test_a_frame_that_drips_byte_by_byte_is_one_frame() -> None:
    frames, _ = scan(*(bytes([byte]) for byte in wrap(BODY)))

    assert [frame.body for frame in frames] == [BODY]


def test_two_frames_in_a_segment_are_two() -> None:
    frames, _ = scan(burglary(1) + burglary(2)[:-5], burglary(2)[-5:] + burglary(3))

    assert [frame.body[9:13] for frame in frames] == [b"0001", b"0002", b"0003"]


def test_a_binary_check_is_accepted_whatever_its_bytes() -> None:
    for number in range(2000):
        body = b'"NULL"%04dL0#1234[]' % number
        frames, scanner = scan(wrap(body, binary_crc=True), wrap(b'"NULL"0001L0#1234[]'))
        assert [frame.body for frame in frames] == [body, b'"NULL"0001L0#1234[]'], body
        assert frames[0].crc_ok
        assert frames[0].crc_is_binary
        assert scanner.garbage_bytes == 0


def test_a_check_that_includes_the_cr_is_accepted_and_noted() -> None:
    [frame], _ = scan(b"\n%04X%04X%b\r" % (crc16(BODY + b"\r"), len(BODY) + 1, BODY))

    assert frame.crc_ok
    assert frame.quirks == ("crc-over-cr",)


def test_a_wrong_length_is_noted_and_the_check_decides() -> None:
    [frame], _ = scan(b"\n%04X0078%b\r" % (crc16(BODY), BODY))

    assert frame.crc_ok
    assert frame.quirks == ("length-wrong",)


def test_a_wrong_check_is_told() -> None:
    [frame], _ = scan(b"\n0000%04X%b\r" % (len(BODY), BODY))

    assert not frame.crc_ok


def test_a_missing_lf_is_noted() -> None:
    [frame], _ = scan(wrap(BODY)[1:])

    assert frame.crc_ok
    assert frame.quirks == ("lf-missing",)


def test_garbage_is_skipped_and_counted() -> None:
    frames, scanner = scan(b"GET / HTTP/1.1\r\n\r\n", wrap(BODY), b"\x00\x00", wrap(BODY))

    assert [frame.body for frame in frames] == [BODY, BODY]
    assert scanner.garbage_bytes == len(b"GET / HTTP/1.1")


def test_a_frame_whose_end_was_lost_does_not_take_the_next_with_it() -> None:
    frames, scanner = scan(wrap(BODY)[:-8], wrap(BODY))

    assert [frame.body for frame in frames] == [BODY]
    assert scanner.garbage_bytes > 0


def test_what_is_kept_of_an_endless_frame_is_bounded() -> None:
    scanner = FrameScanner()
    for _ in range(100):
        assert scanner.receive_data(b"A" * 1000) == []
        assert len(scanner._buffer) <= 4096

    assert [frame.body for frame in scanner.receive_data(wrap(BODY))] == [BODY]
    scanner.close()
    assert scanner.garbage_bytes == 100_000


def test_a_datagram_may_leave_the_cr_out() -> None:
    frames, garbage = frames_of_datagram(wrap(BODY)[:-1])

    assert [frame.crc_ok for frame in frames] == [True]
    assert garbage == 0


@pytest.mark.parametrize("data", [b"", b"\r", b"\n", b'"', b'\n00000000"', b"\xff" * 5000])
def test_what_is_no_frame_gives_none(data: bytes) -> None:
    assert frames_of_datagram(data)[0] == []


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_in_any_pieces_are_survived(pieces: list[bytes]) -> None:
    _, scanner = scan(*pieces)
    scanner.close()

    assert scanner.garbage_bytes <= sum(map(len, pieces))


@given(st.lists(st.integers(0, 9999), min_size=1, max_size=6), st.data())
def test_frames_come_out_whole_however_they_are_cut(numbers: list[int], data: st.DataObject) -> None:
    stream = b"".join(wrap(b'"NULL"%04dL0#1234[]' % number) for number in numbers)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    frames, scanner = scan(*pieces)

    assert [int(frame.body[6:10]) for frame in frames] == numbers
    assert scanner.garbage_bytes == 0
