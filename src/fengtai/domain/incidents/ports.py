"""What incidents need from outside."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fengtai.domain.access.model import Reach
from fengtai.domain.incidents.model import Call, Clip, Dispatch, HandOver, Incident, LogLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What a list is narrowed to: words in number or title, or one of these premises."""

    text: str
    premises_ids: frozenset[str] = frozenset()


class IncidentStore(Protocol):
    def get(self, incident_id: str) -> Incident:
        """Raise NotFound if there is none."""

    def of_premises(self, premises_id: str, *, since: datetime, drill: bool) -> Sequence[Incident]:
        """The newest few incidents of these premises that were opened at `since` or later and are not closed, or were
        joined to another; newest first."""

    def page(
        self,
        *,
        only_open: bool,
        after: str = "",
        limit: int = 100,
        within: Reach | None = None,
        matching: Matching | None = None,
    ) -> Sequence[Incident]:
        """Newest first. `after` is the id of the last one seen. `within`: of places in reach."""

    def joined_into(self, incident_ids: Collection[str]) -> Sequence[Incident]:
        """Those that were joined to one of these and have not been taken apart, oldest first."""

    def open_count(self, within: Reach | None = None) -> int: ...

    def next_serial(self, day: str) -> int:
        """Counts from 1 within the day (YYYYMMDD); two callers never get the same."""

    def save(self, incident: Incident) -> None: ...


class DispatchStore(Protocol):
    def get(self, dispatch_id: str) -> Dispatch:
        """Raise NotFound if there is none."""

    def of_incident(self, incident_id: str) -> Sequence[Dispatch]:
        """Oldest first."""

    def save(self, dispatch: Dispatch) -> None: ...


class IncidentLog(Protocol):
    """Lines and calls of an incident; never changed."""

    def append(self, incident_id: str, *, at: datetime, who: str, kind: str, text: str) -> LogLine:
        """Give it the next line number of its incident."""

    def of_incident(self, incident_id: str) -> Sequence[LogLine]: ...

    def add_call(self, call: Call) -> None: ...

    def calls_of_incident(self, incident_id: str) -> Sequence[Call]:
        """Oldest first."""


class ClipStore(Protocol):
    def get(self, clip_id: str) -> Clip:
        """Raise NotFound if there is none."""

    def of_alarm(self, alarm_id: str) -> Sequence[Clip]: ...

    def of_incident(self, incident_id: str) -> Sequence[Clip]: ...

    def due(self, now: datetime) -> Clip | None:
        """The waiting clip that has been due longest."""

    def save(self, clip: Clip) -> None: ...


class HandOverStore(Protocol):
    def get(self, hand_over_id: str) -> HandOver:
        """Raise NotFound if there is none."""

    def save(self, hand_over: HandOver) -> None: ...

    def page(self, *, after: str = "", limit: int = 50, within: Reach | None = None) -> Sequence[HandOver]:
        """Newest first; `after` is the id of the last one seen. `within`: of places in reach."""

    def waiting_of(self, post: str, *, organisation_id: str) -> HandOver | None:
        """The one of this organisation's post that nobody has accepted yet."""


class ClipFiles(Protocol):
    """Reads the bytes of clips; the wiring implements it over wherever recordings put them."""

    async def size_bytes(self, file_key: str) -> int:
        """Raise Unavailable when the file cannot be read."""

    def read(self, file_key: str, first: int, last: int) -> AsyncIterator[bytes]:
        """Bytes `first` to `last`, both included, in pieces."""
