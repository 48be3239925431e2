"""The real provider of `tests/peers/oidc` as a process, and a browser without a screen that signs in at it."""

import json
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

FOLDER = Path(__file__).parent / "oidc"
CLIENT_ID, CLIENT_SECRET = "fengtai", "a:client+secret&with%signs="
WHY_ABSENT = "" if shutil.which("node") and (FOLDER / "node_modules").is_dir() else "run make setup: oidc-provider"

Claims = dict[str, object]


@dataclass
class IdentityProvider:
    """Speaks OpenID Connect at `issuer` until `stop`."""

    issuer: str
    process: subprocess.Popen[str]

    def rotate_keys(self) -> None:
        self._say("rotate", "rotated")

    def _say(self, word: str, answer: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        self.heard(answer)

    def heard(self, word: str) -> None:
        """Wait until it has said so; the library writes notices of its own in between."""
        assert self.process.stdout is not None
        assert word in (line.strip() for line in self.process.stdout), f"it ended and never said {word}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def started_provider(redirect_uris: list[str], people: dict[str, Claims]) -> IdentityProvider:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    client = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": redirect_uris,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    site = {"issuer": issuer, "port": port, "clients": [client], "people": people}
    process = subprocess.Popen(
        ["node", "provider.mjs"],
        cwd=FOLDER,
        env={**os.environ, "SITE": json.dumps(site)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    provider = IdentityProvider(issuer, process)
    provider.heard("ready")
    return provider


async def signed_in_at(provider: IdentityProvider, address: str, login: str) -> str:
    """Follow the provider's pages as this person, and return the address to which it sends the browser back."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(address)
        for _ in range(8):
            where = urljoin(str(answer.url), answer.headers.get("location", ""))
            if answer.is_redirect and not where.startswith(provider.issuer):
                return where
            if answer.is_redirect:
                answer = await browser.get(where)
            elif 'name="login"' in answer.text:
                form = {"prompt": "login", "login": login, "password": "any"}
                answer = await browser.post(str(answer.url), data=form)
            else:
                assert answer.status_code == 200, answer.text
                answer = await browser.post(str(answer.url), data={"prompt": "consent"})
    raise AssertionError("the provider never sends the browser back")
