"""Sign-in at an identity provider: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636), state, nonce.

Owns: which providers there are, which of their subjects is which of our people, who may be made a person. Must not know:
how a provider is spoken to (port `ProviderCalls`).
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fengtai.domain.access.model import (
    AccessPolicy,
    Actor,
    Challenge,
    IdentityProvider,
    LinkedIdentity,
    Person,
    Role,
    Task,
)
from fengtai.domain.access.ports import PersonStore, ProviderCalls, ProviderStore, Vault
from fengtai.domain.access.rules import GUARDING_ROLES, name_key, session_token, token_sha256
from fengtai.domain.access.service.opening import (
    SecondStep,
    SignedIn,
    due_from,
    new_challenge,
    open_session,
    second_step,
    taken,
)
from fengtai.domain.access.service.proofs import charge_address, check_at_the_desk, give_back_address
from fengtai.domain.access.service.units import add_person, audit_refusal
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Forbidden, Invalid, NotFound, Unauthenticated
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

BEGIN_AGAIN = "This sign-in took too long, was finished already, or was begun in another browser. Begin again."
NOT_ENTERED = "The provider knows you, but nobody here has entered you. Ask an administrator."
LONGEST_CLAIM = 255


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it keeps so that only it can come back."""

    address: str
    browser_key: str


class ProviderDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        vault: Vault,
        calls: ProviderCalls,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._vault, self._calls, self._policy = transactions, vault, calls, policy

    # --- what administrators enter

    async def offered(self) -> Sequence[IdentityProvider]:
        """Those that the sign-in page offers."""
        return [provider for provider in await self.all() if provider.enabled]

    async def all(self) -> Sequence[IdentityProvider]:
        return await self._transactions.read(lambda uow: uow.store(ProviderStore).all())

    async def enter(self, provider: IdentityProvider, secret: str | None, *, by: Actor) -> IdentityProvider:
        """Add (empty id) or change one. `secret`: None leaves the one that is kept; it is never told again.

        Raise Invalid for an address that is not https, or a map that would make administrators or auditors.
        """
        check_at_the_desk(by)
        self._calls.check_address(provider.issuer)
        if GUARDING_ROLES & set(provider.role_of.values()):
            raise Invalid("nobody becomes administrator or auditor through a provider", field="role_of")
        if provider.makes_people and not (provider.roles_claim and provider.role_of):
            raise Invalid("to make people, name the claim with their roles and what each value gives", field="role_of")
        if "openid" not in provider.scopes:
            raise Invalid("the scope openid is needed", field="scopes")

        def unit(uow: UnitOfWork) -> IdentityProvider:
            store = uow.store(ProviderStore)
            is_new = not provider.id
            kept = replace(provider, id=uow.new_id(), secret_sealed=b"") if is_new else provider
            if not is_new:
                before = store.get(provider.id)
                kept = replace(kept, secret_sealed=before.secret_sealed)
                if before.issuer != kept.issuer and before.secret_sealed and secret is None:
                    raise Invalid("another issuer needs its own client secret: type it again", field="client_secret")
            if secret is not None:
                sealed = self._vault.seal(secret.encode(), label=_label(kept)) if secret else b""
                kept = replace(kept, secret_sealed=sealed)
            store.save(kept)
            line = by.entry(
                "provider.add" if is_new else "provider.change",
                f"provider:{kept.id}",
                name=kept.name,
                issuer=kept.issuer,
                links_by_name=kept.links_by_name,
                makes_people=kept.makes_people,
                counts_as_two=kept.counts_as_two,
                enabled=kept.enabled,
                secret_changed=secret is not None,
            )
            uow.store(AuditLog).append(line)
            return kept

        return await self._transactions.write(unit)

    async def remove(self, provider_id: str, *, by: Actor) -> None:
        check_at_the_desk(by)

        def unit(uow: UnitOfWork) -> None:
            gone = uow.store(ProviderStore).get(provider_id)
            uow.store(ProviderStore).remove(provider_id)
            uow.store(AuditLog).append(by.entry("provider.remove", f"provider:{provider_id}", name=gone.name))

        await self._transactions.write(unit)

    # --- there and back

    async def depart(self, provider_id: str, *, redirect_uri: str, source_ip: str, post: str = "") -> Departure:
        """Begin. Raise NotFound for a provider that is not offered, Unavailable when it does not answer."""

        def unit(uow: UnitOfWork) -> tuple[IdentityProvider, str, str, str, str]:
            provider = uow.store(ProviderStore).get(provider_id)
            if not provider.enabled:
                raise NotFound("this identity provider is not offered")
            state, nonce, verifier, browser_key = (session_token(uow.new_secret(32)) for _ in range(4))
            details = {
                "provider_id": provider.id,
                "nonce": nonce,
                "redirect_uri": redirect_uri,
                "post": post,
                "browser": token_sha256(browser_key).hex(),
            }
            sealed = self._vault.seal(verifier.encode(), label=f"pkce:{_short(state)}")
            new_challenge(uow, Task.PROVIDER_SIGN_IN, source=source_ip, details=details, sealed=sealed, ticket=state)
            return provider, state, nonce, verifier, browser_key

        provider, state, nonce, verifier, browser_key = await self._transactions.write(unit)
        address = await self._calls.sign_in_address(
            provider, redirect_uri=redirect_uri, state=state, nonce=nonce, verifier=verifier
        )
        return Departure(address, browser_key)

    async def arrive(
        self, *, state: str, code: str, issuer: str, browser_key: str, source_ip: str
    ) -> SignedIn | SecondStep:
        """Finish. `issuer` is what came back with the code (RFC 9207), empty when nothing did.

        Raise Unauthenticated when anything does not fit, Forbidden for somebody whom nobody here has entered. A state
        is good once, whatever comes of it.
        """
        asked = await self._transactions.write(lambda uow: self._asked(uow, state, source_ip))
        if asked is None or not hmac.compare_digest(asked.details["browser"], token_sha256(browser_key).hex()):
            raise Unauthenticated(BEGIN_AGAIN)
        provider_id = asked.details["provider_id"]
        provider = await self._transactions.read(lambda uow: uow.store(ProviderStore).get(provider_id))
        if not code or not provider.enabled or (issuer and issuer != provider.issuer):
            raise Unauthenticated(BEGIN_AGAIN)
        secret = ""
        if provider.secret_sealed:
            secret = self._vault.open(provider.secret_sealed, label=_label(provider)).decode()
        verifier = self._vault.open(asked.sealed, label=f"pkce:{_short(state)}").decode()
        claims = await self._calls.claims(
            provider,
            secret,
            redirect_uri=asked.details["redirect_uri"],
            code=code,
            nonce=asked.details["nonce"],
            verifier=verifier,
        )
        post = asked.details["post"]
        arrived = await self._transactions.write(lambda uow: self._arrived(uow, provider, claims, source_ip, post))
        if isinstance(arrived, Forbidden):
            raise arrived
        return arrived

    def _asked(self, uow: UnitOfWork, state: str, source_ip: str) -> Challenge | None:
        charge_address(uow, source_ip, self._policy)
        return taken(uow, state, Task.PROVIDER_SIGN_IN)

    def _arrived(
        self, uow: UnitOfWork, provider: IdentityProvider, claims: Mapping[str, Any], source_ip: str, post: str
    ) -> SignedIn | SecondStep | Forbidden:
        """A refusal is returned, not raised, so that its audit line is kept."""
        person = self._person_of(uow, provider, claims, source_ip)
        if person is None or person.disabled:
            audit_refusal(uow, f"person:{person.id if person else 'unknown'}", source_ip, f"provider {provider.name}")
            return Forbidden(NOT_ENTERED)
        proven_by = f"provider:{provider.id}"
        give_back_address(uow, source_ip, self._policy)
        if not provider.counts_as_two:
            asked = second_step(uow, person, source=source_ip, post=post, proven_by=proven_by)
            if asked is not None:
                return asked
        due = due_from(uow, person, self._policy, by_password=False, two=provider.counts_as_two)
        return open_session(uow, person, self._policy, source_ip=source_ip, post=post, proven_by=proven_by, due=due)

    def _person_of(
        self, uow: UnitOfWork, provider: IdentityProvider, claims: Mapping[str, Any], source_ip: str
    ) -> Person | None:
        """By the link of issuer and subject; else by name or newly made, as far as the provider may."""
        store, people, subject = uow.store(ProviderStore), uow.store(PersonStore), _text(claims, "sub")
        linked = store.linked(provider.issuer, subject)
        if linked is not None:
            known = people.get(linked.user_id)  # who may have become a guardian since
            return None if GUARDING_ROLES & known.roles else known
        name = _text(claims, provider.name_claim)
        person = people.by_name_key(name_key(name)) if name else None
        step = "link"
        if person is not None:
            taken_already = any(link.issuer == provider.issuer for link in store.links_of(person.id))
            # A name may be given to somebody else at the provider; and nobody there becomes a guardian here.
            if not provider.links_by_name or taken_already or GUARDING_ROLES & person.roles:
                return None
        else:
            roles = _mapped(provider, claims)
            if not (provider.makes_people and name and roles):
                return None
            person, step = add_person(uow, name, _text(claims, "name"), roles, ""), "made"
        store.link(LinkedIdentity(issuer=provider.issuer, subject=subject, user_id=person.id, linked_at=uow.now.utc))
        uow.store(AuditLog).append(
            AuditEntry(
                actor=f"provider:{provider.id}",
                action="person.add" if step == "made" else "person.link",
                object=f"person:{person.id}",
                source_ip=source_ip,
                details={
                    "name": person.name,
                    "issuer": provider.issuer,
                    "subject": subject,
                    "roles": sorted(role.value for role in person.roles),
                },
            )
        )
        return person


def _mapped(provider: IdentityProvider, claims: Mapping[str, Any]) -> frozenset[Role]:
    held = claims.get(provider.roles_claim) if provider.roles_claim else None
    values = [held] if isinstance(held, str) else held if isinstance(held, list) else []
    return frozenset(
        provider.role_of[value] for value in values if isinstance(value, str) and value in provider.role_of
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) and len(value) <= LONGEST_CLAIM else ""


def _label(provider: IdentityProvider) -> str:
    return f"provider:{provider.id}"


def _short(state: str) -> str:
    """The state itself is a ticket and stands in no label."""
    return hashlib.sha256(b"pkce:" + state.encode()).hexdigest()[:32]
