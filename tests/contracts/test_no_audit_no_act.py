"""When the audit log cannot be written, a sensitive act does not happen: a full disk, a read-only database. The engines
are real, and so is what fails; only the camera is not."""

import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.exc import DBAPIError
from tests.contracts.conftest import Units
from tests.domain.acting import acting

from fengtai.domain.access.model import Role
from fengtai.domain.audit.model import AuditQuery
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.model import StreamState, StreamTrace, WatchPlace, WatchWish
from fengtai.domain.live.service import LiveDesk
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.vocabulary.errors import Unavailable

Answer = TypeVar("Answer")

LI = acting(Role.OPERATOR, name="Li", user_id="li", session_id="session1")
DOOR = Point(
    id="door", number=1, code="3" * 20, name="Door", organisation_id="", device_id="1" * 20, channel_id="2" * 20
)


class Camera:
    """Counts who was given a picture, and may break the database while it is being opened."""

    def __init__(self) -> None:
        self.opened = 0
        self.meanwhile: Callable[[], None] = lambda: None

    async def watch(
        self,
        point_id: str,
        *,
        device_id: str,
        channel_id: str,
        session_id: str,
        host: str = "",
        wish: WatchWish = WatchWish(),
    ) -> WatchPlace:
        self.opened += 1
        self.meanwhile()
        until = datetime(2026, 11, 20, 13, tzinfo=UTC)
        return WatchPlace(point_id=point_id, stream_id="s", url="ws://x/live/s", expires_at=until)

    async def snapshot(self, point_id: str) -> bytes:
        self.opened += 1
        return b"\xff\xd8"

    async def end_session(self, session_id: str) -> None: ...

    def carry_sound(self, point_id: str, carries: bool) -> None: ...

    def traces(self, point_id: str) -> list[StreamTrace]:
        return []

    def states(self) -> list[StreamState]:
        return []


@contextmanager
def unwritable(units: Units) -> Iterator[None]:
    """SQLite: the disk has not one byte left for its write-ahead log. PostgreSQL: the database is read-only."""
    if units.kind == "sqlite":
        log = Path(units.url.removeprefix("sqlite:///") + "-wal")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    else:
        set_read_only(units, "on")
        try:
            yield
        finally:
            set_read_only(units, "off")


def set_read_only(units: Units, value: str) -> None:
    """For all sessions to come, and an end to those that are there."""
    with psycopg.connect(units.url, autocommit=True, options="-c default_transaction_read_only=off") as connection:
        name = sql.Identifier(connection.info.dbname)
        statement = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
        connection.execute(statement.format(name, sql.SQL(value)))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def again(units: Units, work: Callable[[], Answer]) -> Answer:
    """A connection that broke is found out when it is used: the next one is new."""
    for _ in range(5):
        with suppress(Unavailable, DBAPIError):
            return work()
    return work()


def desk_of(units: Units) -> tuple[LiveDesk, Camera]:
    units.run(lambda uow: uow.store(PointStore).save(DOOR))
    camera = Camera()
    return LiveDesk(transactions=units.engine, streams=camera), camera


def lines(units: Units) -> list[str]:
    page = units.read(lambda uow: uow.store(AuditLog).page(AuditQuery()))
    return [line.entry.outcome.value for line in reversed(page) if line.entry]


def test_nobody_is_shown_a_picture_while_the_audit_cannot_be_written(sql_units: Units) -> None:
    desk, camera = desk_of(sql_units)
    with unwritable(sql_units):
        for _ in range(3):
            with pytest.raises(Unavailable):
                sql_units.wait(desk.watch("door", LI, "patrol"))
            with pytest.raises(Unavailable):
                sql_units.wait(desk.snapshot("door", LI, "patrol"))
    assert camera.opened == 0
    assert again(sql_units, lambda: lines(sql_units)) == []


def test_when_it_can_be_written_again_all_goes_on(sql_units: Units) -> None:
    desk, camera = desk_of(sql_units)
    with unwritable(sql_units), pytest.raises(Unavailable):
        sql_units.wait(desk.watch("door", LI, "patrol"))
    again(sql_units, lambda: sql_units.wait(desk.watch("door", LI, "patrol")))
    assert camera.opened == 1
    assert lines(sql_units) == ["intent", "done"]


def test_a_result_that_cannot_be_written_withholds_the_answer_and_is_missed_later(sql_units: Units) -> None:
    desk, camera = desk_of(sql_units)
    with ExitStack() as until_the_end:
        camera.meanwhile = lambda: until_the_end.enter_context(unwritable(sql_units))
        with pytest.raises(Unavailable):
            sql_units.wait(desk.watch("door", LI, "patrol"))
    assert camera.opened == 1

    later = sql_units.clock.advance(601).utc
    late = again(sql_units, lambda: sql_units.read(lambda uow: uow.store(AuditLog).overdue(later)))
    assert [(one.action, one.object) for one in late] == [("live.watch", "point:door")]
