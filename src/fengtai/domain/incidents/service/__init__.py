"""The desk at which incidents are worked on. One call, one unit, one audit line, its events.

Owns: the order of acts on an incident. Must not know: HTTP, SQL, where clips lie. The parts: `opening` (take or join an
alarm), `joining` (to another incident, and taking apart), `family` (what was joined), `units` (dispatch and what follows),
`closing`, `cutting` (clips, when due), `playing` (clips), `detail`; and `hand_over`, a desk of its own for the change of
shifts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from fengtai.domain.access.model import AccessPolicy, Actor, Approval, Permission
from fengtai.domain.alarms.model import AlarmState
from fengtai.domain.alarms.service import seen_alarm
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.incidents.model import (
    Call,
    CallResult,
    DispatchStep,
    Disposition,
    Incident,
    IncidentBrief,
    IncidentDetail,
)
from fengtai.domain.incidents.ports import ClipFiles, IncidentLog, IncidentStore, Matching
from fengtai.domain.incidents.rules.joining import Joining
from fengtai.domain.incidents.service import cutting, playing
from fengtai.domain.incidents.service.closing import close_incident
from fengtai.domain.incidents.service.detail import briefs_of, detail_of
from fengtai.domain.incidents.service.family import family_of, standing
from fengtai.domain.incidents.service.hand_over import HandOverDesk
from fengtai.domain.incidents.service.joining import (
    join_alarm,
    join_incident,
    joining_of_alarm,
    joining_of_incident,
    part_alarm,
    part_incident,
)
from fengtai.domain.incidents.service.opening import open_or_join, take_folded
from fengtai.domain.incidents.service.record import record, seen_incident, still_open
from fengtai.domain.incidents.service.units import send_unit, step_unit
from fengtai.domain.incidents.service.viewing import ClipView
from fengtai.domain.premises.ports import PremisesStore
from fengtai.domain.recordings.ports import Clips
from fengtai.vocabulary.errors import Invalid, NotFound
from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

__all__ = ["HandOverDesk", "IncidentDesk"]

MOST_WORDS = 4000
"""characters of a note or feedback"""
MOST_PREMISES = 500
"""that are looked for by their name when incidents are searched"""


class IncidentDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        clips: Clips,
        clip_files: ClipFiles,
        time_zone: ZoneInfo,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        """`time_zone` is the site's: the day in an incident's number is the day of the people who read it."""
        self._transactions = transactions
        self._zone = time_zone
        self._cutter = cutting.ClipCutter(transactions=transactions, clips=clips)
        self._player = playing.ClipPlayer(transactions=transactions, files=clip_files, policy=policy)

    def subscriptions(self) -> Mapping[str, Callable[[UnitOfWork, LoggedEvent], None]]:
        return {"alarms.raised": cutting.plan_clips}

    async def tick(self) -> None:
        """Cut the clip that has been due longest, if there is one."""
        await self._cutter.cut_one()

    async def open_from_alarm(self, alarm_id: str, *, with_folded: bool = False, by: Actor) -> IncidentDetail:
        """Take the alarm into a new incident, or into the open one of the same premises. Raise Conflict when somebody
        else has it already. `with_folded`: and with it the next of those that the queue folds with it."""

        def work(uow: UnitOfWork) -> IncidentDetail:
            alarm = seen_alarm(uow, alarm_id, by)
            incident = open_or_join(uow, alarm_id, by, self._zone)
            if with_folded:
                waiting = replace(alarm, state=AlarmState.RAISED, incident_id="")
                incident = take_folded(uow, incident, waiting, by)
            return detail_of(uow, incident, by)

        return await self._transactions.write(work)

    async def get(self, incident_id: str, *, by: Actor) -> IncidentDetail:
        return await self._transactions.read(lambda uow: detail_of(uow, seen_incident(uow, incident_id, by), by))

    async def page(
        self, *, only_open: bool = True, after: str = "", limit: int = 100, text: str = "", by: Actor
    ) -> Sequence[IncidentBrief]:
        """Newest first; `after` is the id of the last one seen; `text` is looked for in number, title, and name and address
        of the premises."""
        within = by.reach(Permission.INCIDENTS_SEE)

        def read(uow: UnitOfWork) -> Sequence[IncidentBrief]:
            found = uow.store(IncidentStore).page(
                only_open=only_open, after=after, limit=limit, within=within, matching=_matching(uow, text.strip(), by)
            )
            return briefs_of(uow, found, by)

        return await self._transactions.read(read)

    async def joining(self, into_id: str, *, incident_id: str = "", alarm_id: str = "", by: Actor) -> Joining:
        """What would happen if this alarm, or this whole incident, were joined to `into_id`; nothing is kept."""
        if bool(incident_id) is bool(alarm_id):
            raise Invalid("say which incident, or which alarm", field="incident_id")
        return await self._transactions.read(
            lambda uow: (
                joining_of_incident(uow, into_id, incident_id, by)
                if incident_id
                else joining_of_alarm(uow, into_id, alarm_id, by)
            )
        )

    async def join_alarm(self, into_id: str, alarm_id: str, *, by: Actor) -> IncidentDetail:
        """Take the alarm into this incident, wherever it came from."""
        return await self._transactions.write(lambda uow: detail_of(uow, join_alarm(uow, into_id, alarm_id, by), by))

    async def join_incident(
        self, into_id: str, joined_id: str, *, version: int, into_version: int, by: Actor
    ) -> IncidentDetail:
        """It goes on as a part of `into_id`, and can be taken apart until that is closed. Raise Conflict when either is not
        as it was seen."""

        def work(uow: UnitOfWork) -> IncidentDetail:
            into = join_incident(uow, into_id, joined_id, version=version, into_version=into_version, by=by)
            return detail_of(uow, into, by)

        return await self._transactions.write(work)

    async def part_incident(self, incident_id: str, *, version: int, by: Actor) -> IncidentDetail:
        """Take apart what was joined; answer the incident that stands for itself again."""
        return await self._transactions.write(
            lambda uow: detail_of(uow, part_incident(uow, incident_id, version=version, by=by), by)
        )

    async def part_alarm(self, incident_id: str, alarm_id: str, *, version: int, by: Actor) -> IncidentDetail:
        """Give one alarm of several an incident of its own; answer the new one."""

        def work(uow: UnitOfWork) -> IncidentDetail:
            own = part_alarm(uow, incident_id, alarm_id, version=version, by=by, zone=self._zone)
            return detail_of(uow, own, by)

        return await self._transactions.write(work)

    async def mark_step(self, incident_id: str, index: int, *, done: bool, by: Actor) -> IncidentDetail:
        return await self._act(incident_id, by, lambda uow, incident: _mark_step(uow, incident, index, done, by))

    async def add_note(self, incident_id: str, text: str, *, by: Actor) -> IncidentDetail:
        return await self._act(incident_id, by, lambda uow, incident: _add_note(uow, incident, text, by))

    async def add_call(
        self, incident_id: str, keyholder_id: str, result: CallResult, note: str, *, by: Actor
    ) -> IncidentDetail:
        return await self._act(
            incident_id, by, lambda uow, incident: _add_call(uow, incident, keyholder_id, result, note, by)
        )

    async def dispatch(self, incident_id: str, unit_id: str, *, by: Actor) -> IncidentDetail:
        """Send a free unit. Raise Conflict, naming who holds it, when it is not free."""
        return await self._act(incident_id, by, lambda uow, incident: send_unit(uow, incident, unit_id, by))

    async def accept(self, incident_id: str, dispatch_id: str, text: str = "", *, by: Actor) -> IncidentDetail:
        return await self._step_unit(incident_id, dispatch_id, DispatchStep.ACCEPT, text, by)

    async def arrive(self, incident_id: str, dispatch_id: str, text: str = "", *, by: Actor) -> IncidentDetail:
        return await self._step_unit(incident_id, dispatch_id, DispatchStep.ARRIVE, text, by)

    async def feedback(self, incident_id: str, dispatch_id: str, text: str, *, by: Actor) -> IncidentDetail:
        return await self._step_unit(incident_id, dispatch_id, DispatchStep.FEEDBACK, _words(text, "feedback"), by)

    async def recall(self, incident_id: str, dispatch_id: str, text: str = "", *, by: Actor) -> IncidentDetail:
        return await self._step_unit(incident_id, dispatch_id, DispatchStep.RECALL, text, by)

    async def close(
        self, incident_id: str, disposition: Disposition | None, note: str = "", *, version: int, by: Actor
    ) -> IncidentDetail:
        """End it: its alarms close with the disposition, its units are free. Raise Conflict when `version` is not the
        present one: somebody has done something that the closer has not seen."""
        return await self._act(
            incident_id, by, lambda uow, incident: close_incident(uow, incident, disposition, note, version, by)
        )

    async def view_clip(self, clip_id: str, purpose: str, reference: str, *, by: Actor) -> ClipView:
        """Say what for, and get the word with which the clip can be read for a while."""
        return await self._player.view(clip_id, purpose, reference, by=by)

    async def export_clip(
        self, clip_id: str, purpose: str, reference: str, reason: str, *, by: Actor
    ) -> ClipView | Approval:
        """The same for a file that leaves the house, or the request that waits for a second person."""
        return await self._player.export(clip_id, purpose, reference, reason, by=by)

    async def play_clip(self, clip_id: str, view: str, *, by: Actor) -> playing.Playback:
        """Audit the intent and answer what can be read; the caller must end it with `finish`."""
        return await self._player.begin(clip_id, view, by=by)

    async def _step_unit(
        self, incident_id: str, dispatch_id: str, step: DispatchStep, text: str, by: Actor
    ) -> IncidentDetail:
        """A unit that was sent to an incident which has been joined since goes on in the one that stands."""

        def work(uow: UnitOfWork) -> IncidentDetail:
            sent_to = seen_incident(uow, incident_id, by, Permission.INCIDENTS_HANDLE)
            incident = still_open(uow, standing(uow, sent_to).id, by)
            return detail_of(uow, step_unit(uow, incident, dispatch_id, step, text, by), by)

        return await self._transactions.write(work)

    async def _act(
        self, incident_id: str, by: Actor, act: Callable[[UnitOfWork, Incident], Incident]
    ) -> IncidentDetail:
        def work(uow: UnitOfWork) -> IncidentDetail:
            return detail_of(uow, act(uow, still_open(uow, incident_id, by)), by)

        return await self._transactions.write(work)


def _mark_step(uow: UnitOfWork, incident: Incident, index: int, done: bool, by: Actor) -> Incident:
    step = next((step for step in incident.steps if step.index == index), None)
    if step is None:
        raise NotFound(f"incident {incident.number} has no step {index}")
    marked = replace(step, done_at=uow.now.utc if done else None, done_by=by.name if done else "")
    steps = tuple(marked if each.index == index else each for each in incident.steps)
    uow.store(AuditLog).append(by.entry("incident.step", f"incident:{incident.id}", index=index, done=done))
    kind = "step" if done else "step-undone"
    return record(uow, replace(incident, steps=steps), step="step", kind=kind, text=step.text_zh, who=by.name)


def _add_note(uow: UnitOfWork, incident: Incident, text: str, by: Actor) -> Incident:
    note = _words(text, "text")
    uow.store(AuditLog).append(by.entry("incident.note", f"incident:{incident.id}"))
    return record(uow, incident, step="note", kind="note", text=note, who=by.name)


def _add_call(
    uow: UnitOfWork, incident: Incident, keyholder_id: str, result: CallResult, note: str, by: Actor
) -> Incident:
    premises_ids = {each.premises_id for each in family_of(uow, incident)} - {""}
    keyholders = [each for premises_id in premises_ids for each in uow.store(PremisesStore).get(premises_id).keyholders]
    keyholder = next((each for each in keyholders if each.id == keyholder_id), None)
    if keyholder is None:
        raise NotFound(f"incident {incident.number} has no keyholder {keyholder_id}")
    uow.store(IncidentLog).add_call(
        Call(
            id=uow.new_id(),
            incident_id=incident.id,
            keyholder_id=keyholder_id,
            name=keyholder.name,
            result=result,
            note=note[:MOST_WORDS],
            at=uow.now.utc,
            by=by.name,
        )
    )
    uow.store(AuditLog).append(
        by.entry("incident.call", f"incident:{incident.id}", keyholder_id=keyholder_id, result=result.value)
    )
    text = f"{keyholder.name}: {result.value}" + (f" ({note})" if note else "")
    return record(uow, incident, step="call", kind="call", text=text[:MOST_WORDS], who=by.name)


def _matching(uow: UnitOfWork, text: str, by: Actor) -> Matching | None:
    if not text:
        return None
    found = uow.store(PremisesStore).page(text=text, limit=MOST_PREMISES, within=by.reach(Permission.INCIDENTS_SEE))
    return Matching(text=text, premises_ids=frozenset(premises.id for premises in found))


def _words(text: str, field: str) -> str:
    trimmed = text.strip()
    if not trimmed or len(trimmed) > MOST_WORDS:
        raise Invalid(f"write between 1 and {MOST_WORDS} characters", field=field)
    return trimmed
