"""Webhooks over real sockets: pinned to the address that was judged, no redirects, certificates verified by name."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.apps.server.own_authority import OwnAuthority

from fengtai.apps.server import webhook_post
from fengtai.apps.server.webhook_post import WebhookPost
from fengtai.domain.webhooks.model import SignedMessage, WebhookPolicy

ALLOWED = WebhookPolicy(allowed_hosts=frozenset({"desk.example", "127.0.0.1"}))


class Desk:
    """A small HTTP server that answers what it was told to and remembers what it got."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.got, self.port = answer, b"", 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        self.got = head + await reader.readexactly(length)
        if self.answer:
            writer.write(self.answer)
            await writer.drain()
            writer.close()


@asynccontextmanager
async def desk(
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Desk]:
    made = Desk(answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


def leads_to(*addresses: str) -> Callable:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


def message(url: str) -> SignedMessage:
    return SignedMessage(url=url, headers={"webhook-id": "w1.7", "content-type": "application/json"}, body=b'{"a":1}')


async def test_a_message_arrives_with_its_headers_under_the_name_it_was_meant_for():
    async with desk() as there:
        post = WebhookPost(ALLOWED, resolve=leads_to("127.0.0.1"))
        outcome = await post.send(message(f"http://desk.example:{there.port}/hook?city=1"))
    assert (outcome.taken, outcome.status) == (True, 204)
    assert there.got.startswith(b"POST /hook?city=1 HTTP/1.1\r\n")
    assert f"host: desk.example:{there.port}".encode() in there.got.lower()
    assert b"webhook-id: w1.7" in there.got
    assert there.got.endswith(b'\r\n\r\n{"a":1}')


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
async def test_a_public_name_that_leads_inside_is_not_connected_to(address: str):
    async with desk() as there:
        post = WebhookPost(WebhookPolicy(), resolve=leads_to("8.8.8.8", address))
        outcome = await post.send(message(f"https://evil.example:{there.port}/"))
    assert "inside a network" in outcome.error
    assert there.got == b""


async def test_redirects_are_not_followed():
    async with desk() as inside:
        told = f"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:{inside.port}/\r\nContent-Length: 0\r\n\r\n"
        async with desk(told.encode()) as there:
            post = WebhookPost(ALLOWED, resolve=leads_to("127.0.0.1"))
            outcome = await post.send(message(f"http://desk.example:{there.port}/"))
    assert (outcome.taken, outcome.status) == (False, 307)
    assert "not followed" in outcome.error
    assert inside.got == b""


async def test_an_answer_without_end_holds_nobody_up():
    async with desk(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n") as there:
        post = WebhookPost(ALLOWED, resolve=leads_to("127.0.0.1"))
        assert (await post.send(message(f"http://desk.example:{there.port}/"))).taken


async def test_one_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(webhook_post, "TIMEOUT_SECONDS", 0.2)
    async with desk(b"") as there:
        post = WebhookPost(ALLOWED, resolve=leads_to("127.0.0.1"))
        outcome = await post.send(message(f"http://desk.example:{there.port}/"))
    assert outcome.status == 0
    assert "no answer" in outcome.error


async def test_a_refused_connection_and_a_name_without_address_are_outcomes():
    post = WebhookPost(ALLOWED, resolve=leads_to("127.0.0.1"))
    assert (await post.send(message("http://desk.example:1/"))).error
    nowhere = WebhookPost(ALLOWED, resolve=leads_to())
    assert "no address" in (await nowhere.send(message("https://nowhere.example/"))).error


async def test_a_certificate_is_verified_against_the_name_not_the_address(tmp_path: Path):
    authority = OwnAuthority(tmp_path)
    async with desk(tls=authority.server_context("desk.example")) as there:
        post = WebhookPost(ALLOWED, resolve=leads_to("127.0.0.1"), trusted=authority.client_context())
        assert (await post.send(message(f"https://desk.example:{there.port}/"))).taken
    async with desk(tls=authority.server_context("other.example")) as there:
        outcome = await post.send(message(f"https://desk.example:{there.port}/"))
    assert not outcome.taken
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.error
    assert there.got == b""


async def test_a_certificate_of_nobody_we_trust_is_refused(tmp_path: Path):
    async with desk(tls=OwnAuthority(tmp_path).server_context("desk.example")) as there:
        outcome = await WebhookPost(ALLOWED, resolve=leads_to("127.0.0.1")).send(
            message(f"https://desk.example:{there.port}/")
        )
    assert not outcome.taken
