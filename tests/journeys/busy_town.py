"""A town at work: a burglary in the middle of its handling, a fire and a drill that wait, a shift that hands over, a
register that is being brought in. Everything through the HTTP API, as the people of the town would do it.
"""

import asyncio
import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.run import panel_of
from fengtai.apps.demo.seed import Furnished
from fengtai.apps.demo.town import Town

REGISTER = """编号,名称,行政区划代码,点位类别,经度,纬度,地址,法定类别,安装部位,设置目的,责任单位,保存天数
101,滨湖路地铁站 A 口,210102,一类,118.3741,31.3312,滨湖路 1 号,第七条政府,地铁站,治安防控,鼓楼分局,90
102,青石大道与文昌路口,210102,一类,118.3722,31.3298,文昌路 30 号,第七条政府,道路,治安防控,鼓楼分局,90
103,某酒店三楼包间,210102,三类,118.3699,31.3301,人民路 8 号,第七条经营管理单位,包间,治安,某酒店,30
"""


@dataclass(slots=True)
class Busy:
    """What stands on the desks of the town."""

    incident_id: str
    point_id: str
    person_id: str = ""
    """the evidence officer, to whom a right was given for a while"""
    unit_id: str = ""
    """on its way to the burglary"""


async def made_busy(town: Town, furnished: Furnished) -> Busy:
    """End two of the three drills; let a burglary be handled up to the unit's acceptance; let a fire and more wait."""
    async with ConsoleClient(town.url) as desk:
        await desk.sign_in(*furnished.sign_ins["dispatcher"], post="处警一席")
        for drill in (await desk.get("/api/on-test"))["items"]:
            if drill["number"] != "1002":
                await desk.delete(f"/api/on-test/{drill['id']}")
        incident = await burglary_in_hand(desk, town, furnished)
        await panel_of(town, "1003").send_event("110", "01", "2")
        await panel_of(town, "1003").send_event("301", "01", "0")
        await panel_of(town, "1002").send_event("110", "01", "1")
        await panel_of(town, "1001").send_event("602", "01", "0")
        await panel_of(town, "1003").send_event("999", "01", "3")
        await raised(desk, "1003")
        await raised(desk, "1002")
        await desk.post("/api/hand-overs", {"notes": "望江珠宝行后门锁坏，店方明早修理；在此之前报警先看 2 号画面。"})
    await brought_register(town, furnished)
    person_id = await told_elsewhere(town, furnished)
    return Busy(incident["id"], furnished.points[0]["id"], person_id, furnished.units[0]["id"])


async def burglary_in_hand(desk: ConsoleClient, town: Town, furnished: Furnished) -> dict[str, Any]:
    """From the panel's frame to the unit's acceptance."""
    await panel_of(town, "1001").send_event("130", "01", "3")
    burglary = await raised(desk, "1001")
    incident: dict[str, Any] = await desk.post("/api/incidents", {"alarm_id": burglary["id"]})
    at = f"/api/incidents/{incident['id']}"
    for index in (0, 1):
        await desk.post(f"{at}/steps/{index}", {"done": True})
    keyholder = incident["premises"]["keyholders"][0]["id"]
    await desk.post(f"{at}/calls", {"keyholder_id": keyholder, "result": "reached", "note": "十分钟内到店开门"})
    sent = await desk.post(f"{at}/dispatches", {"unit_id": furnished.units[0]["id"]})
    await desk.post(f"{at}/dispatches/{sent['dispatches'][0]['id']}/accept", {"text": ""})
    await desk.post(f"{at}/notes", {"text": "画面中后门半开，未见人员。"})
    return incident


async def brought_register(town: Town, furnished: Furnished) -> None:
    """As the engineer: a register is read and compared; one of its rows must be refused, nothing is in force yet."""
    async with ConsoleClient(town.url) as desk:
        await desk.sign_in(*furnished.sign_ins["engineer"])
        upload = (await desk.post("/api/points/uploads"))["id"]
        content = base64.b64encode(REGISTER.encode("gb18030")).decode()
        await desk.put(f"/api/points/uploads/{upload}/pieces/0", {"content": content})
        await desk.post("/api/points/imports", {"upload_id": upload, "file_name": "鼓楼分局 2026 年度点位.csv"})
        async with asyncio.timeout(30):
            while (await desk.get(f"/api/points/imports/{upload}"))["state"] == "checking":
                await asyncio.sleep(0.1)


async def told_elsewhere(town: Town, furnished: Furnished) -> str:
    """As the administrator: another system that is told of faults, a right for a while. The id of who was given it."""
    async with ConsoleClient(town.url) as desk:
        await desk.sign_in(*furnished.sign_ins["administrator"])
        webhook = {"name": "运维工单", "url": "https://tickets.invalid/fengtai", "kinds": ["system."]}
        await desk.post("/api/webhooks", {**webhook, "enabled": False})
        people = {one["name"]: one["id"] for one in (await desk.get("/api/people"))["items"]}
        soon = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        terms = {"role": "operator", "point_classes": [1], "valid_until": soon, "reason": "代班一周，值班表第 47 号"}
        await desk.post(f"/api/people/{people['evidence-officer']}/grants", terms)
        await asked_for_another_administrator(desk, people["chief"])
        return str(people["evidence-officer"])


async def asked_for_another_administrator(desk: ConsoleClient, person_id: str) -> None:
    """The second one is made by the only one there is; a third waits for the second one's agreement."""
    password = base64.b64encode(secrets.token_bytes(18)).decode() + "a1!"
    deputy = {"name": "deputy", "display_name": "副管理员 陈静", "password": password, "roles": ["administrator"]}
    await desk.post("/api/people", deputy)
    terms = {"role": "administrator", "reason": "陈静调离后由值班长接任"}
    await desk.post(f"/api/people/{person_id}/grants", terms)


async def raised(desk: ConsoleClient, account: str) -> dict[str, Any]:
    """The waiting alarm of this account, once it has been judged."""
    async with asyncio.timeout(20):
        while True:
            for alarm in (await desk.get("/api/alarms", state="open"))["items"]:
                if alarm["account"] == account and alarm["state"] == "raised":
                    found: dict[str, Any] = alarm
                    return found
            await asyncio.sleep(0.1)
