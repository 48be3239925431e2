"""The routes of points, spoken to over HTTP."""

import base64

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.access.model import Role
from fengtai.domain.organisations.model.areas import AreaTree
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.api import router
from fengtai.domain.points.service import PointDossiers, PointMap, PointRegister, RegisterImporter
from fengtai.storage.local_files import LocalFiles
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock

ENGINEER = acting(Role.ENGINEER, name="sun", user_id="5")
GATE = {"name": "东门", "position": {"longitude": 123.43, "latitude": 41.8}, "view_degrees": 90}


@pytest.fixture
async def console(tmp_path):
    transactions = MemoryTransactions(HandClock(), memory_stores())
    await OrganisationRegister(transactions=transactions).ensure_root("风台市", area_code="210102")
    app = FastAPI()
    add_problem_answers(app)
    register = PointRegister(transactions=transactions, areas=AreaTree({"21": "辽宁省", "210102": "和平区"}))
    dossiers = PointDossiers(transactions=transactions, files=LocalFiles(tmp_path))
    importer = RegisterImporter(transactions=transactions)
    on_map = PointMap(transactions=transactions, events=transactions)
    app.include_router(router(register, dossiers, importer, on_map, HandClock(), lambda: ENGINEER))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        client.importer = importer
        yield client


async def test_a_point_is_made_changed_listed_and_shown_on_the_map(console):
    made = (await console.post("/api/points", json=GATE)).json()
    assert (made["number"], made["code"], made["point_class"]) == (1, "21010200001320000001", 3)
    changed = await console.put(f"/api/points/{made['id']}", json=GATE | {"point_class": 1, "retention_days": 90})
    assert (changed.status_code, changed.json()["point_class"]) == (200, 1)
    assert (await console.get(f"/api/points/{made['id']}")).json() == changed.json()
    listed = (await console.get("/api/points?text=东")).json()
    assert listed == {"items": [changed.json() | {"presence": "unbound"}], "next": None}
    shown = await console.get("/api/points/map?west=123&south=41&east=124&north=42")
    assert shown.json() == [
        {
            "id": made["id"],
            "number": 1,
            "name": "东门",
            "longitude": 123.43,
            "latitude": 41.8,
            "point_class": 1,
            "view_degrees": 90,
            "view_angle_degrees": None,
            "presence": "unbound",
        }
    ]


async def test_pages_go_on_where_the_last_one_ended(console):
    for serial in range(3):
        await console.post("/api/points", json={"name": f"point {serial}"})
    first = (await console.get("/api/points?limit=2")).json()
    assert ([point["number"] for point in first["items"]], first["next"]) == ([1, 2], 2)
    rest = (await console.get(f"/api/points?limit=2&after_number={first['next']}")).json()
    assert ([point["number"] for point in rest["items"]], rest["next"]) == ([3], None)


async def test_refusals_name_the_field(console):
    high = await console.post("/api/points", json=GATE | {"position": {"longitude": 123, "latitude": 95}})
    assert (high.status_code, high.json()["field"]) == (422, "latitude")
    short = await console.post("/api/points", json=GATE | {"retention_days": 7})
    assert (short.status_code, short.json()["field"]) == (422, "retention_days")
    await console.post("/api/points", json=GATE)
    assert (await console.post("/api/points", json=GATE | {"number": 1})).status_code == 409
    assert (await console.get("/api/points/nobody")).status_code == 404


async def uploaded(console, content: bytes) -> str:
    upload = (await console.post("/api/points/uploads")).json()
    piece = {"content": base64.b64encode(content).decode()}
    sent = await console.put(f"/api/points/uploads/{upload['id']}/pieces/0", json=piece)
    assert sent.json() == {"id": upload["id"], "received_bytes": len(content)}
    return upload["id"]


async def test_a_photo_is_kept_by_its_content_and_given_back(console):
    made = (await console.post("/api/points", json=GATE)).json()
    photo = b"\x89PNG\r\n\x1a\n" + bytes(40)
    form = {"upload_id": await uploaded(console, photo), "kind": "photo", "title": '../../etc"\u202e东门'}
    refused = await console.post(f"/api/points/{made['id']}/documents", json=form)
    assert (refused.status_code, refused.json()["field"]) == (422, "title")
    kept = await console.post(f"/api/points/{made['id']}/documents", json=form | {"title": '../../etc/"东门'})
    assert (kept.status_code, kept.json()["media_type"], kept.json()["size_bytes"]) == (201, "image/png", 48)
    given = await console.get(f"/api/points/{made['id']}/documents/{kept.json()['id']}")
    assert (given.content, given.headers["content-type"]) == (photo, "image/png")
    assert given.headers["content-disposition"] == "inline; filename*=UTF-8''..%2F..%2Fetc%2F%22%E4%B8%9C%E9%97%A8.png"
    assert (await console.get(f"/api/points/other/documents/{kept.json()['id']}")).status_code == 404
    assert (await console.post(f"/api/points/{made['id']}/documents", json=form)).status_code == 404, "used up"
    removed = await console.delete(f"/api/points/{made['id']}/documents/{kept.json()['id']}?why=旧")
    assert removed.status_code == 204
    assert (await console.get(f"/api/points/{made['id']}/documents")).json() == {"items": [], "next": None}


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"MZ\x90", b"PK\x03\x04", b"GIF89a"])
async def test_what_is_neither_picture_nor_pdf_is_refused_whatever_it_is_called(console, content):
    made = (await console.post("/api/points", json=GATE)).json()
    form = {"upload_id": await uploaded(console, content), "kind": "photo", "title": "photo.png"}
    refused = await console.post(f"/api/points/{made['id']}/documents", json=form)
    assert (refused.status_code, "whatever its name says" in refused.json()["detail"]) == (422, True)


