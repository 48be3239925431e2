"""The check itself: every leaf, the one order, and every checkpoint's root, in one pass over the log.

What each finding means, and what it proves, is told in docs/design/audit-log.md ("What the verifier finds").
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fengtai_audit_verify.checkpoints import Checkpoint
from fengtai_audit_verify.findings import Report
from fengtai_audit_verify.lines import Line
from fengtai_audit_verify.redactions import Redactions
from fengtai_audit_verify.tree import GrowingTree, leaf_hash

KNOWN_FORMAT = 1
CLOCK_TOLERANCE_MS = 300_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the auditor wants to hold beside the book itself."""

    key_name: str
    now_ms: int | None = None
    """no line and no checkpoint may be from after this; None: times are not judged"""
    carried: Sequence[Checkpoint] = ()
    """checkpoints that somebody else keeps: carried away, or kept by a witness"""
    witness_within_ms: int | None = None
    """the newest carried checkpoint may be this much older than the newest of the book"""


def check(lines: Iterable[Line], checkpoints: Sequence[Checkpoint], asked: Asked) -> Report:
    report = Report(checkpoints=len(checkpoints))
    trusted = _trusted(checkpoints, asked, report)
    carried = [one for one in asked.carried if _is_ours(one, asked, report, "carried checkpoint")]
    own = {checkpoint.size: checkpoint for checkpoint in trusted}
    of_others: dict[int, list[Checkpoint]] = {}
    for one in carried:
        of_others.setdefault(one.size, []).append(one)
    tree, redactions, order = GrowingTree(), Redactions(), _Order(report)
    for line in lines:
        order.look(line.seq)
        _check_line(line, redactions, order, asked, report)
        tree.append(line.leaf)
        report.lines = size = tree.size
        if size in own:
            _check_root(tree, own[size], report)
        for one in of_others.get(size, ()):
            _check_carried(tree, one, report)
    _check_ends(tree.size, trusted, carried, report)
    _check_witness(trusted, carried, asked, report)
    redactions.judge(report.covered, report)
    return report


def _trusted(checkpoints: Sequence[Checkpoint], asked: Asked, report: Report) -> list[Checkpoint]:
    """Those that are signed by the key and tell one growing log."""
    trusted: list[Checkpoint] = []
    for checkpoint in checkpoints:
        number, size = checkpoint.number, checkpoint.size
        if not _is_ours(checkpoint, asked, report, "checkpoint"):
            continue
        if trusted and size < trusted[-1].size:
            detail = f"checkpoint {number} signs {size} lines after {trusted[-1].size} were signed"
            report.find("rolled-back", size + 1, detail, trusted[-1].size)
        elif trusted and size == trusted[-1].size:
            if checkpoint.root != trusted[-1].root:
                report.find("forked", 1, f"two roots were signed over {size} lines", size)
        else:
            trusted.append(checkpoint)
    return trusted


def _is_ours(checkpoint: Checkpoint, asked: Asked, report: Report, what: str) -> bool:
    number, size = checkpoint.number, checkpoint.size
    if not checkpoint.is_signed:
        report.find("signature", size, f"{what} {number} is not signed by this key")
        return False
    if checkpoint.origin != asked.key_name:
        report.find("origin", size, f"{what} {number} is of the log {checkpoint.origin!r}, not {asked.key_name!r}")
        return False
    if asked.now_ms is not None and (checkpoint.at_ms or 0) > asked.now_ms + CLOCK_TOLERANCE_MS:
        report.find("future", size, f"{what} {number} says a time that has not come yet")
    return True


class _Order:
    """Numbers go up by one; times go on. A hole moves all later leaves, so the roots differ too: this says where."""

    def __init__(self, report: Report) -> None:
        self._report, self._before, self._newest_ms = report, 0, 0

    def look(self, seq: int) -> None:
        before = self._before
        if seq > before + 1:
            self._report.find("missing", before + 1, f"after line {before} comes line {seq}", seq - 1)
        elif seq <= before:
            self._report.find("reordered", seq, f"line {seq} stands after line {before}")
        self._before = max(seq, before)

    def look_at_time(self, seq: int, at_ms: int, now_ms: int | None) -> None:
        if now_ms is not None and at_ms > now_ms + CLOCK_TOLERANCE_MS:
            self._report.find("future", seq, "the line says a time that has not come yet")
        if at_ms < self._newest_ms - CLOCK_TOLERANCE_MS:
            back_seconds = (self._newest_ms - at_ms) // 1000
            self._report.remark("clock", seq, f"the line is {back_seconds} s older than a line before it")
            self._newest_ms = at_ms  # said once for each time that the clock was set back
        self._newest_ms = max(self._newest_ms, at_ms)


