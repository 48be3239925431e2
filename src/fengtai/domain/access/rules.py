"""Who may do what, what a password must be, when a sign-in is locked: pure decisions, no rows, no clock.

The table of roles is the only source of permissions; `decide` is the only place that says yes or no to a route.
Separation of administrator, auditor and operation: GB/T 22239-2019 (MLPS level 3) 8.1.4.2 and 8.1.5.
"""

import hashlib
import ipaddress
import unicodedata
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fengtai.domain.access.model import AccessPolicy, Actor, Permission, Person, Role, Session, Throttle
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid

_SEES_THE_WORK = frozenset(
    {
        Permission.ALARMS_SEE,
        Permission.INCIDENTS_SEE,
        Permission.LIVE_SEE,
        Permission.PLAYBACK_SEE,
        Permission.POINTS_SEE,
        Permission.DEVICES_SEE,
        Permission.PREMISES_SEE,
        Permission.UNITS_SEE,
        Permission.ORGANISATIONS_SEE,
        Permission.SYSTEM_SEE,
    }
)

PERMISSIONS_OF_ROLE: Mapping[Role, frozenset[Permission]] = {
    Role.OPERATOR: _SEES_THE_WORK | {Permission.ALARMS_HANDLE, Permission.INCIDENTS_HANDLE},
    Role.DISPATCHER: _SEES_THE_WORK | {Permission.ALARMS_HANDLE, Permission.INCIDENTS_HANDLE, Permission.UNITS_EDIT},
    Role.ENGINEER: frozenset(
        {
            Permission.ALARMS_SEE,
            Permission.LIVE_SEE,
            Permission.POINTS_SEE,
            Permission.POINTS_EDIT,
            Permission.DEVICES_SEE,
            Permission.DEVICES_EDIT,
            Permission.PREMISES_SEE,
            Permission.PREMISES_EDIT,
            Permission.UNITS_SEE,
            Permission.ORGANISATIONS_SEE,
            Permission.SYSTEM_SEE,
        }
    ),
    # The chief sees all of the work; the record of who looked at what stays with the auditor.
    Role.CHIEF: _SEES_THE_WORK | {Permission.UNITS_EDIT, Permission.PEOPLE_SEE},
    Role.AUDITOR: frozenset({Permission.AUDIT_SEE, Permission.PEOPLE_SEE}),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.PEOPLE_SEE,
            Permission.PEOPLE_EDIT,
            Permission.SYSTEM_SEE,
            Permission.SYSTEM_EDIT,
            Permission.ORGANISATIONS_SEE,
            Permission.ORGANISATIONS_EDIT,
        }
    ),
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """All that these roles may do together; nothing for no role."""
    return frozenset(permission for role in roles for permission in PERMISSIONS_OF_ROLE[role])


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str


def decide(actor: Actor | None, access: object) -> Decision:
    """May this person (or nobody) call a route with this `x-access` marker? Unknown markers are refused."""
    if access == "public":
        return Decision(True, "open to everybody")
    if actor is None:
        return Decision(False, "nobody is signed in")
    if access == "signed-in":
        return Decision(True, "open to everybody who is signed in")
    wanted = next((permission for permission in Permission if permission.value == access), None)
    if wanted is None:
        return Decision(False, "the route does not say who may call it")
    if wanted in actor.permissions:
        return Decision(True, f"{wanted.value} is among the permissions of {_told(actor.roles)}")
    return Decision(False, f"{wanted.value} is not among the permissions of {_told(actor.roles)}")


def _told(roles: Iterable[Role]) -> str:
    return ", ".join(sorted(role.value for role in roles)) or "nobody"


# --- people

SHORTEST_PASSWORD = 12
SHORTEST_MIXED_PASSWORD = 10
LONGEST_PASSWORD = 256
_BLOCKED = (
    *("password", "passw0rd", "123456", "12345678", "1234567890", "qwerty", "qwertyuiop", "1q2w3e4r", "abc123"),
    *("administrator", "admin", "letmein", "welcome", "iloveyou", "changeme", "monitor", "security", "camera"),
    *("fengtai", "hikvision", "dahua", "woaini", "5201314", "88888888", "66666666"),
)


def name_key(name: str) -> str:
    """The form in which names are compared: width, case and surrounding blanks do not tell people apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def checked_name(name: str) -> str:
    """Raise Invalid for what cannot be a sign-in name."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 2 <= len(name) <= 64 or any(unicodedata.category(c)[0] == "C" for c in name):
        raise Invalid("a sign-in name has 2 to 64 visible characters", field="name")
    return name


