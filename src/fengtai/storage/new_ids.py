"""Identifiers after RFC 9562 version 7: 48 bits of milliseconds, then randomness; 32 hexadecimal digits."""

import secrets

from fengtai.vocabulary.clock import Instant


def new_id(now: Instant) -> str:
    randomness = secrets.randbits(74)
    value = (
        (now.utc_ms & (1 << 48) - 1) << 80 | 7 << 76 | (randomness >> 62) << 64 | 2 << 62 | randomness & (1 << 62) - 1
    )
    return f"{value:032x}"
