"""All sessions end, or all API tokens are withdrawn; one does not touch the other, and the audit says which."""

from datetime import timedelta
from pathlib import Path

import pytest

from fengtai.apps.clocks import SystemClock
from fengtai.apps.keeping.rotation import end_all
from fengtai.apps.schema import sql_stores
from fengtai.apps.settings import Settings, load_settings
from fengtai.domain.access.model import ApiToken, Permission, Session
from fengtai.domain.access.ports import SessionStore, TokenStore
from fengtai.domain.audit.model import AuditQuery
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.schema import upgrade
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.transactions import UnitOfWork

MANY = 120
"""more than one page"""


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    settings = load_settings(environ={"FENGTAI_DATA": str(tmp_path)})
    upgrade(settings.database_url)
    database = await opened(settings)
    await database.write(furnish)
    await database.close()
    return settings


async def opened(settings: Settings) -> SqliteDatabase:
    database = SqliteDatabase(settings.data / "fengtai.sqlite", SystemClock(), sql_stores())
    await database.open()
    return database


def furnish(uow: UnitOfWork) -> None:
    now = uow.now.utc
    later = now + timedelta(hours=1)
    for number in range(MANY):
        digest = number.to_bytes(32, "big")
        uow.store(SessionStore).save(
            Session(id=f"{number:032x}", token_sha256=digest, user_id="u", started_at=now, seen_at=now, ends_at=later)
        )
        uow.store(TokenStore).save(
            ApiToken(
                id=f"{number:032x}",
                user_id="u",
                purpose="p",
                permissions=frozenset({Permission.ALARMS_SEE}),
                token_sha256=digest,
                made_at=now,
                expires_at=later,
            )
        )


@pytest.mark.parametrize(
    ("port", "action", "left"),
    [(SessionStore, "session.end_all", TokenStore), (TokenStore, "token.end_all", SessionStore)],
)
async def test_one_ends_and_the_other_stays(settings: Settings, port: type, action: str, left: type) -> None:
    assert await end_all(settings, port) == MANY
    database = await opened(settings)
    gone, kept = await database.read(lambda uow: (uow.store(port).page(None), uow.store(left).page(None, limit=500)))
    (line,) = await database.read(lambda uow: uow.store(AuditLog).page(AuditQuery(action=action)))
    await database.close()
    assert (len(gone), len(kept)) == (0, MANY)
    assert line.entry is not None
    assert MANY in line.entry.details.values()
