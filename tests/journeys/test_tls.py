"""The whole server with certificates of our own authority: https, wss, HSTS, renewal without a restart."""

import shutil
import signal
import socket
import ssl
from pathlib import Path

import httpx
import pytest
from tests.apps.server.own_authority import OwnAuthority
from tests.journeys.one_server import a_server

pytestmark = [pytest.mark.journey, pytest.mark.filterwarnings("ignore:ssl.TLSVersion")]


def shown_serial(port: int, authority: OwnAuthority) -> int:
    """The serial number of the certificate that this port shows now."""
    context = authority.client_context()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as encrypted,
    ):
        told = encrypted.getpeercert()
    assert told is not None
    return int(str(told["serialNumber"]), 16)


@pytest.fixture
def authority(tmp_path: Path) -> OwnAuthority:
    return OwnAuthority(tmp_path / "authority")


@pytest.fixture
def server(tmp_path: Path, authority: OwnAuthority):
    certificate, key = authority.issue("localhost", "127.0.0.1", at=tmp_path / "tls")
    server = a_server(
        tmp_path / "data",
        FENGTAI_HTTP__TLS_CERTIFICATE=str(certificate),
        FENGTAI_HTTP__TLS_KEY=str(key),
        FENGTAI_MEDIA__HTTP_TLS_CERTIFICATE=str(certificate),
        FENGTAI_MEDIA__HTTP_TLS_KEY=str(key),
    )
    server.url = server.url.replace("http://127.0.0.1", "https://localhost")
    server.verify = authority.client_context()
    try:
        yield server.start().set_up()
    finally:
        server.stop()


def test_console_api_and_live_pictures_are_encrypted_and_certificates_renewed(server, authority, tmp_path):
    with server.client(headers=server.headers("zhao")) as client:
        answer = client.get("/api/session")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert "wss://localhost:" in answer.headers["content-security-policy"]
        assert "ws://" not in answer.headers["content-security-policy"].replace("wss://", "")
        signed = client.post("/api/session", json={"name": "zhao", "password": "seven green lanterns"})
        assert "secure" in signed.headers["set-cookie"].lower()

    web, live = httpx.URL(server.url).port, int(server.environment["FENGTAI_MEDIA__HTTP_PORTS"])
    before = shown_serial(web, authority)
    assert shown_serial(live, authority) == before
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{web}/healthz", trust_env=False)
    with pytest.raises(ssl.SSLCertVerificationError):
        shown_serial(web, OwnAuthority(tmp_path / "stranger"))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", web), timeout=10) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain)

    renewed = authority.issue("localhost", "127.0.0.1", at=tmp_path / "renewed")
    for fresh, place in zip(renewed, ("certificate.pem", "key.pem"), strict=True):
        shutil.copy(fresh, tmp_path / "tls" / place)
    server.process.send_signal(signal.SIGHUP)
    for port in (web, live):
        shown_serial(port, authority)  # at the latest this connection notices; the next one has it
        assert shown_serial(port, authority) != before

    (tmp_path / "tls/key.pem").write_text("half of a renewal")
    last = shown_serial(web, authority)
    assert shown_serial(web, authority) == last != before
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
    assert "certificate.not_reloaded" in server.log.read_text()


def test_a_certificate_that_cannot_be_used_stops_the_start(tmp_path: Path, authority: OwnAuthority):
    certificate, _ = authority.issue("localhost", at=tmp_path / "tls")
    _, other_key = authority.issue("localhost", at=tmp_path / "other")
    server = a_server(
        tmp_path / "data", FENGTAI_HTTP__TLS_CERTIFICATE=str(certificate), FENGTAI_HTTP__TLS_KEY=str(other_key)
    )
    with pytest.raises(RuntimeError, match=r"http\.tls_certificate cannot be used"):
        server.start()
    assert server.command("config", "check").returncode == 1
