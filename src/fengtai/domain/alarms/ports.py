"""What alarms need from outside."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.access.model import Reach
from fengtai.domain.alarms.model import (
    Alarm,
    AlarmStep,
    Backlog,
    Heard,
    JournalledSignal,
    OnTest,
    OpenCounts,
    QueueEntry,
    Signal,
    TelephoneCall,
    TriageLane,
    ZoneActivity,
)
from fengtai.vocabulary.errors import Unavailable

Told = Callable[[Unavailable | None], None]
"""told None: it is durable; told an error: it is not, and may not be acknowledged"""


class SignalJournal(Protocol):
    """Signals in the order in which they came, with their raw bytes, for ever. The hot path of the product: written by
    hand per engine (`storage.sqlite`, `storage.postgres`, `storage.memory`), outside the units of work.
    See docs/design/signal-journal.md."""

    async def append(self, signal: Signal, lane: TriageLane = TriageLane.URGENT) -> JournalledSignal:
        """Return when the signal is durable; only then may it be acknowledged. Raise Unavailable when it cannot be."""

    def submit(self, signals: Sequence[tuple[Signal, TriageLane]], told: Told) -> None:
        """The same without a task and a future for each: `told` is called on this loop, later, once, when all of them
        are durable or when they cannot be. Raise Unavailable when they are refused at once; then nobody is told."""

    async def after(self, seq: int, *, limit: int = 500, lane: TriageLane | None = None) -> Sequence[JournalledSignal]:
        """In the order of arrival; with `lane`, of that lane only."""

    async def newest(self) -> int:
        """The highest `seq`; 0 in an empty journal."""

    async def backlog(self, seq: int, lane: TriageLane) -> Backlog:
        """What this lane holds beyond `seq`; counts to 100,000."""

    async def get(self, seq: int) -> JournalledSignal:
        """Raise NotFound if there is none."""


Condition = tuple[str, str, str | None]
"""account number, code, zone (None: any zone)"""


class AlarmStore(Protocol):
    """Alarms, their history and the signals that belong to them."""

    def get(self, alarm_id: str) -> Alarm:
        """Raise NotFound if there is none."""

    def add(self, alarms: Sequence[Alarm]) -> None: ...

    def save(self, alarm: Alarm) -> None:
        """Raise Conflict when the stored version is not the one before this alarm's."""

    def open_of(self, conditions: Collection[Condition]) -> Sequence[Alarm]:
        """Alarms of these conditions that are raised, taken or shelved, oldest first."""

    def open_since(self, accounts: Collection[str], *, since: datetime) -> Sequence[Alarm]:
        """Alarms of these account numbers, raised since then, that are raised, taken or shelved; oldest first."""

    def by_dedup_keys(self, keys: Collection[str], *, since: datetime) -> Sequence[Alarm]:
        """Alarms raised since then whose first signal had one of these keys."""

    def open_page(self, *, after: str = "", limit: int = 200, within: Reach | None = None) -> Sequence[Alarm]:
        """Raised, taken or shelved; by priority, then oldest first; `after` is the id of the last one seen. `within`: of
        places in reach."""

    def queue_page(
        self, *, after: str = "", limit: int = 200, within: Reach | None = None, text: str = ""
    ) -> Sequence[QueueEntry]:
        """As `open_page`, with the alarms of one panel folded into the oldest of them where they are many. `text` is looked
        for in premises, account, name of the zone, code and words."""

    def open_counts(self, within: Reach | None = None) -> OpenCounts: ...

    def folded_with(
        self, alarm: Alarm, *, after: str = "", limit: int = 200, within: Reach | None = None
    ) -> Sequence[Alarm]:
        """Those that the queue folds with this one, and itself; oldest first."""

    def by_ids(self, alarm_ids: Sequence[str]) -> Sequence[Alarm]:
        """In this order; those that are not there are left out."""

    def newest_page(self, *, after: str = "", limit: int = 200, within: Reach | None = None) -> Sequence[Alarm]:
        """All, newest first; `after` is the id of the last one seen."""

    def to_escalate(self, at: datetime, *, limit: int = 200) -> Sequence[Alarm]:
        """Raised alarms whose `escalate_at` has come."""

    def to_unshelve(self, at: datetime, *, limit: int = 200) -> Sequence[Alarm]: ...

    def log(self, steps: Iterable[AlarmStep]) -> None: ...

    def history(self, alarm_id: str) -> Sequence[AlarmStep]: ...

    def link(self, links: Iterable[tuple[str, int]]) -> None:
        """(alarm id, signal seq); linking twice is once."""

    def signals_of(self, alarm_id: str, *, limit: int = 200) -> Sequence[int]:
        """Places in the journal, oldest first."""

    def of_signals(self, seqs: Collection[int]) -> Mapping[int, str]:
        """Place in the journal → id of the alarm that the signal belongs to, as far as there is one."""

    def signals_within(self, within: Reach, *, before: int = 0, limit: int = 100) -> Sequence[int]:
        """Places in the journal of the signals of all alarms within reach, newest first; below `before` if it is given."""


class TriageStore(Protocol):
    """How far triage has read each lane of the journal, and what it remembers of zones; moved in the unit that handles
    the signals."""

    def cursor(self, lane: TriageLane) -> int: ...

    def move(self, lane: TriageLane, seq: int) -> None: ...

    def activity_of(self, zones: Collection[tuple[str, str]]) -> Sequence[ZoneActivity]:
        """Of these (account, zone), as far as there is any."""

    def end_periods(self, accounts: Collection[str]) -> None:
        """A new armed period of these accounts begins: all their zones count from nought."""

    def save_activity(self, rows: Iterable[ZoneActivity]) -> None: ...


class OnTestStore(Protocol):
    def add(self, row: OnTest) -> None: ...

    def get(self, on_test_id: str) -> OnTest:
        """Raise NotFound if there is none."""

    def remove(self, on_test_id: str) -> None: ...

    def all(self) -> Sequence[OnTest]:
        """By the moment at which they end."""


class SupervisionStore(Protocol):
    def all(self) -> Sequence[Heard]: ...

    def get(self, account_id: str) -> Heard | None: ...

    def save(self, rows: Iterable[Heard]) -> None: ...


class CallStore(Protocol):
    """Calls that were taken down by hand."""

    def get(self, call_id: str) -> TelephoneCall:
        """Raise NotFound if there is none."""

    def save(self, call: TelephoneCall) -> None: ...

    def page(self, *, after: str = "", limit: int = 50, within: Reach | None = None) -> Sequence[TelephoneCall]:
        """Newest first; `after` is the id of the last one seen. `within`: of places in reach."""

    def of_number(self, caller_number: str, *, since: datetime, limit: int = 20) -> Sequence[TelephoneCall]:
        """Calls from this number since then, newest first."""

    def without_signal(self, *, limit: int = 50) -> Sequence[TelephoneCall]:
        """Those whose signal is not in the journal yet, oldest first."""
