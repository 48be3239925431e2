"""The in-memory twin of the stores of recordings."""

from collections.abc import Mapping, Sequence

from fengtai.domain.recordings.model import Gap, HourState, RecordedHour
from fengtai.domain.recordings.ports import GapStore, HourStore


class MemoryHours:
    def __init__(self) -> None:
        self.by_name: dict[str, RecordedHour] = {}

    def get(self, name: str) -> RecordedHour | None:
        return self.by_name.get(name)

    def save(self, hour: RecordedHour) -> None:
        self.by_name[hour.name] = hour

    def delete(self, name: str) -> None:
        self.by_name.pop(name, None)

    def of_point(self, point_id: str, from_ms: int, until_ms: int) -> Sequence[RecordedHour]:
        return sorted(
            (
                hour
                for hour in self.by_name.values()
                if hour.point_id == point_id
                and hour.from_ms < until_ms
                and hour.until_ms > from_ms
                and hour.state is not HourState.DISCARDED
            ),
            key=lambda hour: hour.from_ms,
        )

    def newest_of_point(self, point_id: str) -> RecordedHour | None:
        own = [hour for hour in self.by_name.values() if hour.point_id == point_id]
        return max(own, key=lambda hour: hour.from_ms, default=None)

    def in_state(self, state: HourState, *, limit: int = 500) -> Sequence[RecordedHour]:
        return self._by_age(state)[:limit]

    def closed_before(
        self, until_ms: int, *, after: tuple[int, str] = (0, ""), limit: int = 200
    ) -> Sequence[RecordedHour]:
        closed = self._by_age(HourState.CLOSED)
        return [hour for hour in closed if hour.until_ms < until_ms and (hour.until_ms, hour.name) > after][:limit]

    def page(self, *, after_name: str = "", limit: int = 500) -> Sequence[RecordedHour]:
        return [self.by_name[name] for name in sorted(self.by_name) if name > after_name][:limit]

    def closed_bytes_since(self, until_ms: int) -> int:
        return sum(hour.size_bytes for hour in self._by_age(HourState.CLOSED) if hour.until_ms > until_ms)

    def kept(self) -> tuple[int, int | None]:
        closed = self._by_age(HourState.CLOSED)
        return sum(hour.size_bytes for hour in closed), min((hour.from_ms for hour in closed), default=None)

    def _by_age(self, state: HourState) -> list[RecordedHour]:
        found = [hour for hour in self.by_name.values() if hour.state is state]
        return sorted(found, key=lambda hour: (hour.until_ms, hour.name))


class MemoryGaps:
    def __init__(self) -> None:
        self.by_start: dict[tuple[str, int], Gap] = {}

    def save(self, gap: Gap) -> None:
        self.by_start[gap.point_id, gap.from_ms] = gap

    def lasting(self, point_id: str) -> Gap | None:
        own = [gap for gap in self.by_start.values() if gap.point_id == point_id and gap.until_ms is None]
        return max(own, key=lambda gap: gap.from_ms, default=None)

    def of_point(self, point_id: str, from_ms: int, until_ms: int) -> Sequence[Gap]:
        return sorted(
            (
                gap
                for gap in self.by_start.values()
                if gap.point_id == point_id
                and gap.from_ms < until_ms
                and (gap.until_ms is None or gap.until_ms > from_ms)
            ),
            key=lambda gap: gap.from_ms,
        )

    def delete(self, point_id: str, from_ms: int) -> None:
        self.by_start.pop((point_id, from_ms), None)

    def delete_before(self, point_id: str, until_ms: int) -> None:
        for gap in list(self.by_start.values()):
            if gap.point_id == point_id and gap.until_ms is not None and gap.until_ms <= until_ms:
                del self.by_start[gap.point_id, gap.from_ms]


STORES: Mapping[type, type] = {HourStore: MemoryHours, GapStore: MemoryGaps}
