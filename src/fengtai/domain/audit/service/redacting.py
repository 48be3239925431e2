"""Redaction: at the end of its retention the personal content of an entry goes; its salted leaf and every proof stay.

Only lines under a signed checkpoint that the log still agrees with are redacted, so that each stays proven. One unit redacts
some hundreds of lines and says so in an entry of its own (`audit.redact`): which, and a digest over what stays of them.
"""

from datetime import datetime
from functools import partial

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import AuditEntry, RedactionPolicy
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

LINES_AT_ONCE = 500
AUTHOR = "system:audit"


async def redact(transactions: Transactions, policy: RedactionPolicy, signed: rules.SignedTree) -> int:
    upto = await transactions.read(lambda uow: _last_old_line(uow, policy, signed))
    count, after = 0, 0
    while True:
        redacted, seen = await transactions.write(partial(_redact_some, policy=policy, after=after, upto=upto))
        count += redacted
        if seen is None:
            return count
        after = seen


def _last_old_line(uow: UnitOfWork, policy: RedactionPolicy, signed: rules.SignedTree) -> int:
    """No line after it is old enough: found by halving, since times grow (where a clock was set back, some wait longer)."""
    audit, before = uow.store(AuditLog), _youngest(policy, uow.now.utc)
    last, end = 0, signed.size
    try:
        while last < end:
            middle = (last + end + 1) // 2
            last, end = (middle, end) if audit.line(middle).at < before else (last, middle - 1)
        agrees = not last or (audit.size() >= signed.size and rules.root(audit.hashes, signed.size) == signed.root)
    except (LookupError, NotFound):
        agrees = False
    if not agrees:
        raise Conflict("the log contradicts its last checkpoint: nothing is redacted; run fengtai-audit-verify")
    return last


def _youngest(policy: RedactionPolicy, now: datetime) -> datetime:
    return rules.months_earlier(now, max(rules.LEAST_MONTHS, min([policy.months, *policy.months_of.values()])))


def _redact_some(uow: UnitOfWork, policy: RedactionPolicy, after: int, upto: int) -> tuple[int, int | None]:
    """How many were redacted, and the last line that was looked at; None when there are no more."""
    audit, now = uow.store(AuditLog), uow.now.utc
    youngest = _youngest(policy, now)
    lines = audit.whole_lines(after=after, upto=upto, before=youngest, limit=LINES_AT_ONCE)
    due = []
    for line in lines:
        before = rules.redactable_before(line.action, policy, now)
        if before is not None and line.at < before:
            due.append(line.seq)
    if due:
        kept = audit.redact(due)
        details = {"ranges": rules.runs(due), "lines": len(due), "kept_sha256": kept.hex()}
        audit.append(AuditEntry(actor=AUTHOR, action="audit.redact", object="audit", details=details))
    return len(due), lines[-1].seq if len(lines) == LINES_AT_ONCE else None
