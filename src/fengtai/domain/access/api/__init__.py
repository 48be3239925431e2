"""Routes of access: first set-up, signing in by every way, one's own keys, people, sessions, grants, tokens, providers."""

from collections.abc import Callable

from fastapi import APIRouter

from fengtai.domain.access.api.approvals import add_approvals
from fengtai.domain.access.api.forms import SESSION_COOKIE
from fengtai.domain.access.api.grants import add_grants
from fengtai.domain.access.api.own_keys import add_own_keys
from fengtai.domain.access.api.own_session import add_own_session
from fengtai.domain.access.api.people import add_people
from fengtai.domain.access.api.providers import add_providers
from fengtai.domain.access.api.setup import add_setup
from fengtai.domain.access.api.standing import add_standing
from fengtai.domain.access.api.tokens import add_tokens
from fengtai.domain.access.model import Actor
from fengtai.domain.access.ports import SetupChecks
from fengtai.domain.access.service import (
    AccessDesk,
    ApprovalDesk,
    PasskeyDesk,
    PasswordDesk,
    PeopleDesk,
    ProviderDesk,
    RightsDesk,
    SecondFactorDesk,
    TokenDesk,
)

__all__ = ["SESSION_COOKIE", "router"]


def router(
    desk: AccessDesk,
    checks: SetupChecks,
    rights: RightsDesk,
    people: PeopleDesk,
    approvals: ApprovalDesk,
    passwords: PasswordDesk,
    factors: SecondFactorDesk,
    passkeys: PasskeyDesk,
    tokens: TokenDesk,
    providers: ProviderDesk,
    who: Callable[..., Actor],
) -> APIRouter:
    routes = APIRouter(tags=["access"])
    add_setup(routes, desk, checks)
    add_own_session(routes, desk, factors, who)
    add_own_keys(routes, desk, passwords, factors, passkeys, who)
    add_people(routes, desk, people, passwords, who)
    add_approvals(routes, approvals, who)
    add_grants(routes, rights, who)
    add_tokens(routes, tokens, who)
    add_standing(routes, passwords, factors, passkeys, providers, who)
    add_providers(routes, providers, passkeys, who)
    return routes
