"""Time as a value. Nothing here reads a clock: real ones live in `apps.clocks`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """One moment on two scales: `monotonic` (seconds, for intervals and deadlines) and `utc` (for people and storage)."""

    monotonic: float
    utc: datetime

    def __post_init__(self) -> None:
        if self.utc.tzinfo is not UTC:
            raise ValueError("Instant.utc must be an aware UTC datetime")

    def plus(self, seconds: float) -> "Instant":
        return Instant(self.monotonic + seconds, self.utc + timedelta(seconds=seconds))

    @property
    def utc_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC: how moments are stored."""
        return to_ms(self.utc)


class Clock(Protocol):
    """Tells the moment. `apps.clocks.SystemClock` is the real one, `HandClock` the one of tests and simulations."""

    def now(self) -> Instant: ...


class HandClock:
    """A clock that moves only when told to; complete, for tests and simulations."""

    def __init__(self, utc: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC), monotonic: float = 1000.0) -> None:
        self._now = Instant(monotonic, utc)

    def now(self) -> Instant:
        return self._now

    def advance(self, seconds: float) -> Instant:
        self._now = self._now.plus(seconds)
        return self._now


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
