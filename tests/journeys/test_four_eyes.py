"""Four eyes on a running server: an administrator asks, may not agree, and neither may whose password they have just set."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.one_server import PASSWORDS, OneServer, one_server

pytestmark = pytest.mark.journey

ADMINISTRATOR = {"role": "administrator", "reason": "replaces Wei"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OneServer]:
    with one_server(tmp_path / "data") as server:
        yield server


def test_nobody_names_another_administrator_alone(server: OneServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(PASSWORDS, "second", "nine paper lanterns")
    second = {"name": "second", "password": PASSWORDS["second"], "roles": ["administrator"]}
    with server.client(headers=server.headers("administrator")) as one:
        added = one.post("/api/people", json=second).json()
        assert added["roles"] == ["administrator"], "there was nobody who could agree"
        zhao = next(person for person in one.get("/api/people").json()["items"] if person["name"] == "zhao")
        grants = f"/api/people/{zhao['id']}/grants"
        asked = one.post(grants, json=ADMINISTRATOR)
        assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
        decision = f"/api/approvals/{asked.json()['id']}/decision"
        assert one.post(decision, json={"agrees": True}).status_code == 403
        assert one.post(grants, json=ADMINISTRATOR).json()["id"] == asked.json()["id"]
    with server.client(headers=server.headers("second")) as other:
        (waiting,) = other.get("/api/approvals", params={"waiting": True}).json()["items"]
        assert (waiting["asked_by_name"], waiting["title"]) == ("administrator", "administrator: 赵")
        not_yet = other.post(decision, json={"agrees": True})
        assert (not_yet.status_code, "third person" in not_yet.json()["detail"]) == (403, True)
    with server.client(headers=server.headers("zhao")) as zhao_client:
        assert zhao_client.get(f"/api/approvals/{asked.json()['id']}").status_code == 200, (
            "a chief may decide elsewhere"
        )
        assert zhao_client.post(decision, json={"agrees": True}).status_code == 403
    with server.client(headers=server.headers("administrator")) as one:
        withdrawn = one.post(f"/api/approvals/{asked.json()['id']}/withdraw").json()
        assert withdrawn["state"] == "withdrawn"
        roles = next(person for person in one.get("/api/people").json()["items"] if person["name"] == "zhao")["roles"]
        assert "administrator" not in roles


def test_a_district_administrator_rules_the_district_over_the_wire(server: OneServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(PASSWORDS, "bao", "eight paper lanterns")
    with server.client(headers=server.headers("administrator")) as city:
        root = city.get("/api/organisations").json()["items"][0]["id"]
        district = {"name": "东区", "level": "district", "parent_id": root, "area_code": "310115"}
        made = city.post("/api/organisations", json=district)
        assert made.status_code == 201, made.text
        east = made.json()["id"]
        bao = {"name": "bao", "password": PASSWORDS["bao"], "roles": ["administrator"], "organisation_id": east}
        assert city.post("/api/people", json=bao).status_code == 201
    with server.client(headers=server.headers("bao")) as bao_client:
        assert [one["name"] for one in bao_client.get("/api/people").json()["items"]] == ["bao"]
        dong = {"name": "dong", "password": "six paper lanterns", "roles": ["operator"]}
        assert bao_client.post("/api/people", json={**dong, "organisation_id": east}).status_code == 201
        assert bao_client.post("/api/people", json={**dong, "organisation_id": root}).status_code == 404
        assert bao_client.post("/api/people", json=dong).status_code == 403
        seen = bao_client.get("/api/people").json()["items"]
        assert [(one["name"], one["roles"]) for one in seen] == [("bao", ["administrator"]), ("dong", ["operator"])]
        assert [one["name"] for one in bao_client.get("/api/sessions").json()["items"]] == ["bao"]
