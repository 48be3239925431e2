"""Triage as data: which signal becomes which alarm, and why; and the life cycle of an alarm.

Two rules of this file: a decision is a row (add one, never an `if`), and the first row that fits wins. The id, version
and words of the row are kept with the alarm (`Alarm.reason`), so that anyone can ask why. Nothing here reads or writes.
Figures: ISA-18.2 thinking; EN 50518 first-action times; docs/design/signal-journal.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from fengtai.domain.alarms.model import AlarmState, CallWords, Qualifier, SourceState, Step, TriageLane
from fengtai.domain.premises.model import PanelAccount
from fengtai.vocabulary.errors import Conflict, Invalid

REPEAT_SECONDS = 300
"""a message with the same dedup key within this time is the same message (3 attempts of 20 s by several paths)"""
OTHER_PATH_SECONDS = 60
ABORT_WINDOW_SECONDS = 30
SWINGER_ALARMS = 3
"""more alarms than this of one zone in one armed period are a swinger"""
ARMED_PERIOD_SECONDS = 24 * 3600
"""an armed period that nobody ends is over after this time"""
SHELVE_MINUTES_AT_MOST = 8 * 60
ON_TEST_MINUTES_AT_MOST = 7 * 24 * 60
LIFE_SAFETY = frozenset({"fire", "hold-up", "medical"})
AUTO_CLEARS = frozenset({"technical", "trouble", "path-lost"})

PRIORITY_OF_CATEGORY = {
    "fire": 1,
    "hold-up": 2,
    "medical": 3,
    "burglary": 4,
    "technical": 5,
    "path-lost": 5,
    "unmapped": 5,
    "trouble": 6,
    "open-close": 8,
    "test": 9,
}
PRIORITY_OF_KIND = {"battery": 7, "tamper": 7, "bypass": 7}
"""of a trouble"""


FLOOD_SIGNALS = 10
"""a unit of triage that handled fewer than this is no sign of a flood"""
FLOOD_REST = 9
"""while there is a flood, triage of the ordinary lane rests so many times as long as its unit took: a share of 10 %"""


def lane_of(category: str, *, known: bool, is_restore: bool = False) -> TriageLane:
    """Life safety does not queue behind the rest; nor does what nobody can tell: it may be life safety. A restore asks
    for nobody, and must not overtake what it restores: "fire trouble restored" (FJ) ends a trouble of the ordinary lane."""
    if is_restore and known:
        return TriageLane.ORDINARY
    if known and category in PRIORITY_OF_CATEGORY and category not in LIFE_SAFETY and category != "unmapped":
        return TriageLane.ORDINARY
    return TriageLane.URGENT


def is_flood(*, handled: int, arrived: int, times: int) -> bool:
    """Whether signals pour in faster than triage can judge them when it takes turns with acknowledging: `arrived` came
    while triage rested so many times as long as it had needed for `handled`."""
    return handled >= FLOOD_SIGNALS and arrived * 2 > handled * times


class Decision(Enum):
    COUNT = "count"
    """one more of an alarm that stands: no second one"""
    CLEAR = "clear"
    """the condition has ended, and with it the alarm"""
    NOTE_RESTORE = "note-restore"
    """the condition has ended; a person still decides"""
    LOWER = "lower"
    """the alarms of this account in the abort window become priority 8"""
    RECORD = "record"
    """kept in the journal; no alarm"""
    RAISE = "raise"
    SUPPRESS = "suppress"
    """an alarm that is listed and asks nobody"""
    LOG = "log"
    """an alarm that is closed at once: listed, asks nobody"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a signal when the rules are asked. `flags` are named in the rows below."""

    category: str
    kind: str
    qualifier: Qualifier
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row. An empty set fits everything."""

    id: str
    words: str
    decision: Decision
    version: int = 1
    categories: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    qualifiers: frozenset[Qualifier] = frozenset()
    requires: frozenset[str] = frozenset()
    forbids: frozenset[str] = frozenset()
    category: str = ""
    """category of the alarm, when not the signal's own"""
    priority: int | None = None
    """None: by the ladder"""

    @property
    def reason(self) -> str:
        return f"{self.id} v{self.version}: {self.words}"

    def fits(self, facts: Facts) -> bool:
        return (
            (not self.categories or facts.category in self.categories)
            and (not self.kinds or facts.kind in self.kinds)
            and (not self.qualifiers or facts.qualifier in self.qualifiers)
            and self.requires <= facts.flags
            and not self.forbids & facts.flags
        )


