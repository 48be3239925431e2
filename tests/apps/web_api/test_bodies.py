"""JSON at the door: whatever the bytes, it is taken as what every engine can hold, or refused with a sentence."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.apps.web_api.bodies import NotJson, check_json

SOUND = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_or_taken(data: bytes) -> None:
    try:
        check_json(data)
    except NotJson:
        return
    json.loads(data)


@given(SOUND)
def test_sound_json_is_taken(value: object) -> None:
    check_json(json.dumps(value).encode())
    check_json(json.dumps(value, ensure_ascii=False).encode())


@given(SOUND, st.sampled_from(["a\x00b", math.nan, math.inf, 2**63 + 1, -(2**80)]))
def test_what_no_engine_holds_is_refused_however_deep(value: object, poison: object) -> None:
    with pytest.raises(NotJson):
        check_json(json.dumps({"outer": [value, {"inner": [poison]}]}).encode())


def test_a_key_may_not_hold_what_a_value_may_not() -> None:
    with pytest.raises(NotJson):
        check_json(b'{"a\\u0000b": 1}')
