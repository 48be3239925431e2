"""How each device is spoken to and what we subscribe to at it: a person's choice, else its make, else the rule.

Keeps in memory only what differs from the ordinary: dialects of known makes, servers that devices are sent to.
"""

from collections.abc import Sequence
from datetime import timedelta

from fengtai.domain.devices import rules
from fengtai.domain.devices.model import Device, Make, Topic, TopicRefusal, TopicReport
from fengtai.protocols.gb28181 import (
    PROFILES,
    Dialect,
    PlatformEndpoint,
    Profile,
    Subscription,
    SubscriptionState,
    profile_of,
)
from fengtai.vocabulary.clock import Clock

COMMANDS = {Topic.CATALOGUE: "Catalog", Topic.ALARM: "Alarm", Topic.POSITION: "MobilePosition"}
TOPICS = {command: topic for topic, command in COMMANDS.items()}
Server = tuple[str, str, int]
"""id, host and port"""


class Manners:
    """`rule`: what is subscribed to where nobody chose; `everybody_to`: the server that all devices are sent to."""

    def __init__(
        self, endpoint: PlatformEndpoint, clock: Clock, *, rule: frozenset[Topic], everybody_to: Server | None
    ) -> None:
        self._endpoint, self._clock = endpoint, clock
        self._rule, self._everybody_to = rule, everybody_to
        self._server_of: dict[str, Server] = {}
        self._dialects: dict[Dialect, Dialect] = {}
        self._topics: dict[frozenset[str], frozenset[str]] = {}
        """one object for all devices that are alike: a large site has few kinds of them"""

    def learn(self, device: Device) -> None:
        """What is known of the device now: from the next message on it is spoken to so."""
        chosen = device.manner
        dialect = Dialect(profile=_profile(device), edition=chosen.edition, charset=chosen.charset)
        self._endpoint.asking.dialects.set(device.id, self._dialects.setdefault(dialect, dialect))
        if chosen.redirect_to:
            self._server_of[device.id] = rules.server_of(chosen.redirect_to)
        else:
            self._server_of.pop(device.id, None)

    def server_of(self, device_id: str) -> Server | None:
        """Where this device is sent when it registers; None: it stays. Nobody is sent from us to us."""
        server = self._server_of.get(device_id, self._everybody_to)
        return None if server is None or server[0] == self._endpoint.identity.id else server

    def topics_of(self, device: Device) -> frozenset[str]:
        """What is subscribed to at it, in the words of the protocol."""
        topics = frozenset(COMMANDS[topic] for topic in rules.topics_of(device, rule=self._rule))
        return self._topics.setdefault(topics, topics)

    def subscribe(self, device: Device, *, again: bool = False) -> None:
        self.subscribe_to(device.id, self.topics_of(device), again=again)

    def subscribe_to(self, device_id: str, topics: frozenset[str], *, again: bool = False) -> None:
        self._endpoint.asking.subscribe(device_id, topics, self._clock.now(), again=again)

    def restore_refusals(self, refusals: Sequence[TopicRefusal]) -> None:
        """Of before a restart, of devices that are there: they are not asked again by themselves."""
        subscriptions = self._endpoint.asking.subscriptions
        for one in refusals:
            if self._endpoint.is_present(one.device_id):
                subscriptions.restore_refusal(one.device_id, COMMANDS[one.topic], one.cause, one.at)

    def believes_status_notices(self, device_id: str) -> bool:
        return not self._endpoint.asking.dialects.of(device_id).profile.ignores_status_notices

    def reports(self, device_id: str) -> Sequence[TopicReport]:
        known = self._endpoint.asking.subscriptions.of_device(device_id)
        return [self._report(topic, known[command]) for topic, command in COMMANDS.items() if command in known]

    def _report(self, topic: Topic, one: Subscription) -> TopicReport:
        now = self._clock.now()
        left = one.granted_until - now.monotonic
        is_active = one.state is SubscriptionState.ACTIVE
        return TopicReport(
            topic=topic,
            state=one.state.value,
            since=one.since,
            expires_at=now.utc + timedelta(seconds=left) if is_active else None,
            cause=one.cause,
        )


def makes() -> Sequence[Make]:
    return [_make(profile) for profile in PROFILES.values()]


def make_of(device: Device) -> Make:
    return _make(_profile(device))


def _profile(device: Device) -> Profile:
    return PROFILES.get(device.manner.make) or profile_of(device.manufacturer, device.user_agent)


def _make(profile: Profile) -> Make:
    return Make(id=profile.id, name=profile.name, quirks=profile.quirks)
