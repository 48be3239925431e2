"""What the routes of access take and answer alike."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from fengtai.domain.access.model import Session

SESSION_COOKIE = "fengtai_session"


Name = Annotated[str, Field(min_length=1, max_length=64)]


Password = Annotated[str, Field(min_length=1, max_length=256)]


Id = Annotated[str, Field(max_length=64)]


Cursor = Annotated[str, Query(max_length=255)]


Limit = Annotated[int, Query(ge=1, le=500)]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Done(BaseModel):
    done: Literal[True] = True


class SessionFacts(BaseModel):
    """What one's own sessions and those of others show alike."""

    id: str
    post: str
    source_ip: str
    proven_by: str
    started_at: str
    seen_at: str
    expires_at: str


def session_facts(session: Session) -> dict[str, str]:
    return {
        "id": session.id,
        "post": session.post,
        "source_ip": session.source_ip,
        "proven_by": session.proven_by,
        "started_at": iso(session.started_at),
        "seen_at": iso(session.seen_at),
        "expires_at": iso(session.ends_at),
    }


def source_ip_of(request: Request) -> str:
    return request.client.host if request.client else ""


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