def _of(*words: str) -> frozenset[str]:
    return frozenset(words)


_RESTORE = frozenset({Qualifier.RESTORE})
_STATUS = frozenset({Qualifier.STATUS})

RULES: tuple[Rule, ...] = (
    # Repeats first: what was decided once is not decided again.
    Rule(
        id="R09",
        words="another call about the same alarm, as the call-taker says",
        decision=Decision.COUNT,
        requires=_of("told-same"),
    ),
    Rule(id="R10", words="repeat of a message already received", decision=Decision.COUNT, requires=_of("repeat")),
    Rule(id="R11", words="same event by another path", decision=Decision.COUNT, requires=_of("other-path")),
    Rule(id="R12", words="still present", decision=Decision.COUNT, requires=_of("stands"), qualifiers=_STATUS),
    Rule(
        id="R13",
        words="same unmapped signal again",
        decision=Decision.COUNT,
        requires=_of("unmapped", "unmapped-stands"),
    ),
    Rule(
        id="R14",
        words="path still lost",
        decision=Decision.COUNT,
        categories=_of("path-lost"),
        qualifiers=frozenset({Qualifier.NEW}),
        requires=_of("stands"),
    ),
    Rule(
        id="R15",
        words="the same condition again while its alarm stands",
        decision=Decision.COUNT,
        categories=_of("fire", "hold-up", "medical", "technical", "trouble", "open-close"),
        qualifiers=frozenset({Qualifier.NEW}),
        requires=_of("stands-unrestored"),
    ),
    # Restores: a fire or a hold-up never clears itself.
    Rule(
        id="R20",
        words="technical condition ended by itself",
        decision=Decision.CLEAR,
        qualifiers=_RESTORE,
        requires=_of("clears"),
    ),
    Rule(
        id="R21",
        words="condition ended; a person decides",
        decision=Decision.NOTE_RESTORE,
        qualifiers=_RESTORE,
        requires=_of("stands"),
    ),
    Rule(id="R22", words="restore without an alarm", decision=Decision.RECORD, qualifiers=_RESTORE),
    # Unknown accounts and codes are never dropped.
    Rule(
        id="R30",
        words="life-safety signal that is not mapped",
        decision=Decision.RAISE,
        categories=LIFE_SAFETY,
        kinds=_of("alarm", "verified"),
        requires=_of("unmapped"),
        category="unmapped",
    ),
    Rule(
        id="R31",
        words="account or code is not known",
        decision=Decision.RAISE,
        requires=_of("unmapped"),
        category="unmapped",
        priority=5,
    ),
    # The daily life of panels.
    Rule(
        id="R40",
        words="cancelled within 30 s of the alarm",
        decision=Decision.LOWER,
        kinds=_of("cancel", "open"),
        requires=_of("in-abort-window"),
    ),
    Rule(id="R41", words="opening or closing", decision=Decision.RECORD, kinds=_of("open", "close")),
    Rule(id="R42", words="test report", decision=Decision.RECORD, kinds=_of("test")),
    Rule(
        id="R43",
        words="status that asks for nothing",
        decision=Decision.RECORD,
        kinds=_of("status", "cancel", "access", "unbypass", "restore"),
    ),
    # On test: what may kill still asks a person.
    Rule(
        id="R50",
        words="on test, but life safety: ask a person",
        decision=Decision.RAISE,
        categories=LIFE_SAFETY,
        requires=_of("on-test"),
    ),
    Rule(id="R51", words="on test", decision=Decision.SUPPRESS, requires=_of("on-test")),
    Rule(
        id="R60",
        words="swinger: more than three alarms of this zone in one armed period",
        decision=Decision.SUPPRESS,
        categories=_of("burglary"),
        requires=_of("swinger"),
    ),
    Rule(
        id="R70",
        words="low-priority technical signal: logged",
        decision=Decision.LOG,
        categories=_of("trouble"),
        kinds=_of("battery", "tamper", "bypass"),
    ),
    Rule(
        id="R80",
        words="opening or closing out of order",
        decision=Decision.RAISE,
        kinds=_of("exception"),
        category="open-close",
        priority=8,
    ),
    Rule(id="R90", words="by the priority ladder", decision=Decision.RAISE),
)


