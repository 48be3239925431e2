"""The figures of access, and what is looked at before the platform is used."""

from dataclasses import dataclass
from enum import Enum

from fengtai.domain.access.model.permissions import Role


class PasswordProfile(Enum):
    """Which book says what a password must be. They contradict each other on classes and rotation, so it is a choice."""

    MLPS3 = "mlps3"
    """GB/T 22239-2019 level 3, 8.1.4.1 a: complexity and regular change"""
    ASVS5 = "asvs5"
    """OWASP ASVS 5.0, 6.2: length and a list of well-known ones, no composition rules, no rotation"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """The figures of access. MLPS level 3 (GB/T 22239-2019, 8.1.4.1) asks for a lock and a session time-out."""

    idle_seconds: int = 3600
    absolute_seconds: int = 12 * 3600
    """one shift"""
    failures_per_name: int = 5
    failures_per_address: int = 30
    forget_failures_seconds: int = 900
    first_lock_seconds: int = 30
    longest_lock_seconds: int = 900
    password_profile: PasswordProfile = PasswordProfile.ASVS5
    change_given_passwords: bool = False
    """a password that somebody else set is changed when it is first used"""
    second_factor_roles: frozenset[Role] = frozenset()
    """whoever holds one of these signs in with two factors, and enrols the second one when it is due"""
    approve_guardians: bool = False
    """a second administrator agrees before somebody becomes administrator or auditor of the city"""
    approve_clip_exports: bool = False
    """a second person agrees before a clip leaves the house"""
    live_purpose_asked: bool = False
    """live pictures ask what for, as recordings do: a duty post, or one of the list with its number"""
    site_name: str = "Fengtai"
    """what an authenticator app shows beside the person's name"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupCheck:
    """One thing that was looked at before the platform is used: is it well, what was seen, what to do."""

    id: str
    ok: bool
    detail: str
    fix: str = ""
