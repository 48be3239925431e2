"""Answers that no honest provider gives: forged, foreign, old, huge or misdirected ones are refused in words."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from fengtai.apps.web_api.provider_calls import ANSWER_LIMIT_BYTES, HttpProviderCalls
from fengtai.domain.access.model import IdentityProvider
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid, Unauthenticated, Unavailable

ISSUER = "http://127.0.0.1:1"
SECRET = "the secret that the platform shares with the provider"
RSA, OTHER_RSA, EC = RSAKey.generate_key(2048), RSAKey.generate_key(2048), ECKey.generate_key("P-256")
WHO = IdentityProvider(id="1", name="x", issuer=ISSUER, client_id="fengtai", secret_sealed=b"x")


def b64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


class OnTheWire(httpx.AsyncByteStream):
    """A body that is still to come, as from a network."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


class Forger:
    """A provider that answers whatever a test wants."""

    def __init__(self) -> None:
        self.clock = HandClock()
        now = int(self.clock.now().utc.timestamp())
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "fengtai",
            "sub": "sub-1",
            "nonce": "nonce",
            "iat": now,
            "exp": now + 300,
        }
        self.description: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
        }
        self.keys: list[Any] = [RSA]
        self.signed_by: Any = RSA
        self.algorithm = "RS256"
        self.token: str | None = None
        self.answers: dict[str, httpx.Response] = {}

    def on_the_wire(self, request: httpx.Request) -> httpx.Response:
        whole = self.answer(request)
        return httpx.Response(whole.status_code, headers=whole.headers, stream=OnTheWire(whole.content))

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.description)
        if path == "/jwks":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        token = self.token or jwt.encode(
            {"alg": self.algorithm}, self.claims, self.signed_by, algorithms=[self.algorithm]
        )
        return httpx.Response(200, json={"id_token": token, "access_token": "x", "token_type": "Bearer"})

    async def read(self) -> dict[str, Any]:
        calls = HttpProviderCalls(self.clock, plaintext_ok=True, transport=httpx.MockTransport(self.on_the_wire))
        claims = await calls.claims(
            WHO, SECRET, redirect_uri="https://fengtai.test/back", code="code", nonce="nonce", verifier="verifier"
        )
        return dict(claims)


async def test_a_good_answer_is_read() -> None:
    forger = Forger()
    assert (await forger.read())["sub"] == "sub-1"
    forger.keys, forger.signed_by, forger.algorithm = [EC], EC, "ES256"
    assert (await forger.read())["sub"] == "sub-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": ["fengtai", "another client"]},
        {"aud": ["fengtai", "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"aud": None},
        {"nonce": "another nonce"},
        {"nonce": None},
        {"sub": None},
        {"exp": None},
        {"exp": 1},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"exp": "soon"},
    ],
)
async def test_claims_that_do_not_fit_are_refused(changed: dict[str, Any]) -> None:
    forger = Forger()
    forger.claims = {name: value for name, value in {**forger.claims, **changed}.items() if value is not None}
    with pytest.raises(Unauthenticated):
        await forger.read()


async def test_several_audiences_are_good_when_it_was_given_to_us() -> None:
    forger = Forger()
    forger.claims |= {"aud": ["fengtai", "another client"], "azp": "fengtai"}
    assert (await forger.read())["sub"] == "sub-1"


async def test_another_key_the_shared_secret_or_none_signs_nothing() -> None:
    by_another = Forger()
    by_another.signed_by = OTHER_RSA
    with pytest.raises(Unauthenticated):
        await by_another.read()
    by_secret = Forger()
    by_secret.signed_by, by_secret.algorithm = OctKey.import_key(SECRET), "HS256"
    with pytest.raises(Unauthenticated):
        await by_secret.read()
    by_public_key = Forger()
    signed = b".".join(b64(json.dumps(part).encode()) for part in ({"alg": "HS256"}, by_public_key.claims))
    mac = hmac.digest(RSA.as_pem(private=False), signed, "sha256")
    by_public_key.token = b".".join((signed, b64(mac))).decode()
    with pytest.raises(Unauthenticated):
        await by_public_key.read()


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdWItMSJ9.",
        "a.b.c",
        "..",
        "",
        "é",
        "x" * 100_000,
        "eyJhbGciOiJSUzI1NiJ9.e30.e30.e30.e30",
    ],
)
async def test_what_is_no_token_is_refused(token: str) -> None:
    forger = Forger()
    forger.answers["/token"] = httpx.Response(200, json={"id_token": token})
    with pytest.raises(Unauthenticated):
        await forger.read()


@pytest.mark.parametrize("answer", [{"error": "invalid_grant"}, {"id_token": 7}, {"id_token": ["x"]}, {}])
async def test_an_answer_without_a_token_is_refused(answer: dict[str, Any]) -> None:
    forger = Forger()
    forger.answers["/token"] = httpx.Response(400 if "error" in answer else 200, json=answer)
    with pytest.raises(Unauthenticated):
        await forger.read()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="oops"),
        httpx.Response(302, headers={"location": "http://169.254.169.254/"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=["not an object"]),
        httpx.Response(200, text="[" * 100_000),
        httpx.Response(200, content=b"x" * (ANSWER_LIMIT_BYTES + 1)),
        httpx.Response(200, text='{"issuer": "https://evil.example"}'),
    ],
)
async def test_a_description_that_cannot_be_one_is_told_as_such(answer: httpx.Response) -> None:
    forger = Forger()
    forger.answers["/.well-known/openid-configuration"] = answer
    with pytest.raises(Unavailable):
        await forger.read()


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "address", ["http://idp.example/x", "file:///etc/passwd", "gopher://127.0.0.1/", "", "javascript:alert(1)", "//x"]
)
async def test_no_address_without_tls_is_believed(name: str, address: str) -> None:
    forger = Forger()
    forger.description[name] = address
    with pytest.raises(Invalid):
        await forger.read()


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "224.0.0.1", "127.0.0.1", "[::1]"]
)
async def test_no_metadata_service_neighbour_or_this_machine_is_called(host: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, text=json.dumps({}))

    calls = HttpProviderCalls(HandClock(), transport=httpx.MockTransport(answer))
    provider = IdentityProvider(id="1", name="x", issuer=f"https://{host}", client_id="x", secret_sealed=b"")
    with pytest.raises(Unavailable):
        await calls.sign_in_address(provider, redirect_uri="x", state="x", nonce="x", verifier="x")
    assert asked == []


async def test_unknown_keys_are_unavailable() -> None:
    forger = Forger()
    for keys in ({"keys": "x"}, {"keys": [{"kty": "RSA"}]}, {}, {"keys": [{"kty": "none"}]}):
        forger.answers["/jwks"] = httpx.Response(200, json=keys)
        with pytest.raises((Unavailable, Unauthenticated)):
            await forger.read()
