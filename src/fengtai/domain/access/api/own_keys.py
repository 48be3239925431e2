"""Routes by which a person keeps their own means of signing in: password, authenticator app, passkeys, sessions."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import Asked, Id, Password, SessionFacts, iso, session_facts, source_ip_of
from fengtai.domain.access.api.own_session import Post, SignInView, Ticket, signed_in_answer
from fengtai.domain.access.model import Actor, Passkey, public, signed_in
from fengtai.domain.access.service import AccessDesk, PasskeyDesk, PasswordDesk, SecondFactorDesk

Proof = Annotated[str, Field(max_length=256)]
"""the present password, asked for when the sign-in is more than ten minutes old"""


class PasswordAsked(Asked):
    old: Password
    new: Password


class ProofAsked(Asked):
    password: Proof = ""


class PasskeyView(BaseModel):
    id: str
    name: str
    made_at: str
    last_used_at: str | None
    is_synced: bool


class LinkView(BaseModel):
    issuer: str
    linked_at: str


class OwnKeysView(BaseModel):
    has_password: bool
    password_set_at: str | None
    password_ends_at: str | None
    totp_since: str | None
    recovery_codes_left: int
    passkeys: list[PasskeyView]
    links: list[LinkView]
    must_have_second_factor: bool
    fresh_until: str
    """until then no password is asked for again"""


class TotpOfferView(BaseModel):
    ticket: str
    secret: str
    uri: str


class CodeAsked(Asked):
    ticket: Ticket
    code: Annotated[str, Field(min_length=1, max_length=64)]


class RecoveryCodesView(BaseModel):
    codes: list[str]


class QuestionView(BaseModel):
    ticket: str
    options: dict[str, Any]
    """as `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` take it"""


class NewPasskeyAsked(Asked):
    ticket: Ticket
    name: Annotated[str, Field(min_length=1, max_length=64)]
    credential: dict[str, Any]


class PasskeySignInAsked(Asked):
    ticket: Ticket
    credential: dict[str, Any]
    post: Post = ""


class OwnSessionView(SessionFacts):
    is_this_one: bool


class OwnSessionsView(BaseModel):
    items: list[OwnSessionView]
    next: None = None


def add_own_keys(
    routes: APIRouter,
    desk: AccessDesk,
    passwords: PasswordDesk,
    factors: SecondFactorDesk,
    passkeys: PasskeyDesk,
    who: Callable[..., Actor],
) -> None:
    @routes.post("/api/session/password", status_code=204, openapi_extra=signed_in())
    async def change_password(asked: PasswordAsked, by: Actor = Depends(who)) -> None:
        await passwords.change(old=asked.old, new=asked.new, by=by)

    @routes.get("/api/own/keys", openapi_extra=signed_in())
    async def own_keys(by: Actor = Depends(who)) -> OwnKeysView:
        """With what one may sign in oneself."""
        own = await factors.own(by)
        return OwnKeysView(
            has_password=own.has_password,
            password_set_at=iso(own.password_set_at) if own.password_set_at else None,
            password_ends_at=iso(own.password_ends_at) if own.password_ends_at else None,
            totp_since=iso(own.totp.enrolled_at) if own.totp else None,
            recovery_codes_left=own.recovery_codes_left,
            passkeys=[_passkey_view(passkey) for passkey in own.passkeys],
            links=[LinkView(issuer=link.issuer, linked_at=iso(link.linked_at)) for link in own.links],
            must_have_second_factor=own.must_have_second_factor,
            fresh_until=iso(own.fresh_until),
        )

    _add_totp(routes, factors, who)
    _add_passkeys(routes, passkeys, who)
    _add_sessions(routes, desk, who)


def _add_totp(routes: APIRouter, factors: SecondFactorDesk, who: Callable[..., Actor]) -> None:
    @routes.post("/api/own/totp", status_code=201, openapi_extra=signed_in())
    async def offer_totp(asked: ProofAsked, by: Actor = Depends(who)) -> TotpOfferView:
        """A fresh secret for an authenticator app; it counts once a code of it was shown."""
        offer = await factors.offer_totp(password=asked.password, by=by)
        return TotpOfferView(ticket=offer.ticket, secret=offer.secret, uri=offer.uri)

    @routes.post("/api/own/totp/confirm", openapi_extra=signed_in())
    async def enrol_totp(asked: CodeAsked, by: Actor = Depends(who)) -> RecoveryCodesView:
        return RecoveryCodesView(codes=list(await factors.enrol_totp(asked.ticket, asked.code, by=by)))

    @routes.post("/api/own/totp/remove", status_code=204, openapi_extra=signed_in())
    async def remove_totp(asked: ProofAsked, by: Actor = Depends(who)) -> None:
        await factors.remove_totp(password=asked.password, by=by)

    @routes.post("/api/own/recovery-codes", openapi_extra=signed_in())
    async def renew_recovery_codes(asked: ProofAsked, by: Actor = Depends(who)) -> RecoveryCodesView:
        return RecoveryCodesView(codes=list(await factors.renew_recovery_codes(password=asked.password, by=by)))


def _add_passkeys(routes: APIRouter, passkeys: PasskeyDesk, who: Callable[..., Actor]) -> None:
    @routes.post("/api/own/passkeys/question", status_code=201, openapi_extra=signed_in())
    async def ask_to_enrol(asked: ProofAsked, by: Actor = Depends(who)) -> QuestionView:
        question = await passkeys.ask_to_enrol(password=asked.password, by=by)
        return QuestionView(ticket=question.ticket, options=dict(question.options))

    @routes.post("/api/own/passkeys", status_code=201, openapi_extra=signed_in())
    async def enrol_passkey(asked: NewPasskeyAsked, by: Actor = Depends(who)) -> PasskeyView:
        return _passkey_view(await passkeys.enrol(asked.ticket, asked.name, asked.credential, by=by))

    @routes.post("/api/own/passkeys/{passkey_id}/remove", status_code=204, openapi_extra=signed_in())
    async def remove_passkey(passkey_id: Id, asked: ProofAsked, by: Actor = Depends(who)) -> None:
        await passkeys.remove(passkey_id, password=asked.password, by=by)

    @routes.post("/api/session/passkey/question", status_code=201, openapi_extra=public())
    async def ask_to_sign_in(request: Request) -> QuestionView:
        """What the browser asks the device; the same for everybody."""
        question = await passkeys.ask_to_sign_in(source_ip=source_ip_of(request))
        return QuestionView(ticket=question.ticket, options=dict(question.options))

    @routes.post("/api/session/passkey", openapi_extra=public(), response_model=SignInView)
    async def sign_in_by_passkey(asked: PasskeySignInAsked, request: Request) -> Response:
        signed = await passkeys.sign_in(
            asked.ticket, asked.credential, source_ip=source_ip_of(request), post=asked.post
        )
        return signed_in_answer(signed, request)


def _add_sessions(routes: APIRouter, desk: AccessDesk, who: Callable[..., Actor]) -> None:
    @routes.get("/api/own/sessions", openapi_extra=signed_in())
    async def own_sessions(by: Actor = Depends(who)) -> OwnSessionsView:
        return OwnSessionsView(
            items=[
                OwnSessionView(**session_facts(one), is_this_one=one.id == by.session_id)
                for one in await desk.own_sessions(by)
            ]
        )

    @routes.delete("/api/own/sessions", status_code=204, openapi_extra=signed_in())
    async def end_others(by: Actor = Depends(who)) -> None:
        """All of one's own but this one."""
        await desk.end_other_sessions(by)

    @routes.delete("/api/own/sessions/{session_id}", status_code=204, openapi_extra=signed_in())
    async def end_own(session_id: Id, by: Actor = Depends(who)) -> None:
        await desk.end_own_session(session_id, by=by)


def _passkey_view(passkey: Passkey) -> PasskeyView:
    return PasskeyView(
        id=passkey.id,
        name=passkey.name,
        made_at=iso(passkey.made_at),
        last_used_at=iso(passkey.last_used_at) if passkey.last_used_at else None,
        is_synced=passkey.is_synced,
    )
