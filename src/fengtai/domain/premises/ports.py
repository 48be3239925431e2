"""What premises need from outside."""

from collections.abc import Sequence
from typing import Protocol

from fengtai.domain.access.model import Reach
from fengtai.domain.premises.model import PanelAccount, Premises


class PremisesStore(Protocol):
    def get(self, premises_id: str) -> Premises:
        """Raise NotFound if there is none."""

    def page(
        self, *, after: str = "", limit: int = 200, text: str = "", within: Reach | None = None
    ) -> Sequence[Premises]:
        """By id, which is the order of making. `text` is looked for in name and address. `within`: whose organisation is
        in reach."""

    def save(self, premises: Premises) -> None: ...


class PanelAccountStore(Protocol):
    def find(self, channel: str, number: str, *, receiver: str = "", line: str = "") -> PanelAccount | None:
        """The account with exactly this receiver and line, else the one that names neither."""

    def get(self, account_id: str) -> PanelAccount:
        """Raise NotFound if there is none."""

    def all(self, channel: str = "", within: Reach | None = None) -> Sequence[PanelAccount]:
        """By channel and number; of every channel when none is named. `within`: whose premises are in reach."""

    def save(self, account: PanelAccount) -> None: ...
