"""The commands of MANSCDP that we speak, as values, and their reading (GB/T 28181-2022 annex A.2).

Owns: names and units of fields, the tolerance for vendors' dialects. Must not know: SIP, who is registered.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element

from fengtai.protocols.gb28181.items import CatalogItem, read_item
from fengtai.protocols.gb28181.manscdp import (
    Document,
    child,
    decimal_of,
    items_of,
    number_of,
    parse_document,
    text_of,
)
from fengtai.protocols.gb28181.notices import READERS, Notice, beijing_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalive:
    sn: int
    device_id: str
    ok: bool = True
    faulty: tuple[str, ...] = ()


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
    duties: tuple[tuple[str, str], ...] = ()
    """alarm inputs with ONDUTY, OFFDUTY or ALARM"""


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
    """`details`: further elements by name (lower case when read), such as the Interval of a MobilePosition."""

    command: str
    sn: int
    device_id: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Element name (lower case) to its text: {"ifamecmd": "Send"}."""

    sn: int
    device_id: str
    commands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOrder:
    """SnapShotConfig of 2022 (A.2.3.2.10): send so many pictures to this address, once, under this session."""

    sn: int
    device_id: str
    session_id: str
    upload_url: str
    count: int = 1
    interval_seconds: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A command that we do not speak: answered 200, counted, otherwise left."""

    root: str
    command: str
    sn: int
    device_id: str


Spoken = (
    Keepalive
    | CatalogPage
    | DeviceInfo
    | DeviceStatus
    | AlarmNotice
    | AlarmResponse
    | Query
    | Control
    | SnapshotOrder
    | Notice
)
"""what is read and written"""
Message = Spoken | Other


_KEEPALIVE = re.compile(
    rb"(?:<\?xml [^<>]*\?>\s*)?<Notify>\s*<CmdType>Keepalive</CmdType>\s*<SN>\d{1,10}</SN>\s*"
    rb"<DeviceID>\d{20}</DeviceID>\s*<Status>OK</Status>\s*</Notify>\s*\Z"
)


def is_usual_keepalive(data: bytes, at: int) -> bool:
    """Whether an ordinary keepalive stands there, told without parsing (the hot path). False: read the body properly."""
    if _KEEPALIVE.match(data, at) is not None:
        return True
    body = data[at:]
    if b">Keepalive</CmdType>" not in body or b"<!" in body or b"<Status>OK<" not in body or b"<Info>" in body:
        return False
    start = body.find(b"<DeviceID>") + 10
    end = body.find(b"</DeviceID>", start)
    return 10 <= start < end <= start + 20


def read_message(body: bytes, charset: str = "") -> Message:
    """Raise Malformed when it is no MANSCDP."""
    document = parse_document(body, charset)
    reader = _READERS.get((document.root, document.command.lower()))
    if reader is not None:
        return reader(document)
    if document.root == "Query":
        return Query(
            command=document.command, sn=document.sn, device_id=document.device_id, details=_leaves(document.tree)
        )
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
    items = tuple(item for one in items_of(document.tree, "DeviceList") if (item := read_item(one)).id)
    total = number_of(document.tree, "SumNum")
    return CatalogPage(
        sn=document.sn, device_id=document.device_id, total=len(items) if total is None else total, items=items
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
        duties=tuple(_duties(tree)),
    )


def _duties(tree: Element) -> list[tuple[str, str]]:
    """The element is spelt Alarmstatus in the standard and AlarmStatus by devices; letter case is passed over."""
    told = [
        (text_of(one, "DeviceID")[:20], text_of(one, "DutyStatus").upper()) for one in items_of(tree, "Alarmstatus")
    ]
    return [(input_id, duty) for input_id, duty in told if duty in ("ONDUTY", "OFFDUTY", "ALARM")]


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
    return Control(sn=document.sn, device_id=document.device_id, commands=_leaves(document.tree))


def _leaves(tree: Element) -> dict[str, str]:
    """What stands beside the head of every message."""
    return {
        one.tag.lower(): (one.text or "").strip()
        for one in tree
        if isinstance(one.tag, str) and one.tag.lower() not in ("cmdtype", "sn", "deviceid")
    }


def _device_config(document: Document) -> SnapshotOrder | Other:
    order = child(document.tree, "SnapShotConfig")
    if order is None:
        return Other(root="Control", command=document.command, sn=document.sn, device_id=document.device_id)
    return SnapshotOrder(
        sn=document.sn,
        device_id=document.device_id,
        session_id=text_of(order, "SessionID")[:128],
        upload_url=text_of(order, "UploadURL")[:1024],
        count=number_of(order, "SnapNum") or 1,
        interval_seconds=number_of(order, "Interval") or 1,
    )


_READERS: Mapping[tuple[str, str], Callable[[Document], Message]] = {
    ("Notify", "keepalive"): _keepalive,
    ("Response", "catalog"): _catalog,
    ("Response", "deviceinfo"): _device_info,
    ("Response", "devicestatus"): _device_status,
    ("Notify", "alarm"): _alarm,
    ("Response", "alarm"): _alarm_response,
    ("Control", "devicecontrol"): _control,
    ("Control", "deviceconfig"): _device_config,
    **READERS,
}
