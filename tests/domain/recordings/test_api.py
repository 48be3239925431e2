"""The route of recorded hours."""

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting

from fengtai.domain.access.model import Actor, Role
from fengtai.domain.recordings.api import router
from fengtai.domain.recordings.model import Gap, GapCause, RecordedHour
from fengtai.vocabulary.errors import Invalid

NOON_MS = 1_795_176_000_000


class Ledger:
    """One recorded minute with a gap after it."""

    async def hours(
        self, point_id: str, from_ms: int, until_ms: int, *, by: Actor
    ) -> list[tuple[RecordedHour, list[Gap]]]:
        self.asked = (point_id, from_ms, until_ms)
        hour = RecordedHour(
            name="a", point_id=point_id, from_ms=NOON_MS, until_ms=NOON_MS + 60_000, size_bytes=7, gops=30
        )
        gap = Gap(point_id=point_id, from_ms=NOON_MS + 60_000, until_ms=None, cause=GapCause.DEVICE_OFFLINE)
        return [(hour, [gap])]


async def ask(ledger: Ledger, **params: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(router(ledger, None, lambda: acting(Role.OPERATOR, name="Li", user_id="li")))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        return await client.get("/api/recordings/door/hours", params=params)


async def test_hours_come_with_their_gaps() -> None:
    ledger = Ledger()

    answer = await ask(ledger, **{"from": "2026-11-20T20:00:00+08:00", "until": "2026-11-20T13:00:00Z"})

    assert ledger.asked == ("door", NOON_MS, NOON_MS + 3_600_000)
    assert answer.json() == [
        {
            "from": "2026-11-20T12:00:00.000Z",
            "until": "2026-11-20T12:01:00.000Z",
            "bytes": 7,
            "state": "open",
            "gaps": [{"from": "2026-11-20T12:01:00.000Z", "until": None, "cause": "device-offline"}],
        }
    ]


async def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(Invalid, match="until must be after from"):
        await ask(Ledger(), **{"from": "2026-11-20T12:00:00Z", "until": "2026-11-20T12:00:00Z"})


async def test_a_moment_without_a_zone_is_refused() -> None:
    answer = await ask(Ledger(), **{"from": "2026-11-20T12:00:00", "until": "2026-11-20T13:00:00Z"})
    assert answer.status_code == 422
