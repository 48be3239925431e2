"""The routes of devices: what the console sees, and that no secret leaves."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.domain.acting import acting

from fengtai.domain.access.model import Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.api import router
from fengtai.domain.devices.model import (
    Binding,
    Channel,
    Device,
    EnrolPolicy,
    Make,
    Order,
    OrderOutcome,
    OrderReport,
    ReportedPosition,
    Topic,
    TopicReport,
    TracedMessage,
)
from fengtai.domain.devices.service import DeviceRegistry, Registration
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.devices import STORES
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock

DEVICE = "34020000001180000005"
ENGINEER = acting(Role.ENGINEER, name="engineer", user_id="7")


class AskedDevices:
    """Remembers what devices were asked and told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ordered: list[tuple[str, str, Order]] = []
        self.subscribed_again: list[str] = []
        self.traced: list[TracedMessage] = []

    async def carry_out(self, device_id: str, target_id: str, order: Order) -> OrderReport:
        self.ordered.append((device_id, target_id, order))
        return OrderReport(outcome=OrderOutcome.UNCONFIRMED, detail="It did not say.")

    async def subscribe_again(self, device_id: str) -> None:
        self.subscribed_again.append(device_id)

    def subscriptions(self, device_id: str) -> list[TopicReport]:
        since = HandClock().now().utc
        return [TopicReport(topic=Topic.ALARM, state="refused", since=since, cause="489 Bad Event")]

    def makes(self) -> list[Make]:
        return [self.make_of(Device(id=DEVICE))]

    def make_of(self, device: Device) -> Make:
        return Make(id=device.manner.make or "generic", name="Generic", quirks=("none",))

    def trace(self, device_id: str) -> list[TracedMessage]:
        return self.traced

    async def query_catalogue(self, device_id: str) -> None:
        self.asked.append(device_id)


class Console:
    def __init__(self, folder: Path) -> None:
        clock = HandClock()
        stores = {port: twin() for port, twin in STORES.items()}
        self.transactions = MemoryTransactions(clock, {**stores, AuditLog: MemoryAuditLog()})
        self.devices = DeviceRegistry(transactions=self.transactions, vault=FileVault(folder / "keys"))
        self.commands = AskedDevices()
        self.binding = Binding(
            transport="udp", host="10.0.0.9", port=5060, expires_at=clock.now().utc + timedelta(hours=1)
        )
        app = FastAPI()
        app.include_router(router(self.devices, self.commands, lambda: ENGINEER))
        self.http = TestClient(app)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    console = Console(tmp_path)
    with console.http:
        yield console


async def test_a_device_that_appeared_is_listed_accepted_and_asked_again(console: Console) -> None:
    proven = Registration(DEVICE, console.binding, lambda _admission: "")
    await console.devices.register_all([proven], policy=EnrolPolicy.PENDING)
    channel = Channel(device_id=DEVICE, id="34020000001320000001", name="东门")
    await console.devices.catalogue_arrived(DEVICE, [channel], complete=True)

    (listed,) = console.http.get("/api/devices").json()["items"]
    assert (listed["enrolment"], listed["presence"], listed["channels"]) == ("pending", "online", 1)
    assert listed["expires_at"] == "2026-11-20T13:00:00.000Z"

    accepted = console.http.post(f"/api/devices/{DEVICE}/accept", json={"make_points": True}).json()
    assert accepted["enrolment"] == "accepted"
    assert accepted["channels"][0]["name"] == "东门"
    assert console.transactions.told("devices.enrolled")[-1].payload["make_points"] is True

    assert console.http.post(f"/api/devices/{DEVICE}/catalogue").status_code == 202
    assert console.commands.asked == [DEVICE]


def test_a_password_goes_in_and_never_comes_out(console: Console) -> None:
    form = {"id": DEVICE, "name": "Gate", "password": "own-secret"}
    entered = console.http.post("/api/devices", json=form)
    assert entered.status_code == 201
    assert entered.json()["has_password"] is True
    for answer in (entered, console.http.get("/api/devices"), console.http.get(f"/api/devices/{DEVICE}")):
        assert "own-secret" not in answer.text
        assert "sealed" not in answer.text


