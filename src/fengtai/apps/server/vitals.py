"""What the system page shows of the parts that cannot speak for themselves: database, media, disk, audit."""

from functools import partial

from fengtai.apps.server.log_rights import LogRights
from fengtai.apps.server.media import MediaHouse
from fengtai.apps.web_api.system import SystemBoard
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.sql_engine import SqlEngine

GIB = 1 << 30
AUDIT_SECONDS = 5.0


class Vitals:
    """Looks once a second (`tick`), at the audit log every five, and says on the board what it sees."""

    def __init__(
        self, board: SystemBoard, database: SqlEngine, media: MediaHouse, audit: AuditDesk, rights: LogRights
    ) -> None:
        self._board, self._database, self._media, self._audit, self._rights = board, database, media, audit, rights
        self._failed_commits, self._audit_at = 0, float("-inf")
        figures, workers = database.figures, media.workers
        board.figure("database.commits", lambda: figures.commits)
        board.figure("database.signals", lambda: figures.signals)
        board.figure("database.waiting", lambda: figures.waiting)
        board.figure("media.workers_ready", lambda: len(workers.ready))
        board.figure("media.worker_restarts", lambda: workers.restarts)
        board.figure("media.streams", lambda: len(media.streams.states()))
        board.figure(
            "media.free_gib", lambda: None if workers.free_bytes is None else round(workers.free_bytes / GIB, 1)
        )

        for name in ("viewers", "packets_lost", "viewers_refused"):
            board.figure(f"media.{name}", partial(self._of_all_workers, name))

    def _of_all_workers(self, name: str) -> int:
        told = [state.get(name) for state in self._media.workers.states]
        return sum(value for value in told if isinstance(value, int))

    async def tick(self) -> None:
        self._say_database()
        self._say_media()
        await self._rights.tick()
        if (now := self._board.clock.now().monotonic) >= self._audit_at:
            self._audit_at = now + AUDIT_SECONDS
            await self._say_audit()

    def _say_database(self) -> None:
        failed = self._database.figures.failed_commits
        part = self._board.part("database")
        if failed != self._failed_commits:
            self._failed_commits = failed
            part.degraded(f"{failed} commits have failed since the start: look at the disk")

    def _say_media(self) -> None:
        workers, part = self._media.workers, self._board.part("media")
        wanted, ready = workers.settings.workers, len(workers.ready)
        if not ready:
            part.down("no media worker is running: nothing is recorded or shown")
        elif ready < wanted:
            part.degraded(f"{ready} of {wanted} media workers are running")
        elif self._media.keeper.shed:
            classes = ", ".join(map(str, self._media.keeper.shed))
            part.degraded(f"the disk is nearly full: points of class {classes} are not recorded")
        else:
            part.good(f"{ready} workers")

    async def _say_audit(self) -> None:
        part, state = self._board.part("audit"), await self._audit.state()
        if state.is_tampered:
            part.down("the audit log contradicts a signed checkpoint: run fengtai-audit-verify")
        elif state.missing_results:
            part.degraded(f"{state.missing_results} sensitive acts began and have no outcome: see the audit page")
        elif state.stamp_fault:
            part.degraded(f"checkpoints are not time-stamped: {state.stamp_fault}")
        elif self._rights.fault:
            part.degraded(self._rights.fault)
        else:
            part.good()
