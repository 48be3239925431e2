"""What the routes of points take and answer."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fengtai.domain.organisations.model.areas import Area, AreaStatus
from fengtai.domain.points.model import PlacedPoint, Point, PointClass, PointPresence, PointWords
from fengtai.domain.points.model.dossier import (
    Datum,
    Document,
    DocumentKind,
    Dossier,
    FilingState,
    GivenPlace,
    LegalClass,
    Revision,
    SitingZone,
    Stage,
)
from fengtai.domain.points.rules.duties import completeness, filing, floor_days, stage
from fengtai.vocabulary.clock import from_ms
from fengtai.vocabulary.places import Position

Id = Annotated[str, Field(max_length=32)]
Why = Annotated[str, Field(max_length=500, description="kept in the history")]
Version = Annotated[int, Field(ge=0, le=2**31 - 1, description="the one that was read; 0: whatever stands")]
Short = Annotated[str, Field(max_length=500)]
Whole = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class PointPlace(BaseModel):
    longitude: float
    latitude: float


class GivenPoint(PointPlace):
    datum: Datum = Datum.WGS84


class DossierForm(BaseModel):
    purpose: Short = ""
    siting_zone: SitingZone = SitingZone.UNSAID
    responsible_unit: Short = ""
    responsible_unit_code: Annotated[str, Field(max_length=18, description="unified social credit code, GB 32100")] = ""
    responsible_person: Short = ""
    maintenance_unit: Short = ""
    collection_range: Short = ""
    in_service_on: date | None = None
    retired_on: date | None = None
    filing_number: Short = ""
    filed_on: date | None = None
    sign_on: date | None = None
    note: Short = ""


class PointForm(BaseModel):
    name: str = Field(max_length=120)
    number: Whole = Field(0, description="0: the next free one, or the present one")
    code: str = Field("", max_length=20, description="empty: one is proposed, or the present one is kept")
    organisation_id: Id = ""
    area_code: str = Field("", max_length=12, description="GB/T 2260; empty: that of the organisation")
    point_class: PointClass = PointClass.THREE
    legal_class: LegalClass = LegalClass.UNSAID
    counter_terror_target: bool = False
    position: GivenPoint | None = None
    view_degrees: Whole | None = None
    view_angle_degrees: Whole | None = None
    address: Short = ""
    device_id: str = Field("", max_length=20)
    channel_id: str = Field("", max_length=20)
    records: bool = True
    audio: bool = False
    retention_days: Whole = 30
    dossier: DossierForm = Field(default_factory=DossierForm)
    version: Version = 0
    why: Why = ""

    def words(self) -> PointWords:
        place = self.position
        given = None
        if place and place.datum is not Datum.WGS84:
            given = GivenPlace(place.longitude, place.latitude, place.datum)
        copied = {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name not in ("position", "dossier", "version", "why")
        }
        return PointWords(
            **copied,
            position=Position(place.longitude, place.latitude) if place else None,
            given=given,
            dossier=Dossier(**dict(self.dossier)),
        )


class PointArea(BaseModel):
    name: str
    path: list[str]
    status: AreaStatus
    successor: str


class PointView(BaseModel):
    id: str
    number: int
    code: str
    name: str
    organisation_id: str
    area_code: str
    area: PointArea | None
    point_class: PointClass
    legal_class: LegalClass
    counter_terror_target: bool
    position: PointPlace | None = Field(description="WGS-84")
    given: GivenPoint | None = Field(description="as it was given, when that was not WGS-84")
    view_degrees: int | None
    view_angle_degrees: int | None
    address: str
    device_id: str
    channel_id: str
    presence: PointPresence | None = Field(None, description="told in lists; null where it was not looked up")
    records: bool
    audio: bool
    retention_days: int
    retention_floor_days: int
    dossier: DossierForm
    completeness: int = Field(description="percent of what its class must have")
    missing: list[str] = Field(description="names of fields that its class must have and that are empty")
    stage: Stage
    filing: FilingState
    filing_due_on: date | None
    version: int


class PointPage(BaseModel):
    items: list[PointView]
    next: int | None = Field(description="give it as after_number; a page may be short although more follow")


class MapPoint(BaseModel):
    id: str
    number: int
    name: str
    longitude: float
    latitude: float
    point_class: PointClass
    view_degrees: int | None
    view_angle_degrees: int | None
    presence: PointPresence


class ChangeView(BaseModel):
    field: str
    before: str | int | float | bool | None
    after: str | int | float | bool | None


class PointRevision(BaseModel):
    version: int
    at: str
    by: str
    by_name: str
    why: str
    import_id: str
    changes: list[ChangeView]


class PointHistoryPage(BaseModel):
    items: list[PointRevision]
    next: int | None = Field(description="give it as before_version")


class DocumentForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    upload_id: Id
    kind: DocumentKind
    title: str = Field(max_length=120)


class DocumentView(BaseModel):
    id: str
    kind: DocumentKind
    title: str
    media_type: str
    size_bytes: int
    sha256: str
    added_at: str
    by_name: str


class DocumentPage(BaseModel):
    items: list[DocumentView]
    next: None = None


class UploadView(BaseModel):
    id: str
    received_bytes: int


class Piece(BaseModel):
    model_config = ConfigDict(extra="forbid")
    content: str = Field(
        max_length=1 << 20, description="base64; a request has at most 1 MiB, so about 700 KiB of file"
    )


def point_view(point: Point, area: Area, today: date, presence: PointPresence | None = None) -> PointView:
    place, given = point.position, point.given
    filing_state, due_on = filing(point, today)
    floor, _ = floor_days(point.legal_class, counter_terror_target=point.counter_terror_target)
    return PointView(
        id=point.id,
        number=point.number,
        code=point.code,
        name=point.name,
        organisation_id=point.organisation_id,
        area_code=point.area_code,
        area=_area_view(area) if point.area_code else None,
        point_class=point.point_class,
        legal_class=point.legal_class,
        counter_terror_target=point.counter_terror_target,
        position=PointPlace(longitude=place.longitude, latitude=place.latitude) if place else None,
        given=GivenPoint(longitude=given.longitude, latitude=given.latitude, datum=given.datum) if given else None,
        view_degrees=point.view_degrees,
        view_angle_degrees=point.view_angle_degrees,
        address=point.address,
        device_id=point.device_id,
        channel_id=point.channel_id,
        presence=presence,
        records=point.records,
        audio=point.audio,
        retention_days=point.retention_days,
        retention_floor_days=floor,
        dossier=DossierForm(**{name: getattr(point.dossier, name) for name in DossierForm.model_fields}),
        completeness=point.completeness,
        missing=list(completeness(point).missing),
        stage=stage(point.dossier, today),
        filing=filing_state,
        filing_due_on=due_on,
        version=point.version,
    )


def map_view(placed: PlacedPoint) -> MapPoint:
    point = placed.point
    assert point.position is not None  # the store looks inside a box
    return MapPoint(
        id=point.id,
        number=point.number,
        name=point.name,
        longitude=point.position.longitude,
        latitude=point.position.latitude,
        point_class=point.point_class,
        view_degrees=point.view_degrees,
        view_angle_degrees=point.view_angle_degrees,
        presence=placed.presence,
    )


def revision_view(revision: Revision) -> PointRevision:
    changes = [
        ChangeView.model_construct(field=name, before=before, after=after)
        for name, (before, after) in revision.changes.items()
    ]
    return PointRevision(
        version=revision.version,
        at=iso(revision.at_ms),
        by=revision.by,
        by_name=revision.by_name,
        why=revision.why,
        import_id=revision.import_id,
        changes=changes,
    )


def document_view(document: Document) -> DocumentView:
    return DocumentView(
        id=document.id,
        kind=document.kind,
        title=document.title,
        media_type=document.media_type,
        size_bytes=document.size_bytes,
        sha256=document.sha256,
        added_at=iso(document.added_at_ms),
        by_name=document.by_name,
    )


def iso(ms: int) -> str:
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _area_view(area: Area) -> PointArea:
    return PointArea(name=area.name, path=list(area.path), status=area.status, successor=area.successor)
