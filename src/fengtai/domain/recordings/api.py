"""Routes of recordings."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, Purpose, needs
from fengtai.domain.recordings.model import Forecast, Gap, PlaybackAsked, PlaybackPlace, RecordedHour
from fengtai.domain.recordings.service import PlaybackDesk, RecordingLedger
from fengtai.domain.recordings.service.playback import PurposeAsked
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


class PlaybackForm(BaseModel):
    start: AwareDatetime = Field(validation_alias="from")
    until: AwareDatetime | None = Field(None, description="default: an hour later; at most 24 hours later")
    purpose: Purpose
    reference: str = Field(
        "", max_length=64, description="number of the incident, case or letter; left out: the duty post of the session"
    )


class PlaybackView(BaseModel):
    """Open the address within its time. First comes a text message {"type": "hello", ...}; the protocol is described in
    docs/design/playback.md."""

    playback_id: str
    point_id: str
    url: str
    start: str = Field(serialization_alias="from")
    until: str
    expires_at: str
    gaps: list[GapView]

    @classmethod
    def of(cls, place: PlaybackPlace, asked: PlaybackAsked, gaps: list[Gap]) -> "PlaybackView":
        return cls(
            playback_id=place.playback_id,
            point_id=asked.point_id,
            url=place.url,
            start=_iso(asked.from_ms),
            until=_iso(asked.until_ms),
            expires_at=_iso(place.expires_ms),
            gaps=[GapView.of(gap) for gap in gaps],
        )


class ForecastView(BaseModel):
    bytes_per_day: int
    kept_bytes: int
    oldest_at: str | None
    free_bytes: int | None
    reserve_bytes: int
    days_until_full: float | None
    days_kept_when_full: float | None
    floor_days: int = Field(description="what the law asks to be kept")
    is_enough: bool | None = Field(description="null: it cannot be told yet")

    @classmethod
    def of(cls, told: Forecast) -> "ForecastView":
        return cls(
            bytes_per_day=told.bytes_per_day,
            kept_bytes=told.kept_bytes,
            oldest_at=None if told.oldest_ms is None else _iso(told.oldest_ms),
            free_bytes=told.free_bytes,
            reserve_bytes=told.reserve_bytes,
            days_until_full=told.days_until_full,
            days_kept_when_full=told.days_kept_when_full,
            floor_days=told.floor_days,
            is_enough=told.is_enough,
        )


def _ms(moment: datetime) -> int:
    return to_ms(moment.astimezone(UTC))


def router(ledger: RecordingLedger, player: PlaybackDesk, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(prefix="/api/recordings", tags=["recordings"])

    @routes.get("/{point_id}/hours", openapi_extra=needs(Permission.PLAYBACK_SEE))
    async def hours(
        point_id: str,
        start: Annotated[AwareDatetime, Query(alias="from")],
        until: AwareDatetime,
        by: Actor = Depends(who),
    ) -> list[HourView]:
        begin, end = _ms(start), _ms(until)
        if end <= begin or end - begin > MOST_DAYS * 86_400_000:
            raise Invalid(f"until must be after from, by {MOST_DAYS} days at most", field="until")
        return [HourView.of(hour, gaps) for hour, gaps in await ledger.hours(point_id, begin, end, by=by)]

    @routes.get("/forecast", openapi_extra=needs(Permission.PLAYBACK_SEE))
    async def forecast() -> ForecastView:
        return ForecastView.of(await ledger.forecast())

    @routes.post("/{point_id}/playback", openapi_extra=needs(Permission.PLAYBACK_SEE))
    async def playback(point_id: str, asked: PlaybackForm, request: Request, by: Actor = Depends(who)) -> PlaybackView:
        until_ms = None if asked.until is None else _ms(asked.until)
        purpose = PurposeAsked(code=asked.purpose.value, reference=asked.reference)
        host = request.url.hostname or ""
        return PlaybackView.of(*await player.play(point_id, _ms(asked.start), until_ms, by, purpose, host=host))

    @routes.get("/{point_id}/still.jpg", openapi_extra=needs(Permission.PLAYBACK_SEE), response_class=Response)
    async def still(
        point_id: str,
        at: AwareDatetime,
        purpose: Purpose,
        reference: Annotated[str, Query(max_length=64)] = "",
        by: Actor = Depends(who),
    ) -> Response:
        jpeg = await player.still(point_id, _ms(at), by, PurposeAsked(code=purpose.value, reference=reference))
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    return routes
