"""Premises and panel accounts kept in dicts: the complete twins of `domain.premises.store`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.premises.model import PanelAccount, Premises
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


class MemoryPremises:
    def __init__(self) -> None:
        self.by_id: dict[str, Premises] = {}

    def get(self, premises_id: str) -> Premises:
        try:
            return self.by_id[premises_id]
        except KeyError:
            raise NotFound(f"there are no premises {premises_id}") from None

    def page(
        self, *, after: str = "", limit: int = 200, text: str = "", within: Reach | None = None
    ) -> Sequence[Premises]:
        words = text.lower()
        return [
            premises
            for premises_id, premises in sorted(self.by_id.items())
            if premises_id > after
            and (words in premises.name.lower() or words in premises.address.lower())
            and (within is None or within.covers_organisation(premises.organisation_id))
        ][:limit]

    def save(self, premises: Premises) -> None:
        self.by_id[premises.id] = premises


class MemoryPanelAccounts:
    def __init__(self) -> None:
        self.by_id: dict[str, PanelAccount] = {}

    def bind(self, unit: UnitOfWork) -> None:
        """An account lies where its premises lie, so they are asked."""
        self._premises = unit.store(PremisesStore)

    def find(self, channel: str, number: str, *, receiver: str = "", line: str = "") -> PanelAccount | None:
        found = {
            (account.receiver, account.line): account
            for account in self.by_id.values()
            if account.channel == channel and account.number == number
        }
        return found.get((receiver, line)) or found.get(("", ""))

    def get(self, account_id: str) -> PanelAccount:
        try:
            return self.by_id[account_id]
        except KeyError:
            raise NotFound(f"there is no panel account {account_id}") from None

    def all(self, channel: str = "", within: Reach | None = None) -> Sequence[PanelAccount]:
        accounts = [
            account
            for account in self.by_id.values()
            if channel in ("", account.channel) and (within is None or self._is_in(within, account))
        ]
        return sorted(accounts, key=lambda account: (account.channel, account.number, account.receiver, account.line))

    def _is_in(self, within: Reach, account: PanelAccount) -> bool:
        return within.covers_organisation(self._premises.get(account.premises_id).organisation_id)

    def save(self, account: PanelAccount) -> None:
        self.by_id[account.id] = account


STORES: Mapping[type[Any], type[Any]] = {PremisesStore: MemoryPremises, PanelAccountStore: MemoryPanelAccounts}
