"""Routes of uploads, and of the photos and papers of a point."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.points.api.views import (
    DocumentForm,
    DocumentPage,
    DocumentView,
    Id,
    Piece,
    UploadView,
    document_view,
)
from fengtai.domain.points.service import PointDossiers
from fengtai.vocabulary.errors import Invalid

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}


def add_uploads(routes: APIRouter, dossiers: PointDossiers, who: Callable[..., Actor]) -> None:
    @routes.post("/api/points/uploads", status_code=201, openapi_extra=needs(Permission.POINTS_EDIT))
    async def open_upload(by: Actor = Depends(who)) -> UploadView:
        """A file comes in pieces, each in a request of its own; used by an import or as a document; kept for a day."""
        upload = await dossiers.open_upload(by=by)
        return UploadView(id=upload.id, received_bytes=0)

    @routes.put("/api/points/uploads/{upload_id}/pieces/{index}", openapi_extra=needs(Permission.POINTS_EDIT))
    async def put_piece(
        upload_id: Id, index: Annotated[int, Path(ge=0, le=65535)], piece: Piece, by: Actor = Depends(who)
    ) -> UploadView:
        """Pieces are counted from 0 and may be sent again."""
        received = await dossiers.put_piece(upload_id, index, _bytes(piece.content), by=by)
        return UploadView(id=upload_id, received_bytes=received)


def add_dossiers(routes: APIRouter, dossiers: PointDossiers, who: Callable[..., Actor]) -> None:
    @routes.get("/api/points/{point_id}/documents", openapi_extra=needs(Permission.POINTS_SEE))
    async def list_documents(point_id: Id, by: Actor = Depends(who)) -> DocumentPage:
        return DocumentPage(items=[document_view(document) for document in await dossiers.documents(point_id, by=by)])

    @routes.post("/api/points/{point_id}/documents", status_code=201, openapi_extra=needs(Permission.POINTS_EDIT))
    async def add_document(point_id: Id, form: DocumentForm, by: Actor = Depends(who)) -> DocumentView:
        return document_view(await dossiers.add(point_id, form.upload_id, form.kind, form.title, by=by))

    @routes.get(
        "/api/points/{point_id}/documents/{document_id}",
        openapi_extra=needs(Permission.POINTS_SEE),
        response_class=Response,
        responses={200: {"content": {"application/octet-stream": {}}}},
    )
    async def get_document(point_id: Id, document_id: Id, by: Actor = Depends(who)) -> Response:
        opened = await dossiers.open(point_id, document_id, by=by)
        media_type = opened.document.media_type
        name = quote(f"{opened.document.title}.{_ENDINGS[media_type]}", safe="")
        how = "inline" if media_type.startswith("image/") else "attachment"
        return Response(
            opened.content,
            media_type=media_type,
            headers={
                "Content-Disposition": f"{how}; filename*=UTF-8''{name}",
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    @routes.delete(
        "/api/points/{point_id}/documents/{document_id}",
        status_code=204,
        openapi_extra=needs(Permission.POINTS_EDIT),
    )
    async def remove_document(
        point_id: Id, document_id: Id, why: str = Query("", max_length=500), by: Actor = Depends(who)
    ) -> None:
        await dossiers.remove(point_id, document_id, why=why, by=by)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("the content of a piece is base64", field="content") from None
