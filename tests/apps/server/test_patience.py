"""Slow clients over a real socket: a head that does not come, a reader that does not read, bytes that are no HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from fengtai.apps.server import patience
from fengtai.apps.server.patience import CUT_OFF, PatientProtocol

ENDLESS = b"x" * (1 << 20)


async def application(scope, receive, send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/endless":
        for _ in range(64):
            await send({"type": "http.response.body", "body": ENDLESS, "more_body": True})
    await send({"type": "http.response.body", "body": b"done"})


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(application, port=0, lifespan="off", http=PatientProtocol, log_config=None))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


def cut_off(waiting_for: str) -> float:
    return CUT_OFF.labels(waiting_for)._value.get()


async def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.1)
    before = cut_off("head")
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert await asyncio.wait_for(reader.read(), 10) == b""
    assert cut_off("head") == before + 1


async def test_a_request_that_comes_in_time_is_answered_again_and_again():
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"done" in await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 10)
        writer.close()


async def test_who_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "READ_SECONDS", 0.1)
    before = cut_off("reader")
    async with listening() as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            while cut_off("reader") == before:
                await asyncio.sleep(0.01)
        writer.transport.abort()


async def test_what_is_no_http_is_answered_with_a_problem():
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01 not http\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"application/problem+json" in answer
    writer.close()
