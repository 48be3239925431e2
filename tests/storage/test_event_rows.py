"""An event as its row tells it: the same text as the JSON of its payload, and the same to whoever follows at once."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.storage.event_log import as_row, logged
from fengtai.vocabulary.events import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    kind: ClassVar[str] = "test.noted"
    needs: ClassVar[str] = "points.see"
    name: str
    value: Any


@given(st.text(st.characters(exclude_categories=["Cs"])), JSON)
def test_a_row_holds_the_json_of_the_payload(name: str, value: object) -> None:
    at_ms, kind, needs, text = as_row(5, Noted(name=name, value=value))

    assert (at_ms, kind, needs) == (5, "test.noted", "points.see")
    assert text == json.dumps({"name": name, "value": value}, ensure_ascii=False, separators=(",", ":"))


@given(JSON)
def test_who_follows_at_once_is_told_what_a_reader_would_read(value: object) -> None:
    rows = [as_row(5, Noted(name="灯", value=value)), as_row(6, Noted(name="b", value=1))]

    first, second = logged(12, rows)

    assert (first.seq, first.at_ms, second.seq, second.payload["value"]) == (11, 5, 12, 1)
    assert first.payload == {"name": "灯", "value": value}
    assert {"at": "now", **first.payload} == {"at": "now", "name": "灯", "value": value}
    assert (list(first.payload), len(first.payload)) == (["name", "value"], 2)


def test_what_is_no_json_is_not_logged() -> None:
    with pytest.raises(TypeError):
        as_row(5, Noted(name="a", value=object()))
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_row(5, Noted(name="a", value=float("nan")))
