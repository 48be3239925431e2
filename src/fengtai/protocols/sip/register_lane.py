"""The first half of a REGISTER in the usual form: one without a proof is answered with a challenge; of one with a proof it
is said whether its nonce is one of ours. Each registration takes one of both, so each is one call (the compiled twin:
native_register_lane.pyx).

Owns nothing: nonces are those of `digest.NonceMint`, the form is that of `express.read_registering`.
"""

from typing import Protocol

from fengtai.protocols.sip.digest import NonceMint, NonceState
from fengtai.protocols.sip.express import Registering, read_registering

Taken = bytes | tuple[Registering, bool] | None
"""The 401; or what was read and whether its nonce is good; or None: read it another way."""


class RegisterLane(Protocol):
    def take(self, data: bytes, host: str, port: int, utc_ms: int) -> Taken: ...


class RegisterLaneInPython:
    """`first`, `middle`, `last`: of the 401, before what it echoes, before the nonce and after it."""

    def __init__(self, mint: NonceMint, first: bytes, middle: bytes, last: bytes) -> None:
        self._mint, self._first, self._middle, self._last = mint, first, middle, last

    def take(self, data: bytes, host: str, port: int, utc_ms: int) -> Taken:
        found = read_registering(data, host, port)
        if found is None:
            return None
        device_id, echo, credentials = found[0], found[1], found[6]
        if credentials is None:
            nonce = self._mint.mint(utc_ms, device_id, host).encode()
            return b"".join((self._first, echo, self._middle, nonce, self._last))
        return found, self._mint.check(credentials.nonce, utc_ms, device_id, host) is NonceState.GOOD


def register_lane_of(mint: NonceMint, first: bytes, middle: bytes, last: bytes) -> RegisterLane:
    try:
        from fengtai.protocols.sip.native_register_lane import RegisterLane as NativeLane
    except ImportError:  # nobody has compiled it: the same, slower
        return RegisterLaneInPython(mint, first, middle, last)
    return NativeLane(mint.keyed, mint.valid_ms, first, middle, last)
