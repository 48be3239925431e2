"""Which clip is cut around an alarm, and when a failed one is tried again."""

from datetime import datetime, timedelta

BEFORE_SECONDS = 10
AFTER_SECONDS = 30
CLIPS_PER_ALARM = 2
SETTLE_SECONDS = 4
"""The group of pictures that holds the last moment must be on the shelf before a clip can have it."""
MOST_ATTEMPTS = 5
_BACK_OFF_SECONDS = (4, 8, 20, 60, 120)
"""After the first, second, ... try. The row is pushed back before each try, so that a crash during it costs one try."""


def clip_range(raised_at: datetime) -> tuple[datetime, datetime]:
    return raised_at - timedelta(seconds=BEFORE_SECONDS), raised_at + timedelta(seconds=AFTER_SECONDS)


def first_due(until_at: datetime) -> datetime:
    return until_at + timedelta(seconds=SETTLE_SECONDS)


def next_due(now: datetime, attempts: int) -> datetime:
    """When to try again if try number `attempts` (from 1) fails."""
    return now + timedelta(seconds=_BACK_OFF_SECONDS[min(attempts, len(_BACK_OFF_SECONDS)) - 1])
