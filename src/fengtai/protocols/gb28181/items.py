"""One item of a catalogue: its value, its reading and its lines (GB/T 28181-2022 annex A.2.1.9).

Owns: which ids are devices, the words that vendors have for being on. Must not know: pages, notices, who sent it.
"""

from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from fengtai.protocols.gb28181.manscdp import number_of

WHOLE_EVENTS = frozenset(("ADD", "UPDATE"))
OFF_WORDS = frozenset(("OFF", "OFFLINE", "0", "VLOST", "DEFECT"))


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


def read_item(element: Element) -> CatalogItem:
    """Element names in any letter case; each is looked up in one pass, because a message may hold ten thousand items."""
    told = {one.tag.lower(): one for one in reversed(element)}
    info = told.get("info")

    def text(name: str) -> str:
        found = told.get(name)
        return (found.text or "").strip() if found is not None else ""

    longitude, latitude = _degrees(text("longitude"), 180.0), _degrees(text("latitude"), 90.0)
    placed = longitude is not None and latitude is not None and bool(longitude or latitude)
    civil_code, ptz, parental = text("civilcode"), text("ptztype"), text("parental")
    return CatalogItem(
        id=text("deviceid")[:20],
        name=text("name")[:255],
        manufacturer=text("manufacturer")[:64],
        model=text("model")[:64],
        civil_code=civil_code if is_civil_code(civil_code) else "",
        address=text("address")[:255],
        parent_id=text("parentid")[:64],
        on=text("status").upper() not in OFF_WORDS,
        longitude=longitude if placed else None,
        latitude=latitude if placed else None,
        ptz_type=number_of(info, "PTZType") or _small(ptz),
        parental=_small(parental),
    )


def _degrees(text: str, most: float) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and -most <= value <= most else None


def _small(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def item_lines(item: CatalogItem, *, event: str = "") -> list[str]:
    """The lines of an Item; `event`: of a notice. Only ADD and UPDATE tell the whole item (section 9.5.2)."""
    head = ["<Item>", leaf("DeviceID", item.id), *([leaf("Event", event)] if event else [])]
    if event and event not in WHOLE_EVENTS:
        return [*head, "</Item>"]
    lines = [
        *head,
        leaf("Name", item.name),
        leaf("Manufacturer", item.manufacturer),
        leaf("Model", item.model),
        leaf("CivilCode", item.civil_code),
        leaf("Address", item.address),
        leaf("Parental", item.parental),
        leaf("ParentID", item.parent_id),
        leaf("RegisterWay", 1),
        leaf("Secrecy", 0),
        leaf("Status", "ON" if item.on else "OFF"),
    ]
    if item.longitude is not None and item.latitude is not None:
        lines += [leaf("Longitude", item.longitude), leaf("Latitude", item.latitude)]
    if item.ptz_type:
        lines += ["<Info>", leaf("PTZType", item.ptz_type), "</Info>"]
    return [*lines, "</Item>"]


def leaf(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def is_civil_code(text: str) -> bool:
    """Two to eight digits; devices also send "CivilCode", "null" and 65535 (an unset 16-bit number)."""
    return text.isascii() and text.isdigit() and len(text) in (2, 4, 6, 8)
