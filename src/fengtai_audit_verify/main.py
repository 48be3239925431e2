"""The command: `fengtai-audit-verify --database FILE_OR_URL --checkpoints FILE --public-key FILE`.

Exit status: 0 the log holds, 1 it does not (each finding says where), 2 it could not be checked.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fengtai_audit_verify.check import Report, check
from fengtai_audit_verify.checkpoints import Checkpoint, Unreadable, VerifierKey, read_checkpoints
from fengtai_audit_verify.lines import Line, lines_of_database, lines_of_export, write_export

HOLDS, BROKEN, NOT_CHECKED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        report = _checked(asked)
    except Unreadable as reason:
        print(json.dumps({"ok": False, "unreadable": str(reason)}) if asked.json else f"NOT CHECKED: {reason}")
        return NOT_CHECKED
    print(json.dumps(report.as_json(), ensure_ascii=False) if asked.json else _told(report))
    return HOLDS if report.ok else BROKEN


def _checked(asked: argparse.Namespace) -> Report:
    key = VerifierKey(_read(asked.public_key))
    # Checkpoints first: a log that is being written only grows meanwhile.
    checkpoints, torn = read_checkpoints(_read(asked.checkpoints), key)
    lines = lines_of_database(asked.database) if asked.database else lines_of_export(asked.export)
    if asked.write_export:
        report = _checked_and_exported(lines, asked.write_export, checkpoints, key.name)
    else:
        report = check(lines, checkpoints, key.name)
    report.torn_checkpoint = torn
    return report


def _checked_and_exported(
    lines: Iterator[Line], path: Path, checkpoints: Sequence[Checkpoint], key_name: str
) -> Report:
    try:
        with path.open("w", encoding="utf-8") as file:
            return check(write_export(lines, file), checkpoints, key_name)
    except OSError as error:
        raise Unreadable(f"the export cannot be written: {error}") from error


def _told(report: Report) -> str:
    told = [
        f"{report.lines} lines ({report.redacted} redacted), {report.checkpoints} checkpoints, "
        f"{report.covered} lines covered by the newest checkpoint that holds"
    ]
    if report.torn_checkpoint:
        told.append("note: the last checkpoint is cut short (a crash while it was written); it is left out")
    for finding in report.findings:
        where = f"line {finding.seq}" if finding.seq == finding.until else f"lines {finding.seq} to {finding.until}"
        told.append(f"{finding.kind.upper()} {where}: {finding.detail}")
    if report.more_findings:
        told.append(f"… and {report.more_findings} more")
    told.append("THE LOG HOLDS" if report.ok else "THE LOG DOES NOT HOLD")
    return "\n".join(told)


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
    parser.add_argument("--checkpoints", type=Path, required=True, help="the file of signed checkpoints")
    parser.add_argument("--public-key", type=Path, required=True, help="the log's public key (name+hash+key)")
    parser.add_argument("--write-export", type=Path, help="also write the lines to this file")
    parser.add_argument("--json", action="store_true", help="answer one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
