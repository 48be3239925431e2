"""Routes of the first set-up."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import Asked, Done, Name, Password, source_ip_of
from fengtai.domain.access.model import public
from fengtai.domain.access.ports import SetupChecks
from fengtai.domain.access.service import AccessDesk, NewPerson


class SetupCheckView(BaseModel):
    id: str
    ok: bool
    detail: str
    fix: str


class SetupView(BaseModel):
    needed: bool
    checks: list[SetupCheckView]


class FirstPerson(Asked):
    name: Name
    password: Password


class SetupAsked(Asked):
    token: Annotated[str, Field(max_length=64)]
    administrator: FirstPerson
    auditor: FirstPerson


def add_setup(routes: APIRouter, desk: AccessDesk, checks: SetupChecks) -> None:
    @routes.get("/api/setup", openapi_extra=public())
    async def setup_state() -> SetupView:
        """Is the first set-up needed? Its checks are told only until it is done."""
        needed = await desk.is_new()
        results = checks.results() if needed else ()
        return SetupView(
            needed=needed,
            checks=[SetupCheckView(id=c.id, ok=c.ok, detail=c.detail, fix=c.fix) for c in results],
        )

    @routes.post("/api/setup", status_code=201, openapi_extra=public())
    async def set_up(asked: SetupAsked, request: Request) -> Done:
        await desk.set_up(
            asked.token,
            administrator=NewPerson(asked.administrator.name, asked.administrator.password),
            auditor=NewPerson(asked.auditor.name, asked.auditor.password),
            source_ip=source_ip_of(request),
        )
        return Done()
