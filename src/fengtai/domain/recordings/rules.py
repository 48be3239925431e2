"""What may be deleted, and what stops first when the disk is full. Pure decisions.

Order 799 (State Council, in force 2025-04-01) article 17: video of public-safety points is kept 30 days at least; a longer
wish of the point counts, a shorter one does not.
"""

from collections.abc import Iterable, Sequence

from fengtai.domain.recordings.model import RecordedHour, WantedPoint

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
