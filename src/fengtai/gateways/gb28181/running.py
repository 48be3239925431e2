"""The gateway at work: turns what the endpoint tells into use cases of devices and alarms, and what live pictures ask
into calls. Implements `domain.live.ports.StreamSource` (by `streams`) and `domain.devices.ports.DeviceCommands`.

Must not know: how a message looks, where rows are kept. Reports about one device are done in order, different devices
at once.
"""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, cast

import structlog

from fengtai.domain.devices.model import Channel, Device
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.domain.live.model import Receiver
from fengtai.domain.live.ports import Reached
from fengtai.gateways.gb28181.registrations import Decision, RegistrationDesk
from fengtai.gateways.gb28181.signals import AlarmReceiver, signal_of
from fengtai.gateways.gb28181.sockets import SipSockets
from fengtai.gateways.gb28181.streams import StreamDesk
from fengtai.gateways.gb28181.throttle import Throttle
from fengtai.protocols.gb28181 import (
    AlarmArrived,
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
)
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError, Unavailable
from fengtai.vocabulary.events import EventReader

log = structlog.get_logger()

FLUSH_SECONDS = 5.0
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
        self._timers: set[asyncio.TimerHandle] = set()
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
        self.streams = StreamDesk(self._endpoint, self._clock, self._sockets.pump, self._devices.check_playable)
        self._restore(known)
        await self._sockets.serve(self._endpoint, self._take_events)
        self._spawn(self._flush_forever())
        self._spawn(self._heed_decisions())
        log.info("sip.listening", host=host, port=self.port, restored=len(known))

    async def stop(self, stream_id: str | None = None) -> None:
        """With a stream: end it (StreamSource). Without: stop the gateway: end every stream (a BYE for each), write what
        is not written, close. Registrations stay good."""
        if stream_id is not None:
            await self.streams.stop(stream_id)
            return
        for timer in self._timers:
            timer.cancel()
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
            "unsent": self._sockets.unsent,
            **{name: self._counts[name] for name in _FIGURES},
        }

    # -- StreamSource --------------------------------------------------------------------------------------------

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> None:
        await self.streams.start(device_id, channel_id, receiver, reached)

    async def want_key_frame(self, stream_id: str) -> None:
        await self.streams.want_key_frame(stream_id)

    # -- DeviceCommands ------------------------------------------------------------------------------------------

    async def query_catalogue(self, device_id: str) -> None:
        self._endpoint.query_catalogue(device_id, self._clock.now())
        self._sockets.pump()

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
                self._in_order(event.device_id, self._registration(event))
            case DeviceRegistered():
                log.debug("device.registered", device=event.device_id, peer=_shown(event.peer), renewed=event.renewed)
                if not event.renewed:
                    log.info("device.came", device=event.device_id, peer=_shown(event.peer))
                    self._ask_soon(event.device_id)
            case DeviceUnregistered():
                self._in_order(event.device_id, self._devices.unregistered(event.device_id))
            case DeviceSilent():
                log.info("device.silent", device=event.device_id, cause=event.cause)
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
            case AlarmArrived():
                self._spawn(self._alarm(event))
            case PlayTrying() | PlayAnswered() | PlayFailed() | PlayEnded():
                self.streams.take(event)
            case PeerRefused():
                self._warn("sip.refused", peer=_shown(event.peer), device=event.device_id, cause=event.cause)
            case ConnectionUnusable():
                self._warn("sip.connection_unusable", peer=_shown(event.peer), cause=event.cause)
                self._sockets.drop(event.peer)

    async def _registration(self, asked: RegistrationAsked) -> None:
        decision = Decision(500, "the registration could not be decided")
        try:
            decision = await self._registrations.decide(asked)
        except FengtaiError as error:
            decision = Decision(503, str(error))
        finally:  # whatever happens, the device is answered and its ticket given back
            self._answer(asked, decision)

    def _answer(self, asked: RegistrationAsked, decision: Decision) -> None:
        now = self._clock.now()
        if decision.status == 200:
            self._endpoint.admit(asked.ticket, now)
        else:
            self._counts["registrations_refused"] += 1
            self._warn("device.refused", device=asked.device_id, peer=_shown(asked.peer), cause=decision.cause)
            self._endpoint.refuse(asked.ticket, decision.status, now)
        self._sockets.pump()

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

    def _ask_soon(self, device_id: str) -> None:
        """Ask for catalogue and description; spread out, so that a thousand devices that come back together do not all
        send their catalogues in one second."""
        spread = min(60.0, self._endpoint.present_count() / 50)
        delay = random.uniform(0.0, spread) if spread > 1 else 0.0  # noqa: S311 - a spread, not a secret
        timer: asyncio.TimerHandle | None = None

        def ask() -> None:
            self._timers.discard(cast(asyncio.TimerHandle, timer))
            now = self._clock.now()
            try:
                self._endpoint.query_catalogue(device_id, now)
                self._endpoint.query(device_id, "DeviceInfo", now)
            except Unavailable:
                return  # it went away meanwhile; it is asked when it comes back
            self._sockets.pump()

        timer = asyncio.get_running_loop().call_later(delay, ask)
        self._timers.add(timer)

    async def _heed_decisions(self) -> None:
        """A device that was refused, or given another password, loses its registration at once."""
        while True:
            try:
                for event in await self._log_events.after(self._cursor):
                    self._cursor = event.seq
                    if event.kind == "devices.enrolled":
                        await self._heed(str(event.payload["device_id"]))
                await self._log_events.changed(self._cursor, seconds=30.0)
            except FengtaiError as error:
                self._counts["decisions_unread"] += 1
                log.error("device.decisions_unread", error=str(error))
                await asyncio.sleep(1.0)

    async def _heed(self, device_id: str) -> None:
        if self._endpoint.is_present(device_id) and (await self._devices.get(device_id)).device.binding is None:
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
        heard = self._endpoint.heard()
        await self._devices.seen({device_id: at.utc for device_id, at in heard.items()})

    def _warn(self, event: str, **about: str) -> None:
        """Strangers may send what they like; the log takes so many lines a second of it, and the rest is counted."""
        if self._warnings.allows(event, self._clock.now().monotonic):
            log.warning(event, **about)
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
