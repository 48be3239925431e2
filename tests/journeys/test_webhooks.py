"""A webhook of a running server: told of what happens, signed, retried after an outage and a restart."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import pytest
from tests.journeys.one_server import OneServer, one_server

pytestmark = pytest.mark.journey

WITHIN_SECONDS = 30


class Desk:
    """Another system that takes webhooks, on a socket of this machine."""

    def __init__(self) -> None:
        self.got: Queue[tuple[dict[str, str], bytes]] = Queue()
        self.tried = threading.Event()
        self.status = 204
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if desk.status == 204:
                    desk.got.put(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(desk.status)
                self.end_headers()
                desk.tried.set()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def next(self) -> tuple[dict[str, str], dict]:
        headers, body = self.got.get(timeout=WITHIN_SECONDS)
        return headers, json.loads(body)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.server.shutdown()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OneServer]:
    with one_server(tmp_path / "data", FENGTAI_WEBHOOKS__ALLOWED_HOSTS="127.0.0.1") as server:
        yield server


def is_signed(headers: dict[str, str], body: dict, secret: str) -> bool:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    told = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, told, hashlib.sha256)).decode()


def test_a_webhook_is_told_signed_and_after_an_outage_too(server: OneServer, desk: Desk):
    words = {"name": "Duty desk", "url": desk.url, "kinds": ["access."]}
    with server.client(headers=server.headers("administrator")) as administrator:
        inside = administrator.post("/api/webhooks", json={**words, "url": "http://10.0.0.1/"})
        assert (inside.status_code, inside.json()["field"]) == (422, "url")
        unseen = administrator.post("/api/webhooks", json={**words, "kinds": ["alarms."]})
        assert unseen.status_code == 403
        made = administrator.post("/api/webhooks", json=words)
        assert made.status_code == 201, made.text
        secret, webhook_id = made.json()["secret"], made.json()["id"]
        assert "secret" not in administrator.get(f"/api/webhooks/{webhook_id}").json()

        tested = administrator.post(f"/api/webhooks/{webhook_id}/test").json()
        assert (tested["taken"], tested["status"]) == (True, 204)
        headers, body = desk.next()
        assert body["type"] == "webhooks.test"
        assert is_signed(headers, body, secret)

        server.tokens.pop("zhao", None)
        server.headers("zhao")
        headers, body = desk.next()
        assert body["type"].startswith("access.")
        assert is_signed(headers, body, secret)

    desk.status = 503
    desk.tried.clear()
    server.tokens.pop("zhao")
    server.headers("zhao")
    assert desk.tried.wait(WITHIN_SECONDS)
    server.stop()
    desk.status = 204
    server.start()
    headers, body = desk.next()  # where it was: the event of before the restart, at its next try
    assert body["type"].startswith("access.")
    assert is_signed(headers, body, secret)
    assert secret not in server.log.read_text()
