"""What we are subscribed to at devices: SUBSCRIBE, its refresh, its refusal, its end (GB/T 28181-2022 section 9.11,
RFC 6665).

One subscription per device and topic, in a dialog of its own. It is refreshed before it runs out, made anew when the
device has forgotten it (481) or ended it, tried again with growing pauses when nobody answers, and left alone when the
device refuses: the refusal is remembered with its reason until the device comes back or somebody asks. Notices are taken
with or without a dialog, so nothing is lost while a subscription is made anew.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from fengtai.protocols.gb28181.presence import Presence
from fengtai.protocols.sip import Dialog, Header, Peer, Request, Response, SipEndpoint, caller_dialog
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import TooMany

TOPICS = ("Catalog", "Alarm", "MobilePosition")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60.0, 3600.0
NEW_DIALOG_SECONDS = 2.0
REFRESH_AT = 0.8
LONGEST_SECONDS = 86_400
SHORTEST_PAUSE_SECONDS = 10.0
"""between two refreshes, however short a time the device grants"""
PASSING = frozenset((408, 480, 486, 500, 502, 503, 504))
"""answers that say "not now"; other refusals are for good"""


class SubscriptionState(Enum):
    ASKING = "asking"
    ACTIVE = "active"
    REFUSED = "refused"
    FAILED = "failed"
    """nobody answered, or "not now": it is tried again"""


@dataclass(slots=True)
class Subscription:
    device_id: str
    topic: str
    state: SubscriptionState
    since: datetime
    due: float
    """when the next thing has to be done, monotonic seconds"""
    cause: str = ""
    branch: str = ""
    call_id: str = ""
    registration: str = ""
    """Call-ID of the registration under which it was asked for: another one means that the device has started anew"""
    asked_of: Peer | None = None
    """where it was asked last"""
    dialog: Dialog | None = None
    granted_until: float = 0.0
    seconds: int = 0
    """asked for; more when the device wanted so (423)"""
    failures: int = 0
    event_form: int = 0
    """0: the Event header as the edition has it; 1: the other form, after a 489"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRefused:
    """To be kept over a restart; an empty cause: what was refused is void, it will be asked for anew."""

    device_id: str
    topic: str
    cause: str


Body = Callable[[Presence, str], bytes]


