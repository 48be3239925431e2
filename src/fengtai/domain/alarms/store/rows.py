"""Alarms and their companions as rows, and back."""

import json
from typing import Any

from sqlalchemy import Row

from fengtai.domain.alarms.model import Alarm, AlarmState, Channel, Heard, OnTest
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.places import Position

_MOMENTS = ("raised_at", "updated_at", "restored_at", "taken_at", "escalate_at", "shelved_until")
_RENAMED = {"partition": "partition_no"}


def condition_of(account: str, code: str, zone: str) -> str:
    """One column instead of three: a list of conditions is then an ordinary IN on both databases."""
    return f"{account}\n{code}\n{zone}"


def values_of(alarm: Alarm) -> dict[str, Any]:
    values = {
        _RENAMED.get(name, name): getattr(alarm, name)
        for name in Alarm.__dataclass_fields__
        if name not in _MOMENTS and name not in ("position", "point_ids", "state", "channel")
    }
    for name in _MOMENTS:
        moment = getattr(alarm, name)
        values[f"{name}_ms"] = None if moment is None else to_ms(moment)
    here = alarm.position
    return values | {
        "condition": condition_of(alarm.account, alarm.code, alarm.zone),
        "state": alarm.state.value,
        "channel": alarm.channel.value,
        "point_ids": json.dumps(alarm.point_ids),
        "longitude": None if here is None else here.longitude,
        "latitude": None if here is None else here.latitude,
    }


def alarm_of(row: Row[Any]) -> Alarm:
    values: dict[str, Any] = dict(row._mapping)
    longitude, latitude = values.pop("longitude"), values.pop("latitude")
    partition = values.pop("partition_no")
    del values["condition"]
    for name in _MOMENTS:
        at_ms = values.pop(f"{name}_ms")
        values[name] = None if at_ms is None else from_ms(at_ms)
    return Alarm(
        **values
        | {
            "partition": partition,
            "state": AlarmState(values["state"]),
            "channel": Channel(values["channel"]),
            "point_ids": tuple(json.loads(values["point_ids"])),
            "position": None if longitude is None else Position(longitude, latitude),
        }
    )


def on_test_of(row: Row[Any]) -> OnTest:
    return OnTest(
        id=row.id,
        account_id=row.account_id,
        number=row.number,
        zone=row.zone,
        until=from_ms(row.until_ms),
        reason=row.reason,
        by_name=row.by_name,
        drill=row.drill,
    )


def heard_of(row: Row[Any]) -> Heard:
    lost_at = None if row.lost_at_ms is None else from_ms(row.lost_at_ms)
    return Heard(account_id=row.account_id, last_seen_at=from_ms(row.last_seen_at_ms), lost_at=lost_at)
