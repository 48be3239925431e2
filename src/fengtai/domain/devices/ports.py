"""What devices need from outside: their rows, and somebody who can ask a device."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.devices.model import Channel, Device


class DeviceStore(Protocol):
    def get(self, device_id: str) -> Device | None: ...

    def save(self, device: Device) -> None: ...

    def page(self, *, after_id: str = "", limit: int = 200, text: str = "") -> Sequence[Device]:
        """By id, those whose id or name holds the text."""

    def bound(self) -> Sequence[Device]:
        """All devices with a binding, for the start of a gateway."""

    def touch(self, seen: Mapping[str, datetime]) -> None:
        """Write when each was last seen; unknown ids are left out. A hot statement: thousands of rows a second."""


class ChannelStore(Protocol):
    def of_device(self, device_id: str) -> Sequence[Channel]:
        """By id."""

    def save_all(self, channels: Iterable[Channel]) -> None: ...

    def counts(self, device_ids: Sequence[str]) -> Mapping[str, int]:
        """How many channels each of these has, stale ones left out."""


class DeviceCommands(Protocol):
    """Asks devices; `gateways.gb28181` implements it."""

    async def query_catalogue(self, device_id: str) -> None:
        """Return when the question is sent. Raise Unavailable when the device is offline."""
