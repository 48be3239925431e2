"""The four measured phases of an incident (发现早、指挥灵、出警快、处置好)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from fengtai.domain.incidents.model import Incident, Phases


def phases(incident: Incident, joined: Sequence[Incident] = ()) -> Phases:
    """Of the incident and those joined to it: the earliest of each moment, and the end of the one that stands. Each phase
    from the end of the one before that took place; a phase that did not is None, never zero."""
    family = (incident, *joined)
    received_at = min(one.received_at for one in family)
    taken_at = min(one.opened_at for one in family)
    dispatched_at = _earliest(one.dispatched_at for one in family)
    arrived_at = _earliest(one.arrived_at for one in family)
    reached = [received_at, taken_at]

    def seconds_to(moment: datetime | None) -> float | None:
        if moment is None:
            return None
        passed = (moment - reached[-1]).total_seconds()
        reached.append(moment)
        return round(passed, 3)

    return Phases(
        received_at=received_at,
        taken_at=taken_at,
        dispatched_at=dispatched_at,
        arrived_at=arrived_at,
        closed_at=incident.closed_at,
        take_s=round((taken_at - received_at).total_seconds(), 3),
        dispatch_s=seconds_to(dispatched_at),
        arrive_s=seconds_to(arrived_at),
        close_s=seconds_to(incident.closed_at),
    )


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
