"""A file of chosen lines, each with its inclusion proof (RFC 6962, 2.1.1) against the signed checkpoint that the file begins
with. It proves that the lines stand in the log; not that no other line does: for that the whole log is checked."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fengtai_audit_verify.checkpoints import Checkpoint, Signer, Unreadable, read_checkpoints
from fengtai_audit_verify.findings import Report
from fengtai_audit_verify.tree import climbs, leaf_hash


def check_proofs(path: Path, book: Sequence[Checkpoint], key: Signer) -> Report:
    """Raise Unreadable. `book`: checkpoints of the book, if given; the file's own must be one of them then."""
    report, checkpoint, ended = Report(), None, False
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                try:
                    told = json.loads(text)
                    if told["kind"] == "checkpoint" and checkpoint is None:
                        checkpoint = _checkpoint(told["note"], book, key, report)
                    elif told["kind"] == "line" and checkpoint is not None:
                        _check(told, checkpoint, report)
                    elif told["kind"] == "end":
                        ended = True
                        if told["lines"] != report.lines:
                            report.find("cut", 1, f"the file tells of {told['lines']} lines and holds {report.lines}")
                except (ValueError, KeyError, TypeError, RecursionError) as error:
                    raise Unreadable(f"line {number} of the proofs is not readable: {error!r}") from error
    except OSError as error:
        raise Unreadable(f"the proofs cannot be read: {error}") from error
    if checkpoint is None:
        raise Unreadable("the proofs begin with no checkpoint")
    if not ended:
        report.find("cut", 1, "the file has no end: a part of it is missing")
    return report


def _checkpoint(note: str, book: Sequence[Checkpoint], key: Signer, report: Report) -> Checkpoint:
    found, _ = read_checkpoints(note + "\n", key)
    if len(found) != 1:
        raise ValueError("not one checkpoint")
    one = found[0]
    report.checkpoints, report.covered, report.newest_root = 1, one.size, one.root.hex()
    if not one.is_signed:
        report.find("signature", one.size, "the checkpoint of the file is not signed by this key")
    if book and not any(own.size == one.size and own.root == one.root and own.is_signed for own in book):
        report.find("forked", one.size, "the book has no such checkpoint as that of the file")
    return one


def _check(told: dict[str, Any], checkpoint: Checkpoint, report: Report) -> None:
    seq, record, leaf = int(told["seq"]), told["record"], bytes.fromhex(told["leaf"])
    report.lines += 1
    if record is None:
        report.redacted += 1
    elif leaf_hash(bytes.fromhex(told["salt"]), record.encode()) != leaf:
        report.find("changed", seq, "record or salt is not what its leaf was made of")
        return
    elif json.loads(record)["seq"] != seq:
        report.find("reordered", seq, "the record says another place")
        return
    path = [bytes.fromhex(step) for step in told["path"]]
    if not climbs(leaf, seq - 1, checkpoint.size, path, checkpoint.root):
        report.find("rewritten", seq, "the proof does not lead to the root that is signed")
    elif record is None:
        report.redacted_proven += 1