def _check_line(line: Line, redactions: Redactions, order: _Order, asked: Asked, report: Report) -> None:
    if line.record is None or line.salt is None:
        redactions.add(line)
        if line.record is not None:
            report.find("changed", line.seq, "the salt is gone, the record is not")
        return
    if leaf_hash(line.salt, line.record.encode()) != line.leaf:
        report.find("changed", line.seq, "record or salt is not what its leaf was made of")
        return
    try:
        told = json.loads(line.record)
        told_format, told_seq, at_ms = told["v"], told["seq"], told["at_ms"] if told["v"] == KNOWN_FORMAT else 0
    except (ValueError, KeyError, TypeError, RecursionError):
        report.find("unknown-format", line.seq, "the record is not one of format 1")
        return
    if told_format != KNOWN_FORMAT or type(at_ms) is not int:
        report.find("unknown-format", line.seq, f"format {told_format} is not known to this tool")
    elif told_seq != line.seq:
        report.find("reordered", line.seq, f"the record of line {told_seq} stands in the place of line {line.seq}")
    else:
        for name, copy in line.copies.items():
            if told.get(name) != copy:
                report.find("copy-differs", line.seq, f"column {name} says {copy!r}, the record {told.get(name)!r}")
        redactions.hear(line.seq, told)
        order.look_at_time(line.seq, at_ms, asked.now_ms)


def _check_root(tree: GrowingTree, checkpoint: Checkpoint, report: Report) -> None:
    if tree.root() == checkpoint.root:
        report.covered, report.newest_root = checkpoint.size, checkpoint.root.hex()
    elif not report.has("rewritten"):
        first = report.covered + 1
        detail = f"lines {first} to {checkpoint.size} are not those that checkpoint {checkpoint.number} signs"
        report.find("rewritten", first, detail, checkpoint.size)


def _check_carried(tree: GrowingTree, checkpoint: Checkpoint, report: Report) -> None:
    """Whoever has the key can sign a new history over the old one; not over the copies that others keep."""
    if tree.root() == checkpoint.root:
        report.witnessed = checkpoint.size
    elif not any(finding.kind == "forked" and finding.until == checkpoint.size for finding in report.findings):
        first = report.witnessed + 1
        detail = f"lines {first} to {checkpoint.size} are not those of carried checkpoint {checkpoint.number}"
        report.find("forked", first, detail, checkpoint.size)


def _check_ends(size: int, trusted: Sequence[Checkpoint], carried: Sequence[Checkpoint], report: Report) -> None:
    for name, checkpoints in (("checkpoint", trusted), ("carried checkpoint", carried)):
        longest = next((one for one in checkpoints if one.size > size), None)
        if longest is not None and not report.has("cut"):
            detail = f"{name} {longest.number} signs {longest.size} lines, the log has {size}"
            report.find("cut", size + 1, detail, longest.size)
    if size and not trusted:
        report.find("unsigned", 1, "no checkpoint that holds covers any line", size)


def _check_witness(trusted: Sequence[Checkpoint], carried: Sequence[Checkpoint], asked: Asked, report: Report) -> None:
    """Lines that only the platform's own book vouches for, for longer than the auditor allows."""
    if asked.witness_within_ms is None or not trusted or trusted[-1].at_ms is None:
        return
    held = [one.at_ms for one in carried if one.at_ms is not None and one.size <= report.witnessed]
    oldest_ms = trusted[-1].at_ms - asked.witness_within_ms
    if trusted[-1].size > report.witnessed and (not held or max(held) < oldest_ms):
        since = "at all" if not held else f"for {(trusted[-1].at_ms - max(held)) // 60_000} minutes"
        report.find("unwitnessed", report.witnessed + 1, f"nobody else has kept a checkpoint {since}", trusted[-1].size)
