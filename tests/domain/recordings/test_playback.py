"""What was recorded is seen with a purpose that is written down first; what was seen is written down after."""

from dataclasses import replace

import pytest
from tests.domain.acting import acting, acting_in

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Grant, GrantTerms, OrganisationTree, Role
from fengtai.domain.access.ports import GrantStore
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.recordings.model import Gap, GapCause, PlaybackAsked, PlaybackPlace, PlaybackShown
from fengtai.domain.recordings.ports import GapStore
from fengtai.domain.recordings.rules import DAY_MS, forecast
from fengtai.domain.recordings.service import PlaybackDesk
from fengtai.domain.recordings.service.playback import MOST_PLAYBACK_MS, PurposeAsked
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock, from_ms
from fengtai.vocabulary.errors import Invalid, NotFound, Unavailable

LI = acting(Role.OPERATOR, name="Li", user_id="li", session_id="session1")
NOON_MS = 1_795_176_000_000
NOON = from_ms(NOON_MS)
CASE = PurposeAsked(code="case", reference="A-2026-0815")


class Lines:
    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class Points:
    def get(self, point_id: str) -> Point:
        if point_id != "door":
            raise NotFound(f"there is no point {point_id}")
        return Point(id="door", number=1, code="3" * 20, name="door", organisation_id="west", audio=True)

    def by_ids(self, point_ids: list[str]) -> list[Point]:
        return [self.get(point_id) for point_id in point_ids]


