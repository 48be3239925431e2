"""Routes about everybody's means of signing in: what the sign-in page offers, second factors, resets, locks."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import Asked, Cursor, Id, Limit, iso
from fengtai.domain.access.model import Actor, PasswordProfile, Permission, needs, public
from fengtai.domain.access.rules import SHORTEST
from fengtai.domain.access.service import PasskeyDesk, PasswordDesk, ProviderDesk, SecondFactorDesk


class OfferedProviderView(BaseModel):
    id: str
    name: str


class SignInWaysView(BaseModel):
    providers: list[OfferedProviderView]
    passkey_name: str
    """the host name at which passkeys work"""
    password_profile: PasswordProfile
    shortest_password: int


class KeysOfView(BaseModel):
    user_id: str
    totp: bool
    passkeys: int
    must_have_second_factor: bool


class KeysOfAllView(BaseModel):
    items: list[KeysOfView]
    next: str | None = Field(description="give it as after")


class ReasonAsked(Asked):
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class LockView(BaseModel):
    key: str
    user_id: str | None
    name: str | None
    display_name: str | None
    address: str
    failures: int
    locked_until: str


class LocksView(BaseModel):
    items: list[LockView]
    next: str | None = Field(description="give it as after")


class UnlockAsked(Asked):
    key: Annotated[str, Field(min_length=1, max_length=80)]


def add_standing(
    routes: APIRouter,
    passwords: PasswordDesk,
    factors: SecondFactorDesk,
    passkeys: PasskeyDesk,
    providers: ProviderDesk,
    who: Callable[..., Actor],
) -> None:
    @routes.get("/api/sign-in", openapi_extra=public())
    async def sign_in_ways() -> SignInWaysView:
        """What the sign-in page offers; tells nothing about who there is."""
        return SignInWaysView(
            providers=[OfferedProviderView(id=one.id, name=one.name) for one in await providers.offered()],
            passkey_name=passkeys.site.rp_id,
            password_profile=passwords.policy.password_profile,
            shortest_password=SHORTEST[passwords.policy.password_profile],
        )

    @routes.get("/api/people-keys", openapi_extra=needs(Permission.PEOPLE_SEE))
    async def keys_of_all(after: Cursor = "", limit: Limit = 100, by: Actor = Depends(who)) -> KeysOfAllView:
        """Who has which second factor: that there is one, never what it is."""
        found = await factors.page(by=by, after=after, limit=limit)
        return KeysOfAllView(
            items=[
                KeysOfView(
                    user_id=one.person.id,
                    totp=one.totp,
                    passkeys=one.passkeys,
                    must_have_second_factor=one.must_have_second_factor,
                )
                for _, one in found
            ],
            next=found[-1][0] if len(found) == limit else None,
        )

    @routes.post("/api/people/{user_id}/keys/reset", status_code=204, openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def reset_keys(user_id: Id, asked: ReasonAsked, by: Actor = Depends(who)) -> None:
        """Somebody lost their device. Never one's own."""
        await factors.reset(user_id, asked.reason, by=by)

    @routes.get("/api/locks", openapi_extra=needs(Permission.PEOPLE_SEE))
    async def locks(after: Cursor = "", limit: Limit = 100, by: Actor = Depends(who)) -> LocksView:
        """Names and addresses from which nobody can sign in now; addresses are told to those who see everybody."""
        found = await passwords.locks(by=by, after=after, limit=limit)
        return LocksView(
            items=[
                LockView(
                    key=lock.throttle.key,
                    user_id=lock.person.id if lock.person else None,
                    name=lock.person.name if lock.person else None,
                    display_name=lock.person.display_name if lock.person else None,
                    address=lock.address,
                    failures=lock.throttle.failures,
                    locked_until=iso(lock.throttle.locked_until),
                )
                for lock in found
                if lock.throttle.locked_until is not None
            ],
            next=found[-1].throttle.key if len(found) == limit else None,
        )

    @routes.post("/api/locks/release", status_code=204, openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def unlock(asked: UnlockAsked, by: Actor = Depends(who)) -> None:
        await passwords.unlock(asked.key, by=by)
