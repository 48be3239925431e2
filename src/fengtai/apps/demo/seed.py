"""Furnishes a fresh platform as its first people would: accounts, units, devices accepted, premises and panel accounts.

Everything goes through the HTTP API by ordinary use cases; nothing here writes to the database.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fengtai.apps.demo.console_client import ConsoleClient

STAFF: Mapping[str, tuple[str, str]] = {
    "operator": ("operator", "值机员 李明"),
    "dispatcher": ("dispatcher", "处警员 王芳"),
    "engineer": ("engineer", "工程师 张伟"),
    "chief": ("chief", "值班长 赵军"),
    "evidence-officer": ("evidence-officer", "证据管理员 孙丽"),
}
UNITS = (
    {"name": "望江街巡逻一组", "kind": "patrol-car", "call_sign": "W-01"},
    {"name": "钟楼巡逻二组", "kind": "patrol-foot", "call_sign": "Z-02"},
    {"name": "烽台路消防站", "kind": "fire-engine", "call_sign": "F-01"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Premises as the demonstration furnishes them; `account` is the number of their simulated panel."""

    account: str
    name: str
    address: str
    kind: str
    longitude: float
    latitude: float
    note: str
    zones: Mapping[str, str]
    key: str = ""
    keyholders: Sequence[tuple[str, str]] = ()


SITES = (
    Site(
        account="1001",
        name="望江珠宝行",
        address="望江街 18 号",
        kind="shop",
        longitude=118.3708,
        latitude=31.3306,
        note="后门通向小巷；夜间有保安一名。",
        zones={"1": "前门", "2": "营业厅", "3": "保险柜", "15": "后门"},
        keyholders=(("陈经理", "13800000001"), ("周店长", "13800000002")),
    ),
    Site(
        account="1002",
        name="钟楼小学",
        address="钟楼广场 2 号",
        kind="school",
        longitude=118.3735,
        latitude=31.3322,
        note="上课时间由门卫引导车辆。",
        zones={"1": "教学楼烟感", "2": "食堂燃气", "9": "门卫紧急按钮"},
        key="30313233343536373839414243444546",
        keyholders=(("门卫室", "13800000003"),),
    ),
    Site(
        account="1003",
        name="烽台仓库",
        address="烽台路 66 号",
        kind="warehouse",
        longitude=118.3671,
        latitude=31.3289,
        note="易燃物品存放于 3 号库。",
        zones={"1": "周界", "2": "3 号库温感", "3": "办公楼"},
        keyholders=(("仓管 刘师傅", "13800000004"),),
    ),
)


@dataclass(slots=True)
class Furnished:
    """What a demonstration needs to go on: who may sign in, which points and premises there are."""

    sign_ins: dict[str, tuple[str, str]] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    account_ids: list[str] = field(default_factory=list)


async def first_people(base_url: str, setup_token: str) -> Furnished:
    """Use the one-time token: an administrator and an auditor, then one person per working role."""
    furnished = Furnished({role: (role, _password()) for role in ("administrator", "auditor", *STAFF)})
    async with ConsoleClient(base_url) as console:
        await console.post(
            "/api/setup",
            {
                "token": setup_token,
                **{
                    role: dict(zip(("name", "password"), furnished.sign_ins[role], strict=True))
                    for role in ("administrator", "auditor")
                },
            },
        )
        await console.sign_in(*furnished.sign_ins["administrator"])
        for role, (name, display_name) in STAFF.items():
            await console.post(
                "/api/people",
                {
                    "name": name,
                    "display_name": display_name,
                    "password": furnished.sign_ins[role][1],
                    "roles": [role],
                },
            )
    return furnished


async def furnish(base_url: str, furnished: Furnished, *, devices: Sequence[str], cameras: int) -> None:
    """As the engineer: accept the devices that have registered, then make premises and panel accounts."""
    async with ConsoleClient(base_url) as console:
        await console.sign_in(*furnished.sign_ins["engineer"])
        await accept_devices(console, devices)
        furnished.points = await made_points(console, cameras)
        for site in SITES:
            furnished.account_ids.append(await _make_premises(console, site, furnished.points))


async def prepare_duty(base_url: str, furnished: Furnished, *, drill_minutes: int) -> None:
    """As the dispatcher: units, and a drill: whatever these panels report from now on is marked as one."""
    async with ConsoleClient(base_url) as console:
        await console.sign_in(*furnished.sign_ins["dispatcher"])
        for unit in UNITS:
            furnished.units.append(await console.post("/api/units", unit))
        for account_id in furnished.account_ids:
            drill = {
                "account_id": account_id,
                "zone": "",
                "minutes": drill_minutes,
                "reason": "演示 demonstration",
                "drill": True,
            }
            await console.post("/api/on-test", drill)


async def accept_devices(console: ConsoleClient, devices: Sequence[str]) -> None:
    waiting = set(devices)
    async with asyncio.timeout(60):
        while waiting:
            for device in (await console.get("/api/devices"))["items"]:
                if device["id"] in waiting:
                    await console.post(f"/api/devices/{device['id']}/accept", {"make_points": True})
                    waiting.discard(device["id"])
            await asyncio.sleep(0.2)


async def made_points(console: ConsoleClient, cameras: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(60):
        while True:
            points: list[dict[str, Any]] = (await console.get("/api/points"))["items"]
            if len(points) >= cameras:
                return points
            await asyncio.sleep(0.2)


async def _make_premises(console: ConsoleClient, site: Site, points: Sequence[dict[str, Any]]) -> str:
    near = sorted(
        (point for point in points if point["position"]),
        key=lambda point: (
            (point["position"]["longitude"] - site.longitude) ** 2
            + (point["position"]["latitude"] - site.latitude) ** 2
        ),
    )
    premises = await console.post(
        "/api/premises",
        {
            "name": site.name,
            "address": site.address,
            "kind": site.kind,
            "note": site.note,
            "position": {"longitude": site.longitude, "latitude": site.latitude},
            "point_ids": [point["id"] for point in near[:2]],
            "zones": [{"number": number, "name": name, "point_ids": []} for number, name in site.zones.items()],
            "keyholders": [
                {"name": name, "phone": phone, "order": order, "note": ""}
                for order, (name, phone) in enumerate(site.keyholders, start=1)
            ],
        },
    )
    account = await console.post(
        "/api/panel-accounts",
        {
            "channel": "sia-dc09",
            "number": site.account,
            "premises_id": premises["id"],
            "key": site.key,
            "heartbeat_seconds": 60,
            "grace_seconds": 30,
        },
    )
    return str(account["id"])


def _password() -> str:
    return f"{secrets.token_urlsafe(12)}-9a"  # whatever the profile asks for
