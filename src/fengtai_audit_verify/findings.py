"""What a check found: each finding with its kind, its lines and a sentence; and the report that holds them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_FINDINGS = 200
"""Enough to understand; a wholly rewritten log would give millions."""


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    """changed, copy-differs, reordered, missing, rewritten, cut, forked, rolled-back, signature, origin, unsigned,
    unwitnessed, cosignature, untimed, token, future, redacted-unsaid, redacted-changed, redacted-early,
    unknown-format; as a remark: clock"""
    seq: int
    """the first line that is concerned"""
    until: int
    """the last one that may be"""
    detail: str


@dataclass(slots=True)
class Report:
    lines: int = 0
    redacted: int = 0
    redacted_proven: int = 0
    """redacted lines whose leaf a checkpoint covers, and that a later line speaks of"""
    checkpoints: int = 0
    covered: int = 0
    """lines under the newest checkpoint that holds"""
    newest_root: str = ""
    witnessed: int = 0
    """lines under the newest checkpoint that somebody else keeps, and that holds"""
    timed: int = 0
    """lines under the newest checkpoint that a time-stamping service stamped"""
    timed_at: str = ""
    torn_checkpoint: bool = False
    findings: list[Finding] = field(default_factory=list)
    more_findings: int = 0
    remarks: list[Finding] = field(default_factory=list)
    """worth a look, and no proof of anything: the clock was set back"""

    @property
    def ok(self) -> bool:
        return not self.findings

    def find(self, kind: str, seq: int, detail: str, until: int | None = None) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, seq, seq if until is None else until, detail))
        else:
            self.more_findings += 1

    def remark(self, kind: str, seq: int, detail: str) -> None:
        if len(self.remarks) < MOST_FINDINGS:
            self.remarks.append(Finding(kind, seq, seq, detail))

    def has(self, kind: str) -> bool:
        return any(finding.kind == kind for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.ok, "first_bad_seq": first_seq(self.findings)} | asdict(self)


def first_seq(findings: Iterable[Finding]) -> int | None:
    return min((finding.seq for finding in findings), default=None)
