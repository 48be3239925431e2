"""JSON at the door: whatever the bytes, it is taken as what every engine can hold, or refused with a sentence."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.apps.web_api.bodies import NotJson, check_json
from fengtai.vocabulary.errors import Invalid

SOUND = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_or_taken(data: bytes) -> None:
    try:
        check_json(data)
    except (NotJson, Invalid):
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


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "north gate\r\nVia: SIP/2.0/UDP evil"),
        ("display_name", "two\nlines"),
        ("call_sign", "a\u2028b"),
        ("host", "10.0.0.1\r\n"),
        ("name", "gate \u202egpj.exe"),
        ("note", "bell \x07"),
        ("number", "１００１"),
        ("device_id", "3402000000132000000１"),
        ("phone", "٠١٢"),
    ],
)
def test_what_only_deceives_is_refused_and_the_field_named(field: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_json(json.dumps({"outer": [{field: text}]}).encode())
    assert refused.value.field == field


def test_what_people_write_is_taken() -> None:
    told = {"note": "第一行\n第二行\t完", "name": "１号门 ½ 望江路", "text": "①", "id": "a²"[:1], "names": ["a", "b"]}
    check_json(json.dumps(told).encode())
