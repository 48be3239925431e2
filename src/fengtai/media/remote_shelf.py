"""The shelf as the ledger sees it (`recordings.ports.Shelf`): the files stand with the workers."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from fengtai.media import messages as m
from fengtai.media.shelf.names import parse_name
from fengtai.media.supervisor import Supervisor
from fengtai.vocabulary.errors import Unavailable

DISCARD_SECONDS = 60.0


class RemoteShelf:
    def __init__(self, *, workers: Supervisor) -> None:
        self._workers = workers

    async def discard(self, names: Sequence[str]) -> Sequence[str]:
        by_worker: dict[int, list[str]] = defaultdict(list)
        for name in names:
            worker = self._workers.pick(parse_name(name)[0])
            if worker is None:
                raise Unavailable("no media worker is running: recordings are discarded later")
            by_worker[worker].append(name)
        missing: list[str] = []
        for worker, theirs in by_worker.items():
            answer = await self._workers.ask(worker, partial(_discard, theirs), seconds=DISCARD_SECONDS)
            assert isinstance(answer, m.Discarded)
            missing.extend(answer.missing)
        return missing

    def free_bytes(self) -> int | None:
        return self._workers.free_bytes

    @property
    def reserve_bytes(self) -> int:
        return self._workers.settings.reserve_bytes


def _discard(names: list[str], ask: int) -> m.Discard:
    return m.Discard(ask=ask, names=names)
