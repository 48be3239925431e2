"""One scripted incident, from the panel's frame to the verified record, acted by a client without a browser."""

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import Any

from fengtai.apps.demo.console_client import ConsoleClient, ServerSent
from fengtai.apps.simulator.panels import SimulatedPanel


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was seen and measured on the way."""

    signal_durable_ms: float
    on_console_ms: float
    first_picture_ms: float
    picture: tuple[int, int]
    clip_seconds: float
    clip_sha256_matches: bool
    incident_state: str
    incident_number: str
    phases_s: dict[str, float | None]


async def play_incident(console: ConsoleClient, panel: SimulatedPanel, *, code: str = "130", zone: str = "2") -> Played:
    """Burglary at the jeweller's: alarm, picture, keyholder, dispatch, arrival, feedback, closing, clip."""
    alarm_event, durable_ms, on_console_ms = await _raise_alarm(console, panel, code, zone)
    opened_at = time.monotonic()
    incident = await console.post("/api/incidents", {"alarm_id": alarm_event.data["alarm_id"]})
    path = f"/api/incidents/{incident['id']}"
    camera = incident["cameras"][0]["point_id"]
    picture_at, width, height = await console.first_picture(camera, f"incident:{incident['number']}")

    for step in incident["steps"]:
        await console.post(f"{path}/steps/{step['index']}", {"done": True})
    keyholder = incident["premises"]["keyholders"][0]["id"]
    await console.post(f"{path}/calls", {"keyholder_id": keyholder, "result": "reached", "note": "在路上"})
    units = (await console.get("/api/units"))["items"]
    unit = next(unit for unit in units if unit["state"] == "free")
    incident = await console.post(f"{path}/dispatches", {"unit_id": unit["id"]})
    dispatch = f"{path}/dispatches/{incident['dispatches'][-1]['id']}"
    await console.post(f"{dispatch}/accept", {"text": ""})
    await console.post(f"{dispatch}/arrive", {"text": ""})
    await console.post(f"{dispatch}/feedback", {"text": "现场无异常，卷帘门未关严"})
    clip = await _clip(console, path, camera)
    view = await console.post(f"/api/clips/{clip['id']}/views", {"purpose": "alarm", "reference": incident["number"]})
    film = await console.download(view["url"])
    incident = await console.get(path)
    closed = await console.post(
        f"{path}/close", {"disposition": "drill", "note": "演练结束", "version": incident["version"]}
    )
    return Played(
        signal_durable_ms=durable_ms,
        on_console_ms=on_console_ms,
        first_picture_ms=(picture_at - opened_at) * 1000,
        picture=(width, height),
        clip_seconds=clip["seconds"],
        clip_sha256_matches=hashlib.sha256(film).hexdigest() == clip["sha256"],
        incident_state=closed["state"],
        incident_number=closed["number"],
        phases_s={name: value for name, value in closed["phases"].items() if name.endswith("_s")},
    )


async def _raise_alarm(
    console: ConsoleClient, panel: SimulatedPanel, code: str, zone: str
) -> tuple[ServerSent, float, float]:
    """Send the panel's frame while a console listens: the event, ms to the ACK, ms to the event."""
    listening = asyncio.Event()
    sent_at = 0.0

    async def alarm_seen() -> ServerSent:
        async for event in console.events():
            listening.set()
            if event.kind == "alarms.raised" and event.at > sent_at > 0:
                return event
        raise ConnectionError("the event stream ended before the alarm was seen")

    seen = asyncio.create_task(alarm_seen())
    try:
        async with asyncio.timeout(30):
            await listening.wait()
            sent_at = time.monotonic()
            durable_ms = await panel.send_event(code, "01", zone)
            answered_at = time.monotonic()
            event = await seen
    finally:
        seen.cancel()
    if durable_ms is None:
        raise ConnectionError("the panel's frame was not acknowledged")
    last_byte_at = answered_at - durable_ms / 1000
    return event, durable_ms, (event.at - last_byte_at) * 1000


async def _clip(console: ConsoleClient, path: str, camera: str) -> dict[str, Any]:
    async with asyncio.timeout(90):
        while True:
            clips = (await console.get(path))["clips"]
            for clip in clips:
                if clip["state"] == "failed":
                    raise RuntimeError(f"the clip could not be made: {clip['reason']}")
                if clip["state"] == "ready" and clip["point_id"] == camera:
                    found: dict[str, Any] = clip
                    return found
            await asyncio.sleep(0.5)
