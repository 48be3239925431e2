"""At the end of its retention an entry loses its content and nothing else, on every engine; the auditor's tool proves it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.conftest import Units, units_on

from fengtai.domain.audit.model import AuditEntry, AuditQuery, Outcome, RedactionPolicy
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.rules import months_earlier
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.vocabulary.errors import Conflict
from fengtai_audit_verify.main import main
from fengtai_audit_verify.redactions import months_later_ms

DAY_SECONDS = 86_400
KEPT_A_YEAR = RedactionPolicy(months=12, months_of={"live.": 6})


def write(units: Units, *actions: str, outcome: Outcome = Outcome.DONE) -> None:
    for action in actions:
        entry = AuditEntry(
            actor="user:wang", action=action, object="point:1", outcome=outcome, act="act-1", purpose="x"
        )
        units.run(lambda uow, entry=entry: uow.store(AuditLog).append(entry))


@pytest.fixture
def desk(units: Units, tmp_path: Path) -> AuditDesk:
    book = FileCheckpointBook(tmp_path / "checkpoints")
    return AuditDesk(transactions=units.engine, signer=AuditKey(tmp_path, "fengtai.example/city"), book=book)


def pass_days(units: Units, desk: AuditDesk, days: float) -> None:
    units.clock.advance(days * DAY_SECONDS)
    units.wait(desk.tick())


def redacted(units: Units) -> list[int]:
    page = units.read(lambda uow: uow.store(AuditLog).page(AuditQuery(limit=500)))
    return sorted(line.seq for line in page if line.entry is None)


def test_each_kind_of_act_has_its_months(units: Units, desk: AuditDesk) -> None:
    write(units, "live.watch", "incident.note", "live.watch", "audit.change_key")
    pass_days(units, desk, 182)
    assert units.wait(desk.redact(KEPT_A_YEAR)) == 2
    assert redacted(units) == [1, 3]
    pass_days(units, desk, 184)
    assert units.wait(desk.redact(KEPT_A_YEAR)) == 1
    assert redacted(units) == [1, 2, 3]
    assert units.wait(desk.redact(KEPT_A_YEAR)) == 0


def test_the_law_s_six_months_cannot_be_undercut(units: Units, desk: AuditDesk) -> None:
    write(units, "live.watch")
    pass_days(units, desk, 180)  # 20 November to 19 May
    assert units.wait(desk.redact(RedactionPolicy(months=1))) == 0
    pass_days(units, desk, 2)
    assert units.wait(desk.redact(RedactionPolicy(months=1))) == 1


def test_a_redaction_is_an_entry_and_proofs_of_the_line_stay(units: Units, desk: AuditDesk) -> None:
    write(units, "live.watch", "live.watch")
    pass_days(units, desk, 400)
    units.wait(desk.redact(KEPT_A_YEAR))
    pass_days(units, desk, 1)

    said = units.read(lambda uow: uow.store(AuditLog).line(3)).entry
    assert said is not None
    assert (said.actor, said.action, said.details["ranges"]) == ("system:audit", "audit.redact", [[1, 2]])
    proof = units.wait(desk.proof(2))
    assert proof.line.record is None
    assert proof.line.salt is None
    assert len(proof.path) == 2


def test_an_open_act_does_not_remember_what_was_redacted(units: Units, desk: AuditDesk) -> None:
    write(units, "live.watch", outcome=Outcome.INTENT)
    pass_days(units, desk, 400)
    units.wait(desk.redact(KEPT_A_YEAR))
    assert [(late.actor, late.object) for late in units.wait(desk.missing_results())] == [("", "")]


def test_what_no_checkpoint_covers_is_not_redacted(units: Units, desk: AuditDesk) -> None:
    write(units, "live.watch")
    units.clock.advance(400 * DAY_SECONDS)
    assert units.wait(desk.redact(KEPT_A_YEAR)) == 0


def test_a_log_that_was_tampered_with_is_evidence(units: Units, desk: AuditDesk, tmp_path: Path) -> None:
    write(units, "live.watch", "live.watch")
    pass_days(units, desk, 400)
    key = AuditKey(tmp_path, "fengtai.example/city")
    with (tmp_path / "checkpoints").open("a") as book:
        book.write(key.sign(f"fengtai.example/city\n2\n{'A' * 43}=\nat 2026-11-21T00:00:00.000Z\n") + "\n")
    with pytest.raises(Conflict, match="contradicts"):
        units.wait(desk.redact(KEPT_A_YEAR))
    assert redacted(units) == []


def test_many_lines_are_redacted_in_many_units(units: Units, desk: AuditDesk) -> None:
    entry = AuditEntry(actor="user:wang", action="live.watch", object="point:1")
    units.run(lambda uow: [uow.store(AuditLog).append(entry) for _ in range(1_203)])
    pass_days(units, desk, 400)
    assert units.wait(desk.redact(KEPT_A_YEAR)) == 1_203
    assert units.read(lambda uow: uow.store(AuditLog).size()) == 1_206


def verified(units: Units, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    files = ["--checkpoints", f"{folder}/checkpoints", "--public-key", f"{folder}/public-key"]
    status = main(["--database", units.url, *files, "--as-of", "2029-01-01", "--json", *more])
    return status, json.loads(capsys.readouterr().out)


def test_the_auditor_s_tool_says_redacted_proven(
    sql_units: Units, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = FileCheckpointBook(tmp_path / "checkpoints")
    desk = AuditDesk(transactions=sql_units.engine, signer=AuditKey(tmp_path, "fengtai.example/city"), book=book)
    write(sql_units, "live.watch", "incident.note", "live.watch")
    pass_days(sql_units, desk, 200)
    sql_units.wait(desk.redact(KEPT_A_YEAR))
    pass_days(sql_units, desk, 1)

    status, report = verified(sql_units, tmp_path, capsys)

    assert (status, report["redacted"], report["redacted_proven"], report["covered"]) == (0, 2, 2, 4)


def test_nothing_of_the_content_is_left_in_the_file(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for units in units_on("sqlite", request, tmp_path):
        book = FileCheckpointBook(tmp_path / "checkpoints")
        desk = AuditDesk(transactions=units.engine, signer=AuditKey(tmp_path, "city"), book=book)
        write(units, *["live.watch"] * 30)
        pass_days(units, desk, 400)
        units.wait(desk.redact(KEPT_A_YEAR))
    assert b"user:wang" not in (tmp_path / "fengtai.db").read_bytes()


@pytest.mark.parametrize(
    ("now", "months", "before"),
    [
        ((2027, 5, 20), 6, (2026, 11, 20)),
        ((2027, 8, 31), 6, (2027, 2, 28)),
        ((2028, 8, 31), 6, (2028, 2, 29)),
        ((2027, 2, 28), 6, (2026, 8, 28)),
        ((2027, 3, 1), 6, (2026, 9, 1)),
        ((2027, 12, 31), 6, (2027, 6, 30)),
        ((2027, 1, 31), 12, (2026, 1, 31)),
        ((2028, 2, 29), 24, (2026, 2, 28)),
    ],
)
def test_calendar_months_at_the_ends_of_months(
    now: tuple[int, int, int], months: int, before: tuple[int, int, int]
) -> None:
    told = months_earlier(datetime(*now, 12, tzinfo=UTC), months)
    assert told == datetime(*before, 12, tzinfo=UTC)
    assert months_later_ms(round(told.timestamp() * 1000), months) <= datetime(*now, 12, tzinfo=UTC).timestamp() * 1000
