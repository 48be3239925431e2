"""Second factors: the second step of a sign-in, authenticator apps, recovery codes, and their reset by somebody else.

Owns every act on them but passkeys (`passkeys.py`). Seeds are sealed by the vault; of recovery codes only a hash is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fengtai.domain.access.model import (
    AccessPolicy,
    Actor,
    Due,
    KeysChanged,
    LinkedIdentity,
    Passkey,
    Permission,
    Person,
    Session,
    Task,
    Totp,
)
from fengtai.domain.access.ports import (
    ChallengeStore,
    KeptPasswordStore,
    KeyStore,
    PasswordHasher,
    PersonStore,
    ProviderStore,
    SessionStore,
    Vault,
)
from fengtai.domain.access.rules import (
    RECOVERY_CODE_BYTES,
    RECOVERY_CODES,
    SEED_BYTES,
    enrolment_uri,
    matching_step,
    must_have_second_factor,
    password_ends_at,
    recovery_code,
    recovery_code_sha256,
    seed_text,
    token_sha256,
)
from fengtai.domain.access.service.desk import AccessDesk
from fengtai.domain.access.service.opening import SignedIn, done, due_from, new_challenge, open_session, taken
from fengtai.domain.access.service.places import tell_of_person
from fengtai.domain.access.service.proofs import FRESH_SECONDS, charge, check_at_the_desk, give_back, prove_again
from fengtai.domain.access.service.units import audit_refusal, edited_person, end_sessions
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, Unauthenticated
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

WRONG_CODE = "This code is wrong, or was used before. Wait for the next one."
BEGIN_AGAIN = "This sign-in took too long or was finished already. Begin again."
MUST_HAVE_ONE = "Your role needs a second factor. Enter another one first, then remove this one."


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """Shown once, while the person takes it into their app."""

    ticket: str
    secret: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys:
    """With what a person may sign in, as they see it themselves."""

    session: Session
    totp: Totp | None
    recovery_codes_left: int
    passkeys: Sequence[Passkey]
    has_password: bool
    password_set_at: datetime | None
    password_ends_at: datetime | None
    must_have_second_factor: bool
    fresh_until: datetime
    links: Sequence[LinkedIdentity]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysOf:
    """The same of everybody, as administrators see it: that there are some, never what they are."""

    person: Person
    totp: bool
    passkeys: int
    must_have_second_factor: bool


class SecondFactorDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        hasher: PasswordHasher,
        vault: Vault,
        access: AccessDesk,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._hasher, self._vault = transactions, hasher, vault
        self._access, self._policy = access, policy

    # --- the second step of a sign-in

    async def second_step(self, ticket: str, code: str, *, source_ip: str) -> SignedIn:
        """Finish a sign-in by an app's code or a recovery code.

        Raise Unauthenticated for a wrong code (the ticket stays good for another try) or a ticket that is over,
        TooMany when guesses lock the name, as wrong passwords do.
        """
        signed = await self._transactions.write(lambda uow: self._second_step(uow, ticket, code, source_ip))
        if signed is None:
            raise Unauthenticated(WRONG_CODE)
        return signed

    def _second_step(self, uow: UnitOfWork, ticket: str, code: str, source_ip: str) -> SignedIn | None:
        asked = uow.store(ChallengeStore).get(token_sha256(ticket))
        if asked is None or asked.task is not Task.SECOND_STEP or asked.expires_at <= uow.now.utc:
            raise Unauthenticated(BEGIN_AGAIN)
        person = uow.store(PersonStore).get(asked.user_id)
        if person.disabled:
            raise Unauthenticated(BEGIN_AGAIN)
        charge(uow, person.name, source_ip, self._policy)
        way = self._way(uow, person, code)
        if not way:
            audit_refusal(uow, f"person:{person.id}", source_ip, "wrong second factor")
            return None
        uow.store(ChallengeStore).take(asked.ticket_sha256)
        give_back(uow, person.name, source_ip, self._policy)
        by_password = asked.details["proven_by"] == "password"
        return open_session(
            uow,
            person,
            self._policy,
            source_ip=source_ip,
            post=asked.details["post"],
            proven_by=f"{asked.details['proven_by']}+{way}",
            due=due_from(uow, person, self._policy, by_password=by_password, two=True),
        )

    def _way(self, uow: UnitOfWork, person: Person, code: str) -> str:
        """By what this code is good, which is used up now; empty when it is not."""
        keys = uow.store(KeyStore)
        totp = keys.totp(person.id)
        if totp is not None:
            seed = self._vault.open(totp.seed_sealed, label=_label(person.id))
            step = matching_step(seed, code, uow.now.utc, after_step=totp.last_step)
            if step is not None:
                keys.save_totp(replace(totp, last_step=step))
                return "totp"
        if keys.use_recovery_code(person.id, recovery_code_sha256(person.id, code)):
            return "recovery-code"
        return ""

    # --- one's own

    async def own(self, by: Actor) -> OwnKeys:
        check_at_the_desk(by)

        def unit(uow: UnitOfWork) -> OwnKeys:
            person, keys = uow.store(PersonStore).get(by.user_id), uow.store(KeyStore)
            session = uow.store(SessionStore).get(by.session_id)
            newest = next(iter(uow.store(KeptPasswordStore).of_person(by.user_id, 1)), None)
            return OwnKeys(
                session=session,
                totp=keys.totp(person.id),
                recovery_codes_left=keys.recovery_codes_left(person.id),
                passkeys=keys.passkeys(person.id),
                has_password=bool(person.password_hash),
                password_set_at=newest.set_at if newest else None,
                password_ends_at=password_ends_at(person, newest, self._policy),
                must_have_second_factor=must_have_second_factor(person.roles, self._policy),
                fresh_until=session.started_at + timedelta(seconds=FRESH_SECONDS),
                links=uow.store(ProviderStore).links_of(person.id),
            )

        return await self._transactions.read(unit)

    async def offer_totp(self, *, password: str, by: Actor) -> TotpOffer:
        """A fresh seed for an app. Nothing changes until a code of it has been shown."""
        await prove_again(self._transactions, self._hasher, self._policy, by=by, password=password)

        def unit(uow: UnitOfWork) -> TotpOffer:
            person, seed = uow.store(PersonStore).get(by.user_id), uow.new_secret(SEED_BYTES)
            sealed = self._vault.seal(seed, label=_label(person.id))
            ticket = new_challenge(uow, Task.ENROL_TOTP, source=by.source_ip, user_id=person.id, sealed=sealed)
            uri = enrolment_uri(seed, name=person.name, site=self._policy.site_name)
            return TotpOffer(ticket, seed_text(seed), uri)

        return await self._transactions.write(unit)

    async def enrol_totp(self, ticket: str, code: str, *, by: Actor) -> Sequence[str]:
        """The app shows the right codes: from now on it is asked for. Return the recovery codes, shown this once.

        Replaces an earlier app. A wrong code leaves the offer open.
        """
        check_at_the_desk(by)

        def unit(uow: UnitOfWork) -> Sequence[str]:
            asked = uow.store(ChallengeStore).get(token_sha256(ticket))
            if asked is None or asked.task is not Task.ENROL_TOTP or asked.user_id != by.user_id:
                raise Conflict("This offer is over. Begin again.")
            seed = self._vault.open(asked.sealed, label=_label(by.user_id))
            step = matching_step(seed, code, uow.now.utc, after_step=-1)
            if step is None:
                raise Invalid(
                    "This is not the code that the app shows now. Is the clock of the device right?", field="code"
                )
            if taken(uow, ticket, Task.ENROL_TOTP, user_id=by.user_id) is None:
                raise Conflict("This offer is over. Begin again.")
            now = uow.now.utc
            totp = Totp(user_id=by.user_id, seed_sealed=asked.sealed, enrolled_at=now, last_step=step)
            uow.store(KeyStore).save_totp(totp)
            codes = _new_recovery_codes(uow, by.user_id)
            done(uow, by.session_id, Due.SECOND_FACTOR)
            uow.store(AuditLog).append(by.entry("person.keys", f"person:{by.user_id}", act="totp enrolled"))
            tell_of_person(uow, KeysChanged(user_id=by.user_id, step="totp"))
            return codes

        codes = await self._transactions.write(unit)
        self._access.forget({by.session_id})
        return codes

    async def remove_totp(self, *, password: str, by: Actor) -> None:
        """The app and the recovery codes. Raise Forbidden when the role needs a second factor and this is the last."""
        await prove_again(self._transactions, self._hasher, self._policy, by=by, password=password)

        def unit(uow: UnitOfWork) -> None:
            keys, person = uow.store(KeyStore), uow.store(PersonStore).get(by.user_id)
            if not keys.passkeys(by.user_id) and must_have_second_factor(person.roles, self._policy):
                raise Forbidden(MUST_HAVE_ONE)
            if keys.remove_totp(by.user_id):
                uow.store(AuditLog).append(by.entry("person.keys", f"person:{by.user_id}", act="totp removed"))
                tell_of_person(uow, KeysChanged(user_id=by.user_id, step="removed"))

        await self._transactions.write(unit)

    async def renew_recovery_codes(self, *, password: str, by: Actor) -> Sequence[str]:
        """New ones instead of those that were left."""
        await prove_again(self._transactions, self._hasher, self._policy, by=by, password=password)

        def unit(uow: UnitOfWork) -> Sequence[str]:
            if uow.store(KeyStore).totp(by.user_id) is None:
                raise Conflict("Recovery codes belong to an authenticator app: enter one first.")
            codes = _new_recovery_codes(uow, by.user_id)
            uow.store(AuditLog).append(by.entry("person.keys", f"person:{by.user_id}", act="recovery codes renewed"))
            tell_of_person(uow, KeysChanged(user_id=by.user_id, step="recovery-codes"))
            return codes

        return await self._transactions.write(unit)

    # --- everybody's

    async def page(self, *, by: Actor, after: str = "", limit: int = 100) -> Sequence[tuple[str, KeysOf]]:
        """Of people within reach, by name, each with the key that `after` takes."""
        reach = by.reach(Permission.PEOPLE_SEE)

        def unit(uow: UnitOfWork) -> list[tuple[str, KeysOf]]:
            have = uow.store(KeyStore).people_with_keys()
            return [
                (key, self._keys_of(person, have))
                for key, person in uow.store(PersonStore).page(reach, after=after, limit=limit)
            ]

        return await self._transactions.read(unit)

    def _keys_of(self, person: Person, have: Mapping[str, tuple[bool, int]]) -> KeysOf:
        totp, passkeys = have.get(person.id, (False, 0))
        must_have = must_have_second_factor(person.roles, self._policy)
        return KeysOf(person=person, totp=totp, passkeys=passkeys, must_have_second_factor=must_have)

    async def reset(self, user_id: str, reason: str, *, by: Actor) -> None:
        """Somebody lost their device: remove app, recovery codes, passkeys and links, and end their sessions.

        Never one's own (two people are needed to get round a second factor), and only with a reason.
        """
        check_at_the_desk(by)
        if user_id == by.user_id:
            raise Forbidden("nobody resets their own second factors; ask another administrator")
        if len(reason.strip()) < 4:
            raise Invalid("say why, in a few words", field="reason")

        def unit(uow: UnitOfWork) -> set[str]:
            name = edited_person(uow, user_id, by).name
            removed, ended = remove_all_keys(uow, user_id)
            line = by.entry("person.keys_reset", f"person:{user_id}", purpose=reason.strip(), name=name, **removed)
            uow.store(AuditLog).append(line)
            return ended

        self._access.forget(await self._transactions.write(unit))


def remove_all_keys(uow: UnitOfWork, user_id: str) -> tuple[dict[str, Any], set[str]]:
    """App, recovery codes, passkeys and links of this person go, and their sessions end. Audited by the caller, who is
    told what went and which sessions ended."""
    keys = uow.store(KeyStore)
    had_totp, passkeys = keys.remove_totp(user_id), keys.passkeys(user_id)
    for passkey in passkeys:
        keys.remove_passkey(passkey.id)
    removed = {"totp": had_totp, "passkeys": len(passkeys), "links": uow.store(ProviderStore).unlink(user_id)}
    tell_of_person(uow, KeysChanged(user_id=user_id, step="reset"))
    return removed, end_sessions(uow, user_id, "second factors reset")


def _label(user_id: str) -> str:
    return f"totp:{user_id}"


def _new_recovery_codes(uow: UnitOfWork, user_id: str) -> Sequence[str]:
    codes = [recovery_code(uow.new_secret(RECOVERY_CODE_BYTES)) for _ in range(RECOVERY_CODES)]
    uow.store(KeyStore).replace_recovery_codes(user_id, [recovery_code_sha256(user_id, code) for code in codes])
    return codes