class Stand:
    """A player that shows when the test lets it."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.is_broken = False
        self.closed: list[str] = []

    async def open(self, asked: PlaybackAsked, gaps: list[Gap], ended: object) -> PlaybackPlace:
        assert self._lines.entries[-1].outcome is Outcome.INTENT, "the intent comes first"
        if self.is_broken:
            raise Unavailable("no media worker is running")
        self.asked, self.gaps, self.ended = asked, gaps, ended
        return PlaybackPlace(playback_id="p1", url="ws://city:8091/playback/p1?ticket=t", expires_ms=NOON_MS + 60_000)

    async def still(self, point_id: str, at_ms: int) -> bytes:
        return b"\xff\xd8"

    async def end_session(self, session_id: str) -> None:
        self.closed.append(session_id)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def stand(lines: Lines) -> Stand:
    return Stand(lines)


@pytest.fixture
def transactions(lines: Lines) -> MemoryTransactions:
    return MemoryTransactions(HandClock(), memory_stores() | {PointStore: Points(), AuditLog: lines})


@pytest.fixture
def desk(transactions: MemoryTransactions, stand: Stand) -> PlaybackDesk:
    return PlaybackDesk(transactions=transactions, player=stand, streams=stand)


async def test_a_playback_is_intended_opened_and_accounted_for(desk, lines: Lines, stand: Stand, transactions) -> None:
    gap = Gap(point_id="door", from_ms=NOON_MS, until_ms=NOON_MS + 5_000, cause=GapCause.DISK)
    transactions.run(lambda uow: uow.store(GapStore).save(gap))

    place, asked, gaps = await desk.play("door", NOON_MS, None, LI, CASE, host="city")

    assert place.playback_id == "p1"
    assert (asked.until_ms - asked.from_ms, asked.carries_sound, asked.session_id) == (
        3_600_000,
        True,
        "session1/playback/door/0",
    )
    assert gaps == stand.gaps == [gap]
    intent, result = lines.entries
    assert (intent.outcome, result.outcome) == (Outcome.INTENT, Outcome.DONE)
    assert (intent.action, intent.object, intent.purpose) == ("recordings.playback", "point:door", "case: A-2026-0815")
    assert intent.details == {"from_ms": NOON_MS, "until_ms": NOON_MS + 3_600_000}
    assert intent.act == result.act

    stand.ended(
        PlaybackShown(playback_id="p1", seconds=12.34, size_bytes=9, first_ms=NOON_MS, last_ms=NOON_MS + 12_340)
    )
    await desk.tick()
    await desk.tick()

    ended = lines.entries[2:]
    assert [(one.action, one.act) for one in ended] == [("recordings.playback_ended", intent.act)]
    assert (ended[0].details["seconds"], ended[0].details["last_ms"]) == (12.3, NOON_MS + 12_340)


async def test_a_playback_that_cannot_be_opened_is_written_down_with_its_cause(desk, lines: Lines, stand) -> None:
    stand.is_broken = True

    with pytest.raises(Unavailable):
        await desk.play("door", NOON_MS, None, LI, CASE)

    assert (lines.entries[-1].outcome, lines.entries[-1].details["cause"]) == (
        Outcome.FAILED,
        "no media worker is running",
    )


@pytest.mark.parametrize("length_ms", [0, -1, MOST_PLAYBACK_MS + 1])
async def test_a_range_without_measure_is_refused_before_anything_is_written(desk, lines: Lines, length_ms) -> None:
    with pytest.raises(Invalid, match="24 hours"):
        await desk.play("door", NOON_MS, NOON_MS + length_ms, LI, CASE)

    assert lines.entries == []


@pytest.mark.parametrize(
    "wrong",
    [
        PurposeAsked(),
        PurposeAsked(code="curiosity", reference="A-2026-0815"),
        PurposeAsked(code="case"),
        PurposeAsked(code="duty-check"),
        *(PurposeAsked(code="case", reference=word) for word in ("123", "test", ".", "aaa", "无", "y" * 65, "a\nb")),
    ],
)
async def test_a_purpose_that_says_nothing_is_refused(desk, lines: Lines, wrong: PurposeAsked) -> None:
    with pytest.raises(Invalid):
        await desk.still("door", NOON_MS, LI, wrong)
    with pytest.raises(NotFound):
        await desk.play("moon", NOON_MS, None, LI, CASE)

    assert lines.entries == []


async def test_a_duty_post_stands_for_a_number_where_none_is_asked_for(desk, lines: Lines) -> None:
    on_duty = acting(Role.OPERATOR, name="Li", user_id="li", post="接警一席", session_id="session1")
    await desk.still("door", NOON_MS, on_duty, PurposeAsked(code="duty-check"))
    assert lines.entries[0].purpose == "duty-check: 接警一席"


async def test_recordings_of_another_district_are_unknown(desk, lines: Lines) -> None:
    city = OrganisationTree([Organisation(id=one, name=one, level=Level.CITY) for one in ("east", "west")])
    dong = acting_in(city, GrantTerms(role=Role.OPERATOR, organisation_id="east"))
    for attempt in (desk.play("door", NOON_MS, None, dong, CASE), desk.still("door", NOON_MS, dong, CASE)):
        with pytest.raises(NotFound, match="there is no point door"):
            await attempt
    assert lines.entries == []


async def test_a_playback_is_closed_when_its_right_or_its_session_ends(desk, stand: Stand, transactions) -> None:
    grant = Grant(id="g", user_id="li", terms=GrantTerms(role=Role.OPERATOR), granted_by="a", granted_at=NOON)
    transactions.run(lambda uow: uow.store(GrantStore).save(grant))
    await desk.play("door", NOON_MS, None, LI, CASE)
    await desk.look_again(user_id="li")
    assert stand.closed == []
    transactions.run(lambda uow: uow.store(GrantStore).save(replace(grant, ended_at=NOON)))
    await desk.look_again(point_id="door")
    assert stand.closed == ["session1/playback/door/0"]
    await desk.play("door", NOON_MS, None, LI, CASE)
    await desk.end_session("session1")
    assert stand.closed[1:] == ["session1/playback/door/1"]


async def test_a_still_is_audited_like_a_playback(desk, lines: Lines) -> None:
    assert await desk.still("door", NOON_MS, LI, CASE) == b"\xff\xd8"

    assert [(one.action, one.outcome) for one in lines.entries] == [
        ("recordings.still", Outcome.INTENT),
        ("recordings.still", Outcome.DONE),
    ]


def test_the_forecast_tells_days_from_bytes() -> None:
    told = forecast(
        recent_bytes=100 << 30,
        kept=(1_000 << 30, NOON_MS - 10 * DAY_MS),
        free_bytes=2_100 << 30,
        reserve_bytes=100 << 30,
        now_ms=NOON_MS,
    )

    assert (told.bytes_per_day, told.days_until_full, told.days_kept_when_full) == (100 << 30, 20.0, 30.0)
    assert told.is_enough is True


def test_the_forecast_of_a_first_hour_takes_the_hour_for_the_day() -> None:
    told = forecast(
        recent_bytes=1 << 30,
        kept=(1 << 30, NOON_MS - 3_600_000),
        free_bytes=25 << 30,
        reserve_bytes=1 << 30,
        now_ms=NOON_MS,
    )

    assert (told.bytes_per_day, told.days_until_full, told.is_enough) == (24 << 30, 1.0, False)


def test_the_forecast_does_not_guess() -> None:
    nothing = forecast(recent_bytes=0, kept=(0, None), free_bytes=10, reserve_bytes=20, now_ms=NOON_MS)
    unknown = forecast(recent_bytes=5, kept=(5, NOON_MS - 1), free_bytes=None, reserve_bytes=20, now_ms=NOON_MS)

    for told in (nothing, unknown):
        assert (told.days_until_full, told.days_kept_when_full, told.is_enough) == (None, None, None)
