"""A server under siege: the town of the journey on bad input, and the bytes that are thrown at it."""

import asyncio
import contextlib
import json
import os
import random
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import Furnished, first_people, furnish
from fengtai.apps.demo.town import Town, a_town
from fengtai.apps.simulator.city import device_ids
from fengtai.apps.simulator.panels import SimulatedPanel

SHARED = Path(os.environ.get("FENGTAI_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data") / "vectors"
INTRUDER = "34020000001320009999"
CAMERAS = 2
CHANCE = random.Random(20)


@dataclass
class Besieged:
    town: Town
    furnished: Furnished
    resident_bytes: int

    @property
    def good_point(self) -> str:
        """Of the first camera: the other one's device is taken over by attackers."""
        untouched = device_ids(CAMERAS)[0]
        return next(str(point["id"]) for point in self.furnished.points if point["device_id"] == untouched)

    async def stands(self) -> None:
        """Ready, and a good panel is acknowledged."""
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"{self.town.url}/readyz", timeout=10)).status_code == 200
        panel = SimulatedPanel(account="1001", host="127.0.0.1", port=self.town.ports["dc09"])
        assert await panel.send_event("130", "01", "1") is not None
        await panel.close()

    async def figures(self) -> dict[str, Any]:
        async with ConsoleClient(self.town.url) as console:
            await console.sign_in(*self.furnished.sign_ins["engineer"])
            return dict((await console.get("/api/system"))["figures"])

    def sip(self, message: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(message, ("127.0.0.1", self.town.ports["sip"]))


@contextlib.asynccontextmanager
async def siege(folder: Path, **settings: str) -> AsyncIterator[Besieged]:
    async with a_town(folder, FENGTAI_MEDIA__WORKERS="1", **settings) as town:
        await town.start_server()
        furnished = await first_people(town.url, town.setup_token)
        await town.start_city(cameras=CAMERAS, size="320x180")
        await furnish(town.url, furnished, devices=device_ids(CAMERAS), cameras=CAMERAS)
        besieged = Besieged(town, furnished, 0)
        await besieged.stands()
        await first_picture(besieged)
        besieged.resident_bytes = resident_bytes(town)
        yield besieged


async def first_picture(besieged: Besieged) -> tuple[int, int]:
    async with ConsoleClient(besieged.town.url) as console:
        await console.sign_in(*besieged.furnished.sign_ins["operator"])
        _, width, height = await console.first_picture(besieged.good_point, "bad input", within_seconds=40)
    return width, height


def resident_bytes(town: Town) -> int:
    """Of the server and its workers."""
    assert town.server is not None
    family = {town.server.pid}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue  # it has ended in the meantime
        if int(lines["PPid"]) in family:
            family.add(int(lines["Pid"]))
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in family if Path(f"/proc/{pid}").exists()]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def sip_vectors() -> list[bytes]:
    """RFC 4475 and what devices have sent to other platforms."""
    files = sorted((SHARED / "sip-torture").glob("*.dat"))
    messages = [file.read_bytes() for file in files]
    for name in ("device_messages.json", "srs_messages.json"):
        path = SHARED / "gb28181-sip" / name
        if path.is_file():
            messages += [one["raw"].encode() for one in json.loads(path.read_text())["messages"] if one.get("raw")]
    if not messages:
        pytest.skip("sip-torture and gb28181-sip are absent: set FENGTAI_SHARED_DATA to the folder of shared test data")
    return messages


ABSURD = {
    "content-length": b"Content-Length: 99999999999999999999\r\n",
    "negative content-length": b"Content-Length: -5\r\n",
    "cseq": b"CSeq: 99999999999999999999999 REGISTER\r\n",
    "expires": b"Expires: " + b"9" * 4000 + b"\r\n",
    "port": b"Contact: <sip:x@10.0.0.1:99999999>\r\n",
    "via": b"Via: SIP/2.0/UDP 127.0.0.1:0;branch=z9hG4bK" + b"x" * 8000 + b"\r\n",
    "max-forwards": b"Max-Forwards: 1e999\r\n",
}


def register(device_id: str, *, extra: bytes = b"", call: int = 1) -> bytes:
    return (
        b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK%d\r\n"
        b"From: <sip:%b@3402000000>;tag=%d\r\nTo: <sip:%b@3402000000>\r\n"
        b"Call-ID: %d@flood\r\nCSeq: 1 REGISTER\r\nContact: <sip:%b@127.0.0.1:5060>\r\n%b\r\n"
        % (call, device_id.encode(), call, device_id.encode(), call, device_id.encode(), extra)
    )


def request(method: str, device_id: str, body: bytes = b"") -> bytes:
    code, kind, number = device_id.encode(), method.encode(), CHANCE.randrange(10**9)
    return (
        b"%b sip:34020000002000000001@3402000000 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;rport;branch=z9hG4bK%d\r\n"
        b"From: <sip:%b@3402000000>;tag=1\r\nTo: <sip:34020000002000000001@3402000000>;tag=2\r\nCall-ID: %d\r\n"
        b"CSeq: 2 %b\r\nMax-Forwards: 70\r\nContent-Type: Application/MANSCDP+xml\r\nContent-Length: %d\r\n\r\n%b"
        % (kind, number, code, number, kind, len(body), body)
    )


async def throw_by_tcp(port: int, data: bytes, *, stay_seconds: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await asyncio.wait_for(reader.read(4096), stay_seconds)
    except (TimeoutError, ConnectionError):
        pass  # no answer, or the connection was closed: both are refusals
    finally:
        writer.close()


class Nothing:
    """Media of a device that is never asked for any."""

    async def start(
        self, call_id: str, channel_id: str, host: str, port: int, transport: str, ssrc: int, stream_number: int = 0
    ) -> None:
        raise OSError("there is no camera")

    async def listen(self, call_id: str, channel_id: str) -> int:
        return 0

    async def stop(self, call_id: str) -> None: ...

    def key_frame(self, call_id: str) -> None: ...


LAUGHS = b"".join(b'<!ENTITY l%d "%b">' % (place, b"&l%d;" % (place - 1) * 10) for place in range(1, 12))
HOSTILE_XML = {
    "billion laughs": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">%b]><Notify><CmdType>Keepalive</CmdType>'
    b"<SN>1</SN><DeviceID>&l11;</DeviceID></Notify>" % LAUGHS,
    "external entity": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Notify>'
    b"<CmdType>Alarm</CmdType><SN>2</SN><DeviceID>%b</DeviceID><AlarmDescription>&e;</AlarmDescription></Notify>",
    "deep": b"<Notify>" * 20_000,
    "not xml": b"\x00\xff\xfe" * 400,
    "absurd numbers": b"<Response><CmdType>Catalog</CmdType><SN>99999999999999999999</SN><DeviceID>1</DeviceID>"
    b'<SumNum>-999999999999</SumNum><DeviceList Num="1e9"><Item><DeviceID>x</DeviceID></Item></DeviceList></Response>',
    "wide": b"<Notify>" + b"<A/>" * 12_000 + b"</Notify>",
}
