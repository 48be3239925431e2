"""How makes of devices differ, as data (profiles.toml), and how one device is spoken to: its dialect, and the forms of the
session description that it is offered.

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
class OfferForm:
    """One form of the session description that devices are asked with (annex G)."""

    id: str
    payloads: tuple[str, ...]
    """payload type and what it is, as in a=rtpmap; offered in this order"""
    formats: tuple[str, ...] = ()
    """a=fmtp"""
    parameters: str = ""
    """f=; empty: no such line"""
    connection: str = "new"
    """a=connection over TCP; empty: no such line"""


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
    offers: tuple[OfferForm, ...] = ()
    """forms of the session description, in the order in which they are tried"""
    main_stream: tuple[str, ...] = ()
    sub_stream: tuple[str, ...] = ("streamnumber:{number}", "streamprofile:{number}")
    """attributes of the offer that choose the stream; {number}: of the stream, 0 main"""

    def stream_attributes(self, number: int) -> list[tuple[str, str]]:
        """As (name, value); devices pass over those that they do not know."""
        told = [one.format(number=number).partition(":") for one in (self.sub_stream if number else self.main_stream)]
        return [(name, value) for name, _, value in told]


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


def _form(table: Mapping[str, Any]) -> OfferForm:
    told: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    return OfferForm(**told)


def _profile(table: Mapping[str, Any], forms: Mapping[str, OfferForm]) -> Profile:
    told: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    told["never"] = frozenset(told.get("never", ()))
    told["offers"] = tuple(forms[name] for name in told.get("offers", forms))
    return Profile(**told)


def _load() -> tuple[Mapping[str, OfferForm], Mapping[str, Profile]]:
    data = pkgutil.get_data(__package__, "profiles.toml")
    assert data is not None, "profiles.toml is part of the package"
    read = tomllib.loads(data.decode())
    forms = {one["id"]: _form(one) for one in read["form"]}
    return forms, {one["id"]: _profile(one, forms) for one in read["profile"]}


FORMS, PROFILES = _load()
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
