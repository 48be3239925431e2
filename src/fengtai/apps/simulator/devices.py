"""A simulated GB/T 28181 device on real sockets: the device role's endpoint, carried over UDP or TCP.

It makes no pictures itself: `media` does. The same protocol code as the platform's, in the opposite role.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable, Sequence

import structlog

from fengtai.apps.clocks import SystemClock
from fengtai.apps.simulator.device_streams import DeviceStreams
from fengtai.apps.simulator.device_turns import Turns, go_on_forever
from fengtai.apps.simulator.media_side import Media
from fengtai.apps.simulator.uploading import upload_pictures
from fengtai.protocols.gb28181 import (
    AlarmAcknowledged,
    AlarmReset,
    CatalogItem,
    ConnectionUnusable,
    DeviceEndpoint,
    DeviceEvent,
    DeviceFaults,
    DeviceIdentity,
    GuardSet,
    KeyFrameWanted,
    Peer,
    Redirected,
    Registered,
    RegistrationFailed,
    SnapshotOrder,
    SnapshotWanted,
    StreamAcknowledged,
    StreamEnded,
    StreamWanted,
    Subscribed,
)
from fengtai.vocabulary.clock import Clock, Instant

log = structlog.get_logger()


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
        manufacturer: str = "Fengtai",
        user_agent: str = "",
        items_a_part: int = 4,
        faults: DeviceFaults | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.device_id, self._password, self._server = device_id, password, server
        self._transport, self._channels, self._media = transport, tuple(channels), media
        self._expires, self._keepalive_seconds, self._retry_seconds = expires, keepalive_seconds, retry_seconds
        self._server_id, self._domain, self._name, self._edition = server_id, domain, name, edition
        self._manufacturer, self._user_agent, self._items_a_part = manufacturer, user_agent, items_a_part
        self._faults = faults or DeviceFaults()
        self._home = server
        self._clock: Clock = clock or SystemClock()
        self._endpoint: DeviceEndpoint
        self._udp: socket.socket | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._peer: Peer
        self._connections = 0
        self._next_server_id = ""
        self._timer: asyncio.TimerHandle | None = None
        self._turns = Turns(device_id)
        self._streams = DeviceStreams(device_id, media, self._turns, self.tell, sends_early=self._faults.sends_early)
        self._acknowledged: dict[int, asyncio.Future[bool]] = {}
        self._registered = asyncio.Event()
        self._refused = asyncio.Event()
        self.last_status = -1
        """of the last answer to REGISTER: 200, 403, ..., 0 for none"""
        self.pause_seconds = 0.0
        """how long it waits after the last failure before it registers again"""

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
            manufacturer=self._manufacturer,
            user_agent=self._user_agent,
            items_a_part=self._items_a_part,
            faults=self._faults,
        )
        self._endpoint = DeviceEndpoint(identity, token=lambda: secrets.token_hex(6))
        if self._transport == "tcp":
            self._endpoint.stream_opened(self._peer)
            self._turns.spawn(self._read_forever())
        self._endpoint.start(self._clock.now())
        self._pump()
        if self._faults.catalogue_never_ends:
            self._turns.spawn(go_on_forever(self.tell))

    def tell(self, act: Callable[[DeviceEndpoint, Instant], object]) -> None:
        """Let the endpoint say something: `device.tell(lambda endpoint, now: endpoint.tell_positions([fix], now))`."""
        act(self._endpoint, self._clock.now())
        self._pump()

    def topics(self) -> set[str]:
        """What the platform is subscribed to here."""
        return self._endpoint.subscriptions.topics()

    @property
    def endpoint(self) -> DeviceEndpoint:
        """What it says and has heard since it was started; let it say more by `tell`."""
        return self._endpoint

    @property
    def on_guard(self) -> bool:
        return self._endpoint.answers.on_guard

    @property
    def server(self) -> tuple[str, int]:
        """To which it registers now: another than at first when it was sent there."""
        return self._server

    def move(self) -> None:
        """Register again from another address, as behind a NAT that forgot."""
        if self._writer is not None:
            self._writer.close()  # the reader connects anew
        else:
            self._reopen(self._server, "")

    async def reboot(self, *, boot_seconds: float = 0.0) -> None:
        """As when the power fails for a moment: sockets, calls and subscriptions are gone without a word, and after the
        boot it registers as if for the first time."""
        await self._vanish()
        self._registered.clear()
        self._server, self._next_server_id = self._home, ""
        while True:
            await asyncio.sleep(boot_seconds)
            try:
                await self.start()
                return
            except OSError as error:
                log.debug("device.no_connection", device=self.device_id, error=str(error))
                boot_seconds = self._retry_seconds

    async def registered(self, *, within_seconds: float = 10.0) -> None:
        """Wait for the 200. Raise TimeoutError."""
        async with asyncio.timeout(within_seconds):
            await self._registered.wait()

    async def refused(self, *, within_seconds: float = 10.0) -> int:
        """The status with which registering failed. Raise TimeoutError."""
        async with asyncio.timeout(within_seconds):
            await self._refused.wait()
        return self.last_status

    async def stop(self, *, sign_off: bool = False) -> None:
        """Go away: as a power cut does, or after signing off."""
        if sign_off and self._registered.is_set():
            self._registered.clear()
            self._endpoint.unregister(self._clock.now())
            self._pump()
            await self.registered()
        await self._vanish()

    async def _vanish(self) -> None:
        """Nobody is told: no BYE, no sign-off, and a TCP connection is reset, not ended."""
        await self._streams.forget()
        if self._timer is not None:
            self._timer.cancel()
        await self._turns.stop()
        if self._udp is not None:
            asyncio.get_running_loop().remove_reader(self._udp.fileno())
            self._udp.close()
            self._udp = None
        if self._writer is not None:
            self._writer.transport.abort()
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
                    self._server, self._next_server_id = self._home, self._server_id
            self._endpoint.stream_opened(self._peer)
            self._endpoint.start(self._clock.now(), self._peer, server_id=self._next_server_id)
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
                self.last_status, self.pause_seconds = event.status, event.retry_seconds
                self._registered.clear()
                self._refused.set()
                turned_away = event.status >= 400 or self._writer is None  # a connection that closes is no refusal
                if turned_away and self._server != self._home:  # who was sent on comes back (9.1.2.4)
                    asyncio.get_running_loop().call_soon(self._go_to, self._home, self._server_id)
            case StreamWanted():
                self._streams.wanted(event)
            case StreamAcknowledged():
                self._streams.acknowledged(event.call_id)
            case StreamEnded():
                self._streams.ended(event.call_id)
            case KeyFrameWanted():
                self._streams.key_frame(event.channel_id)
            case AlarmAcknowledged():
                waiting = self._acknowledged.get(event.sn)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event.ok)
            case Redirected():
                log.info("device.redirected", device=self.device_id, to=f"{event.host}:{event.port}")
                self._registered.clear()
                self._go_to((event.host, event.port), event.server_id)
            case SnapshotWanted():
                self._turns.spawn(self._upload(event.order))
            case GuardSet() | Subscribed() | AlarmReset():
                log.info("device.told", device=self.device_id, what=type(event).__name__)
            case ConnectionUnusable():
                if self._writer is not None:
                    self._writer.close()

    def _go_to(self, server: tuple[str, int], server_id: str) -> None:
        self._server = server
        if self._writer is not None:
            self._next_server_id = server_id
            self._writer.close()  # the reader connects anew
        else:
            self._reopen(server, server_id)

    def _reopen(self, server: tuple[str, int], server_id: str) -> None:
        if self._udp is not None:
            asyncio.get_running_loop().remove_reader(self._udp.fileno())
            self._udp.close()
        self._server = server
        self._open_udp()
        self._endpoint.start(self._clock.now(), self._peer, server_id=server_id)
        asyncio.get_running_loop().call_soon(self._pump)

    async def _upload(self, order: SnapshotOrder) -> None:
        files = await upload_pictures(order, self._media.still, self._clock, how=self._faults.uploads)
        if files is not None:
            self.tell(lambda endpoint, now: endpoint.tell_snapshots(order.session_id, files, now))
