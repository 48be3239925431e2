"""The routes of devices: what the console sees, and that no secret leaves."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fengtai.domain.access.model import Actor, Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.api import router
from fengtai.domain.devices.model import Binding, Channel, EnrolPolicy, TracedMessage
from fengtai.domain.devices.service import DeviceRegistry, Registration
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.devices import STORES
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock

DEVICE = "34020000001180000005"
ENGINEER = Actor(user_id="7", name="engineer", roles=frozenset({Role.ENGINEER}), permissions=frozenset())


class AskedDevices:
    """Remembers which devices were asked for their catalogue, and which alarms were let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go: list[tuple[str, str]] = []
        self.traced: list[TracedMessage] = []

    async def reset_alarm(self, device_id: str, channel_id: str) -> None:
        self.let_go.append((device_id, channel_id))

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


def test_a_latched_alarm_is_let_go_by_a_person(console: Console) -> None:
    console.http.post("/api/devices", json={"id": DEVICE})
    assert console.http.post(f"/api/devices/{DEVICE}/alarm-reset", json={}).status_code == 202
    assert console.commands.let_go == [(DEVICE, "")]