def checked_password(password: str, *, name: str) -> str:
    """Raise Invalid, with what to do, for a password that is too easy to guess.

    Twelve characters, or ten of at least three classes; not the name; not a well-known one with decoration.
    """
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(f"a password has at most {LONGEST_PASSWORD} characters", field="password")
    shortest = SHORTEST_MIXED_PASSWORD if _character_classes(password) >= 3 else SHORTEST_PASSWORD
    if len(password) < shortest:
        raise Invalid(
            f"a password has at least {SHORTEST_PASSWORD} characters, "
            f"or {SHORTEST_MIXED_PASSWORD} that mix capitals, small letters, digits and signs",
            field="password",
        )
    plain = name_key(password)
    key = name_key(name)
    if plain == key or (len(key) >= 4 and key in plain):  # a name of two letters stands in many good passwords
        raise Invalid("the password must not contain the name", field="password")
    left = plain
    for word in sorted(_BLOCKED, key=len, reverse=True):
        left = left.replace(word, "")
    if len(set(plain)) < 5 or len(left) < 6:
        raise Invalid("this password is among the first that are tried; choose words of your own", field="password")
    return password


def _character_classes(text: str) -> int:
    tests: tuple[Callable[[str], bool], ...] = (str.isupper, str.islower, str.isdigit, lambda c: not c.isalnum())
    return sum(any(map(test, text)) for test in tests)


def checked_roles(roles: Iterable[Role]) -> frozenset[Role]:
    """Raise Invalid when one person would judge their own acts: the auditor's role stands alone."""
    held = frozenset(roles)
    if not held:
        raise Invalid("a person needs at least one role", field="roles")
    if Role.AUDITOR in held and len(held) > 1:
        raise Invalid("the auditor's role stands alone: nobody may judge their own acts", field="roles")
    return held


def check_change(by_user_id: str, before: Person, after: Person, everybody: Iterable[Person]) -> None:
    """Raise Forbidden when people change their own rights, Conflict when the last of a guarding role would go."""
    rights_change = before.roles != after.roles or before.disabled != after.disabled
    if by_user_id == before.id and rights_change:
        raise Forbidden("nobody may change their own roles or standing; ask another administrator")
    others = [person for person in everybody if person.id != before.id and not person.disabled]
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        loses = role in before.roles and not before.disabled and (role not in after.roles or after.disabled)
        if loses and not any(role in person.roles for person in others):
            raise Conflict(f"this is the last {role.value}; name another one first")


# --- tokens: random enough (256 and 120 bits) that a plain SHA-256 of what is presented is all that need be kept


def session_token(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def token_sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def setup_token(secret: bytes) -> str:
    """As it is printed: four groups of six letters, easy to type."""
    letters = b32encode(secret).decode()
    return "-".join(letters[at : at + 6] for at in range(0, len(letters), 6))


def setup_token_sha256(typed: str) -> bytes:
    """Of what a person typed: blanks, dashes and case do not count."""
    return token_sha256("".join(typed.split()).replace("-", "").upper())


# --- sessions and sign-ins


def why_over(session: Session, person: Person, now: datetime, policy: AccessPolicy) -> str:
    """Why this session no longer counts; empty while it does."""
    if person.disabled:
        return "disabled"
    if now >= session.ends_at:
        return "expired"
    if now >= session.seen_at + timedelta(seconds=policy.idle_seconds):
        return "idle"
    return ""


def is_locked(throttle: Throttle | None, now: datetime) -> bool:
    return throttle is not None and throttle.locked_until is not None and now < throttle.locked_until


def after_attempt(throttle: Throttle | None, key: str, allowed: int, now: datetime, policy: AccessPolicy) -> Throttle:
    """The row after one more attempt, charged before the password is looked at; a good sign-in gives it back.

    When `allowed` attempts are used up the key is locked, and twice as long for each further failure.
    """
    quiet = timedelta(seconds=policy.forget_failures_seconds)
    over = throttle is not None and not is_locked(throttle, now) and now >= _heard_until(throttle) + quiet
    if throttle is None or over:
        throttle = Throttle(key=key, failures=0, first_at=now, last_at=now)
    failures = throttle.failures + 1
    locked_until = throttle.locked_until
    if failures >= allowed:
        doublings = min(failures - allowed, 16)
        seconds = min(policy.first_lock_seconds * 2**doublings, policy.longest_lock_seconds)
        locked_until = now + timedelta(seconds=seconds)
    return replace(throttle, failures=failures, last_at=now, locked_until=locked_until)


def _heard_until(throttle: Throttle) -> datetime:
    return max(throttle.last_at, throttle.locked_until or throttle.last_at)


def throttle_keys(name: str, source_ip: str, policy: AccessPolicy) -> tuple[tuple[str, int], tuple[str, int]]:
    """The key by name and the key by address, each with the failures it allows.

    The name is hashed: people type passwords into the wrong field, and it may be long. IPv6 counts by /64 network,
    because one subscriber has all of it.
    """
    digest = token_sha256(name_key(name)).hex()[:32]
    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        network = "unknown"
    else:
        network = str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
    return (f"name:{digest}", policy.failures_per_name), (f"address:{network}", policy.failures_per_address)
