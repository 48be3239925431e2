"""What people and gateways do with alarms, in parts: `desk` (signals, triage, what is done to alarms), `calls` (alarms by
telephone), `queue` (reading what is open), and the steps of one alarm that incidents take in units of their own."""

from fengtai.domain.alarms.service.calls import CallDesk
from fengtai.domain.alarms.service.desk import BATCH_SIGNALS, AlarmDesk
from fengtai.domain.alarms.service.life_cycle import close_alarm, move_alarm, seen_alarm, take_alarm
from fengtai.domain.alarms.service.queue import AlarmQueue

__all__ = [
    "BATCH_SIGNALS",
    "AlarmDesk",
    "AlarmQueue",
    "CallDesk",
    "close_alarm",
    "move_alarm",
    "seen_alarm",
    "take_alarm",
]
