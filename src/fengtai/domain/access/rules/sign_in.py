"""When a session is over, and when a sign-in is locked."""

import ipaddress
from dataclasses import replace
from datetime import datetime, timedelta

from fengtai.domain.access.model import AccessPolicy, Person, Session, Throttle
from fengtai.domain.access.rules.names import name_key
from fengtai.domain.access.rules.tokens import token_sha256


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
