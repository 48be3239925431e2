"""More registrations than can be held, on a real socket: whoever is too many gets 503 with Retry-After, and life signs and
alarms are answered all the same."""

import asyncio
import re
import socket

from fengtai.protocols.gb28181 import Bounds
from fengtai.protocols.sip import authorization

from .conftest import CAMERA, House, Visit
from .test_devices_on_sockets import until

SERVER, DOMAIN, PASSWORD = "34020000002000000001", "3402000000", "secret-12"
FLOOD, HELD = 200, 20


class Flood:
    """Many devices behind one socket, all at once."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.proofs = {f"3402000000132{number:07d}": "" for number in range(FLOOD)}

    def register_all(self) -> None:
        """In one burst: the gateway reads nothing in between."""
        for device_id, proof in self.proofs.items():
            self._socket.send(_register(device_id, proof))

    async def answers(self, status: bytes, count: int) -> list[bytes]:
        """Wait for so many answers with this status."""
        found: list[bytes] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                answer = await asyncio.get_running_loop().sock_recv(self._socket, 65_535)
                if answer.startswith(b"SIP/2.0 " + status):
                    found.append(answer)
        return found

    async def challenged(self) -> None:
        self.register_all()
        for answer in await self.answers(b"401", FLOOD):
            device_id = re.search(rb"To: <sip:(\d{20})@", answer)[1].decode()  # type: ignore[index]
            challenge = re.search(rb"WWW-Authenticate: ([^\r]+)", answer)[1].decode()  # type: ignore[index]
            self.proofs[device_id] = authorization(
                challenge, username=device_id, password=PASSWORD, method="REGISTER", uri=f"sip:{SERVER}", cnonce=""
            )

    def close(self) -> None:
        self._socket.close()


def _register(device_id: str, proof: str) -> bytes:
    lines = [
        f"REGISTER sip:{SERVER}@{DOMAIN} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK{device_id}{len(proof)}",
        f"From: <sip:{device_id}@{DOMAIN}>;tag=t1",
        f"To: <sip:{device_id}@{DOMAIN}>",
        f"Call-ID: {device_id}",
        f"CSeq: {2 if proof else 1} REGISTER",
        f"Contact: <sip:{device_id}@127.0.0.1:5060>",
        "Expires: 3600",
        *([f"Authorization: {proof}"] if proof else []),
    ]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


async def test_under_overload_registrations_wait_and_life_signs_and_alarms_do_not(house: House, visit: Visit) -> None:
    gateway = await house.open(bounds=Bounds(most_registrations_held=HELD))
    device = await visit(gateway.port, keepalive_seconds=0.02)
    await device.registered()
    flood = Flood(gateway.port)
    try:
        await flood.challenged()
        flood.register_all()
        assert await device.raise_alarm(CAMERA, 5, 6, 1, "fire")
        turned_away = await flood.answers(b"503", FLOOD - HELD - 150)
        pauses = {int(re.search(rb"Retry-After: (\d+)", one)[1]) for one in turned_away}  # type: ignore[index]
        assert min(pauses) >= 30
        assert len(pauses) > 1  # a spread: they do not all come back in one second
        kept = device.endpoint.keepalives_answered
        await until(lambda: device.endpoint.keepalives_answered >= kept + 5)
        assert device.last_status == 200
        await until(lambda: gateway.status()["devices_online"] >= 1 + HELD)
    finally:
        flood.close()
        await gateway.stop()
