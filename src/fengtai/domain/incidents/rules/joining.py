"""Joining (并警): when two incidents are one, what the standing one becomes, and what it becomes when they are parted.

What was joined keeps all that is its own (alarms, dispatches, calls, clips, log); the standing incident shows it and acts
on it. So parting is nothing but forgetting the link, and judging anew by what is left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fengtai.domain.alarms.model import Alarm
from fengtai.domain.incidents.model import Dispatch, DispatchState, Incident, IncidentState, Step
from fengtai.vocabulary.errors import Conflict

_REFUSALS: Sequence[tuple[Callable[[Incident, Incident], bool], str]] = (
    (lambda joined, into: joined.id == into.id, "an incident cannot be joined to itself"),
    (lambda joined, into: joined.state is IncidentState.CLOSED, "incident {joined} is closed"),
    (lambda joined, into: into.state is IncidentState.CLOSED, "incident {into} is closed"),
    (lambda joined, into: joined.drill and not into.drill, "{joined} is a drill, {into} is not"),
    (lambda joined, into: into.drill and not joined.drill, "{into} is a drill, {joined} is not"),
)
"""The first row that holds is why not."""

_FURTHEST: Sequence[tuple[DispatchState, IncidentState]] = (
    (DispatchState.ARRIVED, IncidentState.ARRIVED),
    (DispatchState.ACCEPTED, IncidentState.ACCEPTED),
    (DispatchState.DISPATCHED, IncidentState.DISPATCHED),
    (DispatchState.FINISHED, IncidentState.HANDLED),
)
"""The first row of which there is a dispatch is the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What joining would do: told before it is done, and then done."""

    before: Incident
    after: Incident
    """the standing incident, not yet kept"""
    joined: Incident | None
    """None: an alarm that nobody has taken"""
    alarms: Sequence[Alarm]
    """those that come"""
    dispatches: Sequence[Dispatch]
    """those that come and are not over"""
    calls: int
    clips: int
    refusal: str = ""

    @property
    def new_steps(self) -> Sequence[Step]:
        return self.after.steps[len(self.before.steps) :]


def refusal(joined: Incident, into: Incident) -> str:
    words = next((words for holds, words in _REFUSALS if holds(joined, into)), "")
    return words.format(joined=joined.number, into=into.number)


def alarm_refusal(alarm: Alarm, into: Incident) -> str:
    """A real alarm never joins a drill, nor a drill a real incident."""
    if alarm.drill is not into.drill:
        return f"the alarm is {_drill(alarm.drill)}, {into.number} is {_drill(into.drill)}"
    return f"incident {into.number} is closed" if into.state is IncidentState.CLOSED else ""


def _drill(is_drill: bool) -> str:
    return "a drill" if is_drill else "real"


def must_join(reason: str) -> None:
    if reason:
        raise Conflict(f"they cannot be joined: {reason}")


def state_by(dispatches: Sequence[Dispatch]) -> IncidentState:
    """How far the units are that were sent."""
    states = {dispatch.state for dispatch in dispatches}
    return next((state for reached, state in _FURTHEST if reached in states), IncidentState.TAKEN)


def led_by(incident: Incident, alarms: Sequence[Alarm]) -> Incident:
    """Named after the most urgent alarm; of equals, the one that it is named after already, then the oldest."""
    lead = min(alarms, key=lambda alarm: (alarm.priority, alarm.title != incident.title, alarm.raised_at, alarm.id))
    return replace(incident, priority=lead.priority, category=lead.category, title=lead.title)
