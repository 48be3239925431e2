"""The register of protected premises and of the panel accounts that report for them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.access.ports import Vault
from fengtai.domain.access.service.places import may_belong_to, place_of_organisation
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises import rules
from fengtai.domain.premises.model import (
    AccountsChanged,
    AccountWords,
    Keyholder,
    PanelAccount,
    Premises,
    PremisesWords,
)
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


class PremisesRegister:
    def __init__(self, *, transactions: Transactions, vault: Vault) -> None:
        self._transactions, self._vault = transactions, vault

    async def get(self, premises_id: str, *, by: Actor) -> Premises:
        """Raise NotFound for premises that are not there and, in the same words, for those out of reach."""
        return await self._transactions.read(lambda uow: seen_premises(uow, premises_id, by))

    async def page(self, *, after: str = "", limit: int = 200, text: str = "", by: Actor) -> Sequence[Premises]:
        within = by.reach(Permission.PREMISES_SEE)
        return await self._transactions.read(
            lambda uow: uow.store(PremisesStore).page(after=after, limit=limit, text=text, within=within)
        )

    async def create(self, words: PremisesWords, *, by: Actor) -> Premises:
        return await self._transactions.write(lambda uow: _save_premises(uow, None, words, by))

    async def change(self, premises_id: str, words: PremisesWords, *, by: Actor) -> Premises:
        def work(uow: UnitOfWork) -> Premises:
            return _save_premises(uow, seen_premises(uow, premises_id, by, Permission.PREMISES_EDIT), words, by)

        return await self._transactions.write(work)

    async def accounts(self, channel: str = "", *, by: Actor | None = None) -> Sequence[PanelAccount]:
        """Those that this person may see; all of them for a gateway, which is nobody."""
        within = by.reach(Permission.PREMISES_SEE) if by else None
        return await self._transactions.read(lambda uow: uow.store(PanelAccountStore).all(channel, within))

    async def create_account(self, words: AccountWords, *, by: Actor) -> PanelAccount:
        return await self._transactions.write(lambda uow: self._save_account(uow, None, words, by))

    async def change_account(self, account_id: str, words: AccountWords, *, by: Actor) -> PanelAccount:
        def work(uow: UnitOfWork) -> PanelAccount:
            present = uow.store(PanelAccountStore).get(account_id)
            unknown = NotFound(f"there is no panel account {account_id}")
            place = place_of_organisation(uow, uow.store(PremisesStore).get(present.premises_id).organisation_id)
            by.must_do(Permission.PREMISES_EDIT, place, see=Permission.PREMISES_SEE, unknown=unknown)
            return self._save_account(uow, present, words, by)

        return await self._transactions.write(work)

    def open_key(self, account: PanelAccount) -> bytes:
        """The AES key of an account for the gateway that decrypts its frames; empty when it reports in the clear."""
        if not account.sealed_key:
            return b""
        return self._vault.open(account.sealed_key, label=rules.key_label(account.id))

    def _save_account(
        self, uow: UnitOfWork, present: PanelAccount | None, words: AccountWords, by: Actor
    ) -> PanelAccount:
        words = rules.checked_account(words)
        premises = seen_premises(uow, words.premises_id, by, Permission.PREMISES_EDIT)
        place = place_of_organisation(uow, premises.organisation_id)
        account_id = present.id if present else uow.new_id()
        accounts = uow.store(PanelAccountStore)
        twin = accounts.find(words.channel, words.number, receiver=words.receiver, line=words.line)
        if twin and twin.id != account_id and (twin.receiver, twin.line) == (words.receiver, words.line):
            raise Conflict(f"account {words.number} of {words.channel} exists already, for other premises or these")
        account = PanelAccount(
            id=account_id,
            channel=words.channel,
            number=words.number,
            premises_id=words.premises_id,
            receiver=words.receiver,
            line=words.line,
            sealed_key=self._sealed(account_id, words.key_hex, present),
            heartbeat_seconds=words.heartbeat_seconds,
            grace_seconds=words.grace_seconds,
        )
        accounts.save(account)
        uow.publish(
            AccountsChanged(account_id=account.id, organisation_id=place.organisation_id, area_code=place.area_code)
        )
        uow.store(AuditLog).append(
            by.entry(
                f"panel-account.{'change' if present else 'create'}",
                f"panel-account:{account.id}",
                channel=account.channel,
                number=account.number,
                premises_id=account.premises_id,
                key={None: "kept", "": "removed"}.get(words.key_hex, "set"),
            )
        )
        return account

    def _sealed(self, account_id: str, key_hex: str | None, present: PanelAccount | None) -> bytes:
        if key_hex is None:
            return present.sealed_key if present else b""
        if not key_hex:
            return b""
        return self._vault.seal(rules.key_from_text(key_hex), label=rules.key_label(account_id))


def seen_premises(
    uow: UnitOfWork, premises_id: str, by: Actor, permission: Permission = Permission.PREMISES_SEE
) -> Premises:
    """Raise NotFound for premises that are not there and, in the same words, for those out of reach."""
    premises = uow.store(PremisesStore).get(premises_id)
    unknown = NotFound(f"there are no premises {premises_id}")
    place = place_of_organisation(uow, premises.organisation_id)
    by.must_do(permission, place, see=Permission.PREMISES_SEE, unknown=unknown)
    return premises


def _save_premises(uow: UnitOfWork, present: Premises | None, words: PremisesWords, by: Actor) -> Premises:
    words = rules.checked_premises(words)
    _check_points(uow, present, words, by)
    premises = Premises(
        id=present.id if present else uow.new_id(),
        name=words.name.strip(),
        address=words.address,
        organisation_id=may_belong_to(uow, words.organisation_id, by, Permission.PREMISES_EDIT),
        position=words.position,
        kind=words.kind,
        note=words.note,
        point_ids=words.point_ids,
        zones=words.zones,
        keyholders=_keyholders(uow, words.keyholders),
        steps=words.steps,
    )
    uow.store(PremisesStore).save(premises)
    details: dict[str, Any] = {"name": premises.name, "zones": len(premises.zones)}
    uow.store(AuditLog).append(
        by.entry(f"premises.{'change' if present else 'create'}", f"premises:{premises.id}", **details)
    )
    return premises


def _check_points(uow: UnitOfWork, premises: Premises | None, words: PremisesWords, by: Actor) -> None:
    """Cameras that this person may not see cannot be assigned by them; those that are assigned already may stay."""
    wanted = _points_of(words) - (_points_of(premises) if premises else set())
    points = uow.store(PointStore).by_ids(sorted(wanted))
    unknown = wanted - {point.id for point in points if by.may(Permission.POINTS_SEE, point.place)}
    if unknown:
        raise Invalid(f"there is no point {sorted(unknown)[0]}", field="point_ids")


def _points_of(premises: Premises | PremisesWords) -> set[str]:
    return {*premises.point_ids, *(point_id for zone in premises.zones for point_id in zone.point_ids)}


def _keyholders(uow: UnitOfWork, keyholders: Sequence[Keyholder]) -> tuple[Keyholder, ...]:
    named = [keyholder if keyholder.id else replace(keyholder, id=uow.new_id()) for keyholder in keyholders]
    return tuple(sorted(named, key=lambda keyholder: keyholder.order))
