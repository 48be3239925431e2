"""Messages out of a TCP stream, however it is cut."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.sip import StreamFramer
from fengtai.vocabulary.errors import Malformed


def message(number: int, body: bytes, *, declared: int | None = None) -> bytes:
    length = len(body) if declared is None else declared
    return b"MESSAGE sip:a@b SIP/2.0\r\nCSeq: %d MESSAGE\r\nContent-Length: %d\r\n\r\n%s" % (number, length, body)


@given(st.lists(st.integers(1, 60), max_size=40))
def test_messages_come_whole_however_the_stream_is_cut(cuts: list[int]) -> None:
    sent = [message(number, b"x" * (number * 7)) for number in range(5)]
    stream = b"\r\n\r\n".join(sent)
    framer, came, at = StreamFramer(), [], 0
    for cut in [*cuts, len(stream)]:
        came += framer.feed(stream[at : at + cut])
        at += cut
    assert came == sent
    assert framer.skipped_bytes == 0


def test_a_length_in_characters_costs_the_tail_of_one_body_only() -> None:
    body = "<Name>东门</Name></Response>\r\n".encode("gb18030")
    framer = StreamFramer()

    came = framer.feed(message(1, body, declared=len(body) - 2 - 11) + message(2, b"ok"))

    assert came[0].startswith(b"MESSAGE")
    assert came[1] == message(2, b"ok")
    assert framer.skipped_bytes > 0


def test_a_missing_length_means_no_body_and_the_next_message_is_found() -> None:
    framer = StreamFramer()
    came = framer.feed(b"MESSAGE sip:a@b SIP/2.0\r\nCSeq: 1 MESSAGE\r\n\r\n<Notify/>\r\n" + message(2, b"ok"))
    assert came[-1] == message(2, b"ok")


@pytest.mark.parametrize(
    "data",
    [
        b"MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
        b"MESSAGE sip:a@b SIP/2.0\r\n" + b"X: y\r\n" * 20_000,
        b"A" * 9_000_000,
    ],
)
def test_a_stream_that_would_fill_memory_is_given_up(data: bytes) -> None:
    with pytest.raises(Malformed):
        StreamFramer().feed(data)


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_rubbish_is_only_malformed(parts: list[bytes]) -> None:
    framer = StreamFramer()
    with suppress(Malformed):
        for part in parts:
            assert all(isinstance(one, bytes) for one in framer.feed(part))
