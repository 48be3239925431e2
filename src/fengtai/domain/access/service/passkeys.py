"""Passkeys: entered, used to sign in, removed.

A passkey with user verification is two factors in one, so it opens a session by itself. Each question to a device is
good once and for five minutes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fengtai.domain.access.model import AccessPolicy, Actor, Due, KeysChanged, Passkey, PasskeySite, Task
from fengtai.domain.access.ports import KeyStore, PasswordHasher, PersonStore
from fengtai.domain.access.rules import must_have_second_factor
from fengtai.domain.access.rules.passkeys import (
    CHALLENGE_BYTES,
    NOT_GOOD,
    checked_use,
    credential_id_of,
    enrolled,
    enrolment_options,
    sign_in_options,
)
from fengtai.domain.access.service.desk import AccessDesk
from fengtai.domain.access.service.opening import SignedIn, done, due_from, new_challenge, open_session, taken
from fengtai.domain.access.service.places import tell_of_person
from fengtai.domain.access.service.proofs import charge_address, check_at_the_desk, give_back_address, prove_again
from fengtai.domain.access.service.second_factors import BEGIN_AGAIN, MUST_HAVE_ONE
from fengtai.domain.access.service.units import audit_refusal
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

PASSKEYS_PER_PERSON = 10


@dataclass(frozen=True, slots=True)
class Question:
    """What the browser is to ask the device, in the words of the standard's JSON."""

    ticket: str
    options: Mapping[str, Any]


class PasskeyDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        hasher: PasswordHasher,
        access: AccessDesk,
        site: PasskeySite = PasskeySite(),
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._hasher, self._access = transactions, hasher, access
        self._site, self._policy = site, policy

    @property
    def site(self) -> PasskeySite:
        return self._site

    # --- entering and removing one's own

    async def ask_to_enrol(self, *, password: str, by: Actor) -> Question:
        await prove_again(self._transactions, self._hasher, self._policy, by=by, password=password)

        def unit(uow: UnitOfWork) -> Question:
            person, known = uow.store(PersonStore).get(by.user_id), uow.store(KeyStore).passkeys(by.user_id)
            if len(known) >= PASSKEYS_PER_PERSON:
                raise Conflict(f"A person has at most {PASSKEYS_PER_PERSON} passkeys. Remove one first.")
            challenge = uow.new_secret(CHALLENGE_BYTES)
            details = {"challenge": challenge.hex()}
            ticket = new_challenge(uow, Task.ENROL_PASSKEY, source=by.source_ip, user_id=by.user_id, details=details)
            return Question(ticket, enrolment_options(self._site, person, challenge, known))

        return await self._transactions.write(unit)

    async def enrol(self, ticket: str, name: str, credential: Mapping[str, Any], *, by: Actor) -> Passkey:
        """Raise Invalid when the device's answer is not good, Conflict when the question is over or the key known."""
        check_at_the_desk(by)
        name = name.strip()
        if not name:
            raise Invalid("give the passkey a name, such as the device it is on", field="name")

        def unit(uow: UnitOfWork) -> Passkey:
            asked = taken(uow, ticket, Task.ENROL_PASSKEY, user_id=by.user_id)
            if asked is None:
                raise Conflict("This question to the device is over. Begin again.")
            seen = enrolled(self._site, bytes.fromhex(asked.details["challenge"]), credential)
            if uow.store(KeyStore).passkey_by_credential(seen.credential_id) is not None:
                raise Conflict("This passkey is entered already.")
            passkey = Passkey(
                id=uow.new_id(),
                user_id=by.user_id,
                name=name,
                credential_id=seen.credential_id,
                public_key=seen.public_key,
                sign_count=seen.sign_count,
                made_at=uow.now.utc,
                is_synced=seen.is_synced,
            )
            uow.store(KeyStore).save_passkey(passkey)
            done(uow, by.session_id, Due.SECOND_FACTOR)
            line = by.entry("person.keys", f"person:{by.user_id}", act="passkey entered", passkey=passkey.id, name=name)
            uow.store(AuditLog).append(line)
            tell_of_person(uow, KeysChanged(user_id=by.user_id, step="passkey"))
            return passkey

        passkey = await self._transactions.write(unit)
        self._access.forget({by.session_id})
        return passkey

    async def remove(self, passkey_id: str, *, password: str, by: Actor) -> None:
        await prove_again(self._transactions, self._hasher, self._policy, by=by, password=password)

        def unit(uow: UnitOfWork) -> None:
            keys, person = uow.store(KeyStore), uow.store(PersonStore).get(by.user_id)
            mine = keys.passkeys(by.user_id)
            if passkey_id not in {passkey.id for passkey in mine}:
                raise NotFound("there is no such passkey")
            is_last = len(mine) == 1 and keys.totp(by.user_id) is None
            if is_last and must_have_second_factor(person.roles, self._policy):
                raise Forbidden(MUST_HAVE_ONE)
            keys.remove_passkey(passkey_id)
            line = by.entry("person.keys", f"person:{by.user_id}", act="passkey removed", passkey=passkey_id)
            uow.store(AuditLog).append(line)
            tell_of_person(uow, KeysChanged(user_id=by.user_id, step="removed"))

        await self._transactions.write(unit)

    # --- signing in

    async def ask_to_sign_in(self, *, source_ip: str) -> Question:
        """Anybody may ask; the answer tells nothing about who has a passkey."""

        def unit(uow: UnitOfWork) -> Question:
            challenge = uow.new_secret(CHALLENGE_BYTES)
            details = {"challenge": challenge.hex()}
            ticket = new_challenge(uow, Task.PASSKEY_SIGN_IN, source=source_ip, details=details)
            return Question(ticket, sign_in_options(self._site, challenge))

        return await self._transactions.write(unit)

    async def sign_in(self, ticket: str, credential: Mapping[str, Any], *, source_ip: str, post: str = "") -> SignedIn:
        """Raise Unauthenticated, in the same words for any cause. Each question takes one answer, good or not."""
        signed = await self._transactions.write(lambda uow: self._sign_in(uow, ticket, credential, source_ip, post))
        if isinstance(signed, Unauthenticated):
            raise signed
        return signed

    def _sign_in(
        self, uow: UnitOfWork, ticket: str, credential: Mapping[str, Any], source_ip: str, post: str
    ) -> SignedIn | Unauthenticated:
        """A refusal is returned, not raised, so that the used question and the charged attempt are kept."""
        charge_address(uow, source_ip, self._policy)
        asked = taken(uow, ticket, Task.PASSKEY_SIGN_IN)
        if asked is None:
            return Unauthenticated(BEGIN_AGAIN)
        keys, passkey = uow.store(KeyStore), None
        try:
            passkey = keys.passkey_by_credential(credential_id_of(credential))
            if passkey is None:
                raise Unauthenticated(NOT_GOOD)
            challenge = bytes.fromhex(asked.details["challenge"])
            count, is_synced = checked_use(self._site, challenge, passkey, credential)
            person = uow.store(PersonStore).get(passkey.user_id)
            if person.disabled:
                raise Unauthenticated(NOT_GOOD)
        except Unauthenticated as refusal:
            audit_refusal(uow, f"person:{passkey.user_id if passkey else 'unknown'}", source_ip, "passkey not good")
            return refusal
        keys.save_passkey(replace(passkey, sign_count=count, is_synced=is_synced, last_used_at=uow.now.utc))
        give_back_address(uow, source_ip, self._policy)
        return open_session(
            uow,
            person,
            self._policy,
            source_ip=source_ip,
            post=post,
            proven_by="passkey",
            due=due_from(uow, person, self._policy, by_password=False, two=True),
        )
