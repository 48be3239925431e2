"""What the endpoint tells, in the words of the domain."""

from collections.abc import Sequence
from dataclasses import replace

from fengtai.domain.devices.model import Channel, ChannelChange
from fengtai.protocols.gb28181 import CatalogItem, CatalogueChange, Peer


def channel_of(device_id: str, item: CatalogItem) -> Channel:
    return Channel(
        device_id=device_id,
        id=item.id,
        name=item.name or item.id,
        on=item.on,
        manufacturer=item.manufacturer,
        model=item.model,
        longitude=item.longitude,
        latitude=item.latitude,
        ptz_type=item.ptz_type,
        parent_id=item.parent_id,
    )


def changes_of(device_id: str, own_id: str, changes: Sequence[CatalogueChange]) -> list[ChannelChange]:
    """Nodes of trees, the device itself and we are no channels. An empty name means that none was told."""
    return [
        ChannelChange(
            event=change.event,
            channel=_told(device_id, change.item),
            tells_status=change.tells_status,
        )
        for change in changes
        if change.item.is_device and change.item.id not in (device_id, own_id)
    ]


def _told(device_id: str, item: CatalogItem) -> Channel:
    channel = channel_of(device_id, item)
    return channel if item.name else replace(channel, name="")


def guard_of(duties: Sequence[tuple[str, str]]) -> bool | None:
    """Armed when any input is on duty; None: nothing was told."""
    return any(duty != "OFFDUTY" for _, duty in duties) if duties else None


def shown(peer: Peer) -> str:
    return f"{peer.transport} {peer.host}:{peer.port}"
