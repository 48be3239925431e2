"""Through Debian's nginx and stunnel, with the files of deploy/: a person's whole way over https and wss, and devices that
speak SIP and DC-09 over TLS. The proxies stand on 127.0.0.2, as on an address of the machine that others can reach."""

import contextlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bench.load.dc09_frames import frame
from rich.console import Console
from tests.apps.server.own_authority import OwnAuthority
from tests.journeys.one_server import a_server
from websockets.asyncio.client import connect

from fengtai.apps.demo.run import furnished_town
from fengtai.apps.demo.town import a_town, free_ports
from fengtai.protocols.sip.digest import authorization

pytestmark = pytest.mark.journey

DEPLOY = Path(__file__).parents[2] / "deploy"
OUTSIDE, PERSON = "127.0.0.2", "127.0.0.3"
PLATFORM, DEVICE = "34020000002000000001", "34020000001320000099"
UP_WITHIN_SECONDS = 20


@pytest.fixture
def authority(tmp_path: Path) -> OwnAuthority:
    return OwnAuthority(tmp_path / "authority")


@contextlib.contextmanager
def running(program: str, text: str, folder: Path, *arguments: str, port: int) -> Iterator[None]:
    """The proxy in the foreground with this configuration; up when the port takes connections."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    (folder / f"{program}.conf").write_text(text)
    with (folder / f"{program}.log").open("wb") as log:
        process = subprocess.Popen([found, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            until = time.monotonic() + UP_WITHIN_SECONDS
            while socket.socket().connect_ex((OUTSIDE, port)):
                if process.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"{program} did not start: {(folder / f'{program}.log').read_text()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(10)


def with_ours(text: str, authority: OwnAuthority, folder: Path, **places: str) -> str:
    """The file of deploy/ with certificate, addresses and ports of this test."""
    certificate, key = authority.issue(OUTSIDE, at=folder / "tls")
    told = {"/etc/fengtai/tls/fullchain.pem": certificate, "/etc/fengtai/tls/key.pem": key, "fengtai.example": OUTSIDE}
    for example, ours in (told | places).items():
        assert example in text, example
        text = text.replace(example, str(ours))
    return text


async def test_a_person_works_through_nginx(tmp_path: Path, authority: OwnAuthority):
    outside, ports = free_ports()["http"], free_ports()
    origin = f"https://{OUTSIDE}:{outside}"
    settings = {
        "FENGTAI_HTTP__ORIGINS": origin,
        "FENGTAI_MEDIA__ORIGINS": origin,
        "FENGTAI_MEDIA__HTTP_ADVERTISED": OUTSIDE,
        "FENGTAI_MEDIA__HTTP_TLS_BY_PROXY": "true",
        "FENGTAI_MEDIA__WORKERS": "1",
    }
    written = re.sub(r"\n *listen 10\.0\.0\.5:809[2-4] ssl;", "", (DEPLOY / "nginx/fengtai.conf").read_text())
    places = {"10.0.0.5:443": f"{OUTSIDE}:{outside}", "10.0.0.5:8091": f"{OUTSIDE}:{ports['media']}"}
    places["127.0.0.1:8080"] = f"127.0.0.1:{ports['http']}"
    text = with_ours(written, authority, tmp_path, **places)
    whole = f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off;\n"
    whole += f"client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxied;\n{text}}}\n"
    context = authority.client_context()
    there = httpx.AsyncHTTPTransport(verify=context, local_address=PERSON)
    with running("nginx", whole, tmp_path, "-c", f"{tmp_path}/nginx.conf", "-e", "stderr", port=outside):
        async with (
            a_town(tmp_path / "town", ports=ports, **settings) as town,
            httpx.AsyncClient(base_url=origin, transport=there, headers={"Origin": origin}, timeout=30) as client,
        ):
            furnished = await furnished_town(town, cameras=1, say=Console(quiet=True))
            name, password = furnished.sign_ins["operator"]
            signed = await client.post("/api/session", json={"name": name, "password": password, "post": "x"})
            assert signed.status_code == 200, signed.text
            assert "secure" in signed.headers["set-cookie"].lower()
            assert signed.headers["strict-transport-security"]
            assert f"wss://{OUTSIDE}:{ports['media']}" in signed.headers["content-security-policy"]
            assert (await client.get("/metrics")).status_code == 403

            point = (await client.get("/api/points")).json()["items"][0]["id"]
            async with client.stream("GET", "/api/events") as events:
                watched = await client.post(
                    f"/api/live/{point}/watch", json={"purpose": "duty"}, headers={"X-Fengtai": "1"}
                )
                assert watched.status_code in (200, 201), watched.text
                told = ""
                async for line in events.aiter_lines():
                    told += line + "\n"
                    if told.count("\n\n"):
                        break
            assert "event: hello" in told

            url = watched.json()["url"]
            assert url.startswith(f"wss://{OUTSIDE}:{ports['media']}/")
            async with connect(url, ssl=context, origin=origin, max_size=None, compression=None) as pictures:
                hello = json.loads(await pictures.recv())
                assert hello["type"] == "hello"
                head = await pictures.recv()
                assert isinstance(head, bytes)
                assert head[4:8] == b"ftyp"

            auditor, password = furnished.sign_ins["auditor"]
            await client.post("/api/session", json={"name": auditor, "password": password, "post": "x"})
            lines = (await client.get("/api/audit", params={"action": "live."})).json()["items"]
            assert lines[0]["source_ip"] == PERSON, "the person's own address, not the proxy's"


def test_devices_that_speak_tls_come_through_stunnel(tmp_path: Path, authority: OwnAuthority):
    sip, dc09 = free_ports()["http"], free_ports()["http"]
    server = a_server(tmp_path / "data", FENGTAI_SIP__SHARED_PASSWORD="a password of the town")
    places = {"10.0.0.5:5061": f"{OUTSIDE}:{sip}", "10.0.0.5:5095": f"{OUTSIDE}:{dc09}"}
    places["127.0.0.1:5060"] = f"127.0.0.1:{server.environment['FENGTAI_SIP__PORT']}"
    places["127.0.0.1:5094"] = f"127.0.0.1:{server.environment['FENGTAI_DC09__PORT']}"
    text = with_ours((DEPLOY / "stunnel/fengtai.conf").read_text() + "; fengtai.example", authority, tmp_path, **places)
    whole = f"foreground = yes\npid =\n{text}\n"
    try:
        server.start().set_up()
        with running("stunnel4", whole, tmp_path, f"{tmp_path}/stunnel4.conf", port=sip):
            with encrypted(authority, sip) as device:
                challenge = asked(device, register(1))
                assert challenge.startswith("SIP/2.0 401")
                demanded = re.search(r"WWW-Authenticate: (.*)", challenge, re.IGNORECASE)
                assert demanded
                credentials = authorization(
                    demanded[1].strip(), username=DEVICE, password="a password of the town", method="REGISTER",
                    uri=f"sip:{PLATFORM}@3402000000", cnonce="0a4f113b",
                )  # fmt: skip
                assert asked(device, register(2, credentials)).startswith("SIP/2.0 200")
            with encrypted(authority, dc09) as panel:
                panel.sendall(frame("1234", 1, 7))
                assert b'"ACK"' in panel.recv(4096)
        with server.client(headers=server.headers("zhao")) as client:
            assert DEVICE in [device["id"] for device in client.get("/api/devices").json()["items"]]
            (signal,) = client.get("/api/signals").json()["items"]
            assert (signal["account"], signal["zone"]) == ("1234", "7")
    finally:
        server.stop()


@contextlib.contextmanager
def encrypted(authority: OwnAuthority, port: int) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection((OUTSIDE, port), timeout=20) as plain,
        authority.client_context().wrap_socket(plain, server_hostname=OUTSIDE) as connection,
    ):
        yield connection


def register(number: int, credentials: str = "") -> bytes:
    shown = f"Authorization: {credentials}\r\n" if credentials else ""
    return (
        f"REGISTER sip:{PLATFORM}@3402000000 SIP/2.0\r\nVia: SIP/2.0/TLS 10.9.9.9:5061;branch=z9hG4bK{number}\r\n"
        f"From: <sip:{DEVICE}@3402000000>;tag=1\r\nTo: <sip:{DEVICE}@3402000000>\r\nCall-ID: one@camera\r\n"
        f"CSeq: {number} REGISTER\r\nContact: <sip:{DEVICE}@10.9.9.9:5061;transport=tls>\r\nMax-Forwards: 70\r\n"
        f"Expires: 3600\r\n{shown}Content-Length: 0\r\n\r\n"
    ).encode()


def asked(connection: ssl.SSLSocket, request: bytes) -> str:
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(4096)
        assert piece, answer
        answer += piece
    return answer.decode()
