"""Events: what has happened, told to whoever subscribes. The log (storage) keeps them in one order, by `seq`.

An event class stands in the publishing folder's `model.py`, is named in the past tense, and has a stable `kind`
("alarms.raised"). A higher folder imports the class; a neighbour subscribes by kind and reads the documented fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. Fields are JSON values only (str, int, float, bool, None, lists and dicts of those)."""

    kind: ClassVar[str]
    needs: ClassVar[str] = "system.see"
    """The permission that a person must hold to be told of it (`access.model.Permission` value)."""

    def payload(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _field_names(type(self))}


_names_by_class: dict[type[Event], tuple[str, ...]] = {}
"""kept, because a storm of registrations writes hundreds of thousands of events"""


def _field_names(event: type[Event]) -> tuple[str, ...]:
    names = _names_by_class.get(event)
    if names is None:
        names = _names_by_class[event] = tuple(field.name for field in fields(event))
    return names


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log tells it: its place in the one order, when, what, and by which permission it is seen."""

    seq: int
    at_ms: int
    kind: str
    needs: str
    payload: Mapping[str, Any]


class EventReader(Protocol):
    """Reads the log at a cursor of the reader's own. `storage` implements it."""

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        """Events with a higher `seq`, in order."""

    async def newest(self) -> int:
        """The highest `seq`; 0 when nothing has happened yet."""

    async def changed(self, seq: int, *, seconds: float) -> bool:
        """Wait until there is an event after `seq` (true) or the seconds have passed (false)."""
