"""A gateway with in-memory twins and simulated devices, on real sockets of the loopback."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.domain.acting import acting

from fengtai.apps.clocks import SystemClock
from fengtai.apps.schema import memory_stores
from fengtai.apps.simulator.devices import SimulatedDevice
from fengtai.domain.access.model import Role
from fengtai.domain.alarms.model import JournalledSignal, Signal
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.plugin import Settings, start
from fengtai.gateways.gb28181.running import Running
from fengtai.protocols.gb28181 import Bounds, CatalogItem
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.errors import Unavailable

DEVICE = "34020000001180000005"
CAMERAS = [
    CatalogItem(id=f"340200000013200000{serial:02d}", name=f"东门 {serial}", parent_id=DEVICE) for serial in range(1, 7)
]
CAMERA = CAMERAS[0].id
ENGINEER = acting(Role.ENGINEER, name="engineer", user_id="1")


class KeptAlarms:
    """An alarm desk that keeps signals in a list; `broken` makes it refuse, as with a full disk."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.broken = False

    async def receive(self, signal: Signal) -> JournalledSignal:
        if self.broken:
            raise Unavailable("the journal cannot be written")
        self.signals.append(signal)
        return JournalledSignal(seq=len(self.signals), received_at=SystemClock().now().utc, signal=signal)


class TracedMedia:
    """Remembers what the device was asked to send."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, int, str, int]] = []
        self.stopped: list[str] = []
        self.key_frames = 0
        self.calls: list[str] = []
        self.picture = a_jpeg()

    async def start(
        self, call_id: str, channel_id: str, host: str, port: int, transport: str, ssrc: int, stream_number: int = 0
    ) -> None:
        self.calls.append(call_id)
        self.started.append((channel_id, host, port, transport, ssrc))

    async def stop(self, call_id: str) -> None:
        self.stopped.append(call_id)

    def key_frame(self, call_id: str) -> None:
        self.key_frames += 1

    async def still(self, channel_id: str) -> bytes:
        return self.picture


def a_jpeg(width: int = 32, height: int = 16) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(out, "JPEG")
    return out.getvalue()


class House:
    """What survives a restart of the gateway: the stores, and the alarms kept."""

    def __init__(self, keys: Path) -> None:
        self.alarms = KeptAlarms()
        self.vault = FileVault(keys)
        self.transactions = MemoryTransactions(SystemClock(), memory_stores())
        self.devices = DeviceRegistry(transactions=self.transactions, vault=self.vault)

    async def open(self, port: int = 0, *, bounds: Bounds = Bounds(), **changes: object) -> Running:
        settings = Settings.model_validate({"port": port, "shared_password": "secret-12", "enrol": "accept", **changes})
        return await start(
            settings,
            devices=self.devices,
            alarms=self.alarms,  # type: ignore[arg-type]
            clock=SystemClock(),
            vault=self.vault,
            events=self.transactions,
            bounds=bounds,
        )


Visit = Callable[..., Awaitable[SimulatedDevice]]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "keys")


@pytest.fixture
async def gateway(house: House) -> AsyncIterator[Running]:
    running = await house.open()
    yield running
    await running.stop()


@pytest.fixture
def media() -> TracedMedia:
    return TracedMedia()


@pytest.fixture
async def visit(media: TracedMedia) -> AsyncIterator[Visit]:
    """Start a simulated device against a port, and stop it at the end."""
    started: list[SimulatedDevice] = []

    async def _visit(port: int, **changes: object) -> SimulatedDevice:
        told = {"device_id": DEVICE, "password": "secret-12", "channels": CAMERAS, "media": media, **changes}
        device = SimulatedDevice(server=("127.0.0.1", port), **told)  # type: ignore[arg-type]
        started.append(device)
        await device.start()
        return device

    yield _visit
    for device in started:
        await device.stop()
