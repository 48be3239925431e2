"""A purpose is one of a list, with a number or a duty post; what is typed only to get past the question is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.acting import acting

from fengtai.domain.access.model import NEEDS_NUMBER, Purpose, Role
from fengtai.domain.access.rules import checked_purpose, is_placeholder
from fengtai.vocabulary.errors import Invalid

AT_A_DESK = acting(Role.OPERATOR, post="接警一席")
NOWHERE = acting(Role.OPERATOR)


@pytest.mark.parametrize(
    "word",
    [
        *(
            "123",
            "1234",
            "12345678",
            "87654321",
            "１２３",
            "0",
            "000",
            "aaa",
            "AAAA",
            "。。。",
            ".",
            "..",
            "-",
            "--",
            "abc",
        ),
        *(
            "test",
            "TEST",
            " test ",
            "无",
            "没有",
            "测试",
            "n/a",
            "N/A",
            "none",
            "null",
            "xx",
            "一",
            "qwerty",
            "asdf",
            "",
        ),
    ],
)
def test_placeholders_are_refused(word: str) -> None:
    assert is_placeholder(word) or not word.strip()
    with pytest.raises(Invalid) as refused:
        checked_purpose("case", word, by=AT_A_DESK)
    assert refused.value.field == "reference"


@pytest.mark.parametrize(
    "word", ["20261120-0001", "A-2026-0815", "沪公(浦)调字〔2026〕12号", "接警一席", "Desk 2", "王案"]
)
def test_numbers_and_posts_are_taken(word: str) -> None:
    assert checked_purpose("case", word, by=NOWHERE).reference


@pytest.mark.parametrize("purpose", Purpose)
def test_a_duty_post_stands_for_a_number_where_none_is_asked_for(purpose: Purpose) -> None:
    if purpose in NEEDS_NUMBER:
        with pytest.raises(Invalid, match="number"):
            checked_purpose(purpose.value, "", by=AT_A_DESK)
    else:
        assert checked_purpose(purpose.value, "", by=AT_A_DESK).words == f"{purpose.value}: 接警一席"
    with pytest.raises(Invalid):
        checked_purpose(purpose.value, "", by=NOWHERE)


def test_a_post_that_is_a_placeholder_stands_for_nothing() -> None:
    with pytest.raises(Invalid, match="duty post"):
        checked_purpose("alarm", "", by=acting(Role.OPERATOR, post="123"))


@given(st.sampled_from([purpose.value for purpose in Purpose]) | st.text(max_size=20), st.text(max_size=100))
def test_whatever_is_typed_is_taken_printable_or_refused(code: str, reference: str) -> None:
    with suppress(Invalid):
        assert checked_purpose(code, reference, by=AT_A_DESK).reference.replace("\u3000", " ").isprintable()
