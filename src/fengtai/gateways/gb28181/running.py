"""The gateway at work: turns what the endpoint tells into use cases of devices and alarms, and what live pictures ask
into calls. Implements `domain.live.ports.StreamSource` (by `streams`) and `domain.devices.ports.DeviceCommands`.

Must not know: how a message looks, where rows are kept. Reports about one device are done in order, different devices
at once.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any

import structlog

from fengtai.domain.devices.model import Channel, Device, TracedMessage
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.domain.live.model import Receiver
from fengtai.domain.live.ports import Reached
from fengtai.gateways.gb28181.asking import AskQueue
from fengtai.gateways.gb28181.registrations import Decision, RegistrationDesk
from fengtai.gateways.gb28181.signals import AlarmReceiver, signal_of
from fengtai.gateways.gb28181.sip_trace import MOST_DEVICES, SipTraces
from fengtai.gateways.gb28181.sockets import SipSockets
from fengtai.gateways.gb28181.streams import StreamDesk
from fengtai.gateways.gb28181.throttle import Throttle
from fengtai.protocols.gb28181 import (
    AlarmArrived,
    CallOver,
    CatalogItem,
    CatalogueArrived,
    ConnectionUnusable,
    DeviceDescribed,
    DeviceRegistered,
    DeviceSilent,
    DeviceUnregistered,
    Peer,
    PeerRefused,
    PlatformEndpoint,
    PlatformEvent,
    PlatformIdentity,
    PlayAnswered,
    PlayEnded,
    PlayFailed,
    PlayTrying,
    Presence,
    RegistrationAsked,
    StatusReported,
)
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError, Unavailable
from fengtai.vocabulary.events import EventReader

log = structlog.get_logger()

FLUSH_SECONDS = 15.0
FLUSHED_AT_ONCE = 5_000
"""last-seen times in one unit: bounds how long other units wait"""
CLOCK_ERROR_WORTH_A_WARNING_SECONDS = 30.0
WARNINGS_A_SECOND = 20
GOODBYE_SECONDS = 2.0
_COUNTED: Mapping[type[PlatformEvent], str] = {
    DeviceRegistered: "registrations",
    DeviceSilent: "devices_silent",
    CatalogueArrived: "catalogues",
    AlarmArrived: "alarms",
    PlayAnswered: "streams_started",
    PlayFailed: "streams_refused",
    PeerRefused: "messages_refused",
    ConnectionUnusable: "connections_unusable",
}
_FIGURES = (
    *_COUNTED.values(),
    *("registrations_refused", "alarms_not_kept", "flushes_failed", "decisions_unread", "tasks_failed"),
    "warnings_left_out",
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
    ) -> None:
        self._identity, self._nonce_secret = identity, nonce_secret
        self._registrations, self._devices, self._alarms, self._clock = registrations, devices, alarms, clock
        self._log_events, self._cursor = events, 0
        self._counts: Counter[str] = Counter()
        self._warnings = Throttle(most=WARNINGS_A_SECOND, window_seconds=1.0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_of: dict[str, asyncio.Task[None]] = {}
        self._asks = AskQueue(self._ask)
        self._sockets = SipSockets(clock)
        self._endpoint: PlatformEndpoint
        self.streams: StreamDesk
        """the StreamSource: makes devices send"""
        self._stopping = False
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        self._cursor = await self._log_events.newest()
        known = await self._devices.bindings()
        self.port = self._sockets.bind(host, port)
        self._endpoint = PlatformEndpoint(
            self._identity(self.port), nonce_secret=self._nonce_secret, token=lambda: secrets.token_hex(8)
        )
        self._traces = SipTraces(self._endpoint.identity.id, self._clock.now())
        self.streams = StreamDesk(
            self._endpoint, self._clock, self._sockets.pump, self._devices, self._spawn, self._traces.began
        )
        self._restore(known)
        left_over = await self.streams.restore()
        await self._sockets.serve(self._endpoint, self._take_events, self._traces.saw)
        self._spawn(self._registrations.work_forever(self._reports_done, self._answer))
        self._spawn(self._asks.work_forever())
        self._spawn(self._flush_forever())
        self._spawn(self._heed_decisions())
        log.info("sip.listening", host=host, port=self.port, restored=len(known), calls_left_over=left_over)

    async def stop(self, stream_id: str | None = None) -> None:
        """With a stream: end it (StreamSource). Without: stop the gateway: end every stream (a BYE for each), write what
        is not written, close. Registrations stay good."""
        if stream_id is not None:
            await self.streams.stop(stream_id)
            return
        await self.streams.stop_all(within_seconds=GOODBYE_SECONDS)
        self._stopping = True
        try:
            await self._flush()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._sockets.close()

    def status(self) -> dict[str, object]:
        return {
            "port": self.port,
            "devices_online": self._endpoint.present_count(),
            "tcp_connections": self._sockets.connections,
            "streams": self._endpoint.open_calls(),
            "devices_to_ask": len(self._asks),
            "unsent": self._sockets.unsent,
            **{name: self._counts[name] for name in _FIGURES},
        }

    # -- StreamSource --------------------------------------------------------------------------------------------

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> None:
        await self.streams.start(device_id, channel_id, receiver, reached)

    async def want_key_frame(self, stream_id: str) -> None:
        await self.streams.want_key_frame(stream_id)

    def is_held(self, port: int, ssrc: int) -> bool:
        return self.streams.is_held(port, ssrc)

    # -- DeviceCommands ------------------------------------------------------------------------------------------

    async def query_catalogue(self, device_id: str) -> None:
        self._endpoint.query_catalogue(device_id, self._clock.now())
        self._sockets.pump()

    async def reset_alarm(self, device_id: str, channel_id: str) -> None:
        self._endpoint.reset_alarm(device_id, channel_id or device_id, self._clock.now())
        self._sockets.pump()

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
                self._registrations.ask(event)
            case DeviceRegistered():
                if not event.renewed:
                    self._note("device.came", device=event.device_id, peer=_shown(event.peer))
                    self._asks.add(event.device_id)
            case DeviceUnregistered():
                self._in_order(event.device_id, self._devices.unregistered(event.device_id))
            case DeviceSilent():
                self._note("device.silent", device=event.device_id, cause=event.cause)
                self._in_order(event.device_id, self._devices.went_offline(event.device_id, event.cause))
            case CatalogueArrived():
                channels = [_channel(event.device_id, item) for item in event.items]
                work = self._devices.catalogue_arrived(event.device_id, channels, complete=event.complete)
                self._in_order(event.device_id, work)
            case DeviceDescribed():
                info = event.info
                described = self._devices.described(
                    event.device_id,
                    name=info.name,
                    manufacturer=info.manufacturer,
                    model=info.model,
                    firmware=info.firmware,
                )
                self._in_order(event.device_id, described)
            case StatusReported():
                self._status(event)
            case AlarmArrived():
                self._spawn(self._alarm(event))
            case PlayTrying() | PlayAnswered() | PlayFailed() | PlayEnded() | CallOver():
                self.streams.take(event)
            case PeerRefused():
                self._warn("sip.refused", peer=_shown(event.peer), device=event.device_id, cause=event.cause)
            case ConnectionUnusable():
                self._warn("sip.connection_unusable", peer=_shown(event.peer), cause=event.cause)
                self._sockets.drop(event.peer)

    async def _reports_done(self, lot: Sequence[RegistrationAsked]) -> None:
        """What an earlier report of one of these devices still does (offline) comes before its registration."""
        if self._last_of:
            busy = [task for asked in lot if (task := self._last_of.get(asked.device_id)) is not None]
            if busy:
                await asyncio.wait(busy)

    def _answer(self, lot: Sequence[tuple[RegistrationAsked, Decision]]) -> None:
        now = self._clock.now()
        for asked, decision in lot:
            if decision.status == 200:
                self._endpoint.admit(asked.ticket, now)
            else:
                self._counts["registrations_refused"] += 1
                self._warn("device.refused", device=asked.device_id, peer=_shown(asked.peer), cause=decision.cause)
                self._endpoint.refuse(asked.ticket, decision.status, now)
        self._traces.is_large = self._endpoint.present_count() > MOST_DEVICES
        self._sockets.pump()

    def _status(self, told: StatusReported) -> None:
        """How wrong the device's clock is: wrong times make alarms and recordings useless as evidence."""
        if told.status.device_time is None:
            return
        error = (told.status.device_time - self._clock.now().utc).total_seconds()
        if abs(error) > CLOCK_ERROR_WORTH_A_WARNING_SECONDS:
            self._warn("device.clock_wrong", device=told.device_id, seconds=f"{error:.0f}")
        self._in_order(told.device_id, self._devices.told_time(told.device_id, round(error * 1000)))

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

    async def _heed_decisions(self) -> None:
        """A device that was refused, or given another password, loses its registration at once."""
        while True:
            try:
                events = await self._log_events.after(self._cursor)
                decided = [str(event.payload["device_id"]) for event in events if event.kind == "devices.enrolled"]
                await self._heed([device_id for device_id in decided if self._endpoint.is_present(device_id)])
                if events:
                    self._cursor = events[-1].seq
                await self._log_events.changed(self._cursor, seconds=30.0)
            except FengtaiError as error:
                self._counts["decisions_unread"] += 1
                log.error("device.decisions_unread", error=str(error))
                await asyncio.sleep(1.0)

    async def _heed(self, device_ids: Sequence[str]) -> None:
        if device_ids:
            for device_id in await self._devices.unbound(device_ids):
                self._endpoint.forget(device_id, self._clock.now())
            self._sockets.pump()

    async def _flush_forever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self._flush()
            except FengtaiError as error:
                self._counts["flushes_failed"] += 1
                log.error("device.flush_failed", error=str(error))

    async def _flush(self) -> None:
        heard = iter(self._endpoint.heard().items())
        while lot := dict(islice(heard, FLUSHED_AT_ONCE)):
            await self._devices.seen({device_id: at.utc for device_id, at in lot.items()})

    def _warn(self, event: str, **about: str) -> None:
        """Strangers may send what they like; the log takes so many lines a second of it, and the rest is counted."""
        if self._warnings.allows(event, self._clock.now().monotonic):
            log.warning(event, **about)
        else:
            self._counts["warnings_left_out"] += 1

    def _note(self, event: str, **about: str) -> None:
        """Likewise for what is no trouble: a city that comes back is not two hundred thousand lines."""
        if self._warnings.allows(event, self._clock.now().monotonic):
            log.info(event, **about)
        else:
            self._counts["warnings_left_out"] += 1

    def _in_order(self, device_id: str, work: Coroutine[Any, Any, object]) -> None:
        """Do this after whatever is still being done about the same device."""
        before = self._last_of.get(device_id)

        async def turn() -> None:
            if before is not None:
                await asyncio.wait([before])
            try:
                await work
            except FengtaiError as error:
                log.error("device.report_failed", device=device_id, error=str(error))

        task = self._spawn(turn())
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before its turn
        self._last_of[device_id] = task
        task.add_done_callback(
            lambda done: self._last_of.pop(device_id) if self._last_of.get(device_id) is done else None
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._counts["tasks_failed"] += 1
            log.error("sip.task_failed", error=repr(error))


def _channel(device_id: str, item: CatalogItem) -> Channel:
    return Channel(
        device_id=device_id,
        id=item.id,
        name=item.name or item.id,
        on=item.on,
        manufacturer=item.manufacturer,
        model=item.model,
        longitude=item.longitude,
        latitude=item.latitude,
        ptz_type=item.ptz_type,
        parent_id=item.parent_id,
    )


def _shown(peer: Peer) -> str:
    return f"{peer.transport} {peer.host}:{peer.port}"
