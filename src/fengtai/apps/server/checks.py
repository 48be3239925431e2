"""Checks of what is stored that a person starts by hand, beside a running platform or without one."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from fengtai.apps.clocks import SystemClock
from fengtai.apps.schema import sql_stores
from fengtai.apps.settings import Settings
from fengtai.domain.recordings.model import RecordedHour
from fengtai.domain.recordings.ports import HourStore
from fengtai.media.check import Finding, check_recordings
from fengtai.storage.postgres.connections import reading_engine as postgres_engine
from fengtai.storage.reading import ReaderPool
from fengtai.storage.sqlite.connections import reading_engine as sqlite_engine
from fengtai.vocabulary.transactions import UnitOfWork

PAGE = 500


async def recordings_findings(settings: Settings, *, digests: bool, say: Console) -> list[Finding]:
    """What is wrong between the books and the shelf; reads only, so it may run beside the platform."""
    rows = await _all_hours(settings.database_url)

    def look() -> list[Finding]:
        with Progress(console=say) as progress:
            counted = progress.track(rows, description=f"{len(rows)} hours")
            return list(check_recordings(settings.media.recordings, counted, sizes=True, digests=digests))

    return await asyncio.to_thread(look)


async def _all_hours(url: str) -> list[RecordedHour]:
    is_sqlite = url.startswith("sqlite:///")
    engine = (
        sqlite_engine(Path(url.removeprefix("sqlite:///")), connections=1)
        if is_sqlite
        else postgres_engine(url, connections=1)
    )
    readers = ReaderPool(engine, SystemClock(), sql_stores(), threads=1)
    rows: list[RecordedHour] = []

    def page(uow: UnitOfWork) -> Sequence[RecordedHour]:
        return uow.store(HourStore).page(after_name=rows[-1].name if rows else "", limit=PAGE)

    try:
        while found := await readers.read(page):
            rows += found
    finally:
        await readers.stop()
    return rows
