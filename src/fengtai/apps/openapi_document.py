"""Writes the OpenAPI document of all routes: `python -m fengtai.apps.openapi_document > web/src/api/generated/openapi.json`.

The console's types are generated from it. Routes are described without running anything: a router only holds its
services until it is called, so each gets a stand-in that nobody can call.
"""

import inspect
import json
import sys
import typing
from typing import Any, cast

from fengtai.apps.clocks import SystemClock
from fengtai.apps.web_api.app import create_app
from fengtai.apps.web_api.discovery import discovered_routers, found_router_makers
from fengtai.apps.web_api.gate import who
from fengtai.apps.web_api.system import SystemBoard
from fengtai.domain.access.service import AccessDesk
from fengtai.vocabulary.events import EventReader

VERSION_LEFT_OUT = "0"
"""a release must not make every generated file stale"""


def document() -> dict[str, Any]:
    """The same document that a running platform answers at /openapi.json, but for its version."""
    board = SystemBoard(clock=SystemClock(), version=VERSION_LEFT_OUT, site="", time_zone="UTC")
    app = create_app(
        discovered_routers(_stand_ins(), who),
        access=cast(AccessDesk, object()),
        events=cast(EventReader, object()),
        board=board,
    )
    return app.openapi()


def rendered() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _stand_ins() -> dict[type, object]:
    wanted: dict[type, object] = {}
    for maker in found_router_makers():
        hints = typing.get_type_hints(maker)
        wanted |= {hints[name]: object() for name in inspect.signature(maker).parameters if name != "who"}
    return wanted


if __name__ == "__main__":
    sys.stdout.write(rendered())
