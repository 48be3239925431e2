"""A console without a browser: signs in, acts, listens to events and reads live pictures over the real protocols.

Used by the demonstration, the journeys and the benchmarks. It knows nothing of the server's inside.
"""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import av
import httpx
from websockets.asyncio.client import connect


class Refused(Exception):
    """The server answered with a problem (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', problem)}")
        self.status, self.problem = status, problem


@dataclass(frozen=True, slots=True)
class ServerSent:
    """One server-sent event and the moment (monotonic seconds) at which it was complete here."""

    seq: int
    kind: str
    data: dict[str, Any]
    at: float


class ConsoleClient:
    """One person's console. `async with ConsoleClient(url) as console: await console.sign_in(...)`."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=30.0, trust_env=False)
        self.person: dict[str, Any] = {}

    async def __aenter__(self) -> "ConsoleClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sign_in(self, name: str, password: str, *, post: str = "demo") -> None:
        self.person = await self.post("/api/session", {"name": name, "password": password, "post": post})
        self._http.cookies.clear()
        self._http.headers["Authorization"] = f"Bearer {self.person['token']}"

    async def get(self, path: str, **query: Any) -> Any:
        return _told(await self._http.get(path, params=query))

    async def post(self, path: str, body: Any = None) -> Any:
        return _told(await self._http.post(path, json=body))

    async def put(self, path: str, body: Any) -> Any:
        return _told(await self._http.put(path, json=body))

    async def delete(self, path: str) -> Any:
        return _told(await self._http.delete(path))

    async def download(self, path: str) -> bytes:
        answer = await self._http.get(path)
        _told(answer)
        return answer.content

    async def events(self, *, after: int | None = None) -> AsyncIterator[ServerSent]:
        """Server-sent events from now on, or after this place in the log."""
        query = {} if after is None else {"after": after}
        async with self._http.stream("GET", "/api/events", params=query, timeout=None) as answer:
            if answer.status_code != 200:
                await answer.aread()
                _told(answer)
            seq, kind, data = 0, "message", ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "id":
                    seq = int(value)
                elif name == "event":
                    kind = value
                elif name == "data":
                    data += value
                elif line == "" and data:
                    yield ServerSent(seq, kind, json.loads(data), time.monotonic())
                    kind, data = "message", ""

    async def first_picture(
        self, point_id: str, purpose: str, *, within_seconds: float = 15.0, plays_h265: bool = True
    ) -> tuple[float, int, int]:
        """Watch a point until one frame has been decoded: the moment (monotonic seconds), width and height."""
        place = await self.post(f"/api/live/{point_id}/watch", {"purpose": purpose, "plays_h265": plays_h265})
        url = place["url"] if plays_h265 else f"{place['url']}&h265=0"
        received = bytearray()
        async with asyncio.timeout(within_seconds), connect(url, max_size=None, compression=None) as socket:
            async for message in socket:
                if isinstance(message, str):
                    continue
                received += message
                size = _decoded_size(bytes(received))
                if size is not None:
                    return time.monotonic(), *size
        raise TimeoutError(f"no decodable frame of {point_id}: the stream ended")


def _decoded_size(fragments: bytes) -> tuple[int, int] | None:
    try:
        with av.open(io.BytesIO(fragments), mode="r", format="mp4") as container:
            for frame in container.decode(video=0):
                return frame.width, frame.height
    except (av.error.FFmpegError, IndexError):
        return None  # not yet a whole fragment
    return None


def _told(answer: httpx.Response) -> Any:
    if answer.is_success:
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if is_json and answer.content else None
    try:
        problem = answer.json()
    except json.JSONDecodeError:
        problem = {"title": answer.reason_phrase, "detail": answer.text[:200]}
    raise Refused(answer.status_code, problem)
