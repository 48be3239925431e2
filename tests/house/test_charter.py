"""What Fengtai never does is data that the loader of plug-ins obeys, that anybody may ask for, and that the code keeps."""

import re
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from fengtai.apps.settings import found_gateways
from fengtai.apps.web_api.charter import ALLOWED, CHARTER, CharterForbids, charter_routes, check_plugin

ROOT = Path(__file__).parents[2]
RECOGNISES_PEOPLE = re.compile(
    r"FaceRecognizerSF|face_recognition|deepface|insightface|facenet|arcface|dlib|torchreid|openalpr|hyperlpr|easyocr"
)


def plugin(**says):
    return SimpleNamespace(__name__="somebody.elses.plugin", **says)


@pytest.mark.parametrize("clause", CHARTER, ids=lambda clause: clause.id)
def test_a_plugin_that_can_do_the_forbidden_is_refused_with_the_clause(clause):
    with pytest.raises(CharterForbids, match=f"clause {clause.id}: "):
        check_plugin("eyes", plugin(CAPABILITIES=("live-media", clause.capability)))


def test_a_new_name_for_an_old_thing_does_not_pass():
    with pytest.raises(CharterForbids, match="none of the words"):
        check_plugin("eyes", plugin(CAPABILITIES=("faces",)))


def test_a_plugin_from_elsewhere_must_say_what_it_can_do():
    with pytest.raises(CharterForbids, match="does not say"):
        check_plugin("mute", plugin())
    check_plugin("honest", plugin(CAPABILITIES=()))
    check_plugin("honest", plugin(CAPABILITIES=tuple(ALLOWED)))


@pytest.mark.parametrize("gateway", found_gateways(), ids=lambda gateway: gateway.name)
def test_our_own_gateways_keep_the_charter(gateway):
    check_plugin(gateway.name, gateway.module)


def test_no_word_is_both_allowed_and_forbidden():
    assert not ALLOWED & {clause.capability for clause in CHARTER}


async def test_anybody_may_ask_for_it():
    app = FastAPI()
    app.include_router(charter_routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        told = (await client.get("/api/charter")).json()
    assert [clause["id"] for clause in told["never"]] == [clause.id for clause in CHARTER]
    assert all(clause["zh"] and clause["en"] for clause in told["never"])


def test_nothing_that_recognises_people_or_plates_is_used():
    used = [*(ROOT / "src").rglob("*.py"), ROOT / "pyproject.toml"]
    assert [str(path) for path in used if RECOGNISES_PEOPLE.search(path.read_text(encoding="utf-8"))] == []
