"""Time-stamp tokens (RFC 3161) over signed checkpoints: `<size>.tsr` in a folder, each over the bytes of a whole note.

Whoever has the platform's key can sign another history today; no token of last year will be over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from fengtai_audit_verify.checkpoints import Checkpoint, Unreadable
from fengtai_audit_verify.findings import Report

CLOCK_TOLERANCE_MS = 300_000


@dataclass(frozen=True, slots=True)
class Tokens:
    by_size: dict[int, bytes]
    roots: Sequence[x509.Certificate]
    within_ms: int | None = None
    """the newest token may be this much older than the newest checkpoint"""


def read_tokens(folder: Path, roots: Path, within_ms: int | None = None) -> Tokens:
    """Raise Unreadable."""
    try:
        found = {int(path.stem): path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".tsr"}
        return Tokens(found, x509.load_pem_x509_certificates(roots.read_bytes()), within_ms)
    except (OSError, ValueError) as error:
        raise Unreadable(f"time stamps or their root cannot be read: {error}") from error


def check_tokens(tokens: Tokens, checkpoints: Sequence[Checkpoint], report: Report) -> None:
    """`checkpoints` are those of the book, signed or not: what a token is over was there at its moment."""
    notes: dict[int, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        notes.setdefault(checkpoint.size, []).append(checkpoint)
    newest_ms = 0
    for size, token in sorted(tokens.by_size.items()):
        at, faults = None, []
        for checkpoint in notes.get(size, ()):
            at, fault = _moment(token, checkpoint.note.encode(), tokens.roots)
            if at is not None:
                _compare_times(checkpoint, at, report)
                break
            faults.append(fault)
        if at is None:
            why = faults[0] if faults else "the book has no checkpoint over so many lines"
            report.find("token", size, f"the time stamp over {size} lines does not hold: {why}")
        elif size <= report.covered:
            report.timed, report.timed_at = size, at.isoformat()
            newest_ms = round(at.timestamp() * 1000)
    last = max(checkpoints, key=lambda one: one.size, default=None)
    if tokens.within_ms is None or last is None or last.at_ms is None or report.timed >= last.size:
        return
    if newest_ms < last.at_ms - tokens.within_ms:
        detail = "no time stamp holds" if not newest_ms else f"the newest time stamp is of {report.timed_at}"
        report.find("untimed", report.timed + 1, detail, last.size)


def _moment(token: bytes, note: bytes, roots: Sequence[x509.Certificate]) -> tuple[datetime | None, str]:
    """When the authority saw the note; or why the token does not say so."""
    try:
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError as error:
        raise Unreadable("checking time stamps needs rfc3161-client (pip install rfc3161-client)") from error
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        response = decode_timestamp_response(token)
        builder.build().verify_message(response, note)
    except (ValueError, VerificationError) as error:
        return None, str(error)
    return response.tst_info.gen_time.astimezone(UTC), ""


def _compare_times(checkpoint: Checkpoint, at: datetime, report: Report) -> None:
    stamped_ms = round(at.timestamp() * 1000)
    if checkpoint.at_ms is not None and checkpoint.at_ms > stamped_ms + CLOCK_TOLERANCE_MS:
        detail = f"checkpoint {checkpoint.number} says a time after the moment at which it was stamped"
        report.remark("clock", checkpoint.size, detail)
