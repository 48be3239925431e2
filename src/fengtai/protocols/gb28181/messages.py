"""The commands of MANSCDP that we speak, as values, and their reading (GB/T 28181-2022 annex A.2).

Owns: names and units of fields, the tolerance for vendors' dialects. Must not know: SIP, who is registered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from xml.etree.ElementTree import Element

from fengtai.protocols.gb28181.manscdp import (
    Document,
    child,
    decimal_of,
    items_of,
    number_of,
    parse_document,
    text_of,
)

BEIJING = timezone(timedelta(hours=8))
"""all times of the standard are local time of Beijing, without a zone"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalive:
    sn: int
    device_id: str
    ok: bool = True
    faulty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItem:
    """One Item: a camera, another peripheral, or a node of a tree (area, system, group)."""

    id: str
    name: str = ""
    manufacturer: str = ""
    model: str = ""
    civil_code: str = ""
    address: str = ""
    parent_id: str = ""
    on: bool = True
    longitude: float | None = None
    latitude: float | None = None
    ptz_type: int = 0
    parental: int = 0

    @property
    def is_device(self) -> bool:
        """False for areas (2 to 8 digits) and the nodes of platforms, business groups and virtual organisations."""
        return len(self.id) == 20 and self.id.isascii() and self.id.isdigit() and not "200" <= self.id[10:13] <= "299"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPage:
    """A part of the answer to a Catalog query; the parts share its SN, and `total` counts all items."""

    sn: int
    device_id: str
    total: int
    items: tuple[CatalogItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    sn: int
    device_id: str
    name: str = ""
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    channels: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    sn: int
    device_id: str
    online: bool = True
    ok: bool = True
    recording: bool = False
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmNotice:
    """An alarm of a device (A.2.5 alarm notify). `method` 1 to 7, `type` by method; 0 and 0: not said."""

    sn: int
    device_id: str
    method: int
    type: int = 0
    priority: int = 4
    """1 (highest) to 4"""
    event_type: int = 0
    at: datetime | None = None
    description: str = ""
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmResponse:
    sn: int
    device_id: str
    ok: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    command: str
    sn: int
    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Element name (lower case) to its text: {"ifamecmd": "Send"}."""

    sn: int
    device_id: str
    commands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A command that we do not speak: answered 200, counted, otherwise left."""

    root: str
    command: str
    sn: int
    device_id: str


Message = Keepalive | CatalogPage | DeviceInfo | DeviceStatus | AlarmNotice | AlarmResponse | Query | Control | Other


def keepalive_sender(body: bytes) -> bytes | None:
    """The device of an ordinary keepalive, found without parsing (the hot path); None: read the body properly."""
    if b">Keepalive</CmdType>" not in body or b"<!" in body or b"<Status>OK<" not in body or b"<Info>" in body:
        return None
    start = body.find(b"<DeviceID>") + 10
    end = body.find(b"</DeviceID>", start)
    return body[start:end] if 10 <= start < end <= start + 20 else None


def read_message(body: bytes, charset: str = "") -> Message:
    """Raise Malformed when it is no MANSCDP."""
    document = parse_document(body, charset)
    reader = _READERS.get((document.root, document.command.lower()))
    if reader is not None:
        return reader(document)
    if document.root == "Query":
        return Query(command=document.command, sn=document.sn, device_id=document.device_id)
    return Other(root=document.root, command=document.command, sn=document.sn, device_id=document.device_id)


def _keepalive(document: Document) -> Keepalive:
    info = child(document.tree, "Info")
    faulty = (
        tuple((one.text or "").strip() for one in info if one.tag.lower() == "deviceid") if info is not None else ()
    )
    return Keepalive(
        sn=document.sn,
        device_id=document.device_id,
        ok=text_of(document.tree, "Status").upper() != "ERROR",
        faulty=faulty[:1000],
    )


def _catalog(document: Document) -> CatalogPage:
    items = tuple(item for one in items_of(document.tree, "DeviceList") if (item := _item(one)).id)
    total = number_of(document.tree, "SumNum")
    return CatalogPage(
        sn=document.sn, device_id=document.device_id, total=len(items) if total is None else total, items=items
    )


def _item(element: Element) -> CatalogItem:
    info = child(element, "Info")
    status = text_of(element, "Status").upper()
    longitude, latitude = decimal_of(element, "Longitude"), decimal_of(element, "Latitude")
    placed = bool(longitude or latitude) and abs(longitude or 0) <= 180 and abs(latitude or 0) <= 90
    civil_code = text_of(element, "CivilCode")
    return CatalogItem(
        id=text_of(element, "DeviceID")[:20],
        name=text_of(element, "Name")[:255],
        manufacturer=text_of(element, "Manufacturer")[:64],
        model=text_of(element, "Model")[:64],
        civil_code=civil_code if civil_code.isdigit() else "",
        address=text_of(element, "Address")[:255],
        parent_id=text_of(element, "ParentID")[:64],
        on=status not in ("OFF", "OFFLINE", "0", "VLOST", "DEFECT"),
        longitude=longitude if placed else None,
        latitude=latitude if placed else None,
        ptz_type=number_of(info, "PTZType") or number_of(element, "PTZType") or 0,
        parental=number_of(element, "Parental") or 0,
    )


def _device_info(document: Document) -> DeviceInfo:
    tree = document.tree
    return DeviceInfo(
        sn=document.sn,
        device_id=document.device_id,
        name=text_of(tree, "DeviceName")[:255],
        manufacturer=text_of(tree, "Manufacturer")[:64],
        model=text_of(tree, "Model")[:64],
        firmware=text_of(tree, "Firmware")[:64],
        channels=number_of(tree, "Channel"),
    )


def _device_status(document: Document) -> DeviceStatus:
    tree = document.tree
    return DeviceStatus(
        sn=document.sn,
        device_id=document.device_id,
        online=text_of(tree, "Online").upper() != "OFFLINE",
        ok=text_of(tree, "Status").upper() != "ERROR",
        recording=text_of(tree, "Record").upper() == "ON",
        device_time=beijing_moment(text_of(tree, "DeviceTime")),
    )


def _alarm(document: Document) -> AlarmNotice:
    tree = document.tree
    info = [one for one in tree if isinstance(one.tag, str) and one.tag.lower() == "info"]
    alarm_type = next((kind for one in info if (kind := number_of(one, "AlarmType")) is not None), None)
    parameter = next((found for one in info if (found := child(one, "AlarmTypeParam")) is not None), None)
    return AlarmNotice(
        sn=document.sn,
        device_id=document.device_id,
        method=number_of(tree, "AlarmMethod") or 0,
        type=alarm_type if alarm_type is not None else number_of(tree, "AlarmType") or 0,
        priority=number_of(tree, "AlarmPriority") or 4,
        event_type=number_of(parameter, "EventType") or 0,
        at=beijing_moment(text_of(tree, "AlarmTime")),
        description=text_of(tree, "AlarmDescription")[:1024],
        longitude=decimal_of(tree, "Longitude"),
        latitude=decimal_of(tree, "Latitude"),
    )


def _alarm_response(document: Document) -> AlarmResponse:
    ok = text_of(document.tree, "Result").upper() != "ERROR"
    return AlarmResponse(sn=document.sn, device_id=document.device_id, ok=ok)


def _control(document: Document) -> Control:
    commands = {
        one.tag.lower(): (one.text or "").strip()
        for one in document.tree
        if isinstance(one.tag, str) and one.tag.lower() not in ("cmdtype", "sn", "deviceid")
    }
    return Control(sn=document.sn, device_id=document.device_id, commands=commands)


_READERS: Mapping[tuple[str, str], Callable[[Document], Message]] = {
    ("Notify", "keepalive"): _keepalive,
    ("Response", "catalog"): _catalog,
    ("Response", "deviceinfo"): _device_info,
    ("Response", "devicestatus"): _device_status,
    ("Notify", "alarm"): _alarm,
    ("Response", "alarm"): _alarm_response,
    ("Control", "devicecontrol"): _control,
}


def beijing_moment(text: str) -> datetime | None:
    """A device's local time as UTC; None when it is none."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "T"))
        local = moment.replace(tzinfo=BEIJING) if moment.tzinfo is None else moment
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def beijing_text(utc: datetime, *, milliseconds: bool = False) -> str:
    local = utc.astimezone(BEIJING).replace(tzinfo=None)
    return local.isoformat(timespec="milliseconds" if milliseconds else "seconds")
