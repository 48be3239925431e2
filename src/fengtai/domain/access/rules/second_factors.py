"""Authenticator apps (TOTP, RFC 6238 over HOTP, RFC 4226), recovery codes, and what is due from a person.

Six digits, thirty seconds, SHA-1: what every app understands; a step earlier or later is taken for clocks that differ.
"""

import hmac
import unicodedata
from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime, timedelta

import pyotp

from fengtai.domain.access.model import AccessPolicy, Due, KeptPassword, PasswordProfile, Person, Role
from fengtai.domain.access.rules.tokens import token_sha256

STEP_SECONDS = 30
STEPS_EARLIER_OR_LATER = 1
SEED_BYTES = 20
"""as long as the output of SHA-1 (RFC 4226, 4, R6)"""
RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10
PASSWORD_AGE = timedelta(days=90)


def _typed(text: str) -> str:
    """As a person types it: blanks, dashes, full-width digits and small letters do not count."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c not in "-‐‑‒–— \t\u3000").upper()


def seed_text(seed: bytes) -> str:
    """As it is typed into an app that cannot read the picture."""
    return b32encode(seed).decode().rstrip("=")


def enrolment_uri(seed: bytes, *, name: str, site: str) -> str:
    """What the picture holds (Key Uri Format)."""
    return pyotp.TOTP(seed_text(seed)).provisioning_uri(name=name, issuer_name=site)


def matching_step(seed: bytes, code: str, now: datetime, *, after_step: int) -> int | None:
    """The step whose code this is, or None. Steps up to `after_step` were used and are not good again."""
    typed = _typed(code)
    if len(typed) != 6 or not typed.isascii() or not typed.isdigit():
        return None
    app, this = pyotp.TOTP(seed_text(seed)), int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(this - STEPS_EARLIER_OR_LATER, this + STEPS_EARLIER_OR_LATER + 1):
        if hmac.compare_digest(app.at(step * STEP_SECONDS), typed) and step > after_step:
            found = step
    return found


def recovery_code(secret: bytes) -> str:
    """As it is printed: four groups of four letters and digits."""
    letters = b32encode(secret).decode()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def recovery_code_sha256(user_id: str, typed: str) -> bytes:
    """80 random bits, so that a plain SHA-256 is enough; with the person, so that nobody's code is another's."""
    return token_sha256(f"{user_id}:{_typed(typed)}")


def must_have_second_factor(roles: Iterable[Role], policy: AccessPolicy) -> bool:
    return not policy.second_factor_roles.isdisjoint(roles)


def password_ends_at(person: Person, newest: KeptPassword | None, policy: AccessPolicy) -> datetime | None:
    """When the password has to be changed; None: never (ASVS 5.0, 6.2.10 forbids it, MLPS asks for it)."""
    if policy.password_profile is not PasswordProfile.MLPS3 or not person.password_hash:
        return None
    return (newest.set_at if newest else person.created_at) + PASSWORD_AGE


def dues(
    person: Person,
    newest: KeptPassword | None,
    *,
    by_password: bool,
    has_second_factor: bool,
    policy: AccessPolicy,
    now: datetime,
) -> frozenset[Due]:
    """What this person has to do before a session gives rights. `by_password`: the password was used just now."""
    due = set()
    if must_have_second_factor(person.roles, policy) and not has_second_factor:
        due.add(Due.SECOND_FACTOR)
    ends_at = password_ends_at(person, newest, policy)
    given = policy.change_given_passwords and newest is not None and newest.by_other
    if by_password and (given or (ends_at is not None and now >= ends_at)):
        due.add(Due.PASSWORD)
    return frozenset(due)
