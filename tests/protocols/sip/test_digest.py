"""Digest: both forms, any order of parameters, nonces that cost no memory."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.sip import (
    NonceMint,
    NonceState,
    authorization,
    challenge,
    digest_response,
    parse_credentials,
)
from fengtai.vocabulary.errors import Malformed

URI = "sip:34020000002000000001@3402000000"


def test_the_example_of_rfc_2617() -> None:
    credentials = parse_credentials(
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert credentials.matches("Circle Of Life", "GET")
    assert not credentials.matches("Circle of Life", "GET")
    assert not credentials.matches("Circle Of Life", "POST")


@pytest.mark.parametrize(
    "offer",
    [
        challenge("3402000000", "abc"),
        'Digest nonce="abc", algorithm=MD5, realm="3402000000",qop="auth"',
        'digest realm="3402000000",nonce="abc",qop="auth-int,auth"',
    ],
)
def test_a_device_answers_challenges_of_any_form(offer: str) -> None:
    text = authorization(offer, username="dev", password="pw", method="REGISTER", uri=URI, cnonce="c")
    credentials = parse_credentials(text)
    assert credentials.qop == ("auth" if "qop" in offer else "")
    assert credentials.matches("pw", "REGISTER")
    assert digest_response(credentials, "pw", "REGISTER") == credentials.response


@pytest.mark.parametrize(
    "text",
    [
        "Basic abc",
        "Digest",
        'Digest username="a", realm="b", nonce="c", uri="d"',
        'Digest username="a", realm="b", nonce="c", uri="d", response="e", algorithm=SHA-256',
        'Digest username="a", realm="b", nonce="c", uri="d", response="e", qop=auth-int',
        'Digest username="a',
    ],
)
def test_credentials_that_cannot_be_checked_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_credentials(text)


def test_a_nonce_is_good_for_one_device_one_host_and_a_while() -> None:
    mint = NonceMint(b"secret", valid_seconds=300)
    nonce = mint.mint(1_000_000, "dev", "10.0.0.9")
    assert mint.check(nonce, 1_300_000, "dev", "10.0.0.9") is NonceState.GOOD
    assert mint.check(nonce, 1_300_001, "dev", "10.0.0.9") is NonceState.STALE
    assert mint.check(nonce, 1_000_001, "other", "10.0.0.9") is NonceState.FOREIGN
    assert mint.check(nonce, 1_000_001, "dev", "10.0.0.8") is NonceState.FOREIGN
    assert NonceMint(b"another").check(nonce, 1_000_001, "dev", "10.0.0.9") is NonceState.FOREIGN


@given(st.text(max_size=80))
def test_any_nonce_text_is_judged(nonce: str) -> None:
    assert NonceMint(b"s").check(nonce, 5, "dev", "h") in NonceState


@given(st.text(max_size=200))
def test_any_credentials_text_is_only_malformed(text: str) -> None:
    with suppress(Malformed):
        parse_credentials(f"Digest {text}")
