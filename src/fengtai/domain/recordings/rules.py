"""What may be deleted, and what stops first when the disk is full. Pure decisions.

Order 799 (State Council, in force 2025-04-01) article 17: video of public-safety points is kept 30 days at least; a longer
wish of the point counts, a shorter one does not.
"""

from collections.abc import Iterable, Sequence

from fengtai.domain.recordings.model import Forecast, RecordedHour, WantedPoint

FLOOR_DAYS: dict[int, int] = {1: 30, 2: 30, 3: 30, 9: 30}
"""Legal floor by point class; an unknown class has the highest."""
DAY_MS = 86_400_000
SHED_ORDER: tuple[int, ...] = (9, 3, 2, 1)
"""Which class stops recording first when nothing may be deleted."""
RESUME_FACTOR = 1.5
"""Recording of a class resumes only when this multiple of the reserve is free, so that it does not flap."""


def kept_days(point_class: int, retention_days: int) -> int:
    return max(FLOOR_DAYS.get(point_class, max(FLOOR_DAYS.values())), retention_days)


def is_eligible(hour: RecordedHour, *, point_class: int, retention_days: int, now_ms: int) -> bool:
    """May this hour be deleted now?"""
    return hour.until_ms < now_ms - kept_days(point_class, retention_days) * DAY_MS


def shed_classes(shed: Sequence[int], *, free_bytes: int, reserve_bytes: int) -> tuple[int, ...]:
    """The classes that must not be recorded now, one step at a time from those shed before."""
    now = len(tuple(shed))
    if free_bytes < reserve_bytes:
        now = min(now + 1, len(SHED_ORDER))
    elif free_bytes > reserve_bytes * RESUME_FACTOR:
        now = max(now - 1, 0)
    return SHED_ORDER[:now]


def recordable(points: Iterable[WantedPoint], shed: Sequence[int]) -> list[WantedPoint]:
    return [point for point in points if point.point_class not in shed]


def forecast(
    *, recent_bytes: int, kept: tuple[int, int | None], free_bytes: int | None, reserve_bytes: int, now_ms: int
) -> Forecast:
    """`recent_bytes`: recorded in the last day; `kept`: as the store says.

    A start in the middle of the day counts with what it has: the day is taken as long as since the oldest recording.
    """
    kept_bytes, oldest_ms = kept
    span_ms = DAY_MS if oldest_ms is None else min(DAY_MS, max(now_ms - oldest_ms, 1))
    per_day = recent_bytes * DAY_MS // span_ms
    room = None if free_bytes is None else max(0, free_bytes - reserve_bytes)
    can_tell = per_day > 0 and room is not None
    return Forecast(
        bytes_per_day=per_day,
        kept_bytes=kept_bytes,
        oldest_ms=oldest_ms,
        free_bytes=free_bytes,
        reserve_bytes=reserve_bytes,
        days_until_full=round(room / per_day, 1) if can_tell and room is not None else None,
        days_kept_when_full=round((kept_bytes + room) / per_day, 1) if can_tell and room is not None else None,
        floor_days=max(FLOOR_DAYS.values()),
    )
