"""An engineer brings a city's register as a file, looks at what it would change, puts it in force, and finds any camera."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from bench.load.register import csv_file

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import first_people
from fengtai.apps.demo.town import a_town

pytestmark = pytest.mark.journey

POINTS = 1500
REFUSED = "1501,包间,210102,三类,123.4,41.8,某路 1 号,第七条经营管理单位,包间,治安,某分局,30\n"


async def uploaded(console: ConsoleClient, content: bytes) -> str:
    upload = (await console.post("/api/points/uploads"))["id"]
    half = len(content) // 2
    for index, piece in enumerate((content[:half], content[half:])):
        form = {"content": base64.b64encode(piece).decode()}
        await console.put(f"/api/points/uploads/{upload}/pieces/{index}", form)
    return str(upload)


async def come_to(console: ConsoleClient, import_id: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            job: dict[str, Any] = await console.get(f"/api/points/imports/{import_id}")
            if job["state"] not in ("checking", "applying"):
                assert job["state"] == state, job["sentence"]
                return job
            await asyncio.sleep(0.1)


async def story(folder: Path) -> None:
    table = (csv_file(POINTS).decode() + "\n" + REFUSED).encode("gb18030")
    async with a_town(folder, FENGTAI_MEDIA__WORKERS="1") as town:
        await town.start_server()
        people = await first_people(town.url, town.setup_token)
        async with ConsoleClient(town.url) as console:
            await console.sign_in(*people.sign_ins["engineer"])
            upload = await uploaded(console, table)
            await console.post("/api/points/imports", {"upload_id": upload, "file_name": "register.csv"})
            job = await come_to(console, upload, "ready")
            assert (job["encoding"], job["counts"]["new"], job["counts"]["refused"]) == ("gb18030", POINTS, 1)
            assert (await console.get("/api/points"))["items"] == []

            form = {"token": job["token"], "plan": "good-rows", "why": "年度登记"}
            await console.post(f"/api/points/imports/{upload}/apply", form)
            await come_to(console, upload, "applied")

            found = (await console.get("/api/points", text="地铁站", limit=1000))["items"]
            assert len(found) > 50
            assert all("地铁站" in point["name"] for point in found)
            one = found[7]
            by_code = (await console.get("/api/points", text=one["code"]))["items"]
            by_number = (await console.get("/api/points", text=str(one["number"])))["items"]
            assert [point["id"] for point in by_code] == [one["id"]]
            assert one["id"] in [point["id"] for point in by_number]
            here, little = one["position"], 0.001
            shown = await console.get(
                "/api/points/map",
                west=here["longitude"] - little,
                east=here["longitude"] + little,
                south=here["latitude"] - little,
                north=here["latitude"] + little,
            )
            assert one["id"] in [point["id"] for point in shown]
            (made,) = (await console.get(f"/api/points/{one['id']}/history"))["items"]
            assert (made["why"], made["import_id"]) == ("年度登记", upload)

            again = await uploaded(console, await console.download("/api/points/export"))
            await console.post("/api/points/imports", {"upload_id": again, "file_name": "export.csv"})
            same = await come_to(console, again, "ready")
            assert same["counts"] == {"new": 0, "changed": 0, "unchanged": POINTS, "refused": 0}


def test_a_register_comes_in_is_found_and_goes_out_unchanged(tmp_path: Path) -> None:
    asyncio.run(story(tmp_path))
