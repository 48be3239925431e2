"""The main process: opens what there is in order, and closes it in the opposite order, whatever happens.

Order: data folder (one process only) → database → services → media workers → gateways → recording → HTTP.
"""

import asyncio
import contextlib
import fcntl
import gc
import signal
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from fengtai.apps.clocks import SystemClock
from fengtai.apps.schema import sql_stores
from fengtai.apps.server.background import Background, Effect, service_objects
from fengtai.apps.server.first_start import MachineLook, offer_setup
from fengtai.apps.server.gateways import Gateways
from fengtai.apps.server.listening import Listener
from fengtai.apps.server.logs import set_up_logs
from fengtai.apps.server.media import MediaHouse
from fengtai.apps.server.vitals import Vitals
from fengtai.apps.settings import Settings, check
from fengtai.apps.web_api.app import create_app
from fengtai.apps.web_api.discovery import discovered_routers
from fengtai.apps.web_api.gate import who
from fengtai.apps.web_api.headers import live_sources
from fengtai.apps.web_api.system import SystemBoard
from fengtai.apps.wiring import Workshop
from fengtai.domain.access.model import AccessPolicy
from fengtai.domain.access.ports import PasswordHasher, SetupChecks, Vault
from fengtai.domain.access.service import AccessDesk
from fengtai.domain.alarms.ports import SignalJournal
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.audit.ports import CheckpointBook, CheckpointSigner
from fengtai.domain.audit.service import AuditDesk
from fengtai.domain.live.service import LiveDesk
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.passwords import Argon2Passwords
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.recent_events import RecentEvents
from fengtai.storage.schema import upgrade
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable
from fengtai.vocabulary.events import EventReader, LoggedEvent
from fengtai.vocabulary.transactions import Transactions

log = structlog.get_logger()

AUDIT_ORIGIN = "fengtai/audit"


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    set_up_logs(settings.log)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        await Platform(settings, SystemClock(), stack).start()
        _spare_the_collector()
        log.info("platform.ready", console=f"http://{settings.http.host}:{settings.http.port}")
        await stopped.wait()
        log.info("platform.stopping")
    log.info("platform.stopped")


class Platform:
    """One start of the platform; what it opens is closed by `stack`."""

    def __init__(self, settings: Settings, clock: Clock, stack: contextlib.AsyncExitStack) -> None:
        self._settings, self._clock, self._stack = settings, clock, stack
        self.board = SystemBoard(
            clock=clock,
            version=version("fengtai"),
            site=settings.site.name,
            time_zone=settings.site.time_zone,
        )

    async def start(self) -> None:
        settings = self._settings
        findings = await asyncio.to_thread(check, settings)
        for finding in findings:
            if not finding.ok:
                log.warning("settings.finding", id=finding.id, detail=finding.detail, fix=finding.fix)
        self._stack.callback(OnlyProcess(settings.data).close)
        self.database = await self._open_database()
        self.workshop = self._provided()
        self.workshop.provide(SetupChecks, MachineLook(findings))
        self.media = MediaHouse(settings.media, self._clock, self.database, self.workshop)
        await self.workshop.get(OrganisationRegister).ensure_root(settings.site.name, area_code=self._area())
        await self.media.start()
        self._stack.push_async_callback(self.media.stop)
        await self._start_gateways()
        self._start_background()
        await self.media.begin_recording()
        self._stack.push_async_callback(self.media.end_streams)
        await offer_setup(self.workshop.get(AccessDesk), settings.data)
        await self._listen()

    def _area(self) -> str:
        """The GB/T 2260 county of our SIP domain: whatever is entered by hand is proposed a code in it."""
        return self._settings.media.domain[:6]

    async def _open_database(self) -> SqlEngine:
        url = self._settings.database_url
        await asyncio.to_thread(upgrade, url)
        database: SqlEngine
        if url.startswith("sqlite:///"):
            database = SqliteDatabase(Path(url.removeprefix("sqlite:///")), self._clock, sql_stores())
        else:
            database = PostgresDatabase(url, self._clock, sql_stores())
        await database.open()
        self._stack.push_async_callback(database.close)
        self.board.part("database").good("SQLite" if url.startswith("sqlite") else "PostgreSQL")
        return database

    def _provided(self) -> Workshop:
        settings, database = self._settings, self.database
        audit = settings.data / "audit"
        return Workshop(
            {
                Transactions: database,
                EventReader: database,
                SignalJournal: database.signals,
                Clock: self._clock,
                Vault: FileVault(settings.data / "vault.key"),
                PasswordHasher: Argon2Passwords(),
                AccessPolicy: settings.access.policy(),
                CheckpointSigner: AuditKey(audit, AUDIT_ORIGIN),
                CheckpointBook: FileCheckpointBook(audit / "checkpoints"),
                ZoneInfo: ZoneInfo(settings.site.time_zone),
            }
        )

    async def _start_gateways(self) -> None:
        gateways = Gateways(self._settings, self.workshop, self.board)
        self._stack.push_async_callback(gateways.stop)
        await gateways.start()
        gateways.offer(self.workshop)
        self.media.sources.connect(gateways)

    def _start_background(self) -> None:
        services = service_objects(self.workshop.all_services())
        services.append(Vitals(self.board, self.database, self.media, self.workshop.get(AuditDesk)))
        background = Background(self.database, self.board)
        self._stack.push_async_callback(background.stop)
        background.start(services, [("sessions", self._session_effects()), ("recording", self._recording_effects())])
        background.wake_on_signal(self.workshop.get(AlarmDesk))

    def _session_effects(self) -> Mapping[str, Effect]:
        live = self.workshop.get(LiveDesk)

        async def end(event: LoggedEvent) -> None:
            await live.end_session(str(event.payload["session_id"]))

        return {"access.session_ended": end}

    def _recording_effects(self) -> Mapping[str, Effect]:
        async def wake(_: LoggedEvent) -> None:
            self.media.keeper.wake()

        return dict.fromkeys(("devices.came_online", "devices.enrolled", "points.changed"), wake)

    async def _listen(self) -> None:
        http = self._settings.http
        app = create_app(
            discovered_routers(self.workshop.all(), who),
            access=self.workshop.get(AccessDesk),
            events=RecentEvents(self.database),
            board=self.board,
            console=http.console or _built_console(),
            media_sources=live_sources(self._settings.media),
            origins=http.origins,
            body_limit_bytes=http.body_limit_bytes,
            streams_per_person=http.streams_per_person,
        )
        listener = Listener(app, http)
        await listener.start()
        self._stack.push_async_callback(listener.stop)


def _spare_the_collector() -> None:
    """Modules, routes and tables stay until the end, so the collector of cycles need not go through them; and what lives
    for one commit (the frames of hundreds of panels) need not be looked at 700 objects at a time. Measured: a fifth more
    signals a second at 500 connections."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _built_console() -> Path | None:
    """web/dist of the source tree that we run from."""
    folder = Path(__file__).parents[4] / "web/dist"
    return folder if (folder / "index.html").is_file() else None


class OnlyProcess:
    """Exactly one process opens this data folder: an advisory lock that the system releases when the process ends."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = (data / "lock").open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise Unavailable(f"another process is using the data folder {data}: stop it first") from error

    def close(self) -> None:
        self._file.close()
