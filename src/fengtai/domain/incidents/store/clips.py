"""Rows of clips; their bytes lie elsewhere."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from fengtai.domain.incidents.model import Clip, ClipGap, ClipState
from fengtai.domain.incidents.store.tables import clip_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


class SqlClips:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, clip_id: str) -> Clip:
        row = self._connection.execute(select(clip_table).where(clip_table.c.id == clip_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no clip {clip_id}")
        return _clip(row)

    def of_alarm(self, alarm_id: str) -> Sequence[Clip]:
        return self._all(clip_table.c.alarm_id == alarm_id)

    def of_incident(self, incident_id: str) -> Sequence[Clip]:
        return self._all(clip_table.c.incident_id == incident_id)

    def due(self, now: datetime) -> Clip | None:
        row = self._connection.execute(
            select(clip_table)
            .where(clip_table.c.state == ClipState.WAITING.value, clip_table.c.due_at_ms <= to_ms(now))
            .order_by(clip_table.c.due_at_ms, clip_table.c.id)
            .limit(1)
        ).one_or_none()
        return None if row is None else _clip(row)

    def save(self, clip: Clip) -> None:
        values = {
            "alarm_id": clip.alarm_id,
            "incident_id": clip.incident_id,
            "point_id": clip.point_id,
            "from_ms": to_ms(clip.from_at),
            "until_ms": to_ms(clip.until_at),
            "due_at_ms": to_ms(clip.due_at),
            "state": clip.state.value,
            "attempts": clip.attempts,
            "file_key": clip.file_key,
            "seconds": clip.seconds,
            "size_bytes": clip.size_bytes,
            "sha256": clip.sha256,
            "gaps": json.dumps(
                [{"from_ms": gap.from_ms, "until_ms": gap.until_ms, "cause": gap.cause} for gap in clip.gaps]
            ),
            "reason": clip.reason,
        }
        changed = self._connection.execute(update(clip_table).where(clip_table.c.id == clip.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(clip_table).values(id=clip.id, **values))

    def _all(self, condition: Any) -> list[Clip]:
        statement = select(clip_table).where(condition).order_by(clip_table.c.from_ms, clip_table.c.id)
        return [_clip(row) for row in self._connection.execute(statement)]


def _clip(row: Any) -> Clip:
    return Clip(
        id=row.id,
        alarm_id=row.alarm_id,
        incident_id=row.incident_id,
        point_id=row.point_id,
        from_at=from_ms(row.from_ms),
        until_at=from_ms(row.until_ms),
        due_at=from_ms(row.due_at_ms),
        state=ClipState(row.state),
        attempts=row.attempts,
        file_key=row.file_key,
        seconds=row.seconds,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        gaps=tuple(ClipGap(**gap) for gap in json.loads(row.gaps)),
        reason=row.reason,
    )
