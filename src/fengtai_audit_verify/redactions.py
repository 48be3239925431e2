"""Redacted lines, and the later lines (`audit.redact`) that say which were redacted, when, and what stayed of them.

A redaction says its ranges and `kept_sha256`: the digest over what stays of each redacted line (`kept_text`), so that time
and action of a line cannot be changed once its record is gone.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fengtai_audit_verify.findings import Report
from fengtai_audit_verify.lines import Line

ACTION = "audit.redact"
LEAST_MONTHS = 6
"""Calendar months that a line is kept whole: the log duty of the Cybersecurity Law, article 23."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Said:
    seq: int
    at_ms: int
    ranges: tuple[Range, ...]
    kept_sha256: str
    """empty when it was not told"""


@dataclass(frozen=True, slots=True)
class _Gone:
    seq: int
    at_ms: int | None
    kept: bytes | None
    """None in an export that tells nothing beside the record"""


def kept_text(seq: int, at_ms: int, action: str, outcome: str, act: str, leaf: bytes) -> bytes:
    """What stays of a redacted line, each on a line of its own (docs/design/audit-log.md, "Redaction")."""
    return f"{seq}\n{at_ms}\n{action}\n{outcome}\n{act}\n{leaf.hex()}\n".encode()


class Redactions:
    def __init__(self) -> None:
        self._gone: dict[int, _Gone] = {}
        self._said: list[_Said] = []

    @property
    def count(self) -> int:
        return len(self._gone)

    def add(self, line: Line) -> None:
        told, at_ms, kept = line.copies, None, None
        if told:
            at_ms = told["at_ms"]
            kept = kept_text(line.seq, told["at_ms"], told["action"], told["outcome"], told["act"], line.leaf)
        self._gone[line.seq] = _Gone(line.seq, at_ms, kept)

    def hear(self, seq: int, told: Any) -> None:
        if told.get("action") != ACTION or told.get("outcome") != "done":
            return
        details, at_ms = told.get("details"), told.get("at_ms")
        if isinstance(details, dict) and isinstance(at_ms, int):
            ranges = tuple(one for one in _ranges(details) if one[1] < seq)
            self._said.append(_Said(seq, at_ms, ranges, str(details.get("kept_sha256", ""))))

    def judge(self, covered: int, report: Report) -> None:
        """Each redacted line must be spoken of, be as it was when it was redacted, and have had its months."""
        report.redacted = self.count
        spoken: set[int] = set()
        for said in self._said:
            lines = [self._gone[seq] for first, last in said.ranges for seq in self._within(first, last)]
            spoken.update(line.seq for line in lines)
            self._judge_one(said, lines, report)
        unsaid = sorted(self._gone.keys() - spoken)
        for first, last in _runs(unsaid):
            report.find("redacted-unsaid", first, f"redacted, and no later line of {ACTION} says so", last)
        report.redacted_proven = sum(1 for seq in spoken if seq <= covered)

    def _within(self, first: int, last: int) -> list[int]:
        if last - first < 4 * len(self._gone):
            return [seq for seq in range(first, last + 1) if seq in self._gone]
        return sorted(seq for seq in self._gone if first <= seq <= last)

    def _judge_one(self, said: _Said, lines: list[_Gone], report: Report) -> None:
        early = [line.seq for line in lines if line.at_ms is not None and said.at_ms < months_later_ms(line.at_ms)]
        for first, last in _runs(early):
            detail = f"redacted by line {said.seq} before {LEAST_MONTHS} calendar months were over"
            report.find("redacted-early", first, detail, last)
        kept = [line.kept for line in lines if line.kept is not None]
        is_told = bool(said.kept_sha256 and lines) and len(kept) == len(lines)
        if is_told and hashlib.sha256(b"".join(kept)).hexdigest() != said.kept_sha256:
            detail = f"what stays of the lines that line {said.seq} redacted is not what stayed then"
            report.find("redacted-changed", lines[0].seq, detail, lines[-1].seq)


def months_later_ms(at_ms: int, months: int = LEAST_MONTHS) -> int:
    """The same day of the later month at the same time, or that month's last day where it has no such day (UTC)."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    years, month = divmod(at.month - 1 + months, 12)
    first = at.replace(year=at.year + years, month=month + 1, day=1)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    later = first.replace(day=min(at.day, (following - first).days))
    return round(later.timestamp() * 1000)


def _ranges(details: dict[str, Any]) -> list[Range]:
    """`ranges`: [[from, to], …]; or `from_seq` and `to_seq` for one."""
    told = details.get("ranges", [[details.get("from_seq"), details.get("to_seq")]])
    found = []
    for one in told if isinstance(told, list) else []:
        if isinstance(one, list) and len(one) == 2 and all(type(seq) is int for seq in one) and 0 < one[0] <= one[1]:
            found.append((one[0], one[1]))
    return found


def _runs(seqs: list[int]) -> list[Range]:
    """Numbers that follow each other, as ranges."""
    runs: list[list[int]] = []
    for seq in seqs:
        if runs and runs[-1][1] == seq - 1:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
    return [(first, last) for first, last in runs]
