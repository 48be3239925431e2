"""Examples of bodies, by the name of their schema: what a person pastes first. A test holds them against the schemas."""

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "SignInAsked": {"name": "chen", "password": "seven green lanterns", "post": "Desk 2"},
    "PersonAsked": {
        "name": "chen",
        "display_name": "陈晓",
        "password": "seven green lanterns",
        "roles": ["operator", "dispatcher"],
    },
    "PersonChangeAsked": {"display_name": "陈晓", "roles": ["operator"], "disabled": False},
    "PointForm": {
        "name": "望江路与滨河街路口 东北角",
        "point_class": 1,
        "position": {"longitude": 121.6147, "latitude": 38.914},
        "view_degrees": 45,
        "view_angle_degrees": 60,
        "address": "望江路 18 号对面",
        "device_id": "34020000001320000001",
        "channel_id": "34020000001310000001",
        "retention_days": 90,
    },
    "NewDevice": {"id": "34020000001320000001", "name": "望江路 1 号球机", "password": "a password of its own"},
    "AcceptForm": {"make_points": True},
    "NewOrganisation": {"name": "东区分局", "level": "district", "parent_id": "0" * 32, "area_code": "210202"},
    "UnitForm": {"name": "巡逻车 12", "kind": "patrol", "call_sign": "长江 12"},
    "PremisesForm": {
        "name": "望江珠宝店",
        "address": "望江路 20 号",
        "zones": [{"number": "001", "name": "前门"}],
        "keyholders": [{"name": "李店长", "phone": "13800000000", "order": 1}],
        "steps": ["看现场画面", "联系钥匙保管人", "派单"],
    },
    "PanelAccountForm": {"channel": "sia-dc09", "premises_id": "0" * 32, "number": "1001", "heartbeat_seconds": 60},
    "AlarmToTake": {"alarm_id": "0" * 32},
    "CallMade": {"keyholder_id": "0" * 32, "result": "reached", "note": "十分钟内到"},
    "UnitToSend": {"unit_id": "0" * 32},
    "Closing": {"disposition": "false", "note": "保洁员误触", "version": 7},
    "CloseForm": {"disposition": "technical", "note": "电池低, 已报修", "version": 2},
    "ShelveForm": {"minutes": 30, "reason": "施工, 已与物业确认", "version": 2},
    "OnTestForm": {"account_id": "0" * 32, "zone": "", "minutes": 60, "reason": "季度检修"},
    "Note": {"text": "画面中无人"},
    "WatchAsked": {"purpose": "核实警情 2026-000123"},
}
