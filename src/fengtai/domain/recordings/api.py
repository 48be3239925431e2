"""Routes of recordings."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.recordings.model import Gap, RecordedHour
from fengtai.domain.recordings.service import RecordingLedger
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import Invalid

MOST_DAYS = 100


def _iso(ms: int) -> str:
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class GapView(BaseModel):
    start: str = Field(serialization_alias="from")
    until: str | None
    cause: str

    @classmethod
    def of(cls, gap: Gap) -> "GapView":
        return cls(
            start=_iso(gap.from_ms), until=None if gap.until_ms is None else _iso(gap.until_ms), cause=gap.cause.value
        )


class HourView(BaseModel):
    start: str = Field(serialization_alias="from")
    until: str
    bytes: int
    state: str
    gaps: list[GapView]

    @classmethod
    def of(cls, hour: RecordedHour, gaps: list[Gap]) -> "HourView":
        return cls(
            start=_iso(hour.from_ms),
            until=_iso(hour.until_ms),
            bytes=hour.size_bytes,
            state=hour.state.value,
            gaps=[GapView.of(gap) for gap in gaps],
        )


def _ms(moment: datetime) -> int:
    return to_ms(moment.astimezone(UTC))


def router(ledger: RecordingLedger, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(prefix="/api/recordings", tags=["recordings"])

    @routes.get("/{point_id}/hours", openapi_extra=needs(Permission.PLAYBACK_SEE))
    async def hours(
        point_id: str,
        start: Annotated[AwareDatetime, Query(alias="from")],
        until: AwareDatetime,
    ) -> list[HourView]:
        begin, end = _ms(start), _ms(until)
        if end <= begin or end - begin > MOST_DAYS * 86_400_000:
            raise Invalid(f"until must be after from, by {MOST_DAYS} days at most", field="until")
        return [HourView.of(hour, gaps) for hour, gaps in await ledger.hours(point_id, begin, end)]

    return routes
