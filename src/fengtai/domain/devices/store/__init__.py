"""Tables and SQL of devices, for SQLite and PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from fengtai.domain.devices.ports import CallStore, ChannelStore, DeviceStore, PositionStore, RefusalStore
from fengtai.domain.devices.store.calls import SqlCalls
from fengtai.domain.devices.store.channels import SqlChannels
from fengtai.domain.devices.store.devices import SqlDevices
from fengtai.domain.devices.store.positions import SqlPositions
from fengtai.domain.devices.store.refusals import SqlRefusals
from fengtai.domain.devices.store.tables import metadata

STORES: Mapping[type[Any], type[Any]] = {
    DeviceStore: SqlDevices,
    ChannelStore: SqlChannels,
    CallStore: SqlCalls,
    PositionStore: SqlPositions,
    RefusalStore: SqlRefusals,
}

__all__ = ["STORES", "metadata"]
