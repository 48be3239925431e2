"""What the routes of access take and answer alike."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

SESSION_COOKIE = "fengtai_session"


Name = Annotated[str, Field(min_length=1, max_length=64)]


Password = Annotated[str, Field(min_length=1, max_length=256)]


Id = Annotated[str, Field(max_length=64)]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Done(BaseModel):
    done: Literal[True] = True


def source_ip_of(request: Request) -> str:
    return request.client.host if request.client else ""


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
