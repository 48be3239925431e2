"""The check itself: every leaf, the one order, and every checkpoint's root, in one pass over the log.

What each finding means, and what it proves, is told in docs/design/audit-log.md ("What the verifier finds").
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fengtai_audit_verify.checkpoints import Checkpoint
from fengtai_audit_verify.lines import Line
from fengtai_audit_verify.tree import GrowingTree, leaf_hash

KNOWN_FORMAT = 1
MOST_FINDINGS = 200
"""Enough to understand; a wholly rewritten log would give millions."""


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    """changed, copy-differs, reordered, missing, rewritten, cut, forked, rolled-back, signature, origin, unsigned,
    redacted-unsaid, unknown-format"""
    seq: int
    """the first line that is concerned"""
    until: int
    """the last one that may be"""
    detail: str


@dataclass(slots=True)
class Report:
    lines: int = 0
    redacted: int = 0
    checkpoints: int = 0
    covered: int = 0
    """lines under the newest checkpoint that holds"""
    newest_root: str = ""
    torn_checkpoint: bool = False
    findings: list[Finding] = field(default_factory=list)
    more_findings: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings

    def find(self, kind: str, seq: int, detail: str, until: int | None = None) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, seq, seq if until is None else until, detail))
        else:
            self.more_findings += 1

    def as_json(self) -> dict[str, Any]:
        first = min((finding.seq for finding in self.findings), default=None)
        return {"ok": self.ok, "first_bad_seq": first} | asdict(self)


def check(lines: Iterable[Line], checkpoints: Sequence[Checkpoint], key_name: str) -> Report:
    report = Report(checkpoints=len(checkpoints))
    trusted = _trusted(checkpoints, key_name, report)
    by_size = {checkpoint.size: checkpoint for checkpoint in trusted}
    tree, redactions = GrowingTree(), _Redactions()
    for line in lines:
        if line.seq != tree.size + 1:
            _find_hole(line, tree.size, report)
        _check_line(line, redactions, report)
        tree.append(line.leaf)
        report.lines = tree.size
        checkpoint = by_size.get(tree.size)
        if checkpoint is not None:
            _check_root(tree, checkpoint, report)
    for checkpoint in trusted:
        if checkpoint.size > tree.size:
            detail = f"checkpoint {checkpoint.number} signs {checkpoint.size} lines, the log has {tree.size}"
            report.find("cut", tree.size + 1, detail, checkpoint.size)
            break
    if tree.size and not trusted:
        report.find("unsigned", 1, "no checkpoint that holds covers any line", tree.size)
    report.redacted = redactions.count
    for first, last in redactions.unsaid():
        report.find("redacted-unsaid", first, "redacted, and no later line of audit.redact says so", last)
    return report


def _trusted(checkpoints: Sequence[Checkpoint], key_name: str, report: Report) -> list[Checkpoint]:
    """Those that are signed by the key and tell one growing log."""
    trusted: list[Checkpoint] = []
    for checkpoint in checkpoints:
        number, size = checkpoint.number, checkpoint.size
        if not checkpoint.is_signed:
            report.find("signature", size, f"checkpoint {number} is not signed by this key")
        elif checkpoint.origin != key_name:
            report.find("origin", size, f"checkpoint {number} is of the log {checkpoint.origin!r}, not {key_name!r}")
        elif trusted and size < trusted[-1].size:
            detail = f"checkpoint {number} signs {size} lines after {trusted[-1].size} were signed"
            report.find("rolled-back", size + 1, detail, trusted[-1].size)
        elif trusted and size == trusted[-1].size:
            if checkpoint.root != trusted[-1].root:
                report.find("forked", 1, f"two roots were signed over {size} lines", size)
        else:
            trusted.append(checkpoint)
    return trusted


def _find_hole(line: Line, before: int, report: Report) -> None:
    """A hole moves all later leaves, so the roots differ too; this says where it began."""
    if line.seq > before + 1 and before == report.lines and not any(f.kind == "missing" for f in report.findings):
        report.find("missing", before + 1, f"after line {before} comes line {line.seq}", line.seq - 1)


def _check_line(line: Line, redactions: "_Redactions", report: Report) -> None:
    if line.record is None or line.salt is None:
        redactions.add(line.seq)
        return
    if leaf_hash(line.salt, line.record.encode()) != line.leaf:
        report.find("changed", line.seq, "record or salt is not what its leaf was made of")
        return
    try:
        told = json.loads(line.record)
        told_format, told_seq = told["v"], told["seq"]
    except (ValueError, KeyError, TypeError, RecursionError):
        report.find("unknown-format", line.seq, "the record is not one of format 1")
        return
    if told_format != KNOWN_FORMAT:
        report.find("unknown-format", line.seq, f"format {told_format} is not known to this tool")
    elif told_seq != line.seq:
        report.find("reordered", line.seq, f"the record of line {told_seq} stands in the place of line {line.seq}")
    else:
        for name, copy in line.copies.items():
            if told.get(name) != copy:
                report.find("copy-differs", line.seq, f"column {name} says {copy!r}, the record {told.get(name)!r}")
        redactions.hear(line.seq, told)


def _check_root(tree: GrowingTree, checkpoint: Checkpoint, report: Report) -> None:
    if tree.root() == checkpoint.root:
        report.covered, report.newest_root = checkpoint.size, checkpoint.root.hex()
        return
    if not any(finding.kind == "rewritten" for finding in report.findings):
        first = report.covered + 1
        detail = f"lines {first} to {checkpoint.size} are not those that checkpoint {checkpoint.number} signs"
        report.find("rewritten", first, detail, checkpoint.size)


class _Redactions:
    """Redacted lines, and the later lines that say which were redacted and why."""

    def __init__(self) -> None:
        self.count = 0
        self._ranges: list[list[int]] = []
        self._said: list[tuple[int, int, int]] = []

    def add(self, seq: int) -> None:
        self.count += 1
        if self._ranges and self._ranges[-1][1] == seq - 1:
            self._ranges[-1][1] = seq
        else:
            self._ranges.append([seq, seq])

    def hear(self, seq: int, told: Any) -> None:
        if told.get("action") == "audit.redact":
            details = told.get("details")
            first, last = (details.get(name) if isinstance(details, dict) else None for name in ("from_seq", "to_seq"))
            if isinstance(first, int) and isinstance(last, int) and first <= last < seq:
                self._said.append((first, last, seq))

    def unsaid(self) -> list[tuple[int, int]]:
        """Parts of the redacted ranges that no line speaks of."""
        parts = []
        for first, last in self._ranges:
            at = first
            for said_first, said_last, _ in sorted(self._said):
                if said_first > at:
                    break
                at = max(at, said_last + 1)
            if at <= last:
                parts.append((at, last))
        return parts
