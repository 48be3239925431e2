"""Blocks with their checksum, and what the codes mean."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.contact_id import (
    CATEGORIES,
    KINDS,
    Block,
    contact_id_meaning,
    decode_block,
    is_opening_or_closing,
    sia_meaning,
)
from fengtai.protocols.contact_id.contact_id_codes import _table as contact_id_table
from fengtai.protocols.contact_id.sia_codes import _table as sia_table
from fengtai.vocabulary.errors import Malformed

VECTORS = json.loads((Path(__file__).parent / "vectors" / "cid_vectors.json").read_text())
DIGITS = "0123456789BCDEF"


@pytest.mark.parametrize("text", VECTORS)
def test_each_vector_is_read_and_written(text: str) -> None:
    assert decode_block(text).encode() == text


@given(
    st.builds(
        Block,
        account=st.text(DIGITS, min_size=4, max_size=4),
        qualifier=st.sampled_from([1, 3, 6]),
        event=st.text(DIGITS, min_size=3, max_size=3),
        partition=st.text(DIGITS, min_size=2, max_size=2),
        zone=st.text(DIGITS, min_size=3, max_size=3),
        message_type=st.sampled_from(["18", "98"]),
    )
)
def test_what_is_written_is_read_again(block: Block) -> None:
    assert decode_block(block.encode()) == block


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_as_malformed(text: str) -> None:
    try:
        block = decode_block(text)
    except Malformed:
        return
    assert len(block.encode()) == 16


@pytest.mark.parametrize("number", range(15))
def test_one_wrong_digit_is_noticed(number: int) -> None:
    text = VECTORS[0]
    other = "7" if text[number] != "7" else "2"

    with pytest.raises(Malformed):
        decode_block(text[:number] + other + text[number + 1 :])


def test_every_code_of_both_tables_is_in_the_closed_lists() -> None:
    meanings = [meaning for pair in contact_id_table().values() for meaning in pair] + list(sia_table().values())

    assert (len(contact_id_table()), len(sia_table())) == (225, 325)
    assert {meaning.category for meaning in meanings} <= CATEGORIES
    assert {meaning.kind for meaning in meanings} <= KINDS
    assert all(meaning.label for meaning in meanings)


def test_in_the_400s_one_is_opening_and_three_is_closing() -> None:
    assert contact_id_meaning("401", 1).kind == "open"
    assert contact_id_meaning("401", 3).kind == "close"
    assert contact_id_meaning("401", 3).restores == ()
    assert is_opening_or_closing("401")
    assert not is_opening_or_closing("131")


@pytest.mark.parametrize(
    ("code", "category", "kind"),
    [
        ("110", "fire", "alarm"),
        ("121", "hold-up", "alarm"),
        ("131", "burglary", "alarm"),
        ("139", "burglary", "verified"),
        ("154", "technical", "alarm"),
        ("162", "fire", "alarm"),
        ("200", "technical", "supervisory"),
        ("301", "trouble", "trouble"),
        ("302", "trouble", "battery"),
        ("383", "trouble", "tamper"),
        ("406", "open-close", "cancel"),
        ("454", "open-close", "exception"),
        ("570", "trouble", "bypass"),
        ("602", "test", "test"),
    ],
)
def test_contact_id_codes_have_their_meaning(code: str, category: str, kind: str) -> None:
    meaning = contact_id_meaning(code)

    assert (meaning.category, meaning.kind, meaning.known) == (category, kind, True)


@pytest.mark.parametrize(
    ("code", "category", "kind", "restores"),
    [
        ("FA", "fire", "alarm", ()),
        ("BA", "burglary", "alarm", ()),
        ("BV", "burglary", "verified", ()),
        ("BC", "burglary", "cancel", ()),
        ("BB", "trouble", "bypass", ()),
        ("PA", "hold-up", "alarm", ()),
        ("MA", "medical", "alarm", ()),
        ("WA", "technical", "alarm", ()),
        ("OP", "open-close", "open", ()),
        ("CL", "open-close", "close", ()),
        ("CI", "open-close", "exception", ()),
        ("RP", "test", "test", ()),
        ("YT", "trouble", "battery", ()),
        ("YR", "trouble", "restore", ("YT", "YM")),
        ("AR", "trouble", "restore", ("AT",)),
        ("BR", "burglary", "restore", ("BA", "BV", "BM", "BS", "BT")),
        ("FJ", "fire", "restore", ("FT", "FS")),
    ],
)
def test_sia_codes_have_their_meaning(code: str, category: str, kind: str, restores: tuple[str, ...]) -> None:
    meaning = sia_meaning(code)

    assert (meaning.category, meaning.kind, meaning.restores) == (category, kind, restores)


def test_a_sia_code_that_nobody_listed_is_guessed_by_its_letters() -> None:
    guessed = sia_meaning("KV")

    assert (guessed.category, guessed.kind, guessed.known) == ("fire", "verified", False)


def test_a_contact_id_code_that_nobody_listed_is_said_to_be_unknown() -> None:
    assert contact_id_meaning("E70").known is False


def test_common_codes_have_a_chinese_label() -> None:
    assert contact_id_meaning("131").label_zh == "周界报警"
    assert sia_meaning("FA").label_zh == "火警"
