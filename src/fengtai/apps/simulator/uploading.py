"""How a simulated device uploads the pictures that it was told to take (GB/T 28181-2022 section 9.14): by HTTP, one request
each, named as annex A asks."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta, timezone

import httpx
import structlog

from fengtai.protocols.gb28181 import SnapshotOrder
from fengtai.vocabulary.clock import Clock

log = structlog.get_logger()

UPLOAD_SECONDS = 10.0
NO_PICTURE = b"<html>no picture</html>"
BEIJING = timezone(timedelta(hours=8))


async def upload_pictures(
    order: SnapshotOrder, still: Callable[[str], Awaitable[bytes]], clock: Clock, *, how: str = "picture"
) -> list[str] | None:
    """The ids of the files that were taken; one that is missing failed. None: nothing is told. `how`: see
    `DeviceFaults.uploads`."""
    files: list[str] = []
    if how in ("nothing", "silence"):
        return files if how == "nothing" else None
    async with httpx.AsyncClient(trust_env=False, timeout=UPLOAD_SECONDS) as http:
        for serial in range(1, order.count + 1):
            if serial > 1:
                await asyncio.sleep(order.interval_seconds)
            taken_at = clock.now().utc.astimezone(BEIJING)
            name = f"{order.device_id}02{taken_at:%Y%m%d%H%M%S}{taken_at.microsecond // 1000:03d}{serial:02d}"
            try:
                content = NO_PICTURE if how == "text" else await still(order.device_id)
                answer = await http.post(order.upload_url, content=content, headers={"content-type": "image/jpeg"})
            except httpx.HTTPError as error:
                log.warning("device.upload_failed", device=order.device_id, error=repr(error))
                continue
            if answer.is_success:
                files.append(name)
            else:
                log.warning("device.upload_refused", device=order.device_id, status=answer.status_code)
    return files
