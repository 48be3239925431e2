"""The console's types are made from the platform's own routes, and are fresh."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from fengtai.apps.openapi_document import rendered

WEB = Path(__file__).parents[2] / "web"
GENERATED = WEB / "src/api/generated"
GENERATOR = WEB / "node_modules/.bin/openapi-typescript"
AGAIN = "python -m fengtai.apps.openapi_document > web/src/api/generated/openapi.json; cd web; npm run api"


def test_the_committed_description_is_what_the_routes_say():
    assert json.loads((GENERATED / "openapi.json").read_text()) == json.loads(rendered()), AGAIN


@pytest.mark.skipif(not GENERATOR.exists(), reason="the console's packages are not installed: make setup")
def test_the_types_are_made_from_that_description(tmp_path):
    made = tmp_path / "schema.ts"
    subprocess.run([GENERATOR, GENERATED / "openapi.json", "--output", made], check=True, capture_output=True)
    assert made.read_text() == (GENERATED / "schema.ts").read_text(), AGAIN


def test_no_room_of_the_console_types_by_hand_what_is_generated():
    loose = [
        path.name
        for path in WEB.joinpath("src").rglob("*.ts")
        if re.search(r": any\b", path.read_text()) and path.parent != GENERATED
    ]
    assert loose == []
