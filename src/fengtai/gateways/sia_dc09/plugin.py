"""The gateway of SIA DC-09 panels: settings, start and stop. Found by scan."""

import asyncio
import contextlib

import structlog
from pydantic import BaseModel, Field

from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.premises.service import PremisesRegister
from fengtai.gateways.sia_dc09.accounts import FRESH_SECONDS, AccountBook
from fengtai.gateways.sia_dc09.line import Line
from fengtai.gateways.sia_dc09.sockets import Bounds, Connections, Datagrams
from fengtai.protocols.sia_dc09 import ClockWindow, Receiver
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError, Unavailable

log = structlog.get_logger()

NAME = "sia-dc09"
SECTION = "dc09"
_FREE_PORT_ATTEMPTS = 20


class Settings(BaseModel, frozen=True):
    host: str = Field("127.0.0.1", description="address to listen on, TCP and UDP")
    port: int = Field(5094, ge=0, le=65535, description="port to listen on, TCP and UDP; 0 takes a free one")
    max_connections: int = Field(
        5000,
        ge=1,
        description="TCP connections at the same time; beyond, who has never sent a whole frame makes room, else the new "
        "one is refused",
    )
    max_connections_of_an_address: int = Field(
        1000, ge=1, description="TCP connections from one address (panels behind one NAT share it); more are refused"
    )
    idle_seconds: float = Field(
        900.0, ge=10, description="a TCP connection without a whole frame for so long is closed"
    )
    frame_seconds: float = Field(
        30.0, gt=0, le=900, description="how long one frame may take to come over TCP, however steadily it drips in"
    )
    clock_behind_seconds: float = Field(40.0, ge=0, description="how far a panel's clock may be behind ours")
    clock_ahead_seconds: float = Field(20.0, ge=0, description="how far a panel's clock may be ahead of ours")


class Running:
    """The gateway while it listens. `port` is the one that was taken."""

    def __init__(self, line: Line, book: AccountBook, connections: Connections) -> None:
        self._line, self._book, self._connections = line, book, connections
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Raise Unavailable when the port is taken."""
        loop = asyncio.get_running_loop()
        await self._book.reload()
        for attempt in range(_FREE_PORT_ATTEMPTS):
            try:
                self._server = await loop.create_server(self._connections, host, port, backlog=1024)
                self.port = self._server.sockets[0].getsockname()[1]
                self._datagrams, _ = await loop.create_datagram_endpoint(
                    lambda: Datagrams(self._line), local_addr=(host, self.port)
                )
                break
            except OSError as error:
                if getattr(self, "_server", None) is not None:
                    self._server.close()
                if port or attempt == _FREE_PORT_ATTEMPTS - 1:  # port 0: TCP was given one that UDP has not free
                    raise Unavailable(f"cannot listen on {host}:{port} for DC-09: {error}") from error
        self._reloading = asyncio.create_task(self._keep_book_fresh())
        log.info("dc09.listening", host=host, port=self.port, accounts=len(self._book))

    async def stop(self) -> None:
        """Take nothing new; what was received is stored and answered as long as its connection stands."""
        self._reloading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reloading
        self._server.close()
        self._datagrams.close()
        self._connections.close()
        await self._line.finish()
        await self._server.wait_closed()

    def status(self) -> dict[str, object]:
        receiver = self._line.receiver
        return {
            "port": self.port,
            "connections": len(self._connections.open),
            "accounts": len(self._book),
            "counters": dict(receiver.counters + self._line.counters),
            "unanswered": [
                {
                    "at": frame.at.utc.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "peer": f"{frame.peer[0]}:{frame.peer[1]}",
                    "reason": frame.reason,
                    "account": frame.account,
                    "raw_hex": frame.raw.hex(),
                }
                for frame in reversed(receiver.unanswered)
            ],
        }

    async def _keep_book_fresh(self) -> None:
        while True:
            await asyncio.sleep(FRESH_SECONDS)
            try:
                await self._book.reload()
            except FengtaiError as error:
                self._line.counters["accounts_not_read"] += 1
                log.warning("dc09.accounts_not_read", error=str(error))


async def start(settings: Settings, *, alarms: AlarmDesk, premises: PremisesRegister, clock: Clock) -> Running:
    """Listen on TCP and UDP. Raise Unavailable when the port is taken."""
    book = AccountBook(premises, clock)
    window = ClockWindow(settings.clock_behind_seconds, settings.clock_ahead_seconds)
    line = Line(Receiver(book.keys, window=window), book, alarms, clock)
    bounds = Bounds(
        settings.max_connections,
        settings.max_connections_of_an_address,
        settings.idle_seconds,
        settings.frame_seconds,
    )
    connections = Connections(line, bounds)
    running = Running(line, book, connections)
    await running.open(settings.host, settings.port)
    return running
