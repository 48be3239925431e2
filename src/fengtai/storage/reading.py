"""Reads beside the writer: a few threads, each unit on its own consistent snapshot.

Must not know which database it is; the engine it is given opens connections that cannot write.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from fengtai.storage.unit import SqlUnit, StoreMaker
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable

Answer = TypeVar("Answer")


class ReaderPool:
    def __init__(self, engine: Engine, clock: Clock, makers: Mapping[type[Any], StoreMaker], *, threads: int) -> None:
        self._engine, self._clock, self._makers = engine, clock, makers
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="fengtai-reader")

    async def read(self, work: Callable[[SqlUnit], Answer]) -> Answer:
        """Run on a snapshot; raise Unavailable when the database does not answer."""
        return await self.query(
            lambda connection: work(SqlUnit(connection, self._clock.now(), self._makers, writable=False))
        )

    async def query(self, question: Callable[[Connection], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._query, question)

    async def stop(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    def _query(self, question: Callable[[Connection], Answer]) -> Answer:
        try:
            with self._engine.connect() as connection, connection.begin() as snapshot:
                try:
                    return question(connection)
                finally:
                    snapshot.rollback()
        except (OperationalError, InterfaceError) as error:
            raise Unavailable(f"the database does not answer: {error.orig}") from error
