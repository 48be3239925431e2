"""The first half of a REGISTER, compiled and in Python: the same challenges, and the same opinion of a nonce."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.sip.test_express import PEER, PROOF, REGISTER, nearly_usual, wire

from fengtai.protocols.sip import NonceMint, register_lane_of
from fengtai.protocols.sip.register_lane import RegisterLane, RegisterLaneInPython

CODE, HOST, PORT = "34020000001320000001", PEER.host, PEER.port
MADE_MS = 1_795_176_000_000
MINT = NonceMint(b"secret", valid_seconds=300)
PARTS = (b"SIP/2.0 401 Unauthorized\r\n", b"WWW-Authenticate: ", b"\r\n\r\n")
LANES: Sequence[RegisterLane] = (RegisterLaneInPython(MINT, *PARTS), register_lane_of(MINT, *PARTS))
WITHOUT_PROOF = wire(*(line for line in REGISTER if line is not PROOF))


def proving(nonce: str) -> bytes:
    return wire(*REGISTER).replace(b"0199aa", nonce.encode())


@pytest.mark.parametrize("lane", LANES)
def test_who_proves_nothing_is_challenged_with_a_nonce_of_ours(lane: RegisterLane) -> None:
    answer = lane.take(WITHOUT_PROOF, HOST, PORT, MADE_MS)

    assert isinstance(answer, bytes)
    assert answer.startswith(PARTS[0] + b"Via: SIP/2.0/UDP 192.168.1.9:5060;rport=40001;received=10.0.0.9")
    assert answer.endswith(b"WWW-Authenticate: " + MINT.mint(MADE_MS, CODE, HOST).encode() + b"\r\n\r\n")


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(
    ("nonce", "at_ms", "good"),
    [
        (MINT.mint(MADE_MS, CODE, HOST), MADE_MS + 300_000, True),
        (MINT.mint(MADE_MS, CODE, HOST), MADE_MS + 300_001, False),
        (MINT.mint(MADE_MS, CODE, HOST), MADE_MS - 1, False),
        (MINT.mint(MADE_MS, CODE, "10.0.0.10"), MADE_MS, False),
        (MINT.mint(MADE_MS, "34020000001320000002", HOST), MADE_MS, False),
        (NonceMint(b"another").mint(MADE_MS, CODE, HOST), MADE_MS, False),
        (MINT.mint(MADE_MS, CODE, HOST).upper(), MADE_MS, False),
        (MINT.mint(MADE_MS, CODE, HOST)[:-1], MADE_MS, False),
        ("not of ours", MADE_MS, False),
    ],
)
def test_only_a_fresh_nonce_of_ours_is_good(lane: RegisterLane, nonce: str, at_ms: int, good: bool) -> None:
    taken = lane.take(proving(nonce), HOST, PORT, at_ms)

    assert isinstance(taken, tuple)
    assert taken[0][0] == CODE
    assert taken[1] is good


@given(nearly_usual(), st.sampled_from(("10.0.0.9", "1.2.3.4")), st.integers(0, 2**47 - 1))
def test_both_say_the_same_of_whatever_comes(data: bytes, host: str, at_ms: int) -> None:
    plain, compiled = LANES
    assert plain.take(data, host, PORT, at_ms) == compiled.take(data, host, PORT, at_ms)


@given(st.text(st.sampled_from("0123456789abcdefAF_ x+é"), min_size=1, max_size=50), st.integers(0, 2**47 - 1))
def test_both_think_the_same_of_any_nonce(nonce: str, at_ms: int) -> None:
    plain, compiled = LANES
    assert plain.take(proving(nonce), HOST, PORT, at_ms) == compiled.take(proving(nonce), HOST, PORT, at_ms)
