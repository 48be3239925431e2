"""What devices tell unasked, once subscribed to or by themselves: changes of the catalogue, positions, snapshots sent.

GB/T 28181-2022 sections 9.11 (subscription), 9.5.2 (catalogue), 9.8 (mobile position), 9.14 (snapshot), annex A.2.5.
Both forms of a position are read: one in the body (2016 and what most devices send), or a list of many (2022).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from xml.etree.ElementTree import Element

from fengtai.protocols.gb28181.items import CatalogItem, item_lines, leaf, read_item
from fengtai.protocols.gb28181.manscdp import Document, child, decimal_of, items_of, text_of

BEIJING = timezone(timedelta(hours=8))
"""all times of the standard are local time of Beijing, without a zone"""
CATALOGUE_EVENTS = frozenset(("ON", "OFF", "VLOST", "DEFECT", "ADD", "DEL", "UPDATE"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChange:
    """One item that changed. `item` is whole only for ADD and UPDATE; of an UPDATE, empty fields were not told."""

    event: str
    item: CatalogItem
    tells_status: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueNotice:
    sn: int
    device_id: str
    changes: tuple[CatalogueChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Where something was. Degrees of WGS-84."""

    target_id: str
    longitude: float
    latitude: float
    at: datetime | None = None
    speed_kmh: float | None = None
    direction_degrees: float | None = None
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionNotice:
    sn: int
    device_id: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotsSent:
    """UploadSnapShotFinished: which pictures were uploaded; one that is missing failed."""

    sn: int
    device_id: str
    session_id: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """The Response to a DeviceControl or a DeviceConfig, by the order's SN."""

    command: str
    sn: int
    device_id: str
    ok: bool
    reason: str = ""


Notice = CatalogueNotice | PositionNotice | SnapshotsSent | OrderResult


def _catalogue(document: Document) -> CatalogueNotice:
    changes = []
    for element in items_of(document.tree, "DeviceList"):
        item = read_item(element)
        event = (text_of(element, "Event") or text_of(element, "Status")).upper()
        if item.id and event in CATALOGUE_EVENTS:
            changes.append(CatalogueChange(event=event, item=item, tells_status=bool(text_of(element, "Status"))))
    return CatalogueNotice(sn=document.sn, device_id=document.device_id, changes=tuple(changes))


def _positions(document: Document) -> PositionNotice:
    listed = items_of(document.tree, "DeviceList")
    told = [_fix(one, document.device_id) for one in listed] if listed else [_fix(document.tree, document.device_id)]
    return PositionNotice(
        sn=document.sn, device_id=document.device_id, fixes=tuple(fix for fix in told if fix is not None)
    )


def _fix(element: Element, device_id: str) -> Fix | None:
    """None: no fix. 0/0 is what a receiver tells that has none."""
    longitude, latitude = decimal_of(element, "Longitude"), decimal_of(element, "Latitude")
    if longitude is None or latitude is None or abs(longitude) > 180 or abs(latitude) > 90:
        return None
    if not longitude and not latitude:
        return None
    direction = decimal_of(element, "Direction")
    return Fix(
        target_id=text_of(element, "DeviceID")[:20] or device_id,
        longitude=longitude,
        latitude=latitude,
        at=beijing_moment(text_of(element, "CaptureTime") or text_of(element, "Time")),
        speed_kmh=decimal_of(element, "Speed"),
        direction_degrees=None if direction is None else direction % 360.0,
        altitude_m=decimal_of(element, "Altitude"),
    )


def _snapshots(document: Document) -> SnapshotsSent:
    listed = child(document.tree, "SnapShotList")
    files = [(one.text or "").strip()[:64] for one in listed if isinstance(one.tag, str)] if listed is not None else []
    return SnapshotsSent(
        sn=document.sn,
        device_id=document.device_id,
        session_id=text_of(document.tree, "SessionID")[:128],
        files=tuple(files[:10]),
    )


def _result(document: Document) -> OrderResult:
    """No Result at all counts as a yes: some devices answer so."""
    reason = text_of(document.tree, "Reason") or text_of(document.tree, "ErrorReason")
    return OrderResult(
        command=document.command,
        sn=document.sn,
        device_id=document.device_id,
        ok=text_of(document.tree, "Result").upper() in ("OK", ""),
        reason=reason[:200],
    )


READERS: Mapping[tuple[str, str], Callable[[Document], Notice]] = {
    ("Notify", "catalog"): _catalogue,
    ("Notify", "mobileposition"): _positions,
    ("Response", "mobileposition"): _positions,
    ("Notify", "uploadsnapshotfinished"): _snapshots,
    ("Response", "devicecontrol"): _result,
    ("Response", "deviceconfig"): _result,
}


def notice_parts(notice: Notice) -> tuple[str, str, list[str]]:
    """Root, CmdType and the lines inside."""
    match notice:
        case CatalogueNotice():
            lines = [leaf("SumNum", len(notice.changes)), f'<DeviceList Num="{len(notice.changes)}">']
            for change in notice.changes:
                lines += item_lines(change.item, event=change.event)
            return "Notify", "Catalog", [*lines, "</DeviceList>"]
        case PositionNotice():
            return "Notify", "MobilePosition", _position_lines(notice)
        case SnapshotsSent():
            files = [leaf("SnapShotFileID", one) for one in notice.files]
            lines = [leaf("SessionID", notice.session_id), "<SnapShotList>", *files, "</SnapShotList>"]
            return "Notify", "UploadSnapShotFinished", lines
        case OrderResult():
            reason = [leaf("Reason", notice.reason)] if notice.reason else []
            return "Response", notice.command, [leaf("Result", "OK" if notice.ok else "ERROR"), *reason]


def _position_lines(notice: PositionNotice) -> list[str]:
    """One position of the device itself as 2016 has it, more as the list of 2022."""
    if len(notice.fixes) == 1 and notice.fixes[0].target_id == notice.device_id:
        return _fix_lines(notice.fixes[0], "Time")
    lines = [leaf("SumNum", len(notice.fixes)), f'<DeviceList Num="{len(notice.fixes)}">']
    for fix in notice.fixes:
        lines += ["<Item>", leaf("DeviceID", fix.target_id), *_fix_lines(fix, "CaptureTime"), "</Item>"]
    return [*lines, "</DeviceList>"]


def _fix_lines(fix: Fix, time_name: str) -> list[str]:
    lines = [leaf(time_name, beijing_text(fix.at))] if fix.at is not None else []
    lines += [leaf("Longitude", fix.longitude), leaf("Latitude", fix.latitude)]
    told = (("Speed", fix.speed_kmh), ("Direction", fix.direction_degrees), ("Altitude", fix.altitude_m))
    return lines + [leaf(name, value) for name, value in told if value is not None]


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
