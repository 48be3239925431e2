"""What a camera sent is seen and heard again over the real server: policy, playback, still, forecast, audit."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from websockets.asyncio.client import connect

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import Furnished, accept_devices, first_people, made_points
from fengtai.apps.demo.town import Town, a_town
from fengtai.apps.simulator.city import device_ids

pytestmark = pytest.mark.journey

CAMERAS = 2
PURPOSE = {"purpose": "case", "reference": "A-2026-0815"}
LISTEN, DEAF = 0, 1
"""which of the two cameras has sound by its policy"""


async def test_a_recording_is_played_back_with_its_sound_and_written_down(tmp_path: Path) -> None:
    async with a_town(tmp_path, FENGTAI_MEDIA__WORKERS="1") as town:
        try:
            await town.start_server()
            furnished = await first_people(town.url, town.setup_token)
            await town.start_city(cameras=CAMERAS, size="320x180")
            points = await _with_policies(town, furnished)
            async with ConsoleClient(town.url) as console:
                await console.sign_in(*furnished.sign_ins["operator"])
                begin = datetime.now(UTC)
                await _recorded(console, points[LISTEN], begin + timedelta(seconds=6))
                loud, words = await _played(console, points[LISTEN], begin, with_sound=True)
                silent, _ = await _played(console, points[DEAF], begin, with_sound=True)
                still = await console.download(
                    f"/api/recordings/{points[LISTEN]}/still.jpg?at={_text(begin + timedelta(seconds=3))}"
                    "&purpose=case&reference=A-2026-0815"
                )
                forecast = await console.get("/api/recordings/forecast")
            lines = await _audited(town, furnished, points[LISTEN])
        except Exception as error:
            raise AssertionError(f"{error!r}\n{town.last_words()}") from error

    assert words[0]["sound"] is True
    with av.open(io.BytesIO(loud), format="mp4") as film:
        assert film.streams.audio[0].codec_context.name == "flac"
        frames = list(film.decode(audio=0))
    assert sum(frame.samples for frame in frames) / frames[0].sample_rate > 2.0
    assert max(abs(frame.to_ndarray()).max() for frame in frames) > 1_000
    with av.open(io.BytesIO(silent), format="mp4") as film:
        assert not film.streams.audio
        assert sum(1 for _ in film.decode(video=0)) > 30
    assert Image.open(io.BytesIO(still)).size == (320, 180)
    assert forecast["floor_days"] == 30
    assert forecast["free_bytes"] > 0
    told = [(line["action"], line["outcome"]) for line in lines]
    assert ("recordings.playback", "intent") in told
    assert ("recordings.playback", "done") in told
    assert ("recordings.still", "done") in told
    ended = next(line for line in lines if line["action"] == "recordings.playback_ended")
    assert ended["details"]["seconds"] > 2.0
    assert "A-2026-0815" in ended["purpose"]


async def _with_policies(town: Town, furnished: Furnished) -> list[str]:
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["engineer"])
        await accept_devices(console, device_ids(CAMERAS))
        points = sorted(await made_points(console, CAMERAS), key=lambda point: point["number"])
        view = points[LISTEN]
        kept = ("name", "organisation_id", "device_id", "channel_id", "version")
        await console.put(f"/api/points/{view['id']}", {**{key: view[key] for key in kept}, "audio": True})
        return [point["id"] for point in points]


async def _recorded(console: ConsoleClient, point: str, until: datetime) -> None:
    """Until what is recorded reaches this moment: the books learn it every ten seconds."""
    async with asyncio.timeout(60):
        while True:
            hours = await console.get(
                f"/api/recordings/{point}/hours", **{"from": _text(until - timedelta(hours=1)), "until": _text(until)}
            )
            if hours and datetime.fromisoformat(hours[-1]["until"]) >= until:
                return
            await asyncio.sleep(0.5)


async def _played(
    console: ConsoleClient, point: str, begin: datetime, *, with_sound: bool
) -> tuple[bytes, list[dict[str, Any]]]:
    """The last film that a player gets who asks for sound, and its words from its hello on."""
    until = begin + timedelta(seconds=6)
    place = await console.post(
        f"/api/recordings/{point}/playback", {"from": _text(begin), "until": _text(until), **PURPOSE}
    )
    data, words = b"", []
    async with asyncio.timeout(20), connect(place["url"], max_size=None, max_queue=None) as socket:
        await socket.send(json.dumps({"type": "seek", "to_ms": int(begin.timestamp() * 1_000), "sound": with_sound}))
        while not words or words[-1]["type"] != "end" or not data:
            message = await socket.recv()
            if isinstance(message, str):
                told = json.loads(message)
                words = [told] if told["type"] == "hello" else [*words, told]
            else:
                data = message if message[4:8] == b"ftyp" else data + message
    return data, words


async def _audited(town: Town, furnished: Furnished, point: str) -> list[dict[str, Any]]:
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["auditor"])
        async with asyncio.timeout(15):
            while True:
                page = await console.get("/api/audit", object=f"point:{point}", limit=50)
                if any(line["action"] == "recordings.playback_ended" for line in page["items"]):
                    return page["items"]
                await asyncio.sleep(0.5)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
