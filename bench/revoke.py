"""How long a live picture goes on after its viewer's right to it has ended: from the revocation to the last video byte.

A whole server and a simulated camera; a person watches over a real WebSocket. Three causes, each in turn: the session is
revoked, the person is disabled, the grant is taken back. The clock starts when the administrator's request is sent and
stops when the connection is closed, after which no byte can come; `ours` is the worst of all runs. After each, the same
person asks again and must be refused. There is no peer.
"""

import asyncio
import json
import os
import shutil
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from fengtai.apps.demo.console_client import ConsoleClient, Refused
from fengtai.apps.demo.seed import Furnished, first_people, furnish
from fengtai.apps.demo.town import Town, a_town
from fengtai.apps.simulator.city import device_ids

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
FOLDER = Path(__file__).parents[1] / "build/bench-revoke"
WATCHED_SECONDS = 2.0
GIVEN_UP_SECONDS = 15.0
TARGET_SECONDS = 5.0

Revocation = Callable[[ConsoleClient, ConsoleClient], Awaitable[None]]
"""done by the administrator, to the person who watches"""


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    seconds: dict[str, list[float]] = {}
    async with a_town(FOLDER) as town:
        await town.start_server()
        furnished = await first_people(town.url, town.setup_token)
        await town.start_city(cameras=1)
        await furnish(town.url, furnished, devices=device_ids(1), cameras=1)
        async with ConsoleClient(town.url) as administrator:
            await administrator.sign_in(*furnished.sign_ins["administrator"])
            for _ in range(RUNS):
                for cause, revocation in CAUSES.items():
                    seconds.setdefault(cause, []).append(await one_run(town, furnished, administrator, revocation))
                    await restore(administrator)
    shutil.rmtree(FOLDER, ignore_errors=True)
    worst = max(second for of_cause in seconds.values() for second in of_cause)
    print(
        json.dumps(
            {
                "row": "revoke",
                "unit": "s until no video byte can come any more, worst run",
                "ours": round(worst, 3),
                "peer": None,
                "ratio": None,
                "limit": None,
                "runs": RUNS,
                "target": TARGET_SECONDS,
                **{f"median_{cause}": round(statistics.median(of_cause), 3) for cause, of_cause in seconds.items()},
            }
        )
    )


async def one_run(town: Town, furnished: Furnished, administrator: ConsoleClient, revocation: Revocation) -> float:
    """Seconds from the request to the moment after which no video can arrive."""
    async with ConsoleClient(town.url) as operator:
        await operator.sign_in(*furnished.sign_ins["operator"])
        point = (await operator.get("/api/points"))["items"][0]["id"]
        place = await operator.post(f"/api/live/{point}/watch", {"purpose": "duty"})
        async with connect(place["url"], max_size=None, compression=None) as socket:
            last = [0.0]
            reading = asyncio.create_task(read(socket, last))
            await asyncio.sleep(WATCHED_SECONDS)
            if not last[0]:
                raise RuntimeError(f"no video arrived:\n{town.last_words()}")
            began = time.monotonic()
            await revocation(administrator, operator)
            async with asyncio.timeout(GIVEN_UP_SECONDS):
                await reading
            closed = time.monotonic()
        await refused(operator, f"/api/live/{point}/watch")
        await dead(place["url"])
        if last[0] > closed:
            raise RuntimeError("video arrived on a connection that was closed")
        return closed - began


async def read(socket: object, last: list[float]) -> None:
    try:
        async for message in socket:  # type: ignore[attr-defined]
            if isinstance(message, bytes):
                last[0] = time.monotonic()
    except ConnectionClosed:
        return


async def refused(operator: ConsoleClient, path: str) -> None:
    try:
        await operator.post(path, {"purpose": "duty"})
    except Refused as refusal:
        if refusal.status in (401, 403, 404):
            return
        raise
    raise RuntimeError("the right has ended, and a new picture was given all the same")


async def dead(url: str) -> None:
    """The ticket that was used opens nothing more."""
    try:
        async with connect(url, compression=None):
            pass
    except Exception as refusal:
        if "403" in str(refusal):
            return
        raise
    raise RuntimeError("the ticket still opens the picture")


async def revoke_session(administrator: ConsoleClient, operator: ConsoleClient) -> None:
    sessions = (await administrator.get("/api/sessions"))["items"]
    for session in sessions:
        if session["user_id"] == operator.person["user_id"]:
            await administrator.delete(f"/api/sessions/{session['id']}")


async def disable_person(administrator: ConsoleClient, operator: ConsoleClient) -> None:
    await change(administrator, operator.person["user_id"], disabled=True)


async def take_back_grant(administrator: ConsoleClient, operator: ConsoleClient) -> None:
    for grant in (await administrator.get("/api/grants", user_id=operator.person["user_id"]))["items"]:
        await administrator.post(f"/api/grants/{grant['id']}/end", {"reason": "measuring"})


CAUSES = {"session_revoked": revoke_session, "person_disabled": disable_person, "grant_taken_back": take_back_grant}


async def restore(administrator: ConsoleClient) -> None:
    person = next(one for one in (await administrator.get("/api/people"))["items"] if one["name"] == "operator")
    await change(administrator, person["id"], disabled=False)


async def change(administrator: ConsoleClient, user_id: str, *, disabled: bool) -> None:
    person = next(one for one in (await administrator.get("/api/people"))["items"] if one["id"] == user_id)
    words = {"display_name": person["display_name"], "roles": ["operator"], "disabled": disabled}
    await administrator.put(f"/api/people/{user_id}", words)


if __name__ == "__main__":
    Console(stderr=True).print(f"{RUNS} runs of {len(CAUSES)} causes, about {RUNS * len(CAUSES) * 4} s")
    asyncio.run(main())
