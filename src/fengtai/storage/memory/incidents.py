"""Incidents and what belongs to them, kept in dicts and lists: the complete twins of `domain.incidents.store`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.incidents.model import Call, Clip, ClipState, Dispatch, Incident, IncidentState, LogLine
from fengtai.domain.incidents.ports import ClipStore, DispatchStore, IncidentLog, IncidentStore, Matching
from fengtai.vocabulary.errors import NotFound


class MemoryIncidents:
    def __init__(self) -> None:
        self.by_id: dict[str, Incident] = {}
        self.serial_of_day: dict[str, int] = {}

    def get(self, incident_id: str) -> Incident:
        try:
            return self.by_id[incident_id]
        except KeyError:
            raise NotFound(f"there is no incident {incident_id}") from None

    def of_premises(self, premises_id: str, *, since: datetime, drill: bool) -> Sequence[Incident]:
        fitting = [
            incident
            for incident in self.by_id.values()
            if incident.premises_id == premises_id
            and incident.opened_at >= since
            and incident.drill is drill
            and (incident.state is not IncidentState.CLOSED or incident.joined_to)
        ]
        return sorted(fitting, key=lambda incident: incident.id, reverse=True)[:20]

    def joined_into(self, incident_ids: Collection[str]) -> Sequence[Incident]:
        wanted = set(incident_ids) - {""}
        return [incident for _, incident in sorted(self.by_id.items()) if incident.joined_to in wanted]

    def page(
        self,
        *,
        only_open: bool,
        after: str = "",
        limit: int = 100,
        within: Reach | None = None,
        matching: Matching | None = None,
    ) -> Sequence[Incident]:
        return [
            incident
            for incident_id, incident in sorted(self.by_id.items(), reverse=True)
            if (not after or incident_id < after)
            and not (only_open and incident.state is IncidentState.CLOSED)
            and (within is None or within.covers(incident.place))
            and (matching is None or _matches(incident, matching))
        ][:limit]

    def open_count(self, within: Reach | None = None) -> int:
        return len(self.page(only_open=True, limit=len(self.by_id), within=within))

    def next_serial(self, day: str) -> int:
        self.serial_of_day[day] = self.serial_of_day.get(day, 0) + 1
        return self.serial_of_day[day]

    def save(self, incident: Incident) -> None:
        self.by_id[incident.id] = incident


def _matches(incident: Incident, wanted: Matching) -> bool:
    in_words = wanted.text in incident.number or wanted.text.lower() in incident.title.lower()
    return in_words or incident.premises_id in wanted.premises_ids


class MemoryDispatches:
    def __init__(self) -> None:
        self.by_id: dict[str, Dispatch] = {}

    def get(self, dispatch_id: str) -> Dispatch:
        try:
            return self.by_id[dispatch_id]
        except KeyError:
            raise NotFound(f"there is no dispatch {dispatch_id}") from None

    def of_incident(self, incident_id: str) -> Sequence[Dispatch]:
        found = [dispatch for dispatch in self.by_id.values() if dispatch.incident_id == incident_id]
        return sorted(found, key=lambda dispatch: (dispatch.dispatched_at, dispatch.id))

    def save(self, dispatch: Dispatch) -> None:
        self.by_id[dispatch.id] = dispatch


class MemoryIncidentLog:
    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.calls: list[Call] = []

    def append(self, incident_id: str, *, at: datetime, who: str, kind: str, text: str) -> LogLine:
        number = len(self.of_incident(incident_id)) + 1
        line = LogLine(incident_id=incident_id, line=number, at=at, who=who, kind=kind, text=text)
        self.lines.append(line)
        return line

    def of_incident(self, incident_id: str) -> Sequence[LogLine]:
        return [line for line in self.lines if line.incident_id == incident_id]

    def add_call(self, call: Call) -> None:
        self.calls.append(call)

    def calls_of_incident(self, incident_id: str) -> Sequence[Call]:
        found = [call for call in self.calls if call.incident_id == incident_id]
        return sorted(found, key=lambda call: (call.at, call.id))


class MemoryClips:
    def __init__(self) -> None:
        self.by_id: dict[str, Clip] = {}

    def get(self, clip_id: str) -> Clip:
        try:
            return self.by_id[clip_id]
        except KeyError:
            raise NotFound(f"there is no clip {clip_id}") from None

    def of_alarm(self, alarm_id: str) -> Sequence[Clip]:
        return self._sorted([clip for clip in self.by_id.values() if clip.alarm_id == alarm_id])

    def of_incident(self, incident_id: str) -> Sequence[Clip]:
        return self._sorted([clip for clip in self.by_id.values() if clip.incident_id == incident_id])

    def due(self, now: datetime) -> Clip | None:
        waiting = [clip for clip in self.by_id.values() if clip.state is ClipState.WAITING and clip.due_at <= now]
        return min(waiting, key=lambda clip: (clip.due_at, clip.id), default=None)

    def save(self, clip: Clip) -> None:
        self.by_id[clip.id] = clip

    @staticmethod
    def _sorted(clips: list[Clip]) -> list[Clip]:
        return sorted(clips, key=lambda clip: (clip.from_at, clip.id))


STORES: Mapping[type[Any], type[Any]] = {
    IncidentStore: MemoryIncidents,
    DispatchStore: MemoryDispatches,
    IncidentLog: MemoryIncidentLog,
    ClipStore: MemoryClips,
}
