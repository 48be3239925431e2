"""The route by which a clip leaves the house."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Approval, ApprovalState, Permission, needs
from fengtai.domain.incidents.api.forms import ClipViewAnswer, ClipViewAsked
from fengtai.domain.incidents.api.moments import Moment
from fengtai.domain.incidents.service import IncidentDesk


class ClipExportAsked(ClipViewAsked):
    reason: Annotated[str, Field(max_length=500, description="for the second person, where one has to agree")] = ""


class ExportWaits(BaseModel):
    """A second person has to agree: ask again with the same purpose when that person has."""

    approval_id: str
    state: ApprovalState
    expires_at: Moment


def add_exporting(routes: APIRouter, incidents: IncidentDesk, who: Callable[..., Actor]) -> None:
    @routes.post(
        "/api/clips/{clip_id}/exports",
        status_code=201,
        openapi_extra=needs(Permission.PLAYBACK_EXPORT),
        response_model=ClipViewAnswer,
        responses={202: {"model": ExportWaits, "description": "A second person has to agree first"}},
    )
    async def export_clip(clip_id: str, asked: ClipExportAsked, by: Actor = Depends(who)) -> object:
        """Say what for; the answer's address gives the file in this session for a quarter of an hour."""
        answer = await incidents.export_clip(clip_id, asked.purpose.value, asked.reference, asked.reason, by=by)
        if isinstance(answer, Approval):
            waits = ExportWaits(approval_id=answer.id, state=answer.state, expires_at=answer.expires_at)
            return JSONResponse(waits.model_dump(mode="json"), status_code=202)
        return ClipViewAnswer(
            url=f"/api/clips/{clip_id}?view={answer.word}",
            expires_at=answer.until.utc,
            purpose=answer.purpose.code,
            reference=answer.purpose.reference,
        )
