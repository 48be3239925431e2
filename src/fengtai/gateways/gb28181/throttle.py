"""How often a host or a device may be wrong in a minute, and how many lines the log may take of it. Bounded memory."""

WINDOW_SECONDS = 60.0
MOST_KEYS = 50_000


class Throttle:
    """Counts per key in windows of a minute; beyond `most` the key is held off until the window ends."""

    def __init__(self, *, most: int, window_seconds: float = WINDOW_SECONDS) -> None:
        self._most, self._window_seconds = most, window_seconds
        self._counts: dict[str, int] = {}
        self._until = float("-inf")

    def __bool__(self) -> bool:
        """Whether anything is being counted."""
        return bool(self._counts)

    def holds_off(self, key: str, now: float) -> bool:
        return now < self._until and self._counts.get(key, 0) >= self._most

    def count(self, key: str, now: float) -> None:
        if now >= self._until or len(self._counts) >= MOST_KEYS:
            self._counts.clear()
            self._until = now + self._window_seconds
        self._counts[key] = self._counts.get(key, 0) + 1

    def allows(self, key: str, now: float) -> bool:
        """Count and judge at once."""
        if self.holds_off(key, now):
            return False
        self.count(key, now)
        return True
