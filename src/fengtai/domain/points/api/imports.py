"""Routes of imports and exports of the register. Reference: docs/reference/register-import.md."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.points.api.views import ChangeView, Id, Why, iso
from fengtai.domain.points.model.imports import ImportRow, ImportState, Plan, RegisterImport, Verdict
from fengtai.domain.points.rules.field_table import FIELDS
from fengtai.domain.points.service import PointRegister, RegisterImporter
from fengtai.domain.points.service.exporting import ExportFormat, Language, as_cell, csv_line

_EXPORT_NAME = "points"


class ImportForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    upload_id: Id
    file_name: str = Field("", max_length=255, description="shown to people, never used as a path")


class MappingForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    mapping: dict[str, Annotated[str, Field(max_length=80)]] | None = Field(
        None, max_length=60, description="field to header; null: as it is, against the register as it is now"
    )


class ApplyForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=64, description="of the preview that was looked at")
    plan: Plan
    why: Why = ""


class ImportView(BaseModel):
    id: str
    file_name: str
    size_bytes: int
    sha256: str
    state: ImportState
    by_name: str
    started_at: str
    changed_at: str
    format: str
    encoding: str
    delimiter: str
    headers: list[str]
    sample: list[list[str]]
    mapping: dict[str, str]
    total: int
    done: int
    counts: dict[str, int]
    token: str
    sentence: str


class ImportPage(BaseModel):
    items: list[ImportView]
    next: None = None


class RowProblemView(BaseModel):
    column: str
    reason: str


class ImportRowView(BaseModel):
    row: int
    verdict: Verdict
    point_id: str
    name: str
    number: int
    changes: list[ChangeView]
    problems: list[RowProblemView]


class ImportRowPage(BaseModel):
    items: list[ImportRowView]
    next: int | None = Field(description="give it as after_row")


class FieldView(BaseModel):
    name: str
    zh: str
    en: str
    words: list[str] = Field(description="of a closed list, in Chinese; the English values are in the schema")


class FieldPage(BaseModel):
    items: list[FieldView]
    next: None = None


def add_imports(routes: APIRouter, imports: RegisterImporter, points: PointRegister, who: Callable[..., Actor]) -> None:
    _add_export(routes, points, who)
    _add_steps(routes, imports, who)
    _add_looks(routes, imports, who)


def _add_steps(routes: APIRouter, imports: RegisterImporter, who: Callable[..., Actor]) -> None:
    @routes.post("/api/points/imports", status_code=201, openapi_extra=needs(Permission.POINTS_IMPORT))
    async def start_import(form: ImportForm, by: Actor = Depends(who)) -> ImportView:
        """The upload is read and compared with the register; nothing is changed before it is applied."""
        return _view(await imports.start(form.upload_id, file_name=form.file_name, by=by))

    @routes.post("/api/points/imports/{import_id}/check", openapi_extra=needs(Permission.POINTS_IMPORT))
    async def check_import(import_id: Id, form: MappingForm, by: Actor = Depends(who)) -> ImportView:
        return _view(await imports.check_again(import_id, form.mapping, by=by))

    @routes.post("/api/points/imports/{import_id}/apply", openapi_extra=needs(Permission.POINTS_IMPORT))
    async def apply_import(import_id: Id, form: ApplyForm, by: Actor = Depends(who)) -> ImportView:
        return _view(await imports.apply(import_id, token=form.token, plan=form.plan, why=form.why, by=by))

    @routes.post("/api/points/imports/{import_id}/cancel", openapi_extra=needs(Permission.POINTS_IMPORT))
    async def cancel_import(import_id: Id, by: Actor = Depends(who)) -> ImportView:
        return _view(await imports.cancel(import_id, by=by))


def _add_looks(routes: APIRouter, imports: RegisterImporter, who: Callable[..., Actor]) -> None:
    @routes.get("/api/points/imports", openapi_extra=needs(Permission.POINTS_IMPORT))
    async def list_imports(by: Actor = Depends(who)) -> ImportPage:
        return ImportPage(items=[_view(job) for job in await imports.latest(by=by)])

    @routes.get("/api/points/imports/{import_id}", openapi_extra=needs(Permission.POINTS_IMPORT))
    async def get_import(import_id: Id, by: Actor = Depends(who)) -> ImportView:
        return _view(await imports.get(import_id, by=by))

    @routes.get("/api/points/imports/{import_id}/rows", openapi_extra=needs(Permission.POINTS_IMPORT))
    async def list_import_rows(
        import_id: Id,
        verdict: Verdict | None = None,
        after_row: int = Query(0, ge=0, le=2**31 - 1),
        limit: int = Query(100, ge=1, le=500),
        by: Actor = Depends(who),
    ) -> ImportRowPage:
        found = await imports.rows(import_id, verdict=verdict, after_row=after_row, limit=limit, by=by)
        return ImportRowPage(
            items=[_row_view(row) for row in found], next=found[-1].row if len(found) == limit else None
        )

    @routes.get(
        "/api/points/imports/{import_id}/refused.csv",
        openapi_extra=needs(Permission.POINTS_IMPORT),
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}}},
    )
    async def refused_rows(import_id: Id, by: Actor = Depends(who)) -> Response:
        """Row, column and reason of everything that was refused."""
        await imports.get(import_id, by=by)
        return StreamingResponse(
            _refused(imports, import_id, by), media_type="text/csv; charset=utf-8", headers=_attached("refused.csv")
        )


def _add_export(routes: APIRouter, points: PointRegister, who: Callable[..., Actor]) -> None:
    @routes.get("/api/points/fields", openapi_extra=needs(Permission.POINTS_SEE))
    async def list_fields() -> FieldPage:
        """What a point may be told about: the columns of imports and exports."""
        return FieldPage(
            items=[
                FieldView(name=field.name, zh=field.zh, en=field.en, words=list(field.zh_words or ()))
                for field in FIELDS
            ]
        )

    @routes.get(
        "/api/points/export",
        openapi_extra=needs(Permission.POINTS_SEE),
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}}},
    )
    async def export_points(
        format: ExportFormat = ExportFormat.CSV,
        language: Language = Language.ZH,
        organisation_id: Annotated[str, Query(max_length=32)] = "",
        area: Annotated[str, Query(max_length=12)] = "",
        text: Annotated[str, Query(max_length=100)] = "",
        by: Actor = Depends(who),
    ) -> Response:
        """The register as a table that an import reads again. What could be taken for a formula is made harmless."""
        wanted = await points.exported(organisation_id=organisation_id, area=area, text=text, by=by)
        if format is ExportFormat.XLSX:
            content = await points.as_xlsx(wanted, language)
            kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            return Response(content, media_type=kind, headers=_attached(f"{_EXPORT_NAME}.xlsx"))
        return StreamingResponse(
            points.as_csv(wanted, language),
            media_type="text/csv; charset=utf-8",
            headers=_attached(f"{_EXPORT_NAME}.csv"),
        )


async def _refused(imports: RegisterImporter, import_id: str, by: Actor) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + csv_line(["行 row", "列 column", "原因 reason"])
    after = 0
    while rows := await imports.rows(import_id, verdict=Verdict.REFUSED, after_row=after, limit=500, by=by):
        after = rows[-1].row
        yield b"".join(
            csv_line([str(row.row), as_cell(problem.column), as_cell(problem.reason)])
            for row in rows
            for problem in row.problems
        )


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}


def _view(job: RegisterImport) -> ImportView:
    return ImportView(
        **{
            name: getattr(job, name)
            for name in ("id", "file_name", "size_bytes", "sha256", "state", "by_name", "format", "encoding",
                         "delimiter", "total", "done", "token", "sentence")
        },
        started_at=iso(job.started_at_ms),
        changed_at=iso(job.changed_at_ms),
        headers=list(job.headers),
        sample=[list(row) for row in job.sample],
        mapping=dict(job.mapping),
        counts={verdict.value: job.count(verdict) for verdict in Verdict},
    )  # fmt: skip


def _row_view(row: ImportRow) -> ImportRowView:
    return ImportRowView(
        row=row.row,
        verdict=row.verdict,
        point_id=row.point_id,
        name=row.name,
        number=row.number,
        changes=[
            ChangeView.model_construct(field=name, before=before, after=after)
            for name, (before, after) in row.changes.items()
        ],
        problems=[RowProblemView(column=each.column, reason=each.reason) for each in row.problems],
    )
