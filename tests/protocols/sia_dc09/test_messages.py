"""Messages to bytes and back; what their data reports."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.sia_dc09 import Message, decode, encode, events_of, frames_of_datagram, parse_keys
from fengtai.protocols.sia_dc09.messages import open_envelope, parse_timestamp, read_rest
from fengtai.vocabulary.errors import Invalid, Malformed

HEX = "0123456789ABCDEF"
KEYS = st.one_of(st.none(), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="[]|"), max_size=40)
MESSAGES = st.builds(
    Message,
    form=st.sampled_from(["SIA-DCS", "ADM-CID", "NULL", "ACK", "DUH", "SIA-PUL"]),
    sequence=st.integers(0, 9999).map("{:04d}".format),
    account=st.text(HEX, min_size=1, max_size=16),
    receiver=st.one_of(st.none(), st.text(HEX, min_size=1, max_size=6)),
    line=st.one_of(st.none(), st.text(HEX, min_size=1, max_size=6)),
    content=TEXT.filter(lambda text: "_" not in text),
    extended=st.lists(st.tuples(st.sampled_from("HIVXYL"), TEXT), max_size=3).map(tuple),
    timestamp=st.one_of(
        st.none(),
        st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(
            lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
        ),
    ),
)


@given(MESSAGES, KEYS, st.booleans(), st.booleans())
def test_what_is_written_is_read_again(
    message: Message, key: bytes | None, repeats_account: bool, binary_crc: bool
) -> None:
    inner = message.account if repeats_account else None
    if any("_" in value for _, value in message.extended):
        message = replace(message, extended=())
    message = replace(message, encrypted=key is not None, inner_account=inner)

    [frame], garbage = frames_of_datagram(encode(message, key, binary_crc=binary_crc))

    assert garbage == 0
    assert decode(frame, key) == message


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_any_body_is_read_or_refused_as_malformed(body: bytes, key: bytes) -> None:
    for beginning in (b"", b'"SIA-DCS"0001L0#1234[', b'"*SIA-DCS"0001L0#1234['):
        try:
            message = read_rest(open_envelope(beginning + body), key)
        except Malformed:
            continue
        assert message.form


@given(st.text(max_size=80))
def test_any_data_gives_events(content: str) -> None:
    assert events_of("SIA-DCS", content)
    assert events_of("ADM-CID", content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("NFA129", [("FA", "new", "", "129", "")]),
        ("Nri1/BA005", [("BA", "new", "1", "5", "")]),
        ("Nti14:12/ri01BA005", [("BA", "new", "1", "5", "")]),
        ("Nri1/CL501", [("CL", "new", "1", "501", "")]),
        ("Nri0/RP0000", [("RP", "new", "0", "0", "")]),
        ("N/BA005", [("BA", "new", "", "5", "")]),
        ("NRR|Atest", [("RR", "status", "", "", "test")]),
        ("Nri1/BR005", [("BR", "restore", "1", "5", "")]),
        ("Nri2/BA005/BA006", [("BA", "new", "2", "5", ""), ("BA", "new", "2", "6", "")]),
        ('NBA007*"back door"NM', [("BA", "new", "", "7", "back door")]),
        ("NBA007^back door^", [("BA", "new", "", "7", "back door")]),
        ("NCG02", [("CG", "new", "2", "", "")]),
    ],
)
def test_dc03_data_is_understood(content: str, expected: list[tuple[str, ...]]) -> None:
    events = events_of("SIA-DCS", content)

    assert [(event.code, event.qualifier, event.partition, event.zone, event.text) for event in events] == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1131 01 015", ("131", "new", "1", "15", "alarm")),
        ("3131 01 015", ("131", "restore", "1", "15", "restore")),
        ("6110 00 003", ("110", "status", "0", "3", "alarm")),
        ("1401 01 007", ("401", "new", "1", "7", "open")),
        ("3401 01 007", ("401", "new", "1", "7", "close")),
        ("1602 00 000", ("602", "new", "0", "0", "test")),
        ("1E70 00 001", ("E70", "status", "0", "1", "status")),
    ],
)
def test_contact_id_data_is_understood(content: str, expected: tuple[str, ...]) -> None:
    [event] = events_of("ADM-CID", content)

    assert event.meaning is not None
    assert (event.code, event.qualifier, event.partition, event.zone, event.meaning.kind) == expected


def test_data_that_cannot_be_read_is_kept_as_text() -> None:
    [event] = events_of("ADM-CID", "garbled")

    assert (event.code, event.text, event.meaning) == ("", "garbled", None)


@pytest.mark.parametrize("written", ["25:00:00,01-01-2026", "10:00:00,13-01-2026", "10:00:00,02-30-2026", "nonsense"])
def test_a_time_that_names_no_moment_is_none(written: str) -> None:
    assert parse_timestamp(written) is None


@pytest.mark.parametrize(
    ("written", "sizes"),
    [("A" * 16, [16]), ("0" * 24, [24]), ("01" * 16, [16, 32]), ("01" * 24, [24]), ("hex:" + "01" * 32, [32])],
)
def test_a_key_may_be_characters_or_digits(written: str, sizes: list[int]) -> None:
    assert [len(key) for key in parse_keys(written)] == sizes


@pytest.mark.parametrize("written", ["", "short", "hex:zz", "ascii:0101", "é" * 16])
def test_what_is_no_key_is_refused(written: str) -> None:
    with pytest.raises(Invalid):
        parse_keys(written)
