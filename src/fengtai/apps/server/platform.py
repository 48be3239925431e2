"""The main process: opens what there is in order, and closes it in the opposite order, whatever happens.

Order: data folder (one process only) → database → services → media workers → gateways → recording → HTTP.
"""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from fengtai.apps.area_codes.table import read_areas
from fengtai.apps.clocks import SystemClock
from fengtai.apps.schema import sql_stores
from fengtai.apps.server.background import Background, Effect, service_objects
from fengtai.apps.server.first_start import MachineLook, offer_setup
from fengtai.apps.server.gateways import Gateways
from fengtai.apps.server.listening import Listener
from fengtai.apps.server.log_rights import LogRights
from fengtai.apps.server.logs import set_up_logs
from fengtai.apps.server.media import MediaHouse
from fengtai.apps.server.object_house import ObjectHouse
from fengtai.apps.server.only_process import OnlyProcess
from fengtai.apps.server.point_places import RegisteredPlaces
from fengtai.apps.server.pushing import EventKinds, Pusher
from fengtai.apps.server.time_stamps import time_stamps_of
from fengtai.apps.server.vitals import Vitals
from fengtai.apps.server.webhook_post import WebhookPost
from fengtai.apps.settings import Settings, check
from fengtai.apps.web_api.app import create_app
from fengtai.apps.web_api.discovery import discovered_routers
from fengtai.apps.web_api.gate import who
from fengtai.apps.web_api.headers import live_sources
from fengtai.apps.web_api.provider_calls import HttpProviderCalls
from fengtai.apps.web_api.rates import Rates, rates_of
from fengtai.apps.web_api.repeats import AnsweredRequests
from fengtai.apps.web_api.system import SystemBoard
from fengtai.apps.wiring import Workshop
from fengtai.domain.access.model import AccessPolicy, PasskeySite
from fengtai.domain.access.ports import PasswordHasher, PointPlaces, ProviderCalls, SetupChecks, Vault
from fengtai.domain.access.service import AccessDesk
from fengtai.domain.alarms.ports import SignalJournal
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.audit.model import RedactionPolicy
from fengtai.domain.audit.ports import CheckpointBook, CheckpointSigner, TimeStamps
from fengtai.domain.audit.service import AuditDesk
from fengtai.domain.live.ports import PictureFiles
from fengtai.domain.live.service import LiveDesk
from fengtai.domain.organisations.model.areas import AreaTree
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.ports import DossierFiles
from fengtai.domain.recordings.service import PlaybackDesk
from fengtai.domain.webhooks.model import WebhookPolicy
from fengtai.domain.webhooks.ports import KnownKinds, Post
from fengtai.domain.webhooks.service import WebhookDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.passwords import Argon2Passwords
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.request_keys import KeyedTransactions
from fengtai.storage.schema import upgrade
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import Clock
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
        platform = Platform(settings, SystemClock(), stack)
        await platform.start()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, platform.reload)
        _spare_the_collector()
        scheme = "https" if settings.http.tls_certificate else "http"
        log.info("platform.ready", console=f"{scheme}://{settings.http.host}:{settings.http.port}")
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
        self.objects = ObjectHouse(settings, self._clock, self.board)
        self.workshop.provide(DossierFiles, self.objects.store)
        self.workshop.provide(PictureFiles, self.objects.store)
        self.media = MediaHouse(settings.media, self._clock, self.database, self.workshop, self.objects.store)
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
                Transactions: KeyedTransactions(database),
                EventReader: database,
                SignalJournal: database.signals,
                Clock: self._clock,
                Vault: FileVault(settings.data / "vault.key"),
                PasswordHasher: Argon2Passwords(),
                PointPlaces: RegisteredPlaces(database),
                AccessPolicy: settings.access.policy(settings.site.name),
                PasskeySite: settings.access.passkey_site(settings.site.name, settings.http),
                ProviderCalls: HttpProviderCalls(self._clock, plaintext_ok=settings.access.provider_plaintext_ok),
                CheckpointSigner: AuditKey(audit, AUDIT_ORIGIN),
                CheckpointBook: FileCheckpointBook(audit / "checkpoints"),
                TimeStamps: time_stamps_of(settings),
                RedactionPolicy: settings.audit.redaction(is_done_here=settings.database_url.startswith("sqlite")),
                ZoneInfo: ZoneInfo(settings.site.time_zone),
                AreaTree: read_areas(),
                KnownKinds: EventKinds(),
                WebhookPolicy: settings.webhooks.policy(),
                Post: WebhookPost(settings.webhooks.policy()),
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
        rights = LogRights(self._settings.database_url, self._clock)
        services.append(Vitals(self.board, self.database, self.media, self.workshop.get(AuditDesk), rights))
        self.answered = AnsweredRequests(self.database, self.workshop.get(Vault), self._clock)
        services += [self.answered, self.objects]
        pusher = Pusher(self.workshop.get(WebhookDesk), self.database)
        services.append(pusher)
        background = Background(self.database, self.board)
        self._stack.push_async_callback(pusher.stop)
        self._stack.push_async_callback(background.stop)
        background.start(services, [("sessions", self._session_effects()), ("recording", self._recording_effects())])
        background.wake_on_signal(self.workshop.get(AlarmDesk))

    def _session_effects(self) -> Mapping[str, Effect]:
        access, live, playback = (
            self.workshop.get(AccessDesk),
            self.workshop.get(LiveDesk),
            self.workshop.get(PlaybackDesk),
        )

        async def end(event: LoggedEvent) -> None:
            for desk in (live, playback):
                await desk.end_session(str(event.payload["session_id"]))

        async def rights_changed(event: LoggedEvent) -> None:
            access.forget_person(str(event.payload["user_id"]))
            for desk in (live, playback):
                await desk.look_again(user_id=str(event.payload["user_id"]))

        async def point_changed(event: LoggedEvent) -> None:
            for desk in (live, playback):
                await desk.look_again(point_id=str(event.payload["point_id"]))

        async def many_changed(_: LoggedEvent) -> None:
            for desk in (live, playback):
                await desk.look_again()

        return {
            "access.session_ended": end,
            "access.rights_changed": rights_changed,
            "points.changed": point_changed,
            "points.imported": many_changed,
            "organisations.changed": many_changed,
        }

    def _recording_effects(self) -> Mapping[str, Effect]:
        async def wake(_: LoggedEvent) -> None:
            self.media.keeper.wake()

        return dict.fromkeys(("devices.came_online", "devices.enrolled", "points.changed", "points.imported"), wake)

    async def _listen(self) -> None:
        http = self._settings.http
        app = create_app(
            discovered_routers(self.workshop.all(), who),
            access=self.workshop.get(AccessDesk),
            events=self.database,
            board=self.board,
            console=http.console or _built_console(),
            media_sources=live_sources(self._settings.media),
            origins=http.origins,
            body_limit_bytes=http.body_limit_bytes,
            streams_per_person=http.streams_per_person,
            rates=Rates(self._clock, rates_of(http)),
            answered=self.answered,
            edits_need_if_match=http.edits_need_if_match,
            tiles=self._settings.data / "tiles",
        )
        listener = Listener(app, http)
        await listener.start()
        self.reload = listener.reload
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
