"""Security headers on every answer, and the content security policy of the console.

No script, style sheet or connection from elsewhere; `connect-src` names the media workers' addresses, from which live
pictures and clips come. Element Plus and MapLibre set style attributes, hence 'unsafe-inline' for styles only.
"""

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fengtai.media.settings import MediaSettings, port_range

_HOST_NAME = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?")


def live_sources(media: MediaSettings) -> list[str]:
    """Where the console may open live pictures: every worker's port, under the name by which the console reached us
    (`{host}`, filled in for each answer) or the one that the settings tell it."""
    ports = list(port_range(media.http_ports))[: media.workers]
    scheme = media.live_scheme.replace("ws", "http", 1)
    return [f"{scheme}://{media.http_advertised or '{host}'}:{port}" for port in ports]


def content_security_policy(media_sources: Iterable[str] = ()) -> str:
    """`media_sources`: where pictures come from, such as `http://10.0.0.5:8091`; WebSockets to there are allowed too
    (in CSP level 3 `http:` matches no `ws:`)."""
    media = list(media_sources)
    connect = " ".join(["'self'", *(f"{source} {source.replace('http', 'ws', 1)}" for source in media)])
    pictures = " ".join(["'self'", "data:", "blob:", *media])
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            f"img-src {pictures}",
            f"media-src {pictures}",
            "font-src 'self' data:",
            f"connect-src {connect}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


class SecurityHeaders:
    """ASGI middleware. Pure, so that streams pass through unbuffered."""

    def __init__(self, app: ASGIApp, *, policy: str) -> None:
        self._app, self._policy = app, policy
        self._headers = {
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", self._policy_for(scope))
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https":
                    headers.setdefault("strict-transport-security", "max-age=31536000")
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)

    def _policy_for(self, scope: Scope) -> str:
        """With the name by which this browser reached us; a name that is none could add words of its own."""
        if "{host}" not in self._policy:
            return self._policy
        named = _HOST_NAME.fullmatch(Headers(scope=scope).get("host", ""))
        return self._policy.replace("{host}", named[1] if named else "localhost")
