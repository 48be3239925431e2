"""Routes of webhooks."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.webhooks.model import DeadLetter, Outcome, Webhook
from fengtai.domain.webhooks.rules import MOST_KINDS, iso
from fengtai.domain.webhooks.service import WebhookDesk, WebhookWords

Seq = Annotated[int, Path(ge=1, le=2**63 - 1)]


class WebhookForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=80)
    url: str = Field(max_length=500, description="https; other addresses only to hosts of webhooks.allowed_hosts")
    kinds: list[str] = Field(
        min_length=1, max_length=MOST_KINDS, description="kinds of events, or their beginnings with a dot: alarms."
    )
    enabled: bool = True


class WebhookEdit(WebhookForm):
    version: int = Field(ge=1, le=2**31 - 1)


class WebhookView(BaseModel):
    id: str
    name: str
    url: str
    kinds: list[str]
    enabled: bool
    owner_id: str
    owner_name: str = Field(description="whose rights it has")
    created_at: str
    told_seq: int
    failures: int
    next_try_at: str | None
    last_outcome: str
    last_at: str | None
    version: int


class WebhookPage(BaseModel):
    items: list[WebhookView]
    next: None = None


class NewWebhookView(WebhookView):
    secret: str = Field(description="for the receiver; shown this once")


class SecretView(BaseModel):
    secret: str = Field(description="for the receiver; shown this once")


class OutcomeView(BaseModel):
    taken: bool
    status: int = Field(description="0: there was no answer")
    error: str
    took_ms: int


class LetterView(BaseModel):
    """Without the payload: whoever may edit webhooks need not be one who may see alarms."""

    seq: int
    kind: str
    happened_at: str
    given_up_at: str
    error: str


class LetterPage(BaseModel):
    items: list[LetterView]
    next: int | None = Field(description="give it as before")


def router(desk: WebhookDesk, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["webhooks"])
    _add_webhooks(routes, desk, who)
    _add_trying(routes, desk, who)
    return routes


def _add_webhooks(routes: APIRouter, desk: WebhookDesk, who: Callable[..., Actor]) -> None:
    @routes.get("/api/webhooks", openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def list_webhooks(by: Actor = Depends(who)) -> WebhookPage:
        """One's own; all of them for who may edit webhooks in the whole city."""
        return WebhookPage(items=[WebhookView(**_view(webhook)) for webhook in await desk.list(by=by)])

    @routes.post("/api/webhooks", status_code=201, openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def create_webhook(form: WebhookForm, by: Actor = Depends(who)) -> NewWebhookView:
        """It is told what its owner (whoever saved it last) may see at the moment of telling, there and nowhere else."""
        webhook, secret = await desk.create(_words(form), by=by)
        return NewWebhookView(**_view(webhook), secret=secret)

    @routes.get("/api/webhooks/{webhook_id}", openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def get_webhook(webhook_id: str, by: Actor = Depends(who)) -> WebhookView:
        return WebhookView(**_view(await desk.get(webhook_id, by=by)))

    @routes.put("/api/webhooks/{webhook_id}", openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def change_webhook(webhook_id: str, form: WebhookEdit, by: Actor = Depends(who)) -> WebhookView:
        changed = await desk.change(webhook_id, _words(form), version=form.version, by=by)
        return WebhookView(**_view(changed))

    @routes.delete("/api/webhooks/{webhook_id}", status_code=204, openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def remove_webhook(webhook_id: str, by: Actor = Depends(who)) -> None:
        await desk.remove(webhook_id, by=by)


def _add_trying(routes: APIRouter, desk: WebhookDesk, who: Callable[..., Actor]) -> None:
    @routes.post("/api/webhooks/{webhook_id}/secret", openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def new_secret(webhook_id: str, by: Actor = Depends(who)) -> SecretView:
        """A new secret; the old one is void at once."""
        return SecretView(secret=await desk.new_secret(webhook_id, by=by))

    @routes.post("/api/webhooks/{webhook_id}/test", openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def test_webhook(webhook_id: str, by: Actor = Depends(who)) -> OutcomeView:
        """Sends one message of kind webhooks.test and tells how it went."""
        return _outcome(await desk.test(webhook_id, by=by))

    @routes.get("/api/webhooks/{webhook_id}/dead-letters", openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def dead_letters(
        webhook_id: str,
        before: int | None = Query(None, ge=1, le=2**63 - 1),
        limit: int = Query(50, ge=1, le=200),
        by: Actor = Depends(who),
    ) -> LetterPage:
        letters = await desk.letters(webhook_id, before=before, limit=limit, by=by)
        return LetterPage(
            items=[_letter(letter) for letter in letters], next=letters[-1].seq if len(letters) == limit else None
        )

    @routes.post("/api/webhooks/{webhook_id}/dead-letters/{seq}/send", openapi_extra=needs(Permission.WEBHOOKS_EDIT))
    async def send_letter(webhook_id: str, seq: Seq, by: Actor = Depends(who)) -> OutcomeView:
        """Tries a dead letter again; when it is taken it is gone."""
        return _outcome(await desk.send_letter(webhook_id, seq, by=by))


def _words(form: WebhookForm) -> WebhookWords:
    return WebhookWords(name=form.name, url=form.url, kinds=tuple(form.kinds), enabled=form.enabled)


def _view(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "enabled": webhook.enabled,
        "owner_id": webhook.owner_id,
        "owner_name": webhook.owner_name,
        "created_at": iso(webhook.created_at),
        "told_seq": webhook.told_seq,
        "failures": webhook.failures,
        "next_try_at": _moment(webhook.next_try_at),
        "last_outcome": webhook.last_outcome,
        "last_at": _moment(webhook.last_at),
        "version": webhook.version,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _outcome(outcome: Outcome) -> OutcomeView:
    return OutcomeView(taken=outcome.taken, status=outcome.status, error=outcome.error, took_ms=outcome.took_ms)


def _letter(letter: DeadLetter) -> LetterView:
    return LetterView(
        seq=letter.seq,
        kind=letter.kind,
        happened_at=iso(letter.happened_at),
        given_up_at=iso(letter.given_up_at),
        error=letter.error,
    )