async def test_a_change_names_the_version_that_was_read_and_leaves_its_trace(console):
    made = (await console.post("/api/points", json=GATE)).json()
    changed = await console.put(
        f"/api/points/{made['id']}", json=made | {"name": "西门", "version": made["version"], "why": "改名"}
    )
    assert (changed.json()["name"], changed.json()["version"]) == ("西门", 2)
    late = await console.put(f"/api/points/{made['id']}", json=made | {"name": "北门", "version": 1})
    assert late.status_code == 409
    newest, first = (await console.get(f"/api/points/{made['id']}/history")).json()["items"]
    assert newest["changes"] == [{"field": "name", "before": "东门", "after": "西门"}]
    assert (newest["why"], newest["by"], newest["version"], first["version"]) == ("改名", "user:5", 2, 1)
    same = await console.put(f"/api/points/{made['id']}", json=changed.json())
    assert same.json()["version"] == 2, "nothing was changed, so nothing is written down"


async def test_a_position_is_told_in_wgs84_and_as_it_was_given(console):
    place = {"longitude": 116.41024449916938, "latitude": 39.91640428150164, "datum": "gcj02"}
    made = (await console.post("/api/points", json=GATE | {"position": place})).json()
    assert made["given"] == place
    assert [round(made["position"][name], 6) for name in ("longitude", "latitude")] == [116.404, 39.915]
    again = (await console.put(f"/api/points/{made['id']}", json=made | {"name": "西门"})).json()
    assert (again["given"], again["position"]) == (place, made["position"]), "sent back in WGS-84, it stays what it was"


async def test_lists_are_narrowed_and_areas_are_named(console):
    await console.post("/api/points", json=GATE | {"point_class": 1})
    await console.post("/api/points", json=GATE | {"name": "他乡", "area_code": "990101"})

    async def names(query):
        return [point["name"] for point in (await console.get(f"/api/points?{query}")).json()["items"]]

    assert await names("area=2101") == ["东门"]
    assert await names("text=和平区") == ["东门"]
    assert await names("text=风台") == ["东门", "他乡"]
    assert await names("presence=unbound") == ["东门", "他乡"]
    assert await names("presence=online") == []
    assert await names("point_class=1&complete=false&bound=false&legal_class=unsaid") == ["东门"]
    first, second = (await console.get("/api/points")).json()["items"]
    assert first["area"] == {"name": "和平区", "path": ["辽宁省", "和平区"], "status": "known", "successor": ""}
    assert (second["area"]["status"], second["missing"][0]) == ("unknown", "address")
    assert (await console.get("/api/points?area=2101x")).status_code == 422


async def test_an_import_goes_by_its_own_addresses(console, tmp_path):
    upload = await uploaded(console, "名称\n甲\n=2+2\n".encode())
    job = (await console.post("/api/points/imports", json={"upload_id": upload, "file_name": "a\r\nb.csv"})).json()
    assert (job["state"], job["file_name"]) == ("checking", "ab.csv")
    await console.importer.tick()
    job = (await console.get(f"/api/points/imports/{upload}")).json()
    assert (job["state"], job["counts"]) == ("ready", {"new": 1, "changed": 0, "unchanged": 0, "refused": 1})
    refused = (await console.get(f"/api/points/imports/{upload}/rows?verdict=refused")).json()["items"]
    assert [(row["row"], row["problems"][0]["column"]) for row in refused] == [(3, "名称")]
    table = (await console.get(f"/api/points/imports/{upload}/refused.csv")).text
    assert table.splitlines()[1].startswith("3,名称,")
    form = {"token": job["token"], "plan": "everything", "why": ""}
    assert (await console.post(f"/api/points/imports/{upload}/apply", json=form)).status_code == 409
    good = await console.post(f"/api/points/imports/{upload}/apply", json=form | {"plan": "good-rows"})
    assert (good.status_code, good.json()["state"]) == (200, "applying")
    await console.importer.tick()
    exported = await console.get("/api/points/export?language=en")
    assert exported.text.splitlines()[1].split(",")[2] == "甲"
    assert exported.headers["content-disposition"] == 'attachment; filename="points.csv"'
    assert (await console.get("/api/points/imports")).json()["items"][0]["state"] == "applied"
    assert len((await console.get("/api/points/fields")).json()["items"]) > 30


async def test_the_map_tells_a_frame_and_the_list_of_an_area(console):
    gate = (await console.post("/api/points", json=GATE)).json()
    await console.post("/api/points", json=GATE | {"name": "后院", "position": {"longitude": 123.5, "latitude": 41.9}})
    frame = "west=123&south=41&east=124&north=42"
    shown = (await console.get(f"/api/points/map/frame?{frame}&zoom=12")).json()
    assert (shown["total"], shown["unwell"], shown["clusters"], len(shown["points"])) == (2, 2, [], 2)
    area = (await console.get(f"/api/points/map/list?{frame}&corners=123.4,41.7;123.45,41.7;123.43,41.85")).json()
    assert ([each["id"] for each in area["items"]], area["total"], area["next"]) == ([gate["id"]], 1, None)
    online = (await console.get(f"/api/points/map/list?{frame}&presence=online&point_class=3")).json()
    assert (online["items"], online["total"]) == ([], 0)


@pytest.mark.parametrize(
    "question",
    ["west=1&south=0&east=0&north=1", "west=nan&south=0&east=1&north=1", "west=0&south=0&east=1&north=1&corners=1,2;x"],
)
async def test_a_frame_that_is_none_is_refused(console, question):
    assert (await console.get(f"/api/points/map/list?{question}")).status_code == 422
