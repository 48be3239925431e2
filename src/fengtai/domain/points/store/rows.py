"""Points as rows and back."""

import json
from dataclasses import fields
from datetime import date
from enum import Enum
from functools import lru_cache
from typing import Any

from msgspec.json import encode

from fengtai.domain.points.model import Point, PointClass
from fengtai.domain.points.model.dossier import EMPTY_DOSSIER, Datum, Dossier, GivenPlace, LegalClass, SitingZone
from fengtai.domain.points.model.words import grams
from fengtai.domain.points.store.tables import point_table
from fengtai.vocabulary.places import Position

_NOT_READ = ("seat", "grams", "made_by", "ended_by")
COLUMNS = [column for column in point_table.c if column.name not in _NOT_READ]
"""What a point is made of; where its row stands and the words for the search stay where they are."""
_CLASSES = {member.value: member for member in PointClass}
_LEGAL_CLASSES = {member.value: member for member in LegalClass}
_EMPTY_VALUES = [(field.name, getattr(EMPTY_DOSSIER, field.name)) for field in fields(Dossier)]
_DOSSIER_NAMES = frozenset(name for name, _ in _EMPTY_VALUES)
_DATES = frozenset({"in_service_on", "retired_on", "filed_on", "sign_on"})


def values_of(point: Point) -> dict[str, Any]:
    """All columns but the id."""
    given = point.given
    return {
        "number": point.number,
        "code": point.code,
        "name": point.name,
        "organisation_id": point.organisation_id,
        "area_code": point.area_code,
        "point_class": point.point_class.value,
        "legal_class": point.legal_class.value,
        "counter_terror_target": point.counter_terror_target,
        "longitude": point.position.longitude if point.position else None,
        "latitude": point.position.latitude if point.position else None,
        "given_datum": given.datum.value if given else "",
        "given_longitude": given.longitude if given else None,
        "given_latitude": given.latitude if given else None,
        "view_degrees": point.view_degrees,
        "view_angle_degrees": point.view_angle_degrees,
        "address": point.address,
        "device_id": point.device_id,
        "channel_id": point.channel_id,
        "records": point.records,
        "audio": point.audio,
        "retention_days": point.retention_days,
        "dossier": dossier_text(point.dossier),
        "completeness": point.completeness,
        "version": point.version,
        "grams": " ".join(grams(point.name, point.address)),
    }


def point_of(row: Any) -> Point:
    """Of a row of `COLUMNS`, by place: hundreds of them are made for one map."""
    (id, number, code, name, organisation_id, area_code, point_class, legal_class, counter_terror_target,
     longitude, latitude, given_datum, given_longitude, given_latitude, view_degrees, view_angle_degrees, address,
     device_id, channel_id, records, audio, retention_days, dossier, completeness, version) = row  # fmt: skip
    placed = longitude is not None and latitude is not None
    return Point(
        id=id,
        number=number,
        code=code,
        name=name,
        organisation_id=organisation_id,
        area_code=area_code,
        point_class=_CLASSES[point_class],
        legal_class=_LEGAL_CLASSES[legal_class],
        counter_terror_target=bool(counter_terror_target),
        position=Position(longitude, latitude) if placed else None,
        given=GivenPlace(given_longitude, given_latitude, Datum(given_datum)) if given_datum else None,
        view_degrees=view_degrees,
        view_angle_degrees=view_angle_degrees,
        address=address,
        device_id=device_id,
        channel_id=channel_id,
        records=bool(records),
        audio=bool(audio),
        retention_days=retention_days,
        dossier=EMPTY_DOSSIER if dossier == "{}" else dossier_of(dossier),
        completeness=completeness,
        version=version,
    )


def dossier_text(dossier: Dossier) -> str:
    """Only what is said: most dossiers are short, and there are 200,000."""
    if dossier == EMPTY_DOSSIER:
        return "{}"
    told: dict[str, object] = {}
    for name, empty in _EMPTY_VALUES:
        value = getattr(dossier, name)
        if value != empty:
            told[name] = _plain(value)
    return encode(told).decode()


@lru_cache(maxsize=4096)
def dossier_of(text: str) -> Dossier:
    """Remembered: a street's points were entered together and say much the same."""
    values: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in _DOSSIER_NAMES}
    for name in _DATES & values.keys():
        values[name] = date.fromisoformat(values[name])
    if "siting_zone" in values:
        values["siting_zone"] = SitingZone(values["siting_zone"])
    return Dossier(**values)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