class Subscriptions:
    """`present`: who is there; `body`: the Query of a topic; `request`: a new request to a device."""

    def __init__(
        self,
        sip: SipEndpoint,
        present: Callable[[str], Presence | None],
        request: Callable[[str, Presence, str, list[Header], bytes], Request],
        body: Body,
        contact: Callable[[Peer], str],
        *,
        seconds: int,
    ) -> None:
        self._sip, self._present, self._request, self._body = sip, present, request, body
        self._contact, self._seconds = contact, seconds
        self._of_device: dict[str, dict[str, Subscription]] = {}
        self._by_branch: dict[str, Subscription] = {}
        self._by_call_id: dict[str, Subscription] = {}
        self._heap: list[tuple[float, str, str]] = []
        self._events: list[SubscriptionRefused] = []

    def events(self) -> list[SubscriptionRefused]:
        events, self._events = self._events, []
        return events

    def restore_refusal(self, device_id: str, topic: str, cause: str, since: datetime) -> None:
        """A refusal of before a restart: it is not asked for again by itself."""
        one = Subscription(
            device_id, topic, SubscriptionState.REFUSED, since, float("inf"), cause, seconds=self._seconds
        )
        self._of_device.setdefault(device_id, {})[topic] = one

    def __len__(self) -> int:
        return len(self._by_call_id)

    def want(self, device_id: str, topics: Iterable[str], now: Instant, *, again: bool = False) -> None:
        """From now on these, and no others. `again`: ask once more for what was refused or is waiting for another try."""
        wanted = [topic for topic in TOPICS if topic in set(topics)]
        have = self._of_device.get(device_id, {})
        for topic in [one for one in have if one not in wanted]:
            self._give_up(have[topic], now)
        for topic in wanted:
            known = have.get(topic)
            failed = known is not None and known.state in (SubscriptionState.REFUSED, SubscriptionState.FAILED)
            if known is None or (again and failed):
                self._begin(device_id, topic, now)

    def device_gone(self, device_id: str) -> None:
        """Its subscriptions are void; they are wanted anew when it has come back."""
        for one in self._of_device.pop(device_id, {}).values():
            self._unlink(one)
            self._void(one)

    def device_back(self, presence: Presence, now: Instant) -> None:
        """It registered. With another Call-ID it has restarted or moved and may have forgotten: refresh at once. What was
        asked elsewhere and had no answer is asked again here."""
        for one in self._of_device.get(presence.device_id, {}).values():
            is_open = one.state in (SubscriptionState.ASKING, SubscriptionState.FAILED) and one.dialog is None
            if is_open and one.asked_of not in (None, presence.peer):
                self._unlink(one)
                self._ask(one, now)
            elif one.dialog is not None and one.registration != presence.call_id and one.branch not in self._by_branch:
                self._ask(one, now)

    def of_device(self, device_id: str) -> Mapping[str, Subscription]:
        return self._of_device.get(device_id, {})

    def device_of(self, call_id: str) -> str:
        """Whose dialog this is; empty: nobody's. Some notices name a sender that is not the device."""
        found = self._by_call_id.get(call_id)
        return found.device_id if found else ""

    def counts(self) -> Mapping[str, int]:
        counted = {state.value: 0 for state in SubscriptionState}
        for topics in self._of_device.values():
            for one in topics.values():
                counted[one.state.value] += 1
        return counted

    # -- what comes in -------------------------------------------------------------------------------------------

    def take_response(self, branch: str, response: Response, now: Instant) -> bool:
        """True when it was the answer to a SUBSCRIBE of ours."""
        one = self._by_branch.get(branch)
        if one is None or response.cseq_method != "SUBSCRIBE":
            return False
        if response.status < 200:
            return True
        del self._by_branch[branch]
        if response.status < 300:
            self._agreed(one, response, now)
        elif response.status == 423 and self._longer(one, response):
            self._ask(one, now)
        elif response.status in (481, 404) and one.dialog is not None:
            self._anew(one, "the device had forgotten it (481)", now)
        elif response.status == 489 and one.event_form == 0:
            one.event_form = 1
            self._anew(one, "the device wanted another Event header (489)", now)
        elif response.status in PASSING:
            self._failed(one, f"the device answers {response.status} {response.reason}".rstrip(), now, response)
        else:
            self._refused(one, f"the device refuses: {response.status} {response.reason}".rstrip(), now)
        return True

    def take_timeout(self, branch: str, now: Instant) -> bool:
        one = self._by_branch.pop(branch, None)
        if one is None:
            return False
        self._failed(one, "the device did not answer", now)
        return True

    def take_notice(self, request: Request, now: Instant) -> None:
        """The dialog's side of a NOTIFY: how long the device means to go on, or that it has ended it."""
        one = self._by_call_id.get(request.call_id)
        state, parameters = _state_of(request.header("subscription-state"))
        if one is None or not state:
            return
        if state == "terminated":
            reason = parameters.get("reason", "")
            if reason == "rejected":
                self._refused(one, "the device ended it: rejected", now)
                return
            later = _number(parameters.get("retry-after", "")) or 0
            self._anew(one, f"the device ended it: {reason or 'no reason given'}", now, later=float(later))
        elif (seconds := _number(parameters.get("expires", ""))) is not None and one.state is SubscriptionState.ACTIVE:
            self._runs(one, float(max(seconds, 1)), now, only_sooner=True)

    # -- time ----------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Not later than the next thing to do; often earlier, because entries are put right only when they fall due."""
        return self._heap[0][0] if self._heap else None

    def pass_time(self, now: Instant) -> None:
        while self._heap and self._heap[0][0] <= now.monotonic:
            _, device_id, topic = heapq.heappop(self._heap)
            one = self._of_device.get(device_id, {}).get(topic)
            if one is None or one.due == float("inf"):
                continue
            if one.due > now.monotonic:
                heapq.heappush(self._heap, (one.due, device_id, topic))
                continue
            if one.state is SubscriptionState.ACTIVE and now.monotonic >= one.granted_until:
                self._anew(one, "it ran out", now)
            else:
                self._ask(one, now)

    # -- inside --------------------------------------------------------------------------------------------------

    def _begin(self, device_id: str, topic: str, now: Instant) -> None:
        before = self._of_device.setdefault(device_id, {}).get(topic)
        if before is not None:
            self._unlink(before)
            self._void(before)
        one = Subscription(device_id, topic, SubscriptionState.ASKING, now.utc, float("inf"), seconds=self._seconds)
        self._of_device[device_id][topic] = one
        self._ask(one, now)

    def _ask(self, one: Subscription, now: Instant) -> None:
        """The first SUBSCRIBE, or the refresh inside its dialog."""
        presence = self._present(one.device_id)
        if presence is None:
            self.device_gone(one.device_id)
            return
        headers: list[Header] = [
            ("contact", self._contact(presence.peer)),
            ("event", event_header(one.topic, presence.edition, one.event_form)),
            ("expires", str(one.seconds)),
            ("content-type", "Application/MANSCDP+xml"),
        ]
        body, one.registration = self._body(presence, one.topic), presence.call_id
        if one.dialog is None:
            request = self._request("SUBSCRIBE", presence, one.device_id, headers, body)
            one.state, one.since = SubscriptionState.ASKING, now.utc
            one.call_id = request.call_id
            self._by_call_id[one.call_id] = one
        else:
            request = one.dialog.request("SUBSCRIBE", headers, body)
        self._send(one, request, presence.peer, now)

    def _send(self, one: Subscription, request: Request, peer: Peer, now: Instant) -> None:
        one.due, one.asked_of = float("inf"), peer
        try:
            one.branch = self._sip.request(request, peer, now.monotonic)
        except TooMany as error:
            self._failed(one, str(error), now)
            return
        self._by_branch[one.branch] = one

    def _agreed(self, one: Subscription, response: Response, now: Instant) -> None:
        if one.dialog is None:
            asked = Request(
                "SUBSCRIBE",
                "",
                [(name, response.header(name)) for name in ("from", "to", "call-id", "cseq")],
            )
            one.dialog = caller_dialog(asked, response)
            if not one.dialog.target:
                presence = self._present(one.device_id)
                one.dialog.target = f"sip:{one.device_id}@{presence.peer.host}:{presence.peer.port}" if presence else ""
        if one.state is SubscriptionState.ACTIVE:
            one.failures = 0  # only a refresh proves that it lasts: some devices agree and end it at once
        else:
            one.state, one.since = SubscriptionState.ACTIVE, now.utc
        one.cause = ""
        granted = _number(response.header("expires"))
        self._runs(one, float(granted or one.seconds), now)

    def _runs(self, one: Subscription, seconds: float, now: Instant, *, only_sooner: bool = False) -> None:
        until = now.monotonic + min(seconds, float(LONGEST_SECONDS))
        if only_sooner and until >= one.granted_until:
            return
        one.granted_until = until
        if not one.branch or one.branch not in self._by_branch:
            pause = max((until - now.monotonic) * REFRESH_AT, SHORTEST_PAUSE_SECONDS)
            self._later(one, now.monotonic + pause)

    def _longer(self, one: Subscription, response: Response) -> bool:
        least = _number(response.header("min-expires")) or 0
        if not one.seconds < least <= LONGEST_SECONDS:
            return False
        one.seconds = least
        return True

    def _anew(self, one: Subscription, cause: str, now: Instant, *, later: float = 0.0) -> None:
        """A new dialog, in a moment: never at once, so that no two loops chase each other."""
        self._unlink(one)
        one.dialog, one.state, one.since, one.cause = None, SubscriptionState.ASKING, now.utc, cause
        one.failures += 1
        pause = NEW_DIALOG_SECONDS if one.failures <= 3 else _pause(one.failures - 3)
        self._later(one, now.monotonic + max(pause, min(later, LONGEST_PAUSE_SECONDS)))

    def _failed(self, one: Subscription, cause: str, now: Instant, response: Response | None = None) -> None:
        self._unlink(one)
        one.dialog, one.state, one.since, one.cause = None, SubscriptionState.FAILED, now.utc, cause
        one.failures += 1
        asked = _number(response.header("retry-after").split(";")[0].split("(")[0].strip()) if response else None
        self._later(one, now.monotonic + min(max(_pause(one.failures), float(asked or 0)), LONGEST_PAUSE_SECONDS))

    def _refused(self, one: Subscription, cause: str, now: Instant) -> None:
        self._unlink(one)
        one.dialog, one.state, one.since, one.cause = None, SubscriptionState.REFUSED, now.utc, cause
        one.due = float("inf")
        self._events.append(SubscriptionRefused(device_id=one.device_id, topic=one.topic, cause=cause))

    def _void(self, one: Subscription) -> None:
        if one.state is SubscriptionState.REFUSED:
            self._events.append(SubscriptionRefused(device_id=one.device_id, topic=one.topic, cause=""))

    def _give_up(self, one: Subscription, now: Instant) -> None:
        """Not wanted any more: Expires 0 in its dialog; whether the device hears it does not matter."""
        del self._of_device[one.device_id][one.topic]
        self._unlink(one)
        self._void(one)
        presence = self._present(one.device_id)
        if one.dialog is not None and presence is not None:
            event = event_header(one.topic, presence.edition, one.event_form)
            headers: list[Header] = [("contact", self._contact(presence.peer)), ("event", event), ("expires", "0")]
            try:
                self._sip.request(one.dialog.request("SUBSCRIBE", headers), presence.peer, now.monotonic)
            except TooMany:
                return  # it runs out by itself

    def _later(self, one: Subscription, at: float) -> None:
        one.due = at
        heapq.heappush(self._heap, (at, one.device_id, one.topic))

    def _unlink(self, one: Subscription) -> None:
        self._by_branch.pop(one.branch, None)
        if self._by_call_id.get(one.call_id) is one:
            del self._by_call_id[one.call_id]


def event_header(topic: str, edition: str, form: int) -> str:
    """Catalog by its name; alarm and position as "presence" until 2016, as its examples have it, and by name in 2022.
    The other way round for a device that answers 489."""
    by_name = (topic == "Catalog" or edition == "3.0") != bool(form)
    return f"{topic};id={TOPICS.index(topic) + 1}" if by_name else "presence"


def _pause(failures: int) -> float:
    return float(min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS))


def _state_of(header: str) -> tuple[str, Mapping[str, str]]:
    """ "active;expires=590" → ("active", {"expires": "590"})"""
    state, *parameters = (part.strip() for part in header.lower().split(";"))
    return state, dict(part.partition("=")[::2] for part in parameters)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
