"""How long the HTTP listener waits for slow clients: for a request's head, and for somebody who does not read.

A head must be whole within HEAD_SECONDS (slow loris); the body's time is the gate's matter. Who takes nothing of an answer
for READ_SECONDS is cut off: a console that is alive reads, and a download that stands still can be resumed by range.
"""

import asyncio

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fengtai.apps.web_api.problems import problem
from fengtai.vocabulary.errors import Kind

CUT_OFF = Counter("fengtai_http_cut_off_total", "Connections ended because the client was too slow", ["waiting_for"])

HEAD_SECONDS = 10.0
READ_SECONDS = 60.0


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with two time-outs more, and with its own refusal as a problem."""

    _head_timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_timer is None:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_timer = self.loop.call_later(READ_SECONDS, self._cut_off, "reader")

    def resume_writing(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        answer = problem(Kind.INVALID, msg, status=400)
        lines = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in answer.raw_headers)]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", bytes(answer.body)]))
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._cut_off, "head")

    def _stop_waiting(self) -> None:
        for timer in (self._head_timer, self._read_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._read_timer = None

    def _cut_off(self, waiting_for: str) -> None:
        CUT_OFF.labels(waiting_for).inc()
        self.transport.abort()
