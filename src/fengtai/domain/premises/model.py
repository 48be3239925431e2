"""Protected premises (防护目标): zones, keyholders, the panel accounts that report for them, the cameras assigned."""

from dataclasses import dataclass, field
from typing import ClassVar

from fengtai.vocabulary.events import Event
from fengtai.vocabulary.places import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    number: str
    """as the panel reports it, without leading zeros; "0" is the whole system"""
    partition: str = ""
    name: str = ""
    point_ids: tuple[str, ...] = ()
    """cameras assigned to the zone, best first"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyholder:
    id: str
    name: str
    phone: str
    order: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAccount:
    """An account under which a panel reports. (channel, receiver, line, number) is unique."""

    id: str
    channel: str
    """ "sia-dc09", "gb28181", ..."""
    number: str
    premises_id: str
    receiver: str = ""
    line: str = ""
    sealed_key: bytes = b""
    """AES key sealed by the vault; empty: the panel reports in the clear"""
    heartbeat_seconds: int = 0
    """0: not supervised"""
    grace_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    id: str
    name: str
    address: str = ""
    organisation_id: str = ""
    position: Position | None = None
    kind: str = ""
    """shop, bank, school, ... (free word of the site)"""
    note: str = ""
    """what an operator must know before sending anybody: dogs, gas, entrance"""
    point_ids: tuple[str, ...] = ()
    """cameras assigned to the premises as a whole, best first"""
    zones: tuple[Zone, ...] = ()
    keyholders: tuple[Keyholder, ...] = ()
    steps: tuple[str, ...] = field(default=())
    """prescribed actions, in order; empty: those of the alarm's class"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PremisesWords:
    """What a person says of premises. A keyholder without an id is new."""

    name: str
    address: str = ""
    organisation_id: str = ""
    """empty: the root"""
    position: Position | None = None
    kind: str = ""
    note: str = ""
    point_ids: tuple[str, ...] = ()
    zones: tuple[Zone, ...] = ()
    keyholders: tuple[Keyholder, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWords:
    """What a person says of a panel account."""

    channel: str
    number: str
    premises_id: str
    receiver: str = ""
    line: str = ""
    key_hex: str | None = None
    """AES-128, -192 or -256 key in hexadecimal digits; None keeps the present one, "" takes it away"""
    heartbeat_seconds: int = 0
    grace_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsChanged(Event):
    """A panel account was made or changed: whoever keeps accounts in memory loads them again."""

    kind: ClassVar[str] = "premises.accounts_changed"
    needs: ClassVar[str] = "premises.see"
    account_id: str
    organisation_id: str = ""
    area_code: str = ""
