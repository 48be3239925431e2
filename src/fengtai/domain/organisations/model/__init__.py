"""Organisations (单位): the tree of city, districts, stations and units to which everything belongs.

Owns: name, level, parent, kind of tenant, area code, credit code. Must not know: people, devices, points.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from fengtai.vocabulary.events import Event


class Level(Enum):
    """The operating levels (product.md V1), highest first; a unit is whoever stands below them or beside."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STATION = "station"
    UNIT = "unit"


class TenantKind(Enum):
    """What sort of house it is: who may be given what follows from it."""

    POLICE = "police"
    GOVERNMENT = "government"
    OPERATOR = "operator"
    """whoever runs a public place and its cameras (order 799 article 7)"""
    ALARM_COMPANY = "alarm-company"
    """regional alarm-service company (A19)"""
    MAINTENANCE = "maintenance"
    OWNER = "owner"
    """of protected premises"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    id: str
    name: str
    level: Level
    parent_id: str = ""
    """empty: the root"""
    area_code: str = ""
    """administrative area after GB/T 2260, two to twelve digits; empty: that of the parent"""
    tenant_kind: TenantKind = TenantKind.POLICE
    credit_code: str = ""
    """unified social credit code (GB 32100)"""
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRevision:
    """One line of an organisation's history."""

    organisation_id: str
    version: int
    at_ms: int
    by: str
    why: str
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationChanged(Event):
    """An organisation was made, renamed or moved."""

    kind: ClassVar[str] = "organisations.changed"
    needs: ClassVar[str] = "organisations.see"
    organisation_id: str
