"""The four measured phases of an incident (发现早、指挥灵、出警快、处置好)."""

from datetime import datetime

from fengtai.domain.incidents.model import Incident, Phases


def phases(incident: Incident) -> Phases:
    """Each phase from the end of the one before that took place; a phase that did not is None, never zero."""
    reached = [incident.received_at, incident.opened_at]

    def seconds_to(moment: datetime | None) -> float | None:
        if moment is None:
            return None
        passed = (moment - reached[-1]).total_seconds()
        reached.append(moment)
        return round(passed, 3)

    return Phases(
        received_at=incident.received_at,
        taken_at=incident.opened_at,
        dispatched_at=incident.dispatched_at,
        arrived_at=incident.arrived_at,
        closed_at=incident.closed_at,
        take_s=round((incident.opened_at - incident.received_at).total_seconds(), 3),
        dispatch_s=seconds_to(incident.dispatched_at),
        arrive_s=seconds_to(incident.arrived_at),
        close_s=seconds_to(incident.closed_at),
    )
