"""The one place that reads real clocks; everything else is given an `Instant` or a `Clock`."""

import time
from datetime import UTC, datetime

from fengtai.vocabulary.clock import Instant


class SystemClock:
    """CLOCK_MONOTONIC for intervals (the scale of `loop.time()`), the system's UTC for people and storage."""

    def now(self) -> Instant:
        return Instant(time.monotonic(), datetime.now(UTC))