def test_a_refused_device_says_so(console: Console) -> None:
    console.http.post("/api/devices", json={"id": DEVICE})
    refused = console.http.post(f"/api/devices/{DEVICE}/refuse", json={"reason": "stolen"})
    assert refused.json()["enrolment"] == "refused"


def test_pages_go_on_where_they_ended(console: Console) -> None:
    for serial in range(3):
        console.http.post("/api/devices", json={"id": f"3402000000118000000{serial}"})
    first = console.http.get("/api/devices", params={"limit": 2}).json()
    assert first["next"] == "34020000001180000001"
    second = console.http.get("/api/devices", params={"limit": 2, "after": first["next"]}).json()
    assert ([one["id"] for one in second["items"]], second["next"]) == (["34020000001180000002"], None)


def test_the_sip_messages_of_a_device_are_listed_and_downloaded(console: Console) -> None:
    console.http.post("/api/devices", json={"id": DEVICE})
    text = "REGISTER sip:x SIP/2.0\r\n\r\n"
    at = HandClock().now().utc
    console.commands.traced = [
        TracedMessage(at=at, incoming=True, transport="udp", peer="10.0.0.9:5060", first_line=text[:22], text=text)
    ]
    (message,) = console.http.get(f"/api/devices/{DEVICE}/sip").json()
    assert message == {
        "at": "2026-11-20T12:00:00.000Z",
        "direction": "in",
        "transport": "udp",
        "peer": "10.0.0.9:5060",
        "first_line": "REGISTER sip:x SIP/2.0",
        "text": text,
    }
    download = console.http.get(f"/api/devices/{DEVICE}/sip.txt")
    assert download.headers["content-disposition"] == f'attachment; filename="sip-{DEVICE}.txt"'
    assert download.text.startswith("2026-11-20T12:00:00.000Z <-- udp 10.0.0.9:5060\nREGISTER sip:x SIP/2.0")


def test_an_order_answers_what_became_of_it(console: Console) -> None:
    console.http.post("/api/devices", json={"id": DEVICE})
    answer = console.http.post(f"/api/devices/{DEVICE}/orders", json={"order": "reset-alarm"})
    assert answer.json() == {"outcome": "unconfirmed", "detail": "It did not say."}
    assert console.commands.ordered == [(DEVICE, DEVICE, Order.RESET_ALARM)]
    assert console.http.post(f"/api/devices/{DEVICE}/orders", json={"order": "explode"}).status_code == 422


def test_how_a_device_is_spoken_to_is_chosen_and_shown(console: Console) -> None:
    console.http.post("/api/devices", json={"id": DEVICE})
    assert console.http.get("/api/device-makes").json() == [{"id": "generic", "name": "Generic", "quirks": ["none"]}]
    manner = {"edition": "1.0", "make": "generic", "charset": "", "topics": ["alarm"], "redirect_to": ""}
    shown = console.http.put(f"/api/devices/{DEVICE}/manner", json=manner).json()
    assert shown["manner"] == manner
    assert shown["make"]["id"] == "generic"
    (alarm,) = shown["subscriptions"]
    assert (alarm["topic"], alarm["state"], alarm["cause"]) == ("alarm", "refused", "489 Bad Event")
    assert console.http.post(f"/api/devices/{DEVICE}/subscriptions").status_code == 202
    assert console.commands.subscribed_again == [DEVICE]


async def test_the_last_place_of_a_device_is_shown(console: Console) -> None:
    console.http.post("/api/devices", json={"id": DEVICE})
    at = HandClock().now().utc
    fix = ReportedPosition(device_id=DEVICE, channel_id=DEVICE, longitude=118.3, latitude=31.3, at=at, speed_kmh=30.0)
    await console.devices.positions_told([fix])
    (position,) = console.http.get(f"/api/devices/{DEVICE}").json()["positions"]
    assert (position["longitude"], position["speed_kmh"], position["at"]) == (118.3, 30.0, "2026-11-20T12:00:00.000Z")
