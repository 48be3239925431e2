"""The log of a whole working day, at its most talkative: none of the secrets that were used stands in it."""

import base64
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.contracts.test_objects import SECRET as S3_SECRET
from tests.journeys.one_server import PASSWORDS, OneServer, one_server

pytestmark = pytest.mark.journey

SHARED_PASSWORD = "shared-by-all-cameras-91"
DEVICE_PASSWORD = "of-this-camera-alone-77"
PANEL_KEY = "00112233445566778899aabbccddeeff"
WRONG_PASSWORD = "typed-by-mistake-into-this-field"


@pytest.fixture
def server(tmp_path: Path):
    with one_server(
        tmp_path / "data",
        FENGTAI_LOG__LEVEL="debug",
        FENGTAI_SIP__SHARED_PASSWORD=SHARED_PASSWORD,
        FENGTAI_WEBHOOKS__ALLOWED_HOSTS="127.0.0.1",
        FENGTAI_OBJECTS__BUCKET="fengtai-clips",
        FENGTAI_OBJECTS__ENDPOINT="http://127.0.0.1:1",
        FENGTAI_OBJECTS__PLAINTEXT_OK="true",
        FENGTAI_OBJECTS__ACCESS_KEY_ID="key-id",
        FENGTAI_OBJECTS__SECRET_ACCESS_KEY=S3_SECRET,
        FENGTAI_OBJECTS__SETTLED_SECONDS="0",
    ) as server:
        yield server


class Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def a_day(server: OneServer) -> list[str]:
    """Do what makes the server handle secrets, well and badly; what was secret in it."""
    secrets = [*PASSWORDS.values(), SHARED_PASSWORD, DEVICE_PASSWORD, PANEL_KEY, WRONG_PASSWORD, S3_SECRET]
    with server.client() as stranger:
        stranger.post("/api/session", json={"name": "zhao", "password": WRONG_PASSWORD})
        stranger.post("/api/session", json={"name": "zhao", "password": {"nested": WRONG_PASSWORD}})
        stranger.post("/api/session", content=f'{{"password": "{WRONG_PASSWORD}"')
        stranger.get("/api/session", headers={"Authorization": f"Bearer {WRONG_PASSWORD}"})
    desk = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=desk.serve_forever, daemon=True).start()
    (server.data / "clips").mkdir(exist_ok=True)
    (server.data / "clips" / "a.mp4").write_bytes(b"x")
    with server.client(headers=server.headers("administrator")) as administrator:
        words = {"name": "Desk", "url": f"http://127.0.0.1:{desk.server_port}/", "kinds": ["access."]}
        made = administrator.post("/api/webhooks", json=words, headers={"Idempotency-Key": "k1"})
        secrets.append(made.json()["secret"])
        administrator.post(f"/api/webhooks/{made.json()['id']}/test")
    with server.client(headers=server.headers("zhao")) as zhao:
        device = {"id": "34020000001320000001", "name": "Camera", "password": DEVICE_PASSWORD}
        assert zhao.post("/api/devices", json=device).status_code == 201
        premises = zhao.post("/api/premises", json={"name": "Shop"}).json()["id"]
        account = {"channel": "sia-dc09", "number": "1001", "premises_id": premises, "key": PANEL_KEY}
        assert zhao.post("/api/panel-accounts", json=account).status_code == 201
        zhao.post("/api/devices", json={**device, "password": [DEVICE_PASSWORD]})
    for port in ("FENGTAI_SIP__PORT", "FENGTAI_DC09__PORT"):
        with socket.create_connection(("127.0.0.1", int(server.environment[port])), timeout=5) as panel:
            panel.sendall(b'REGISTER sip:x SIP/2.0\r\nAuthorization: Digest username="a", response="b"\r\n\r\n')
    administrator_token = server.tokens["administrator"]
    server.stop()
    desk.shutdown()
    vault = (server.data / "vault.key").read_text().split()[1]
    signing = "".join((server.data / "audit/signing-key.pem").read_text().splitlines()[1:-1])
    return [*secrets, *server.tokens.values(), administrator_token, vault, signing]


def test_no_secret_stands_in_the_log(server: OneServer):
    secrets = a_day(server)
    log = server.log.read_text()
    assert log.count("request.refused") >= 5
    assert len(secrets) > 12
    for secret in secrets:
        assert secret not in log, secret[:6]
        assert base64.b64encode(secret.encode()).decode().rstrip("=") not in log, secret[:6]
    for name in ("setup-token", "vault.key", "fengtai.sqlite"):
        path = server.data / name
        assert not path.exists() or path.stat().st_mode & 0o077 == 0, name
