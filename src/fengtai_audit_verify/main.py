"""The command: `fengtai-audit-verify --database FILE_OR_URL --checkpoints FILE --public-key FILE`.

Exit status: 0 the log holds, 1 it does not (each finding says where), 2 it could not be checked.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fengtai_audit_verify.check import Asked, check
from fengtai_audit_verify.checkpoints import Checkpoint, Unreadable, VerifierKey, read_checkpoints
from fengtai_audit_verify.cosignatures import WitnessKey
from fengtai_audit_verify.findings import Finding, Report
from fengtai_audit_verify.key_changes import KeyChain
from fengtai_audit_verify.lines import Line, lines_of_database, lines_of_export, write_export
from fengtai_audit_verify.proofs import check_proofs
from fengtai_audit_verify.tokens import check_tokens, read_tokens

HOLDS, BROKEN, NOT_CHECKED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    asked = parser.parse_args(arguments)
    if (asked.tokens is None) != (asked.tsa_root is None):
        parser.error("--tokens and --tsa-root are needed together")
    if asked.checkpoints is None and asked.proofs is None:
        parser.error("--checkpoints is needed")
    try:
        report = _checked(asked)
    except Unreadable as reason:
        print(json.dumps({"ok": False, "unreadable": str(reason)}) if asked.json else f"NOT CHECKED: {reason}")
        return NOT_CHECKED
    print(json.dumps(report.as_json(), ensure_ascii=False) if asked.json else _told(report))
    return HOLDS if report.ok else BROKEN


def _checked(asked: argparse.Namespace) -> Report:
    changes = _read(asked.key_changes) if asked.key_changes else ""
    key = KeyChain(VerifierKey(_read(asked.public_key)), changes)
    # Checkpoints first: a log that is being written only grows meanwhile.
    checkpoints, torn = read_checkpoints(_read(asked.checkpoints) if asked.checkpoints else "", key)
    carried = [one for path in asked.carried for one in read_checkpoints(_read(path), key)[0]]
    witnesses = [WitnessKey(_read(path)) for path in asked.witness_key]
    strangers = [one for one in carried if witnesses and all(witness.saw(one) is None for witness in witnesses)]
    question = Asked(
        key_name=key.name,
        now_ms=_as_of_ms(asked.as_of),
        carried=[one for one in carried if one not in strangers],
        witness_within_ms=_ms(asked.witness_within_hours),
    )
    if asked.proofs:
        return check_proofs(asked.proofs, checkpoints, key)
    lines = lines_of_database(asked.database) if asked.database else lines_of_export(asked.export)
    if asked.write_export:
        report = _checked_and_exported(lines, asked.write_export, checkpoints, question)
    else:
        report = check(lines, checkpoints, question)
    if asked.tokens:
        check_tokens(read_tokens(asked.tokens, asked.tsa_root, _ms(asked.time_stamp_within_hours)), checkpoints, report)
    for one in strangers:
        report.find("cosignature", one.size, f"carried checkpoint {one.number} has no cosignature of these witnesses")
    report.torn_checkpoint = torn
    return report


def _checked_and_exported(lines: Iterator[Line], path: Path, checkpoints: Sequence[Checkpoint], asked: Asked) -> Report:
    try:
        with path.open("w", encoding="utf-8") as file:
            return check(write_export(lines, file), checkpoints, asked)
    except OSError as error:
        raise Unreadable(f"the export cannot be written: {error}") from error


def _ms(hours: float | None) -> int | None:
    return None if hours is None else round(hours * 3_600_000)


def _as_of_ms(moment: str | None) -> int:
    if moment is None:
        return round(datetime.now(UTC).timestamp() * 1000)  # noqa: TID251 - it has no other clock
    try:
        at = datetime.fromisoformat(moment)
    except ValueError as error:
        raise Unreadable(f"--as-of: {error}") from error
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _told(report: Report) -> str:
    told = [
        f"{report.lines} lines ({report.redacted} redacted), {report.checkpoints} checkpoints, "
        f"{report.covered} lines covered by the newest checkpoint that holds"
    ]
    if report.torn_checkpoint:
        told.append("note: the last checkpoint is cut short (a crash while it was written); it is left out")
    if report.timed:
        told.append(f"{report.timed} lines covered by the newest time stamp that holds, of {report.timed_at}")
    if report.witnessed:
        told.append(f"{report.witnessed} lines covered by the newest checkpoint that somebody else keeps")
    if report.redacted_proven:
        told.append(f"{report.redacted_proven} lines are redacted, proven: their leaves stand under signed checkpoints")
    told += [f"{finding.kind.upper()} {_where(finding)}: {finding.detail}" for finding in report.findings]
    told += [f"remark ({remark.kind}), {_where(remark)}: {remark.detail}" for remark in report.remarks]
    if report.more_findings:
        told.append(f"… and {report.more_findings} more")
    told.append("THE LOG HOLDS" if report.ok else "THE LOG DOES NOT HOLD")
    return "\n".join(told)


def _where(finding: Finding) -> str:
    return f"line {finding.seq}" if finding.seq == finding.until else f"lines {finding.seq} to {finding.until}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fengtai-audit-verify",
        description="Check an audit log of Fengtai against its signed checkpoints, without the platform's code.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--database", help="SQLite file, or postgresql:// URL (read only)")
    source.add_argument("--export", type=Path, help="export of the log: JSON, one line each")
    source.add_argument("--proofs", type=Path, help="chosen lines with their proofs, as the audit page exports them")
    parser.add_argument("--checkpoints", type=Path, help="the file of signed checkpoints; not needed with --proofs")
    parser.add_argument("--public-key", type=Path, required=True, help="the log's public key (name+hash+key)")
    parser.add_argument("--key-changes", type=Path, help="the file in which each key names the next one, if it changed")
    parser.add_argument(
        "--carried", type=Path, action="append", default=[], help="checkpoints that others keep; may be given again"
    )
    parser.add_argument(
        "--witness-key",
        type=Path,
        action="append",
        default=[],
        help="key of a witness who cosigned the --carried checkpoints; may be given again, one of them is enough",
    )
    parser.add_argument(
        "--witness-within-hours", type=float, help="find lines that no --carried checkpoint has covered for so long"
    )
    parser.add_argument("--tokens", type=Path, help="the folder of time stamps (audit/tokens); needs --tsa-root")
    parser.add_argument("--tsa-root", type=Path, help="PEM file with the root of the time-stamping authority")
    parser.add_argument(
        "--time-stamp-within-hours", type=float, help="find lines that no time stamp has covered for so long"
    )
    parser.add_argument("--as-of", help="judge times as of this moment (ISO 8601) instead of now")
    parser.add_argument("--write-export", type=Path, help="also write the lines to this file")
    parser.add_argument("--json", action="store_true", help="answer one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
