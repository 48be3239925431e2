"""An alarm of a device in the normal form of all channels."""

from typing import Protocol

from fengtai.domain.alarms.model import Channel, JournalledSignal, Signal
from fengtai.protocols.gb28181 import AlarmNotice, Peer
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.places import Position

_CHANNELS = {1: Channel.TELEPHONE, 3: Channel.SMS, 4: Channel.MOBILE, 6: Channel.SYSTEM}
"""by AlarmMethod (GB/T 28181-2022 A.2.5); devices (2), video (5) and others are fixed points"""


class AlarmReceiver(Protocol):
    """Where alarms go: `domain.alarms.service.AlarmDesk`."""

    async def receive(self, signal: Signal) -> JournalledSignal:
        """Return when the signal is durable."""


def signal_of(notice: AlarmNotice, *, device_id: str, peer: Peer, raw: bytes) -> Signal:
    """The account is the device that registered, the zone what it names (a channel or an alarm input). One alarm told
    twice, by MESSAGE and by NOTIFY or as a repeat, has the same time (in seconds) but another SN."""
    which = f"#{notice.sn}" if notice.at is None else notice.at.isoformat()
    return Signal(
        channel=_CHANNELS.get(notice.method, Channel.FIXED),
        source="gb28181",
        account=device_id,
        sequence=str(notice.sn),
        code_system="gb28181",
        code=f"{notice.method}/{notice.type}",
        zone=notice.device_id,
        text=notice.description,
        device_time=notice.at,
        position=_position(notice),
        dedup_key=f"{device_id}|{notice.device_id}|{notice.method}/{notice.type}|{notice.event_type}|{which}",
        peer=f"{peer.transport} {peer.host}:{peer.port}",
        raw=raw,
        details={"priority": str(notice.priority), "event_type": str(notice.event_type)},
    )


def _position(notice: AlarmNotice) -> Position | None:
    if not notice.longitude or not notice.latitude:
        return None  # absent, or 0/0 of a device without a fix
    try:
        return Position(notice.longitude, notice.latitude)
    except Invalid:
        return None
