"""The HTTP listener: uvicorn on a socket of ours, without its own signal handling."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from fengtai.apps.server.patience import PatientProtocol
from fengtai.apps.settings_sections import HttpSettings
from fengtai.media.certificates import FreshCertificate
from fengtai.vocabulary.errors import Unavailable

STOP_WITHIN_SECONDS = 5


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the platform's matter: it stops its parts in order."""
        yield


class Listener:
    def __init__(self, app: FastAPI, settings: HttpSettings) -> None:
        self._app, self._settings = app, settings
        self._serving: asyncio.Task[None] | None = None
        self._certificate: FreshCertificate | None = None

    def reload(self) -> None:
        """Read the certificate again (SIGHUP); without TLS there is nothing to read."""
        if self._certificate is not None:
            self._certificate.reload()

    def _context(self, *_: object) -> ssl.SSLContext:
        assert self._certificate is not None
        return self._certificate.context

    async def start(self) -> None:
        """Return when it listens. Raise Unavailable when the port is taken."""
        host, port = self._settings.host, self._settings.port
        if self._settings.tls_certificate and self._settings.tls_key:
            try:
                self._certificate = FreshCertificate(self._settings.tls_certificate, self._settings.tls_key)
            except OSError as error:
                raise Unavailable(f"http.tls_certificate cannot be used: {error}") from error
        try:
            listening = _listening_socket(host, port)
        except OSError as error:
            raise Unavailable(f"http.port: {host}:{port} cannot be listened on: {error.strerror}") from error
        config = uvicorn.Config(
            self._app,
            loop="none",
            http=PatientProtocol,
            forwarded_allow_ips=list(self._settings.proxies),
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
            ssl_context_factory=None if self._certificate is None else self._context,
        )
        self._server = _Uvicorn(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]), name="http")
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise Unavailable("the HTTP listener ended at its start")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self._serving is None:
            return
        self._app.state.streams.close()
        self._server.should_exit = True
        await self._serving


def _listening_socket(host: str, port: int) -> socket.socket:
    """Made by hand: only with the protocol named does asyncio set TCP_NODELAY, without which each answer waits 40 ms."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening
