"""The fields of a point as a table: how each is called, read from a cell, told in a cell, and compared.

Import, export, history and the list of what is missing all speak by this table. A new field is a row here and an
attribute of the model.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import Enum
from typing import Any

from fengtai.domain.points.model import Point, PointClass, PointWords
from fengtai.domain.points.model.dossier import Datum, Dossier, GivenPlace, LegalClass, SitingZone
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.places import Position

Cell = object
"""What a spreadsheet holds: text, a number, a date, a truth value, or None."""

LARGEST_NUMBER = 9_999_999

CLEARED = frozenset({"清空", "clear", "CLEAR", "Clear"})
"""An empty cell leaves what stands; this word empties it."""

_LEGAL = {
    "第七条政府": LegalClass.ART7_GOV,
    "第七条经营管理单位": LegalClass.ART7_OPERATOR,
    "第九条": LegalClass.ART9,
    "非公共场所": LegalClass.NON_PUBLIC,
    "未注明": LegalClass.UNSAID,
}
_CLASSES = {"一类": PointClass.ONE, "二类": PointClass.TWO, "三类": PointClass.THREE, "其他": PointClass.OTHER}
_DATUMS = {"wgs-84": Datum.WGS84, "gcj-02": Datum.GCJ02, "火星坐标": Datum.GCJ02, "国家2000": Datum.CGCS2000}
_ZONES = {
    "未注明": SitingZone.UNSAID,
    "道路": SitingZone.STREET,
    "广场": SitingZone.SQUARE,
    "公园": SitingZone.PARK,
    "交通枢纽": SitingZone.TRANSPORT_HUB,
    "公共交通工具": SitingZone.VEHICLE,
    "出入口": SitingZone.ENTRANCE,
    "大厅": SitingZone.LOBBY,
    "通道": SitingZone.CORRIDOR,
    "服务窗口": SitingZone.COUNTER,
    "营业场所": SitingZone.SHOP_FLOOR,
    "校园": SitingZone.SCHOOL_GROUNDS,
    "医院公共区域": SitingZone.HOSPITAL_PUBLIC,
    "周界": SitingZone.PERIMETER,
    "停车场": SitingZone.CAR_PARK,
    "库房": SitingZone.VAULT,
    "制高点": SitingZone.HIGH_VANTAGE,
    "监管场所": SitingZone.CUSTODIAL,
    "其他": SitingZone.OTHER,
    "客房": SitingZone.GUEST_ROOM,
    "包间": SitingZone.PRIVATE_ROOM,
    "宿舍": SitingZone.DORMITORY,
    "更休室": SitingZone.STAFF_REST_ROOM,
    "浴室": SitingZone.BATH,
    "卫生间": SitingZone.TOILET,
    "更衣室": SitingZone.CHANGING_ROOM,
    "哺乳室": SitingZone.NURSING_ROOM,
    "试衣间": SitingZone.FITTING_ROOM,
    "其他隐私场所": SitingZone.OTHER_PRIVATE,
}


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    zh: str
    en: str
    read: Callable[[Cell], Any]
    """a cell that is not empty; raises Invalid with a reason"""
    aliases: tuple[str, ...] = ()
    empty: object = ""
    """what the word for clearing puts here"""
    zh_words: Mapping[str, Enum] | None = None

    def tell(self, value: object, *, chinese: bool = True) -> str:
        """As an export writes it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return ("是" if value else "否") if chinese else ("yes" if value else "no")
        if isinstance(value, Enum):
            return self._word(value) if chinese else str(value.value)
        return value.isoformat() if isinstance(value, date) else str(value)

    def _word(self, value: Enum) -> str:
        words = self.zh_words or {}
        return next((word for word, meant in words.items() if meant is value), str(value.value))


def text_of(cell: Cell) -> str:
    """A cell as text. Spreadsheets make numbers of codes: 21010200.0 is 21010200 again."""
    if isinstance(cell, str):
        text = cell.strip()
        return text if text.isascii() or unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return "" if cell is None else unicodedata.normalize("NFC", str(cell)).strip()


def _text(cell: Cell) -> str:
    text = text_of(cell)
    if text[:1] in "=@" or (text[:1] in "+-" and text[1:2].isalpha()):
        raise Invalid("this is a formula, not a word: write the word itself")
    return text.removeprefix("'")


def _code(cell: Cell) -> str:
    text = unicodedata.normalize("NFKC", _text(cell)).replace(" ", "")
    if isinstance(cell, float) and cell >= 1e15:
        raise Invalid("the spreadsheet has made a rounded number of this code: format the column as text")
    return text


def _integer(cell: Cell) -> int:
    number = _number(cell)
    if not number.is_integer():
        raise Invalid(f"{text_of(cell)[:40]!r} is not a whole number")
    return int(number)


def _point_number(cell: Cell) -> int:
    number = _integer(cell)
    if not 0 <= number <= LARGEST_NUMBER:
        raise Invalid(f"a point's number lies between 1 and {LARGEST_NUMBER}")
    return number


def _number(cell: Cell) -> float:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    text = unicodedata.normalize("NFKC", _text(cell)).rstrip("°度").strip()
    try:
        if not text.isascii() or "_" in text:
            raise ValueError
        number = float(text)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is not a number") from None
    if number != number or number in (float("inf"), float("-inf")) or abs(number) > 1e12:
        raise Invalid(f"{text[:40]!r} is not a number that can stand here")
    return number


