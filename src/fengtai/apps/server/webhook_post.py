"""Carries webhooks over HTTPS: to public addresses or allowed hosts, never where a redirect or a resolver leads inside.

The name is resolved here, every address of it is judged, and the connection is made to the address that was judged, so
that a name cannot change its mind in between (DNS rebinding). Certificates are verified against the name.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx
from prometheus_client import Counter

from fengtai.domain.webhooks.model import Outcome, SignedMessage, WebhookPolicy
from fengtai.domain.webhooks.rules import is_public_address

POSTED = Counter("fengtai_webhook_posts_total", "Webhook messages sent, by outcome", ["outcome"])

TIMEOUT_SECONDS = 10.0

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolved(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver gives."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, proto=6)  # TCP
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


class AddressRefused(Exception):
    """The name leads inside the network."""


class WebhookPost:
    """Implements webhooks.ports.Post."""

    def __init__(
        self, policy: WebhookPolicy, *, resolve: Resolve = resolved, trusted: ssl.SSLContext | None = None
    ) -> None:
        self._policy, self._resolve = policy, resolve
        self._trusted = trusted or ssl.create_default_context()

    async def send(self, message: SignedMessage) -> Outcome:
        loop = asyncio.get_running_loop()
        started = loop.time()
        status, error = 0, ""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._status(message)
            if not 200 <= status < 300:
                error = f"answered {status}" + (": redirects are not followed" if 300 <= status < 400 else "")
        except TimeoutError:
            error = f"no answer within {TIMEOUT_SECONDS:.0f} s"
        except (AddressRefused, httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as refused:
            error = str(refused) or type(refused).__name__
        POSTED.labels("taken" if not error else "failed").inc()
        return Outcome(status=status, error=error[:300], took_ms=round((loop.time() - started) * 1000))

    async def _status(self, message: SignedMessage) -> int:
        parts = urlsplit(message.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._judged(host, port)
        there = f"[{address}]" if ":" in address else address
        pinned = httpx.URL(message.url).copy_with(host=there, port=port)
        headers = {**message.headers, "host": parts.netloc}
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, verify=self._trusted, timeout=None) as client,  # noqa: S113 - `send` bounds the whole
            client.stream(
                "POST", pinned, content=message.body, headers=headers, extensions={"sni_hostname": host}
            ) as answer,
        ):
            return answer.status_code  # the body is not read: it may be endless

    async def _judged(self, host: str, port: int) -> str:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise AddressRefused(f"{host} has no address")
        if host not in self._policy.allowed_hosts:
            for address in addresses:
                if not is_public_address(address):
                    raise AddressRefused(f"{host} leads to {address}, inside a network: see webhooks.allowed_hosts")
        return addresses[0]
