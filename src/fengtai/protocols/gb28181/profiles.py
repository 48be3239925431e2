"""How makes of devices differ, as data (profiles.toml), and how one device is spoken to: its dialect.

Owns: which profile fits, which edition, charset and spelling count for a device. Must not know: who chose them. A person's
choice goes before what the device says of itself, and that before the make's habits.
"""

import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EDITION_2016, EDITION_2022 = "2.0", "3.0"
SPELLINGS = ("IFameCmd", "IFrameCmd")
"""of the wish for a key frame: as misspelt until 2016, and as 2022 prints it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a make does otherwise than the standard, and so what we do otherwise."""

    id: str
    name: str
    makers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()
    """sentences for people"""
    charset: str = ""
    ignores_status_notices: bool = False
    """ON and OFF in notices are not believed: the catalogue is asked for instead"""
    config_to_device: bool = False
    """DeviceConfig goes to the device's id, whatever channel it is about"""
    never: frozenset[str] = frozenset()
    """commands that are not sent to it"""
    page_gap_seconds: float = 0.0
    """how long the next part of a catalogue may take; 0: as usual"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one device is spoken to. Empty fields: as the device says itself, or as its edition has it."""

    profile: Profile
    edition: str = ""
    charset: str = ""

    def edition_of(self, told: str) -> str:
        return self.edition or told

    @property
    def written_charset(self) -> str:
        return self.charset or self.profile.charset


def _read(table: Mapping[str, Any]) -> Profile:
    lists: dict[str, Any] = {name: tuple(table.get(name, ())) for name in ("makers", "agents", "quirks")}
    lists["never"] = frozenset(table.get("never", ()))
    return Profile(**{**table, **lists})


def _load() -> Mapping[str, Profile]:
    data = pkgutil.get_data(__package__, "profiles.toml")
    assert data is not None, "profiles.toml is part of the package"
    return {one["id"]: _read(one) for one in tomllib.loads(data.decode())["profile"]}


PROFILES = _load()
GENERIC = PROFILES["generic"]
PLAIN = Dialect(profile=GENERIC)


def profile_of(manufacturer: str, user_agent: str) -> Profile:
    """By what the device says of itself; generic when nothing fits."""
    maker, agent = manufacturer.casefold(), user_agent.casefold()
    for profile in PROFILES.values():
        if any(word in maker for word in profile.makers) or any(word in agent for word in profile.agents):
            return profile
    return GENERIC


@dataclass(slots=True)
class Dialects:
    """Who is spoken to otherwise than the standard has it; everybody else has no entry."""

    by_device: dict[str, Dialect] = field(default_factory=dict)
    second_spelling: set[str] = field(default_factory=set)
    """devices that refused the key-frame order as their edition spells it"""

    def of(self, device_id: str) -> Dialect:
        return self.by_device.get(device_id, PLAIN)

    def set(self, device_id: str, dialect: Dialect) -> None:
        if dialect == PLAIN:
            self.by_device.pop(device_id, None)
        else:
            self.by_device[device_id] = dialect

    def key_frame_spelling(self, device_id: str, edition: str) -> str:
        return SPELLINGS[(edition == EDITION_2022) != (device_id in self.second_spelling)]
