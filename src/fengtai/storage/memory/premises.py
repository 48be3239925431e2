"""Premises and panel accounts kept in dicts: the complete twins of `domain.premises.store`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.premises.model import PanelAccount, Premises
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.errors import NotFound


class MemoryPremises:
    def __init__(self) -> None:
        self.by_id: dict[str, Premises] = {}

    def get(self, premises_id: str) -> Premises:
        try:
            return self.by_id[premises_id]
        except KeyError:
            raise NotFound(f"there are no premises {premises_id}") from None

    def page(self, *, after: str = "", limit: int = 200, text: str = "") -> Sequence[Premises]:
        words = text.lower()
        return [
            premises
            for premises_id, premises in sorted(self.by_id.items())
            if premises_id > after and (words in premises.name.lower() or words in premises.address.lower())
        ][:limit]

    def save(self, premises: Premises) -> None:
        self.by_id[premises.id] = premises


class MemoryPanelAccounts:
    def __init__(self) -> None:
        self.by_id: dict[str, PanelAccount] = {}

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

    def all(self, channel: str = "") -> Sequence[PanelAccount]:
        accounts = [account for account in self.by_id.values() if channel in ("", account.channel)]
        return sorted(accounts, key=lambda account: (account.channel, account.number, account.receiver, account.line))

    def save(self, account: PanelAccount) -> None:
        self.by_id[account.id] = account


STORES: Mapping[type[Any], type[Any]] = {PremisesStore: MemoryPremises, PanelAccountStore: MemoryPanelAccounts}
