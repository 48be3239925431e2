"""One `fengtai serve` as a process on free ports, with an administrator, an auditor and a person who works."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from fengtai.apps.demo.town import free_ports

PASSWORDS = {
    "administrator": "correct horse battery",
    "auditor": "battery horse staple",
    "zhao": "seven green lanterns",
}
READY_WITHIN_SECONDS = 60


@dataclass
class OneServer:
    data: Path
    environment: dict[str, str]
    url: str
    verify: object = True
    process: subprocess.Popen | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def start(self) -> "OneServer":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fengtai", "serve"],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + READY_WITHIN_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def client(self, **settings: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30, verify=self.verify, **settings)  # type: ignore[arg-type]

    def set_up(self) -> "OneServer":
        """The first two people and one who does everything that they do not."""
        token = (self.data / "setup-token").read_text().strip()
        first = {name: {"name": name, "password": PASSWORDS[name]} for name in ("administrator", "auditor")}
        roles = ["operator", "dispatcher", "engineer", "chief"]
        zhao = {"name": "zhao", "display_name": "赵", "password": PASSWORDS["zhao"], "roles": roles}
        with self.client() as client:
            assert client.post("/api/setup", json={"token": token, **first}).status_code == 201
            made = client.post("/api/people", json=zhao, headers=self.headers("administrator"))
            assert made.status_code == 201, made.text
        return self

    def headers(self, name: str) -> dict[str, str]:
        if name not in self.tokens:
            with self.client() as client:
                answer = client.post("/api/session", json={"name": name, "password": PASSWORDS[name]})
            assert answer.status_code == 200, answer.text
            self.tokens[name] = answer.json()["token"]
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`fengtai <arguments>` with the settings of this server."""
        return subprocess.run(
            [sys.executable, "-m", "fengtai", *arguments],
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _is_ready(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False


@contextlib.contextmanager
def one_server(data: Path, **environment: str) -> Iterator[OneServer]:
    """Running and set up."""
    server = a_server(data, **environment)
    try:
        yield server.start().set_up()
    finally:
        server.stop()


def a_server(data: Path, **environment: str) -> OneServer:
    """Not yet started."""
    data.mkdir(parents=True, exist_ok=True)
    ports = free_ports()
    settings = {
        "FENGTAI_DATA": str(data),
        "FENGTAI_HTTP__PORT": str(ports["http"]),
        "FENGTAI_SIP__PORT": str(ports["sip"]),
        "FENGTAI_DC09__PORT": str(ports["dc09"]),
        "FENGTAI_ACCESS__SECOND_FACTOR_ROLES": "",
        "FENGTAI_ACCESS__CHANGE_GIVEN_PASSWORDS": "false",
        "FENGTAI_ACCESS__PASSWORD_PROFILE": "asvs5",
        "FENGTAI_MEDIA__WORKERS": "1",
        "FENGTAI_MEDIA__HTTP_PORTS": str(ports["media"]),
        "FENGTAI_MEDIA__PORTS": f"{ports['rtp']}-{ports['rtp'] + 19}",
        **environment,
    }
    return OneServer(data, settings, f"http://127.0.0.1:{ports['http']}")