CALL_CATEGORIES = frozenset({"fire", "hold-up", "medical", "burglary", "technical", "trouble"})
CALL_REPEAT_SECONDS = 4 * 3600
"""calls about open alarms older than this are not offered as repeats"""
CALL_COMPARED_ALARMS = 2000
CALL_SAME_PLACE_M = 150
CALL_NEAREST_WITHIN_M = 500
CALL_DELIVERY_SECONDS = 10
MOST_CALL_WORDS = 4000


def checked_call(words: CallWords) -> CallWords:
    """The words without blanks around them. Raise Invalid for what cannot be handled: no category, no place."""
    words = replace(
        words,
        text=words.text.strip(),
        caller_number="".join(words.caller_number.split()),
        caller_name=words.caller_name.strip(),
        address=words.address.strip(),
    )
    if words.category not in CALL_CATEGORIES:
        raise Invalid(f"a call is about one of {', '.join(sorted(CALL_CATEGORIES))}", field="category")
    if not (words.premises_id or words.point_id or words.position or words.address):
        raise Invalid("say where: premises, a point, a place on the map, or an address", field="address")
    if words.premises_id and words.point_id:
        raise Invalid("a call is about premises or about a point, not both", field="point_id")
    if words.caller_number and not all(sign.isdigit() or sign in "+-*#()" for sign in words.caller_number):
        raise Invalid("a telephone number has digits and + - * # ( ) only", field="caller_number")
    if len(words.text) > MOST_CALL_WORDS:
        raise Invalid(f"write at most {MOST_CALL_WORDS} characters", field="text")
    return words


def call_key(words: CallWords) -> str:
    """Equal for calls of one number about one place and one kind of thing; empty for a number that is withheld."""
    if not words.caller_number:
        return ""
    here = words.position
    place = words.premises_id or words.point_id or words.address
    place = place or (f"{here.longitude:.3f},{here.latitude:.3f}" if here else "")
    return f"call/{words.caller_number}/{words.category}/{place}"


def decide(facts: Facts) -> Rule:
    """The first row that fits; the last row fits everything."""
    return next(rule for rule in RULES if rule.fits(facts))


def priority_of(rule: Rule, facts: Facts) -> int:
    if rule.priority is not None:
        return rule.priority
    if facts.category == "trouble" and facts.kind in PRIORITY_OF_KIND:
        return PRIORITY_OF_KIND[facts.kind]
    return PRIORITY_OF_CATEGORY.get(facts.category, PRIORITY_OF_CATEGORY["trouble"])


def escalation_seconds(priority: int, escalations: int = 0) -> int | None:
    """How long an alarm may wait for a person (EN 50518: 30 s for fire and hold-up, 90 s for others), and again after
    each escalation, ten times as long after the tenth; None: as long as it likes."""
    if priority > 5:
        return None
    return (30 if priority <= 2 else 90) * (1 if escalations < 10 else 10)


