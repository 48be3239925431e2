"""The panel accounts as the gateway needs them for each frame: who it is, and by which keys it may be encrypted.

A copy in memory of the register, read again every half minute, and soon after a frame that it cannot explain; so a new
account or key takes effect with the panel's next attempt at the latest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from fengtai.domain.premises.model import PanelAccount
from fengtai.domain.premises.service import PremisesRegister
from fengtai.gateways.sia_dc09.signals import SOURCE
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()

FRESH_SECONDS = 30.0
RELOAD_SECONDS = 1.0
"""never read more often than this, whatever arrives"""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    id: str
    keys: tuple[bytes, ...]


class AccountBook:
    def __init__(self, premises: PremisesRegister, clock: Clock) -> None:
        self._premises, self._clock = premises, clock
        self._known: Mapping[tuple[str, str, str], KnownAccount] = {}
        self._read_at = float("-inf")

    def __len__(self) -> int:
        return len(self._known)

    def find(self, number: str, receiver: str, line: str) -> KnownAccount | None:
        """The account with exactly this receiver and line, else the one that names neither."""
        number = number.upper()
        return self._known.get((number, receiver, line)) or self._known.get((number, "", ""))

    def keys(self, number: str, receiver: str, line: str) -> Sequence[bytes]:
        account = self.find(number, receiver, line)
        return account.keys if account else ()

    @property
    def age_seconds(self) -> float:
        return self._clock.now().monotonic - self._read_at

    async def reload(self) -> None:
        self._read_at = self._clock.now().monotonic
        accounts = await self._premises.accounts(SOURCE)
        self._known = {
            (account.number.upper(), account.receiver, account.line): KnownAccount(account.id, self._keys_of(account))
            for account in accounts
        }

    def _keys_of(self, account: PanelAccount) -> tuple[bytes, ...]:
        try:
            key = self._premises.open_key(account)
        except Unavailable as error:
            # Fail closed: its encrypted frames stay unanswered and listed until the key can be opened again.
            log.error("dc09.key_unavailable", account_id=account.id, error=str(error))
            return ()
        return (key,) if len(key) in (16, 24, 32) else ()
