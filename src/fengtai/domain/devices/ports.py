"""What devices need from outside: their rows, and somebody who can ask a device."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.devices.model import Binding, Channel, Device, OpenCall, Standing, TracedMessage


class DeviceStore(Protocol):
    def get(self, device_id: str) -> Device | None: ...

    def save(self, device: Device) -> None: ...

    def page(self, *, after_id: str = "", limit: int = 200, text: str = "") -> Sequence[Device]:
        """By id, those whose id or name holds the text."""

    def bound(self) -> Sequence[Device]:
        """All devices with a binding, for the start of a gateway."""

    def get_all(self, device_ids: Sequence[str]) -> Mapping[str, Device]:
        """Those of them that there are; at most a few hundred at once."""

    def standings(self, device_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Likewise, only what a registration needs. A hot statement."""

    def add_all(self, devices: Sequence[Device]) -> None:
        """Devices that were not there before."""

    def bind_all(self, bindings: Mapping[str, Binding], at: datetime) -> None:
        """These are online now, reached there, and were seen at this moment. A hot statement: ten thousand a second."""

    def touch(self, seen: Mapping[str, datetime]) -> None:
        """Write when each was last seen; unknown ids are left out. A hot statement: thousands of rows a second."""


class ChannelStore(Protocol):
    def of_device(self, device_id: str) -> Sequence[Channel]:
        """By id."""

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


class DeviceCommands(Protocol):
    """Asks devices; `gateways.gb28181` implements it."""

    async def query_catalogue(self, device_id: str) -> None:
        """Return when the question is sent. Raise Unavailable when the device is offline."""

    async def reset_alarm(self, device_id: str, channel_id: str) -> None:
        """Let a latched alarm of this channel (or of the device itself) go. Return when the order is sent. Raise
        Unavailable when the device is offline."""

    def trace(self, device_id: str) -> Sequence[TracedMessage]:
        """The last messages between the device and us, oldest first; bounded."""