def source_state(
    now: datetime, last_seen_at: datetime | None, lost_at: datetime | None, account: PanelAccount
) -> SourceState:
    """What the list of sources says of an account. Whether its path is lost has been decided before (`is_lost`)."""
    if last_seen_at is None:
        return SourceState.NEVER
    if lost_at is not None:
        return SourceState.LOST
    if account.heartbeat_seconds and now > last_seen_at + timedelta(seconds=account.heartbeat_seconds):
        return SourceState.LATE
    return SourceState.ALIVE


def is_lost(now: datetime, last_seen_at: datetime, watched_since: datetime, account: PanelAccount) -> bool:
    """Interval and grace have passed in silence. What was missed while we ourselves were away does not count: the time
    runs from `watched_since` at the earliest."""
    allowed = timedelta(seconds=account.heartbeat_seconds + account.grace_seconds)
    return account.heartbeat_seconds > 0 and now > max(last_seen_at, watched_since) + allowed


PERSON_STEPS = frozenset({Step.TAKE, Step.SHELVE, Step.UNSHELVE, Step.CLOSE})
"""the steps that a person takes; the rest is done by rules and timers"""

ALLOWED_STEPS: dict[AlarmState, dict[Step, AlarmState]] = {
    AlarmState.RAISED: {
        Step.TAKE: AlarmState.TAKEN,
        Step.SHELVE: AlarmState.SHELVED,
        Step.RESTORE: AlarmState.RESTORED,
        Step.CLOSE: AlarmState.CLOSED,
        Step.REPEAT: AlarmState.RAISED,
        Step.NOTE_RESTORE: AlarmState.RAISED,
        Step.LOWER: AlarmState.RAISED,
        Step.ESCALATE: AlarmState.RAISED,
    },
    AlarmState.TAKEN: {
        Step.CLOSE: AlarmState.CLOSED,
        Step.MOVE: AlarmState.TAKEN,
        Step.REPEAT: AlarmState.TAKEN,
        Step.NOTE_RESTORE: AlarmState.TAKEN,
        Step.LOWER: AlarmState.TAKEN,
    },
    AlarmState.SHELVED: {
        Step.TAKE: AlarmState.TAKEN,
        Step.UNSHELVE: AlarmState.RAISED,
        Step.RESTORE: AlarmState.RESTORED,
        Step.CLOSE: AlarmState.CLOSED,
        Step.REPEAT: AlarmState.SHELVED,
        Step.NOTE_RESTORE: AlarmState.SHELVED,
        Step.LOWER: AlarmState.SHELVED,
    },
    AlarmState.RESTORED: {Step.CLOSE: AlarmState.CLOSED, Step.REPEAT: AlarmState.RESTORED},
    AlarmState.SUPPRESSED: {
        Step.TAKE: AlarmState.TAKEN,
        Step.CLOSE: AlarmState.CLOSED,
        Step.REPEAT: AlarmState.SUPPRESSED,
    },
    AlarmState.CLOSED: {Step.REPEAT: AlarmState.CLOSED},
}
OPEN_STATES = (AlarmState.RAISED, AlarmState.TAKEN, AlarmState.SHELVED)


class StepNotAllowed(Conflict):
    """The alarm is in a state in which this step does not exist."""


def next_state(state: AlarmState, step: Step) -> AlarmState:
    try:
        return ALLOWED_STEPS[state][step]
    except KeyError:
        raise StepNotAllowed(f"the alarm is {state.value}: {step.value} is not possible now") from None


def may_be_shelved(priority: int) -> bool:
    """Fire and hold-up are taken, never put aside."""
    return priority > 2


def person_steps(state: AlarmState, priority: int) -> list[str]:
    """What a person may do with such an alarm: the console shows these buttons and no others."""
    steps = [step for step in ALLOWED_STEPS[state] if step in PERSON_STEPS]
    return [step.value for step in steps if step is not Step.SHELVE or may_be_shelved(priority)]
