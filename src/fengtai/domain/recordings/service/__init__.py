"""The books of what is recorded: hours as workers report them, gaps with their causes, and what retention deletes.

Must not know: MP4, folders, workers. Files are the shelf's business; the order "row first, file after" is kept here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.access.model import Place as PlaceOfPoint
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.points.ports import PointStore
from fengtai.domain.points.service.seen import seen_point
from fengtai.domain.recordings.model import Forecast, Gap, GapCause, GapFound, HourState, RecordedHour
from fengtai.domain.recordings.ports import GapStore, HourStore, Shelf
from fengtai.domain.recordings.rules import DAY_MS, FLOOR_DAYS, forecast, is_eligible
from fengtai.domain.recordings.service.playback import PlaybackDesk as PlaybackDesk
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

LEAST_GAP_MS = 2_000
"""A hole shorter than this is one lost GOP's jitter, not a gap."""
RETENTION_EVERY_SECONDS = 60.0
PAGE = 200
Place = tuple[int, str]
"""end and name of the last hour that retention has looked at"""


class RecordingLedger:
    """Implements `recordings.ports.HourReports`; answers what was recorded; lets retention act."""

    def __init__(self, *, transactions: Transactions, shelf: Shelf) -> None:
        self._transactions = transactions
        self._shelf = shelf
        self._looked_until: Place | None = None
        self._clock_due: float | None = None

    async def hours(
        self, point_id: str, from_ms: int, until_ms: int, *, by: Actor
    ) -> list[tuple[RecordedHour, list[Gap]]]:
        """What was recorded in the range, oldest first, each hour with the gaps that touch it. A gap after the last
        hour is told with the last hour. Raise NotFound when there is no such point."""
        return await self._transactions.read(lambda uow: self._hours(uow, point_id, from_ms, until_ms, by))

    async def gaps(self, point_id: str, from_ms: int, until_ms: int) -> list[Gap]:
        return await self._transactions.read(
            lambda uow: list(uow.store(GapStore).of_point(point_id, from_ms, until_ms))
        )

    async def forecast(self) -> Forecast:
        """How many days the disk lasts, from what was recorded in the last 24 hours."""

        def look(uow: UnitOfWork) -> Forecast:
            hours, now_ms = uow.store(HourStore), uow.now.utc_ms
            return forecast(
                recent_bytes=hours.closed_bytes_since(now_ms - DAY_MS),
                kept=hours.kept(),
                free_bytes=self._shelf.free_bytes(),
                reserve_bytes=self._shelf.reserve_bytes,
                now_ms=now_ms,
            )

        return await self._transactions.read(look)

    async def page(self, *, after_name: str = "", limit: int = 500) -> Sequence[RecordedHour]:
        """All rows by name, a page at a time: for `fengtai check recordings` and reports."""
        return await self._transactions.read(lambda uow: uow.store(HourStore).page(after_name=after_name, limit=limit))

    async def hour_opened(self, hour: RecordedHour) -> None:
        await self._transactions.write(lambda uow: self._opened(uow, hour))

    async def hour_closed(self, hour: RecordedHour) -> None:
        await self._transactions.write(lambda uow: self._closed(uow, hour))

    async def hour_dropped(self, name: str) -> None:
        await self._transactions.write(lambda uow: uow.store(HourStore).delete(name))

    async def gap_found(self, gap: Gap) -> None:
        await self._transactions.write(lambda uow: self._found(uow, gap))

    async def gap_began(self, point_id: str, cause: GapCause) -> None:
        await self._transactions.write(lambda uow: self._gap_began(uow, point_id, cause))

    async def recorded_until(self, hours: Mapping[str, int]) -> None:
        """Name → end of the last GOP, told by workers from time to time; keeps the rows of open hours honest."""
        await self._transactions.write(lambda uow: self._grown(uow, hours))

    async def tick(self) -> None:
        """Retention, once a minute, in steps that a restart resumes: see docs/design/segment-shelf.md, Discard."""
        if self._clock_due is not None and not await self._transactions.read(self._is_due):
            return
        doomed, reached, now = await self._transactions.write(lambda uow: self._condemn(uow, self._looked_until))
        self._looked_until = reached
        self._clock_due = now + RETENTION_EVERY_SECONDS if reached is None else None
        if doomed:
            missing = await self._shelf.discard([hour.name for hour in doomed])
            await self._transactions.write(lambda uow: self._forget(uow, doomed, missing))

    def _is_due(self, uow: UnitOfWork) -> bool:
        return self._clock_due is None or uow.now.monotonic >= self._clock_due

    @staticmethod
    def _hours(
        uow: UnitOfWork, point_id: str, from_ms: int, until_ms: int, by: Actor
    ) -> list[tuple[RecordedHour, list[Gap]]]:
        seen_point(uow, point_id, by, Permission.PLAYBACK_SEE)
        hours = list(uow.store(HourStore).of_point(point_id, from_ms, until_ms))
        gaps = list(uow.store(GapStore).of_point(point_id, from_ms, until_ms))
        answer: list[tuple[RecordedHour, list[Gap]]] = []
        for index, hour in enumerate(hours):
            begin = 0 if index == 0 else hour.from_ms
            end = hours[index + 1].from_ms if index + 1 < len(hours) else None
            touching = [gap for gap in gaps if gap.from_ms >= begin and (end is None or gap.from_ms < end)]
            answer.append((hour, touching))
        return answer

    @staticmethod
    def _opened(uow: UnitOfWork, hour: RecordedHour) -> None:
        hours = uow.store(HourStore)
        before = hours.newest_of_point(hour.point_id)
        if hours.get(hour.name) is None:
            hours.save(hour)
        lasting = uow.store(GapStore).lasting(hour.point_id)
        if lasting is not None:
            _note(uow, replace(lasting, until_ms=max(hour.from_ms, lasting.from_ms)))
        elif before is not None and hour.from_ms - before.until_ms >= LEAST_GAP_MS:
            # Nobody was there to see it begin: the whole platform was down.
            cause = GapCause.PLATFORM_DOWN
            _note(uow, Gap(point_id=hour.point_id, from_ms=before.until_ms, until_ms=hour.from_ms, cause=cause))

    @staticmethod
    def _closed(uow: UnitOfWork, hour: RecordedHour) -> None:
        known = uow.store(HourStore).get(hour.name)
        if known is not None and known.state is HourState.DISCARDED:
            return
        uow.store(HourStore).save(hour)
        # a worker that died had stored more than it had told: what it stored is no gap
        for gap in uow.store(GapStore).of_point(hour.point_id, hour.from_ms, hour.until_ms):
            if hour.from_ms <= gap.from_ms < hour.until_ms and (gap.until_ms is None or gap.until_ms > hour.until_ms):
                uow.store(GapStore).delete(gap.point_id, gap.from_ms)
                uow.store(GapStore).save(replace(gap, from_ms=hour.until_ms))

    @staticmethod
    def _grown(uow: UnitOfWork, hours: Mapping[str, int]) -> None:
        for name, until_ms in hours.items():
            known = uow.store(HourStore).get(name)
            if known is not None and known.state is HourState.OPEN and until_ms > known.until_ms:
                uow.store(HourStore).save(replace(known, until_ms=until_ms))

    @staticmethod
    def _found(uow: UnitOfWork, gap: Gap) -> None:
        """A disk that is too slow loses one GOP after the other: that is one gap that grows."""
        for before in uow.store(GapStore).of_point(gap.point_id, gap.from_ms - 1, gap.from_ms):
            if before.until_ms == gap.from_ms and before.cause is gap.cause:
                gap = replace(before, until_ms=gap.until_ms)
        _note(uow, gap)

    @staticmethod
    def _gap_began(uow: UnitOfWork, point_id: str, cause: GapCause) -> None:
        if uow.store(GapStore).lasting(point_id) is not None:
            return
        newest = uow.store(HourStore).newest_of_point(point_id)
        since = uow.now.utc_ms if newest is None else min(newest.until_ms, uow.now.utc_ms)
        _note(uow, Gap(point_id=point_id, from_ms=since, until_ms=None, cause=cause))

    @staticmethod
    def _condemn(uow: UnitOfWork, after: Place | None) -> tuple[Sequence[RecordedHour], Place | None, float]:
        """Rows become discard rows; those of an interrupted run are taken again. Looks at one page of old hours, and
        tells where it stopped (None: at the end)."""
        hours = uow.store(HourStore)
        doomed = list(hours.in_state(HourState.DISCARDED))
        floor_ms = min(FLOOR_DAYS.values()) * DAY_MS
        candidates = hours.closed_before(uow.now.utc_ms - floor_ms, after=after or (0, ""), limit=PAGE)
        points = {point.id: point for point in uow.store(PointStore).by_ids({hour.point_id for hour in candidates})}
        for hour in candidates:
            point = points.get(hour.point_id)
            point_class = point.point_class.value if point else 0
            wish_days = point.retention_days if point else 0
            if is_eligible(hour, point_class=point_class, retention_days=wish_days, now_ms=uow.now.utc_ms):
                hours.save(replace(hour, state=HourState.DISCARDED))
                doomed.append(hour)
        if doomed:
            uow.store(AuditLog).append(_discard_line(doomed))
        last = (candidates[-1].until_ms, candidates[-1].name) if len(candidates) == PAGE else None
        return doomed, last, uow.now.monotonic

    @staticmethod
    def _forget(uow: UnitOfWork, doomed: Sequence[RecordedHour], missing: Sequence[str]) -> None:
        for hour in doomed:
            uow.store(HourStore).delete(hour.name)
            uow.store(GapStore).delete_before(hour.point_id, hour.until_ms)
        if missing:
            uow.store(AuditLog).append(
                AuditEntry(
                    actor="system:recordings",
                    action="recordings.missing_at_discard",
                    object="recordings",
                    details={"names": list(missing)[:100], "count": len(missing)},
                )
            )


def _discard_line(doomed: Sequence[RecordedHour]) -> AuditEntry:
    return AuditEntry(
        actor="system:recordings",
        action="recordings.discard",
        object="recordings",
        details={
            "hours": len(doomed),
            "from_ms": min(hour.from_ms for hour in doomed),
            "until_ms": max(hour.until_ms for hour in doomed),
        },
    )


def _note(uow: UnitOfWork, gap: Gap) -> None:
    uow.store(GapStore).save(gap)
    points = uow.store(PointStore).by_ids([gap.point_id])
    place = points[0].place if points else PlaceOfPoint()
    uow.publish(
        GapFound(
            point_id=gap.point_id,
            from_ms=gap.from_ms,
            until_ms=gap.until_ms,
            cause=gap.cause.value,
            organisation_id=place.organisation_id,
            area_code=place.area_code,
            point_class=place.point_class,
        )
    )
