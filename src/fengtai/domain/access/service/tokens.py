"""API tokens: made by a person for one purpose, shown once, listed with their last use, withdrawn.

A token never has more rights than its person has at the moment (`opening.by_token`), and never those of
`NEVER_BY_TOKEN`.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from fengtai.domain.access.model import TOKEN_PREFIX, AccessPolicy, Actor, ApiToken, Permission, Person
from fengtai.domain.access.ports import PasswordHasher, TokenStore
from fengtai.domain.access.rules import session_token, token_sha256
from fengtai.domain.access.service.desk import AccessDesk
from fengtai.domain.access.service.keeping import end_token
from fengtai.domain.access.service.opening import NEVER_BY_TOKEN
from fengtai.domain.access.service.proofs import check_at_the_desk, prove_again
from fengtai.domain.access.service.units import edited_person, people_in_reach
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

LONGEST_DAYS = 365
TOKENS_PER_PERSON = 20


class TokenDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        hasher: PasswordHasher,
        access: AccessDesk,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._hasher, self._access, self._policy = transactions, hasher, access, policy

    async def make(
        self, *, purpose: str, permissions: Iterable[Permission], days: int, password: str, by: Actor
    ) -> tuple[ApiToken, str]:
        """The token and its text, which nobody can read again. Raise Invalid for what it may not hold."""
        purpose, wanted = purpose.strip(), frozenset(permissions)
        if len(purpose) < 4:
            raise Invalid("say what the token is for, in a few words", field="purpose")
        if not 1 <= days <= LONGEST_DAYS:
            raise Invalid(f"a token is good for 1 to {LONGEST_DAYS} days", field="days")
        if not wanted:
            raise Invalid("choose at least one right", field="permissions")
        beyond = (wanted - by.permissions) | (wanted & NEVER_BY_TOKEN)
        if beyond:
            names = ", ".join(sorted(permission.value for permission in beyond))
            raise Invalid(f"a token cannot hold {names}: you do not hold it, or no token may", field="permissions")
        await prove_again(self._transactions, self._hasher, self._policy, by=by, password=password)

        def unit(uow: UnitOfWork) -> tuple[ApiToken, str]:
            if len(uow.store(TokenStore).of_person(by.user_id)) >= TOKENS_PER_PERSON:
                raise Conflict(f"A person has at most {TOKENS_PER_PERSON} tokens. Withdraw one first.")
            text = TOKEN_PREFIX + session_token(uow.new_secret(32))
            token = ApiToken(
                id=uow.new_id(),
                user_id=by.user_id,
                purpose=purpose,
                permissions=wanted,
                token_sha256=token_sha256(text),
                made_at=uow.now.utc,
                expires_at=uow.now.utc + timedelta(days=days),
            )
            uow.store(TokenStore).save(token)
            line = by.entry(
                "token.make",
                f"token:{token.id}",
                purpose=purpose,
                permissions=sorted(permission.value for permission in wanted),
                days=days,
            )
            uow.store(AuditLog).append(line)
            return token, text

        return await self._transactions.write(unit)

    async def own(self, by: Actor) -> Sequence[ApiToken]:
        check_at_the_desk(by)
        return await self._transactions.read(lambda uow: uow.store(TokenStore).of_person(by.user_id))

    async def page(self, *, by: Actor, after: str = "", limit: int = 100) -> Sequence[tuple[ApiToken, Person]]:
        """Of people within reach, newest first."""

        def unit(uow: UnitOfWork) -> list[tuple[ApiToken, Person]]:
            people = people_in_reach(uow, by)
            page = uow.store(TokenStore).page(people.ids, after=after, limit=limit)
            return [(token, people[token.user_id]) for token in page]

        return await self._transactions.read(unit)

    async def withdraw_own(self, token_id: str, *, by: Actor) -> None:
        check_at_the_desk(by)
        await self._withdraw(token_id, by, only_of=by.user_id)

    async def withdraw(self, token_id: str, *, by: Actor) -> None:
        """Of somebody whom one may change; it acts at once here, and within two seconds in other processes."""
        check_at_the_desk(by)
        await self._withdraw(token_id, by)

    async def _withdraw(self, token_id: str, by: Actor, *, only_of: str = "") -> None:
        def unit(uow: UnitOfWork) -> str:
            token = uow.store(TokenStore).get(token_id)
            unknown = NotFound("there is no such token")
            if only_of and token.user_id != only_of:
                raise unknown
            if token.user_id != by.user_id:
                edited_person(uow, token.user_id, by, unknown)
            end_token(uow, token, "withdrawn")
            line = by.entry("token.withdraw", f"token:{token_id}", user_id=token.user_id, purpose=token.purpose)
            uow.store(AuditLog).append(line)
            return token.session_id

        self._access.forget({await self._transactions.write(unit)})