def _truth(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    text = text_of(cell).casefold()
    if text in ("是", "yes", "y", "true", "1", "有"):
        return True
    if text in ("否", "no", "n", "false", "0", "无"):
        return False
    raise Invalid(f"{text[:40]!r} is neither yes nor no (是, 否)")


def _date(cell: Cell) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _text(cell).replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    try:
        year, month, day = (int(part) for part in text.split(" ")[0].split("-"))
        return date(year, month, day)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is not a date such as 2026-11-20") from None


def _one_of(kind: type[Enum], words: Mapping[str, Enum]) -> Callable[[Cell], Any]:
    known = {str(member.value).casefold(): member for member in kind} | {
        word.casefold(): member for word, member in words.items()
    }

    def read(cell: Cell) -> Enum:
        written = text_of(cell)
        if written in known:  # as an export writes it
            return known[written]
        text = unicodedata.normalize("NFKC", written).casefold()
        try:
            return known[text]
        except KeyError:
            raise Invalid(f"{text[:40]!r} is none of: {', '.join(words)}") from None

    return read


FIELDS: Sequence[Field] = (
    Field("number", "编号", "Number", _point_number, ("点位编号", "序号"), 0),
    Field("code", "国标编码", "Code", _code, ("设备编码", "点位编码", "国标id", "gb code")),
    Field("name", "名称", "Name", _text, ("点位名称", "设备名称", "监控点名称", "摄像机名称")),
    Field("organisation", "所属单位", "Organisation", _text, ("所属机构", "管理单位", "单位")),
    Field("area_code", "行政区划代码", "Area code", _code, ("行政区域", "行政区划", "区划代码")),
    Field("point_class", "点位类别", "Class", _one_of(PointClass, _CLASSES), ("类别", "监控点位类型", "point class"),
          PointClass.THREE, _CLASSES),
    Field("legal_class", "法定类别", "Legal class", _one_of(LegalClass, _LEGAL), (), LegalClass.UNSAID, _LEGAL),
    Field("counter_terror_target", "反恐重点目标", "Key target", _truth, ("counter-terror key target",), False),
    Field("longitude", "经度", "Longitude", _number, ("lng", "lon", "东经"), None),
    Field("latitude", "纬度", "Latitude", _number, ("lat", "北纬"), None),
    Field("datum", "坐标系", "Datum", _one_of(Datum, _DATUMS), ("坐标系统",), Datum.WGS84, _DATUMS),
    Field("view_degrees", "朝向", "Direction", _integer, ("监视方位", "方位角", "view direction"), None),
    Field("view_angle_degrees", "视角", "Angle of view", _integer, ("视场角",), None),
    Field("address", "地址", "Address", _text, ("安装地址", "安装位置", "详细地址")),
    Field("device_id", "接入设备编码", "Device code", _code, ("设备国标编码", "所属设备")),
    Field("channel_id", "接入通道编码", "Channel code", _code, ("通道国标编码", "通道编码")),
    Field("records", "是否录像", "Records", _truth, ("录像",), False),
    Field("audio", "是否录音", "With sound", _truth, ("录音",), False),
    Field("retention_days", "保存天数", "Days kept", _integer, ("录像保存天数", "存储天数"), 30),
    Field("purpose", "设置目的", "Purpose", _text, ("用途",)),
    Field("siting_zone", "安装部位", "Siting zone", _one_of(SitingZone, _ZONES), ("安装区域", "摄像机位置类型"),
          SitingZone.UNSAID, _ZONES),
    Field("responsible_unit", "责任单位", "Responsible unit", _text, ("建设单位",)),
    Field("responsible_unit_code", "统一社会信用代码", "Credit code", _code),
    Field("responsible_person", "责任人", "Responsible person", _text, ("联系人",)),
    Field("maintenance_unit", "维护单位", "Maintenance unit", _text, ("运维单位",)),
    Field("collection_range", "采集范围", "Collection range", _text),
    Field("in_service_on", "启用日期", "In service since", _date, ("投入使用日期", "安装时间"), None),
    Field("retired_on", "停用日期", "Retired on", _date, (), None),
    Field("filing_number", "备案编号", "Filing number", _code),
    Field("filed_on", "备案日期", "Filed on", _date, (), None),
    Field("sign_on", "提示标识核查日期", "Sign seen on", _date, (), None),
    Field("note", "备注", "Note", _text, ("说明",)),
)  # fmt: skip

BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
DOSSIER_NAMES = tuple(field.name for field in fields(Dossier))
_SAME_IN_BOTH = (
    *("number", "code", "name", "organisation_id", "area_code", "point_class", "legal_class",
      "counter_terror_target", "view_degrees", "view_angle_degrees", "address", "device_id", "channel_id",
      "records", "audio", "retention_days"),
)  # fmt: skip


def told(point: Point | PointWords) -> dict[str, Any]:
    """All fields of a point by name; the position as it was given."""
    place: Position | GivenPlace | None = point.given or point.position
    flat = {name: getattr(point, name) for name in _SAME_IN_BOTH}
    flat |= {
        "longitude": place.longitude if place else None,
        "latitude": place.latitude if place else None,
        "datum": point.given.datum if point.given else Datum.WGS84,
    }
    return flat | {name: getattr(point.dossier, name) for name in DOSSIER_NAMES}


def words_of(flat: Mapping[str, Any]) -> PointWords:
    """The opposite. Raise Invalid for half a position."""
    longitude, latitude = flat["longitude"], flat["latitude"]
    if (longitude is None) != (latitude is None):
        missing = "latitude" if latitude is None else "longitude"
        raise Invalid("a position has both longitude and latitude", field=missing)
    position, given = None, None
    if longitude is not None and latitude is not None:
        position = Position(longitude, latitude)
        if flat["datum"] is not Datum.WGS84:
            given = GivenPlace(longitude, latitude, flat["datum"])
    return PointWords(
        **{name: flat[name] for name in _SAME_IN_BOTH},
        position=position,
        given=given,
        dossier=Dossier(**{name: flat[name] for name in DOSSIER_NAMES}),
    )


def differences(before: Point | None, after: Point) -> dict[str, tuple[Any, Any]]:
    """Field by field, in values that JSON holds; of a new point, everything that is said."""
    then = told(before) if before is not None else _NOTHING
    changed = ((name, then[name], value) for name, value in told(after).items() if then[name] != value)
    return {name: (_plain(was), _plain(value)) for name, was, value in changed}


_NOTHING = told(PointWords(name="")) | {"records": None, "retention_days": None, "point_class": None}


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


def _plain(value: object) -> object:
    if type(value) in _AS_THEY_ARE:  # nearly all of them, and 200,000 rows have a dozen each
        return value
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
