"""A simulated GB/T 28181 device on real sockets: the device role's endpoint, carried over UDP or TCP.

It makes no pictures itself: `media` does, when the platform asks for them. The same protocol code as the platform's, in
the opposite role.
"""

import asyncio
import secrets
import socket
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import structlog

from fengtai.apps.clocks import SystemClock
from fengtai.protocols.gb28181 import (
    AlarmAcknowledged,
    AlarmReset,
    CatalogItem,
    ConnectionUnusable,
    DeviceEndpoint,
    DeviceEvent,
    DeviceIdentity,
    KeyFrameWanted,
    Peer,
    Registered,
    RegistrationFailed,
    StreamAcknowledged,
    StreamEnded,
    StreamWanted,
)
from fengtai.vocabulary.clock import Clock

log = structlog.get_logger()


class Media(Protocol):
    """Sends pictures; `apps.simulator.sender` implements it."""

    async def start(self, call_id: str, channel_id: str, host: str, port: int, transport: str, ssrc: int) -> None:
        """Send to host and port: UDP to it, or ("tcp") over a connection made to it. Raise OSError when it fails."""

    async def stop(self, call_id: str) -> None: ...

    def key_frame(self, call_id: str) -> None: ...


class SimulatedDevice:
    """`channels` are the device's cameras and alarm inputs. Call `start`, at the end `stop`."""

    def __init__(
        self,
        device_id: str,
        password: str,
        server: tuple[str, int],
        *,
        media: Media,
        transport: str = "udp",
        channels: Sequence[CatalogItem] = (),
        expires: int = 3600,
        keepalive_seconds: float = 60.0,
        retry_seconds: float = 60.0,
        server_id: str = "34020000002000000001",
        domain: str = "3402000000",
        name: str = "Simulated camera",
        edition: str = "2.0",
        clock: Clock | None = None,
    ) -> None:
        self.device_id, self._password, self._server = device_id, password, server
        self._transport, self._channels, self._media = transport, tuple(channels), media
        self._expires, self._keepalive_seconds, self._retry_seconds = expires, keepalive_seconds, retry_seconds
        self._server_id, self._domain, self._name, self._edition = server_id, domain, name, edition
        self._clock: Clock = clock or SystemClock()
        self._endpoint: DeviceEndpoint
        self._udp: socket.socket | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._peer: Peer
        self._connections = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._media_of: dict[str, asyncio.Task[None]] = {}
        self._streams: dict[str, StreamWanted] = {}
        self._acknowledged: dict[int, asyncio.Future[bool]] = {}
        self._registered = asyncio.Event()
        self._refused = asyncio.Event()
        self.last_status = -1
        """of the last answer to REGISTER: 200, 403, ..., 0 for none"""

    async def start(self) -> None:
        """Open the socket and register; `registered` waits for the platform's yes. Raise OSError when it is not there."""
        if self._transport == "tcp":
            await self._connect()
        else:
            self._open_udp()
        own = self._udp.getsockname() if self._udp else self._writer_name()
        identity = DeviceIdentity(
            id=self.device_id,
            password=self._password,
            server_id=self._server_id,
            domain=self._domain,
            server=self._peer,
            host=own[0],
            port=own[1],
            channels=self._channels,
            name=self._name,
            edition=self._edition,
            expires_seconds=self._expires,
            keepalive_seconds=self._keepalive_seconds,
            retry_seconds=self._retry_seconds,
        )
        self._endpoint = DeviceEndpoint(identity, token=lambda: secrets.token_hex(6))
        if self._transport == "tcp":
            self._endpoint.stream_opened(self._peer)
            self._spawn(self._read_forever())
        self._endpoint.start(self._clock.now())
        self._pump()

    async def registered(self, *, within_seconds: float = 10.0) -> None:
        """Wait for the 200. Raise TimeoutError."""
        async with asyncio.timeout(within_seconds):
            await self._registered.wait()

    async def refused(self, *, within_seconds: float = 10.0) -> int:
        """Wait until registering failed; the status. Raise TimeoutError."""
        async with asyncio.timeout(within_seconds):
            await self._refused.wait()
        return self.last_status

    async def stop(self, *, sign_off: bool = False) -> None:
        """Go away: as a power cut does, or after signing off (Expires: 0)."""
        if sign_off and self._registered.is_set():
            self._registered.clear()
            self._endpoint.unregister(self._clock.now())
            self._pump()
            await self.registered()
        for call_id in list(self._streams):
            await self._media.stop(call_id)
        self._streams.clear()
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._udp is not None:
            asyncio.get_running_loop().remove_reader(self._udp.fileno())
            self._udp.close()
            self._udp = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    async def raise_alarm(
        self,
        channel_id: str,
        method: int,
        alarm_type: int,
        priority: int,
        text: str,
        *,
        within_seconds: float = 10.0,
        position: tuple[float, float] | None = None,
    ) -> bool:
        """Send an alarm and wait for the platform's Response. Raise TimeoutError when none comes."""
        sn = self._endpoint.send_alarm(
            channel_id=channel_id,
            method=method,
            type=alarm_type,
            priority=priority,
            description=text,
            now=self._clock.now(),
            position=position,
        )
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._acknowledged[sn] = answer
        self._pump()
        try:
            async with asyncio.timeout(within_seconds):
                return await answer
        finally:
            self._acknowledged.pop(sn, None)

    # -- sockets -------------------------------------------------------------------------------------------------

    def _open_udp(self) -> None:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setblocking(False)
        self._udp.connect(self._server)
        self._peer = Peer("udp", *self._server)
        asyncio.get_running_loop().add_reader(self._udp.fileno(), self._drain)

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._server)
        self._connections += 1
        self._peer = Peer("tcp", *self._server, self._connections)

    def _writer_name(self) -> tuple[str, int]:
        assert self._writer is not None
        host, port = self._writer.get_extra_info("sockname")[:2]
        return host, port

    def _drain(self) -> None:
        assert self._udp is not None
        for _ in range(64):
            try:
                data = self._udp.recv(65_535)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # nobody listens there now: the endpoint's own timers tell
                break
            self._endpoint.receive_datagram(data, self._peer, self._clock.now())
        self._pump()

    async def _read_forever(self) -> None:
        """Read the connection; when it breaks, wait as the standard asks and connect again."""
        while True:
            try:
                while data := await self._reader.read(65_536):
                    self._endpoint.receive_stream(data, self._peer, self._clock.now())
                    self._pump()
            except OSError as error:
                log.debug("device.connection_broke", device=self.device_id, error=str(error))
            self._endpoint.stream_closed(self._peer, self._clock.now())
            self._pump()
            while True:
                await asyncio.sleep(self._retry_seconds)
                try:
                    await self._connect()
                    break
                except OSError as error:
                    log.debug("device.no_connection", device=self.device_id, error=str(error))
            self._endpoint.stream_opened(self._peer)
            self._endpoint.start(self._clock.now(), self._peer)
            self._pump()

    def _pump(self) -> None:
        for data, _peer in self._endpoint.datagrams_to_send():
            if self._writer is not None:
                self._writer.write(data)
            elif self._udp is not None:
                try:
                    self._udp.send(data)
                except OSError as error:  # nobody listens there now: the endpoint repeats
                    log.debug("device.unsent", device=self.device_id, error=str(error))
        for event in self._endpoint.events():
            self._take(event)
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._endpoint.next_deadline()
        if deadline is not None:
            delay = max(0.0, deadline - self._clock.now().monotonic)
            self._timer = asyncio.get_running_loop().call_later(delay, self._deadline_passed)

    def _deadline_passed(self) -> None:
        self._endpoint.handle_deadline(self._clock.now())
        self._pump()

    # -- what the endpoint tells ---------------------------------------------------------------------------------

    def _take(self, event: DeviceEvent) -> None:
        match event:
            case Registered():
                self.last_status = 200
                self._refused.clear()
                self._registered.set()
            case RegistrationFailed():
                self.last_status = event.status
                self._registered.clear()
                self._refused.set()
            case StreamWanted():
                self._streams[event.call_id] = event
                self._agree(event)
            case StreamAcknowledged():
                if event.call_id in self._streams:
                    self._media_turn(event.call_id, self._begin(self._streams[event.call_id]))
            case StreamEnded():
                self._streams.pop(event.call_id, None)
                log.info("device.stream_ended", device=self.device_id, call=event.call_id)
                self._media_turn(event.call_id, self._media.stop(event.call_id))
            case KeyFrameWanted():
                for call_id, stream in self._streams.items():
                    if stream.channel_id == event.channel_id:
                        self._media.key_frame(call_id)
            case AlarmAcknowledged():
                waiting = self._acknowledged.get(event.sn)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event.ok)
            case AlarmReset():
                log.info("device.alarm_reset", device=self.device_id, channel=event.channel_id)
            case ConnectionUnusable():
                if self._writer is not None:
                    self._writer.close()

    def _agree(self, wanted: StreamWanted) -> None:
        own = self._endpoint.identity
        self._endpoint.accept(wanted.call_id, host=own.host, port=9, now=self._clock.now())
        asyncio.get_running_loop().call_soon(self._pump)

    async def _begin(self, wanted: StreamWanted) -> None:
        try:
            await self._media.start(
                wanted.call_id, wanted.channel_id, wanted.host, wanted.port, wanted.transport, wanted.ssrc
            )
        except OSError as error:
            log.warning("device.media_failed", device=self.device_id, call=wanted.call_id, error=str(error))
            self._streams.pop(wanted.call_id, None)
            self._endpoint.end(wanted.call_id, self._clock.now())
            self._pump()

    def _media_turn(self, call_id: str, work: Coroutine[Any, Any, None]) -> None:
        """Start and stop of one stream never overtake each other."""
        before = self._media_of.get(call_id)

        async def turn() -> None:
            if before is not None:
                await asyncio.wait([before])
            await work

        task = self._spawn(turn())
        self._media_of[call_id] = task
        task.add_done_callback(lambda done: self._media_turn_over(call_id, done))

    def _media_turn_over(self, call_id: str, task: asyncio.Task[None]) -> None:
        if self._media_of.get(call_id) is task:
            del self._media_of[call_id]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("device.task_failed", device=self.device_id, error=repr(error))
