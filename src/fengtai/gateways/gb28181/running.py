"""The gateway at work: turns what the endpoint tells into use cases of devices and alarms, and what live pictures ask
into calls. Implements `domain.live.ports.StreamSource` (by `streams`) and `domain.devices.ports.DeviceCommands`.

Must not know: how a message looks, where rows are kept. Reports about one device are done in order, different devices
at once.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import structlog

from fengtai.domain.devices.model import Device, Make, Order, OrderReport, Topic, TopicReport, TracedMessage
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.domain.live.model import Receiver, Sender
from fengtai.domain.live.ports import Reached
from fengtai.gateways.gb28181 import manners
from fengtai.gateways.gb28181.asking import AskQueue
from fengtai.gateways.gb28181.chores import Chores
from fengtai.gateways.gb28181.decisions import DecisionWatch
from fengtai.gateways.gb28181.last_seen import LastSeen
from fengtai.gateways.gb28181.manners import Manners, Server
from fengtai.gateways.gb28181.notices import NoticeBoard
from fengtai.gateways.gb28181.orders import OrderDesk
from fengtai.gateways.gb28181.patience import USUAL, Patience
from fengtai.gateways.gb28181.pictures import PictureDesk
from fengtai.gateways.gb28181.reading import shown
from fengtai.gateways.gb28181.registrations import Decision, RegistrationDesk
from fengtai.gateways.gb28181.remarks import Remarks
from fengtai.gateways.gb28181.reports import ReportDesk
from fengtai.gateways.gb28181.signals import AlarmReceiver, signal_of
from fengtai.gateways.gb28181.sip_trace import MOST_DEVICES, SipTraces
from fengtai.gateways.gb28181.sockets import SipSockets
from fengtai.gateways.gb28181.streams import StreamDesk
from fengtai.gateways.gb28181.uploads import PictureUploads
from fengtai.protocols.gb28181 import (
    AlarmArrived,
    Bounds,
    CallOver,
    CatalogueArrived,
    CatalogueChanged,
    ConnectionUnusable,
    DeviceRegistered,
    DeviceSilent,
    DeviceUnregistered,
    OrderEnded,
    Peer,
    PeerRefused,
    PlatformEndpoint,
    PlatformEvent,
    PlatformIdentity,
    PlayAnswered,
    PlayEnded,
    PlayFailed,
    PlayTrying,
    PositionsTold,
    Presence,
    RegistrationAsked,
)
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError, Unavailable
from fengtai.vocabulary.events import EventReader

log = structlog.get_logger()

GOODBYE_SECONDS = 2.0
_COUNTED: Mapping[type[PlatformEvent], str] = {
    DeviceRegistered: "registrations",
    DeviceSilent: "devices_silent",
    CatalogueArrived: "catalogues",
    CatalogueChanged: "catalogue_notices",
    PositionsTold: "positions",
    AlarmArrived: "alarms",
    PlayAnswered: "streams_started",
    PlayFailed: "streams_refused",
    PeerRefused: "messages_refused",
    ConnectionUnusable: "connections_unusable",
}
_FIGURES = (
    *_COUNTED.values(),
    *("registrations_redirected", "registrations_refused", "alarms_not_kept"),
)


class Running:
    def __init__(
        self,
        identity: Callable[[int], PlatformIdentity],
        *,
        nonce_secret: bytes,
        registrations: RegistrationDesk,
        devices: DeviceRegistry,
        alarms: AlarmReceiver,
        clock: Clock,
        events: EventReader,
        uploads: PictureUploads,
        picture_wait_seconds: float,
        bounds: Bounds,
        topics: frozenset[Topic] = frozenset(),
        everybody_to: Server | None = None,
        patience: Patience = USUAL,
    ) -> None:
        self._topics, self._everybody_to = topics, everybody_to
        self._identity, self._nonce_secret = identity, nonce_secret
        self._registrations, self._devices, self._alarms, self._clock = registrations, devices, alarms, clock
        self._log_events, self._uploads = events, uploads
        self._picture_wait_seconds, self._bounds = picture_wait_seconds, bounds
        self._counts: Counter[str] = Counter()
        self._chores, self._remarks = Chores(), Remarks()
        self._sent_on: set[int] = set()
        """tickets of registrations that will be answered 302"""
        self._asks = AskQueue(self._ask, registrations.is_busy)
        self._back: dict[str, frozenset[str]] = {}
        self._subscribes = AskQueue(self._subscribe_again)
        """devices of before a restart: a few at a time, like the others"""
        self._sockets = SipSockets(clock, patience, self._remarks)
        self._endpoint: PlatformEndpoint
        self.streams: StreamDesk
        """the StreamSource: makes devices send"""
        self._stopping = False
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        cursor = await self._log_events.newest()
        known = await self._devices.bindings()
        self.port = self._sockets.bind(host, port)
        self._endpoint = PlatformEndpoint(
            self._identity(self.port),
            nonce_secret=self._nonce_secret,
            token=lambda: secrets.token_hex(8),
            bounds=self._bounds,
        )
        self._traces = SipTraces(self._endpoint.identity.id, self._clock.now())
        self.streams = StreamDesk(
            self._endpoint, self._clock, self._sockets.pump, self._devices, self._chores.spawn, self._traces.began
        )
        self._manners = Manners(self._endpoint, self._clock, rule=self._topics, everybody_to=self._everybody_to)
        self._last_seen = LastSeen(self._endpoint, self._devices, self._clock)
        self._orders = OrderDesk(self._endpoint, self._clock)
        self._pictures = PictureDesk(
            self._endpoint,
            self._orders,
            self._uploads,
            self._devices,
            self._clock,
            self._sockets.pump,
            wait_seconds=self._picture_wait_seconds,
        )
        self._decisions = DecisionWatch(
            self._log_events, self._devices, self._endpoint, self._manners, self._clock, self._sockets.pump
        )
        self._notices = NoticeBoard(
            self._devices, self._clock, ask=self._ask_catalogue, believes=self._manners.believes_status_notices
        )
        self._reports = ReportDesk(
            self._devices,
            self._manners,
            self._notices,
            self._chores,
            self._remarks,
            self._clock,
            pictures=self._pictures,
            own_id=self._endpoint.identity.id,
            pump=self._sockets.pump,
        )
        for device in await self._devices.with_manner():
            self._manners.learn(device)
        self._restore(known)
        self._manners.restore_refusals(await self._devices.topic_refusals())
        left_over = await self.streams.restore()
        await self._sockets.serve(self._endpoint, self._take_events, self._traces)
        self._chores.spawn(self._registrations.work_forever(self._reports_done, self._answer))
        self._chores.spawn(self._asks.work_forever())
        self._chores.spawn(self._subscribes.work_forever())
        self._chores.spawn(self._notices.work_forever())
        self._chores.spawn(self._last_seen.work_forever())
        self._chores.spawn(self._decisions.work_forever(cursor))
        log.info("sip.listening", host=host, port=self.port, restored=len(known), calls_left_over=left_over)

    async def stop(self, stream_id: str | None = None) -> None:
        """With a stream: end it (StreamSource). Without: stop the gateway: end every stream (a BYE for each), write what
        is not written, close. Registrations stay good."""
        if stream_id is not None:
            await self.streams.stop(stream_id)
            return
        await self.streams.stop_all(within_seconds=GOODBYE_SECONDS)
        self._stopping = True
        self._orders.close()
        await self._uploads.stop()
        try:
            await self._last_seen.flush()
            await self._notices.flush()
        finally:
            await self._chores.stop()
            await self._sockets.close()

    def status(self) -> dict[str, object]:
        return {
            "port": self.port,
            "devices_online": self._endpoint.present_count(),
            "tcp_connections": self._sockets.connections,
            "streams": self._endpoint.open_calls(),
            "devices_to_ask": len(self._asks),
            "tcp_refused": self._sockets.refused,
            "unsent": self._sockets.unsent,
            "subscriptions": dict(self._endpoint.asking.subscriptions.counts()),
            **self._notices.status(),
            "tasks_failed": self._chores.failed,
            "decisions_unread": self._decisions.unread,
            "flushes_failed": self._last_seen.failed,
            "pictures_taken": self._uploads.taken,
            "pictures_refused": self._uploads.refused,
            "warnings_left_out": self._remarks.left_out,
            **{name: self._counts[name] for name in _FIGURES},
        }

    # -- StreamSource --------------------------------------------------------------------------------------------

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> Sender:
        return await self.streams.start(device_id, channel_id, receiver, reached)

    async def want_key_frame(self, stream_id: str) -> None:
        await self.streams.want_key_frame(stream_id)

    def is_held(self, port: int, ssrc: int) -> bool:
        return self.streams.is_held(port, ssrc)

    # -- DeviceCommands ------------------------------------------------------------------------------------------

    async def query_catalogue(self, device_id: str) -> None:
        self._endpoint.query_catalogue(device_id, self._clock.now())
        self._sockets.pump()

    async def carry_out(self, device_id: str, target_id: str, order: Order) -> OrderReport:
        answer = self._orders.send(device_id, target_id, order)
        self._sockets.pump()
        return await answer

    async def take_pictures(self, device_id: str, channel_id: str, *, count: int = 1) -> Sequence[bytes]:
        return await self._pictures.take(device_id, channel_id, count=count)

    async def subscribe_again(self, device_id: str) -> None:
        self._endpoint.asking.present(device_id)
        for device in (await self._devices.known([device_id])).values():
            self._manners.subscribe(device, again=True)
        self._sockets.pump()

    def subscriptions(self, device_id: str) -> Sequence[TopicReport]:
        return self._manners.reports(device_id)

    def makes(self) -> Sequence[Make]:
        return manners.makes()

    def make_of(self, device: Device) -> Make:
        return manners.make_of(device)

    def raw_catalogue(self, device_id: str) -> Sequence[bytes]:
        return self._reports.raw_catalogues.of(device_id)

    def trace(self, device_id: str) -> Sequence[TracedMessage]:
        return self._traces.trace(device_id, self._clock.now())

    # -- what the endpoint tells ---------------------------------------------------------------------------------

    def _take_events(self) -> None:
        for event in self._endpoint.events():
            if not self._stopping:  # that our own closing breaks connections is no news of the devices
                self._take(event)

    def _take(self, event: PlatformEvent) -> None:
        counted = _COUNTED.get(type(event))
        if counted:
            self._counts[counted] += 1
        match event:
            case RegistrationAsked():
                if event.expires_seconds and self._manners.server_of(event.device_id) is not None:
                    # Who is sent on proves its secret like everybody, but is not bound here: as one that signs off.
                    self._sent_on.add(event.ticket)
                    event = event._replace(expires_seconds=0)
                self._registrations.ask(event)
            case DeviceRegistered():
                if not event.renewed:
                    self._remarks.note("device.came", device=event.device_id, peer=event.peer)
                    self._asks.add(event.device_id)
            case DeviceUnregistered():
                self._chores.in_order(event.device_id, self._devices.unregistered(event.device_id))
            case DeviceSilent():
                self._remarks.note("device.silent", device=event.device_id, cause=event.cause)
                self._chores.in_order(event.device_id, self._devices.went_offline(event.device_id, event.cause))
            case OrderEnded():
                self._orders.take(event)
            case AlarmArrived():
                self._chores.spawn(self._alarm(event))
            case PlayTrying() | PlayAnswered() | PlayFailed() | PlayEnded() | CallOver():
                self.streams.take(event)
            case PeerRefused():
                self._remarks.warn("sip.refused", peer=shown(event.peer), device=event.device_id, cause=event.cause)
            case ConnectionUnusable():
                self._remarks.warn("sip.connection_unusable", peer=shown(event.peer), cause=event.cause)
                self._sockets.drop(event.peer)
            case _:
                self._reports.take(event)

    async def _reports_done(self, lot: Sequence[RegistrationAsked]) -> None:
        """What an earlier report of one of these devices still does (offline) comes before its registration."""
        await self._chores.done_about(asked.device_id for asked in lot)

    def _answer(self, lot: Sequence[tuple[RegistrationAsked, Decision]]) -> None:
        now = self._clock.now()
        for asked, decision in lot:
            if decision.status == 200 and not self._sent_on:
                self._endpoint.admit(asked.ticket, now)
                continue
            server = self._manners.server_of(asked.device_id) if asked.ticket in self._sent_on else None
            self._sent_on.discard(asked.ticket)
            if decision.status == 200 and server is not None:
                self._redirect(asked, server)
            elif decision.status == 200:
                self._endpoint.admit(asked.ticket, now)
            else:
                self._counts["registrations_refused"] += 1
                self._remarks.warn(
                    "device.refused", device=asked.device_id, peer=shown(asked.peer), cause=decision.cause
                )
                self._endpoint.refuse(asked.ticket, decision.status, now)
        self._traces.is_large = self._endpoint.present_count() > MOST_DEVICES
        self._sockets.pump()

    def _redirect(self, asked: RegistrationAsked, server: Server) -> None:
        server_id, host, port = server
        self._counts["registrations_redirected"] += 1
        self._remarks.note("device.redirected", device=asked.device_id, to=f"{host}:{port}")
        now = self._clock.now()
        self._endpoint.redirect(asked.ticket, server_id=server_id, host=host, port=port, now=now)

    async def _alarm(self, alarm: AlarmArrived) -> None:
        """Kept first, acknowledged then; one that cannot be kept is answered 503, and the device sends it again."""
        signal = signal_of(alarm.notice, device_id=alarm.device_id, peer=alarm.peer, raw=alarm.raw)
        kept = False
        try:
            await self._alarms.receive(signal)
            kept = True
        except FengtaiError as error:
            log.error("alarm.not_kept", device=alarm.device_id, error=str(error))
        finally:
            if kept:
                self._endpoint.acknowledge_alarm(alarm.ticket, self._clock.now())
            else:
                self._counts["alarms_not_kept"] += 1
                self._endpoint.refuse(alarm.ticket, 503, self._clock.now())
            self._sockets.pump()

    # -- at the start, and now and then --------------------------------------------------------------------------

    def _restore(self, known: Sequence[Device]) -> None:
        identity, now = self._endpoint.identity, self._clock.now()
        grace = identity.keepalive_seconds * identity.keepalive_misses
        for device in known:
            if device.binding is None:
                continue
            binding = device.binding
            left = (binding.expires_at - now.utc).total_seconds()
            peer = Peer(binding.transport, binding.host, binding.port)
            presence = Presence(device.id, peer, now.monotonic + left, now.monotonic, binding.edition, binding.call_id)
            self._endpoint.restore(presence, now, grace_seconds=grace)
            self._manners.learn(device)
            if topics := self._manners.topics_of(device):
                self._back[device.id] = topics
                self._subscribes.add(device.id)
        self._endpoint.begin_grace(now.monotonic + grace)

    def _ask(self, device_id: str) -> None:
        """What it is, what it has, what time it thinks it is."""
        now = self._clock.now()
        try:
            self._endpoint.query_catalogue(device_id, now)
            self._endpoint.query(device_id, "DeviceInfo", now)
            self._endpoint.query(device_id, "DeviceStatus", now)
        except Unavailable:
            return  # it went away meanwhile; it is asked when it comes back
        self._sockets.pump()

    def _ask_catalogue(self, device_id: str) -> None:
        try:
            self._endpoint.query_catalogue(device_id, self._clock.now())
        except Unavailable:
            return  # it went away meanwhile; it is asked when it comes back
        self._sockets.pump()

    def _subscribe_again(self, device_id: str) -> None:
        self._manners.subscribe_to(device_id, self._back.pop(device_id))
        self._sockets.pump()
