"""What devices need from outside: their rows, and somebody who can ask a device."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.access.model import Reach
from fengtai.domain.devices.model import (
    Binding,
    Channel,
    Device,
    Enrolment,
    Make,
    OpenCall,
    Order,
    OrderReport,
    ReportedPosition,
    Standing,
    Topic,
    TopicRefusal,
    TopicReport,
    TracedMessage,
)


class DeviceStore(Protocol):
    def get(self, device_id: str) -> Device | None: ...

    def save(self, device: Device) -> None: ...

    def page(
        self, *, after_id: str = "", limit: int = 200, text: str = "", within: Reach | None = None
    ) -> Sequence[Device]:
        """By id, those whose id or name holds the text. `within`: whose organisation is in reach."""

    def bound(self) -> Sequence[Device]:
        """All devices with a binding, for the start of a gateway."""

    def with_manner(self) -> Sequence[Device]:
        """All devices for which a person has chosen something, likewise."""

    def get_all(self, device_ids: Sequence[str]) -> Mapping[str, Device]:
        """Those of them that there are; at most a few hundred at once."""

    def standings(self, device_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Likewise, only what a registration needs. A hot statement."""

    def appear_all(self, bindings: Mapping[str, Binding], enrolment: Enrolment, at: datetime) -> None:
        """Devices that were not there before: enrolled so, online, reached there. A hot statement: ten thousand a
        second."""

    def bind_all(self, bindings: Mapping[str, Binding], at: datetime) -> None:
        """These are online now, reached there, and were seen at this moment. A hot statement: ten thousand a second."""

    def touch(self, seen: Mapping[str, datetime]) -> None:
        """Write when each was last seen; unknown ids are left out. A hot statement: thousands of rows a second."""


class ChannelStore(Protocol):
    def of_device(self, device_id: str) -> Sequence[Channel]:
        """By id."""

    def get_all(self, device_id: str, channel_ids: Sequence[str]) -> Mapping[str, Channel]:
        """Those of them that there are, by id."""

    def save_all(self, channels: Iterable[Channel]) -> None: ...

    def counts(self, device_ids: Sequence[str]) -> Mapping[str, int]:
        """How many channels each of these has, stale ones left out."""


class CallStore(Protocol):
    """Calls that have been answered and whose end is not confirmed."""

    def save(self, call: OpenCall) -> None: ...

    def remove(self, call_id: str) -> None:
        """Unknown ones are gone already."""

    def all(self) -> Sequence[OpenCall]:
        """Oldest first."""


class PositionStore(Protocol):
    """The last reported position of each device and channel."""

    def of_device(self, device_id: str) -> Sequence[ReportedPosition]:
        """By channel id."""

    def save_all(self, positions: Iterable[ReportedPosition]) -> None:
        """In the place of what was known."""


class RefusalStore(Protocol):
    """Subscriptions that devices have refused, until they are asked anew."""

    def save(self, refusal: TopicRefusal) -> None:
        """In the place of what was known of that topic."""

    def remove(self, device_id: str, topic: Topic) -> None:
        """Unknown ones are gone already."""

    def all(self) -> Sequence[TopicRefusal]:
        """By device and topic."""


class DeviceCommands(Protocol):
    """Asks devices; `gateways.gb28181` implements it."""

    async def query_catalogue(self, device_id: str) -> None:
        """Return when the question is sent. Raise Unavailable when the device is offline."""

    async def carry_out(self, device_id: str, target_id: str, order: Order) -> OrderReport:
        """Give the order and wait for the device's answer. Raise Unavailable when the device is offline."""

    async def take_pictures(self, device_id: str, channel_id: str, *, count: int = 1) -> Sequence[bytes]:
        """Have the device take and upload pictures (2022): JPEGs, at least one. Raise Unavailable with one sentence,
        Conflict when this device cannot do it, TooMany."""

    async def subscribe_again(self, device_id: str) -> None:
        """Ask once more for what was refused. Raise Unavailable when the device is offline."""

    def subscriptions(self, device_id: str) -> Sequence[TopicReport]:
        """Of a device that is present; by topic."""

    def makes(self) -> Sequence[Make]:
        """The quirk profiles there are."""

    def make_of(self, device: Device) -> Make:
        """The profile that counts for it."""

    def raw_catalogue(self, device_id: str) -> Sequence[bytes]:
        """The messages of its last catalogue as they came, oldest first; bounded, so the newest only of a long one. Empty
        when none came since our start."""

    def trace(self, device_id: str) -> Sequence[TracedMessage]:
        """The last messages between the device and us, oldest first; bounded."""
