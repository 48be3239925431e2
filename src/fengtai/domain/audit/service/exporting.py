"""An export for the auditor: chosen lines, each with its proof against one signed checkpoint, and the time stamps.

JSON, one object a line: first the checkpoint, then time stamps, then lines oldest last, at the end how many there were.
`fengtai-audit-verify --proofs FILE` checks it.
"""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import AuditLine, AuditQuery, Checkpoint, TimeStamp
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

LINES_AT_ONCE = 50
MOST_LINES = 20_000


async def exported(
    engine: Transactions, query: AuditQuery, checkpoint: Checkpoint, stamps: Sequence[TimeStamp]
) -> AsyncIterator[str]:
    yield _text(kind="checkpoint", size=checkpoint.size, note=checkpoint.note)
    for stamp in stamps:
        yield _text(kind="time-stamp", size=stamp.size, token=base64.b64encode(stamp.token).decode())
    count, query = 0, replace(query, before=min(query.before or checkpoint.size + 1, checkpoint.size + 1))
    while count < MOST_LINES:
        asked = replace(query, limit=min(LINES_AT_ONCE, MOST_LINES - count))
        found = await engine.read(partial(_proven, asked=asked, checkpoint=checkpoint))
        for text in found[0]:
            yield text
        count += len(found[0])
        if len(found[0]) < asked.limit:
            yield _text(kind="end", lines=count, whole=True)
            return
        query = replace(query, before=found[1])
    yield _text(kind="end", lines=count, whole=False)


def _proven(uow: UnitOfWork, asked: AuditQuery, checkpoint: Checkpoint) -> tuple[list[str], int]:
    audit = uow.store(AuditLog)
    lines = audit.page(asked)
    texts = [_line(line, rules.inclusion_path(audit.hashes, line.seq - 1, checkpoint.size)) for line in lines]
    return texts, lines[-1].seq if lines else 0


def _line(line: AuditLine, path: Sequence[bytes]) -> str:
    return _text(
        kind="line",
        seq=line.seq,
        record=None if line.record is None else line.record.decode(),
        salt=None if line.salt is None else line.salt.hex(),
        leaf=line.leaf.hex(),
        path=[step.hex() for step in path],
    )


def _text(**told: Any) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"
