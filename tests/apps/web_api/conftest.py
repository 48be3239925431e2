"""A whole web edge on memory stores, with five people at its door, without a network."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.access.conftest import House, house_with_people

from fengtai.apps.web_api.app import create_app
from fengtai.apps.web_api.gate import who
from fengtai.apps.web_api.system import SystemBoard
from fengtai.domain.access.api import router as access_router
from fengtai.domain.access.service import AccessDesk


class NothingFound:
    """A machine on which every check is well."""

    def results(self):
        return ()


class Edge:
    """The application and what it stands on."""

    def __init__(self, house: House, app: FastAPI, board: SystemBoard) -> None:
        self.house, self.app, self.board = house, app, board

    @property
    def desk(self) -> AccessDesk:
        return self.house.desk

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False, client=("127.0.0.1", 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://fengtai.test", headers=headers)

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A program's client: with a bearer token."""
        signed = await self.house.sign_in(name)
        return self.client(Authorization=f"Bearer {signed.token}")

    async def browser(self, name: str) -> httpx.AsyncClient:
        """A browser's client: with the cookie, and the headers that the console sends."""
        asked = {"name": name, "password": self.house.password_of(name)}
        async with self.client() as signing_in:
            answer = await signing_in.post("/api/session", json=asked)
            assert answer.status_code == 200
        client = self.client(Origin="http://fengtai.test", **{"X-Fengtai": "1"})
        client.cookies.update(signing_in.cookies)
        return client


def edge_of(house: House, *, routers=(), console: Path | None = None, **settings) -> Edge:
    board = SystemBoard(clock=house.clock, version="0.1.0", site="Invented city", time_zone="Asia/Shanghai")
    mine = access_router(*house.desks(NothingFound()), who)
    app = create_app(
        [mine, *routers], access=house.desk, events=house.transactions, board=board, console=console, **settings
    )
    return Edge(house, app, board)


@pytest.fixture
async def house() -> House:
    return await house_with_people()


@pytest.fixture
async def edge() -> Edge:
    return edge_of(await house_with_people())
