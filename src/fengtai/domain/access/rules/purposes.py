"""What counts as a stated purpose, and what is only something typed to get past the question."""

import unicodedata

from fengtai.domain.access.model import NEEDS_NUMBER, Actor, Purpose, StatedPurpose
from fengtai.vocabulary.errors import Invalid

MOST_REFERENCE_CHARACTERS = 64
_PLACEHOLDERS = frozenset(
    {
        *("test", "tests", "testing", "none", "null", "nil", "nothing", "unknown", "todo", "tbd", "n/a", "na", "no"),
        *("asd", "asdf", "asdfgh", "qwe", "qwer", "qwerty", "abc", "abcd", "xyz", "foo", "bar", "case", "number"),
        *("无", "没有", "不知道", "不详", "测试", "试试", "案件", "编号", "案号", "暂无", "略", "其他", "其它"),
    }
)
_RUNS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz")


def checked_purpose(code: str, reference: str, *, by: Actor) -> StatedPurpose:
    """Raise Invalid, saying what is asked for, when the purpose is not on the list or the reference says nothing.

    Without a reference the duty post chosen at sign-in stands for it, except where a number is asked for.
    """
    purpose = next((one for one in Purpose if one.value == code), None)
    if purpose is None:
        listed = ", ".join(one.value for one in Purpose)
        raise Invalid(f"say what for: one of {listed}", field="purpose")
    given = unicodedata.normalize("NFKC", reference).strip()
    if len(given) > MOST_REFERENCE_CHARACTERS or not given.replace("\u3000", " ").isprintable():
        raise Invalid(f"a reference has at most {MOST_REFERENCE_CHARACTERS} visible characters", field="reference")
    if given:
        if is_placeholder(given):
            raise Invalid(f"{given!r} is no case number and no duty post", field="reference")
        return StatedPurpose(purpose, given)
    if purpose in NEEDS_NUMBER:
        raise Invalid("give the number of the case or of the letter", field="reference")
    if not by.post or is_placeholder(by.post):
        raise Invalid("give the number of the incident or case, or sign in at a duty post", field="reference")
    return StatedPurpose(purpose, by.post)


def is_placeholder(text: str) -> bool:
    """Whether it was typed only to get past the question: too short, one character again and again, 123, test, 无."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(character for character in plain if character.isalnum())
    if plain.strip(" .-_/") in _PLACEHOLDERS or letters in _PLACEHOLDERS:
        return True
    is_wide = any(unicodedata.east_asian_width(character) in "WF" for character in letters)
    if len(letters) < (2 if is_wide else 3) or len(set(letters)) == 1:
        return True
    return any(letters in run for run in _RUNS)
