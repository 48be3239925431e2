"""The device's side of subscriptions: SUBSCRIBE is agreed to or refused, NOTIFY goes to whoever subscribed (9.11)."""

from collections.abc import Callable
from dataclasses import dataclass

from fengtai.protocols.gb28181.events import DeviceEvent, Subscribed
from fengtai.protocols.gb28181.identity import DeviceIdentity
from fengtai.protocols.gb28181.messages import Query, read_message
from fengtai.protocols.sip import Dialog, Header, Peer, Request, SipEndpoint, called_dialog
from fengtai.vocabulary.errors import Malformed

MOST_SUBSCRIPTIONS = 20
LONGEST_SECONDS = 86_400


@dataclass(slots=True)
class _Subscription:
    topic: str
    event: str
    dialog: Dialog
    until: float


class DeviceSubscriptions:
    def __init__(self, identity: DeviceIdentity, sip: SipEndpoint, contact: str, token: Callable[[], str]) -> None:
        self._identity, self._sip, self._contact, self._token = identity, sip, contact, token
        self._by_call_id: dict[str, _Subscription] = {}
        self._events: list[DeviceEvent] = []
        self.asked = 0
        """SUBSCRIBEs that came"""

    def events(self) -> list[DeviceEvent]:
        events, self._events = self._events, []
        return events

    def topics(self) -> set[str]:
        return {one.topic for one in self._by_call_id.values()}

    def forget(self) -> None:
        """As after a restart."""
        self._by_call_id.clear()

    def take(self, request: Request, peer: Peer, now: float) -> str:
        """Answer a SUBSCRIBE. The topic when it is a new subscription, else an empty text."""
        self.asked += 1
        faults = self._identity.faults
        if faults.refuses_subscribe:
            self._sip.respond(request, peer, faults.refuses_subscribe, now)
            return ""
        known = self._by_call_id.get(request.call_id)
        if request.to_tag and known is None:
            self._sip.respond(request, peer, 481, now)
            return ""
        topic = known.topic if known else _topic(request)
        if not topic:
            self._sip.respond(request, peer, 489, now)
            return ""
        asked = _seconds(request.header("expires"))
        if 0 < asked < faults.least_subscription_seconds:
            more: list[Header] = [("min-expires", str(faults.least_subscription_seconds))]
            self._sip.respond(request, peer, 423, now, headers=more)
            return ""
        granted = min(asked, faults.grants_seconds or LONGEST_SECONDS)
        tag = "" if known else self._token()
        headers: list[Header] = [("contact", self._contact), ("expires", str(granted))]
        self._sip.respond(request, peer, 200, now, headers=headers, to_tag=tag)
        if known is None:
            dialog = called_dialog(request, tag)
            known = self._by_call_id[request.call_id] = _Subscription(topic, request.header("event"), dialog, 0.0)
            while len(self._by_call_id) > MOST_SUBSCRIPTIONS:
                del self._by_call_id[next(iter(self._by_call_id))]
        known.until = now + granted
        if not granted:
            del self._by_call_id[request.call_id]
        self._events.append(Subscribed(topic=topic, seconds=granted))
        return "" if request.to_tag or not granted else topic

    def notify(self, topic: str, body: bytes, server: Peer, now: float) -> int:
        """Tell everybody who subscribed; answers how many that are."""
        self._expire(now)
        told = [one for one in self._by_call_id.values() if one.topic == topic]
        for one in told:
            self._notify(one, f"active;expires={int(one.until - now)}", body, server, now)
        return len(told)

    def end_all(self, reason: str, server: Peer, now: float) -> None:
        """Terminate every subscription from our side."""
        for one in self._by_call_id.values():
            self._notify(one, f"terminated;reason={reason}", b"", server, now)
        self._by_call_id.clear()

    def _notify(self, one: _Subscription, state: str, body: bytes, server: Peer, now: float) -> None:
        headers: list[Header] = [
            ("contact", self._contact),
            ("event", one.event),
            ("subscription-state", state),
            *([("content-type", "Application/MANSCDP+xml")] if body else []),
        ]
        self._sip.request(one.dialog.request("NOTIFY", headers, body), server, now)

    def _expire(self, now: float) -> None:
        for call_id in [key for key, one in self._by_call_id.items() if one.until <= now]:
            del self._by_call_id[call_id]


def _topic(request: Request) -> str:
    try:
        message = read_message(request.body)
    except Malformed:
        return ""
    return message.command if isinstance(message, Query) else ""


def _seconds(text: str) -> int:
    return min(int(text), LONGEST_SECONDS) if text.isascii() and text.isdigit() and len(text) < 10 else 3600
