"""Format version 1 of a record. These bytes are for good: a test that fails here means that old logs no longer verify."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.domain.audit.model import AuditEntry, Outcome, entry_of, leaf_of, record_of

ENTRY = AuditEntry(
    actor="user:0190",
    action="incident.close",
    object="incident:42",
    outcome=Outcome.DONE,
    act="",
    session="s-1",
    source_ip="192.0.2.9",
    role="dispatcher",
    purpose="警情处置",
    post="desk 3",
    details={"disposition": "real", "steps": [1, 2], "note": "e\u0301"},
)
RECORD = (
    '{"act":"","action":"incident.close","actor":"user:0190","at_ms":1795176000000,'
    '"details":{"disposition":"real","note":"é","steps":[1,2]},"object":"incident:42","outcome":"done",'
    '"post":"desk 3","purpose":"警情处置","role":"dispatcher","seq":7,"session":"s-1","source_ip":"192.0.2.9","v":1}'
)


def test_a_record_is_these_bytes_for_good() -> None:
    assert record_of(7, 1795176000000, ENTRY) == RECORD.encode()


def test_a_leaf_is_this_hash_for_good() -> None:
    leaf = leaf_of(bytes(range(32)), RECORD.encode())
    assert leaf.hex() == "9c714189bcd1927cd1874fd948a8821f41bc71f25f4e086a0427c621159e52e6"


def test_a_record_tells_its_entry() -> None:
    told = entry_of(RECORD.encode())
    assert told.actor == ENTRY.actor
    assert told.outcome is Outcome.DONE
    assert told.details == {"disposition": "real", "steps": [1, 2], "note": "é"}


def test_only_json_values_are_written_down() -> None:
    with pytest.raises(TypeError, match="JSON values, not object"):
        record_of(1, 0, AuditEntry(actor="a", action="b", object="c", details={"x": object()}))
    with pytest.raises(ValueError, match="JSON compliant"):
        record_of(1, 0, AuditEntry(actor="a", action="b", object="c", details={"x": float("nan")}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.text(), st.dictionaries(st.text(), JSON, max_size=5))
def test_any_text_gives_a_record_that_reads_and_writes_the_same(actor: str, details: dict[str, object]) -> None:
    record = record_of(1, 2, AuditEntry(actor=actor, action="a", object="o", details=details))
    assert record_of(1, 2, entry_of(record)) == record
