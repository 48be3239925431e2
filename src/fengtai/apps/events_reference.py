"""Renders the page of events from their classes: `python -m fengtai.apps.events_reference docs/reference/events.md`.

Consoles and other folders subscribe by kind; this page is what they may rely on.
"""

import dataclasses
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

import fengtai.apps.web_api.system
import fengtai.domain
from fengtai.vocabulary.events import Event

HEAD = """# Events

Generated from the event classes; do not edit. An event is in the log in the same transaction as the change that it tells.
Consoles receive it as a server-sent event (`event: <kind>`, `data: {"at": ..., <fields>}`) when the person holds the
permission in the second column.

| kind | needs | what has happened | fields |
|---|---|---|---|
"""


def rendered() -> str:
    return HEAD + "".join(_row(event) for event in sorted(found_events(), key=lambda event: event.kind))


def found_events() -> set[type[Event]]:
    modules = [fengtai.apps.web_api.system]
    for folder in pkgutil.iter_modules(fengtai.domain.__path__):
        modules.append(importlib.import_module(f"{fengtai.domain.__name__}.{folder.name}.model"))
    return {
        thing
        for module in modules
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, Event) and thing is not Event
    }


def _row(event: type[Event]) -> str:
    story = (inspect.getdoc(event) or "").split("\n\n")[0].replace("\n", " ")
    told = story if not story.startswith(f"{event.__name__}(") else ""
    fields = ", ".join(f"`{name}`" for name in (field.name for field in dataclasses.fields(event)))
    return f"| `{event.kind}` | `{event.needs}` | {told} | {fields} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(rendered())
