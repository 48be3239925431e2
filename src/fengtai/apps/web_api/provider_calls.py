"""Speaks OpenID Connect to identity providers: the only outside calls of access.

Discovery (OpenID Connect Discovery 1.0), the code for a token (RFC 6749 4.1.3, with PKCE, RFC 7636), keys (RFC 7517) and
the checks of the ID token (OpenID Connect Core 1.0, 3.1.3.7). Every address is https (http only for loopback, when the
settings say so), no redirect is followed, every answer is small and quick, and no address that metadata services or
neighbours answer is called.
"""

import asyncio
import base64
import hashlib
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fengtai.domain.access.model import IdentityProvider
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Invalid, Unauthenticated, Unavailable

log = structlog.get_logger()

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures by the provider's private key. Never `none`, and never HMAC, whose key would be our own secret."""
SKEW_SECONDS = 60
CALL_SECONDS = 8.0
ANSWER_LIMIT_BYTES = 512 * 1024
REMEMBERED_SECONDS = 600.0
_PLAIN = {"accept": "application/json", "accept-encoding": "identity"}
"""nothing compressed: a small answer that unpacks to a large one has to be large on the wire too"""
NOT_GOOD = "The provider's answer does not fit this sign-in. Begin again; if it stays, tell an administrator."


@dataclass(frozen=True, slots=True)
class _Described:
    """What the provider says of itself, until when it is believed, and its keys."""

    authorization_endpoint: str
    token_endpoint: str
    basic: bool
    keys: KeySet
    until: float


class HttpProviderCalls:
    """Implements access.ports.ProviderCalls over httpx."""

    def __init__(self, clock: Clock, *, plaintext_ok: bool = False, transport: httpx.AsyncBaseTransport | None = None):
        self._clock, self._plaintext_ok, self._transport = clock, plaintext_ok, transport
        self._described: dict[str, _Described] = {}

    def check_address(self, issuer: str) -> None:
        parts = _parts(issuer)
        if parts.query or parts.fragment or parts.username or parts.password:
            raise Invalid("an issuer has no query, fragment or user name", field="issuer")
        self._check(issuer)

    async def sign_in_address(
        self, provider: IdentityProvider, *, redirect_uri: str, state: str, nonce: str, verifier: str
    ) -> str:
        described = await self._description(provider.issuer)
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(provider.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        join = "&" if "?" in described.authorization_endpoint else "?"
        return f"{described.authorization_endpoint}{join}{urlencode(query)}"

    async def claims(
        self, provider: IdentityProvider, secret: str, *, redirect_uri: str, code: str, nonce: str, verifier: str
    ) -> Mapping[str, Any]:
        described = await self._description(provider.issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if secret and described.basic:  # RFC 6749 2.3.1: both are form-encoded first
            pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": provider.client_id, **({"client_secret": secret} if secret else {})}
        answer = await self._call("POST", described.token_endpoint, form=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            log.warning("provider.no_id_token", issuer=provider.issuer, error=str(answer.get("error", ""))[:80])
            raise Unauthenticated(NOT_GOOD)
        return await self._checked(provider, described, token, nonce)

    async def _checked(
        self, provider: IdentityProvider, described: _Described, token: str, nonce: str
    ) -> Mapping[str, Any]:
        """Raise Unauthenticated unless signature, issuer, audience, nonce and times are good (Core 3.1.3.7)."""
        try:
            claims = self._read(provider, described, token, nonce)
        except (JoseError, ValueError, KeyError, TypeError):
            # The provider may have new keys since: ask once more, then believe it.
            fresh = await self._description(provider.issuer, anew=True)
            try:
                claims = self._read(provider, fresh, token, nonce)
            except (JoseError, ValueError, KeyError, TypeError) as error:
                log.warning(
                    "provider.token_refused", issuer=provider.issuer, reason=f"{type(error).__name__}: {error}"[:200]
                )
                raise Unauthenticated(NOT_GOOD) from error
        return claims

    def _read(self, provider: IdentityProvider, described: _Described, token: str, nonce: str) -> Mapping[str, Any]:
        read = jwt.decode(token, described.keys, algorithms=ALGORITHMS)
        claims = read.claims
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().utc.timestamp()),
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(claims)
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != provider.client_id:
            raise ValueError("several audiences, and it was not given to us")
        if claims.get("azp", provider.client_id) != provider.client_id:
            raise ValueError("it was given to somebody else")
        return dict(claims)

    async def _description(self, issuer: str, *, anew: bool = False) -> _Described:
        now, known = self._clock.now().monotonic, self._described.get(issuer)
        if known is not None and not anew and now < known.until:
            return known
        self.check_address(issuer)
        said = await self._call("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != issuer:  # Discovery 4.3
            raise Unavailable(f"the provider at {issuer} says that it is another one")
        authorize, token, keys_at = (
            str(said.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        for address in (authorize, token, keys_at):
            self._check(address)
        try:
            keys = KeySet.import_key_set(await self._call("GET", keys_at))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the keys of {issuer} cannot be read") from error
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        described = _Described(authorize, token, "client_secret_basic" in methods, keys, now + REMEMBERED_SECONDS)
        self._described[issuer] = described
        return described

    async def _call(
        self,
        method: str,
        address: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """The JSON object that answers. Raise Unavailable when there is none; refusals of the token endpoint are JSON
        too and are returned."""
        self._check(address)
        await self._check_name(address)
        try:
            async with (
                asyncio.timeout(CALL_SECONDS),
                httpx.AsyncClient(trust_env=False, timeout=CALL_SECONDS, transport=self._transport) as http,
                http.stream(method, address, data=form, headers={**_PLAIN, **(headers or {})}) as got,
            ):
                body = b""
                async for part in got.aiter_raw():
                    body += part
                    if len(body) > ANSWER_LIMIT_BYTES:
                        raise Unavailable(f"{_host(address)} answers more than is reasonable")
                status = got.status_code
            said = httpx.Response(status, content=body).json()
        except (httpx.HTTPError, TimeoutError, ValueError, RecursionError) as error:
            raise Unavailable(
                f"the identity provider {_host(address)} does not answer: {type(error).__name__}"
            ) from error
        if not isinstance(said, dict) or (status >= 400 and "error" not in said) or 300 <= status < 400:
            raise Unavailable(f"the identity provider {_host(address)} answers {status}")
        return said

    def _check(self, address: str) -> None:
        """Raise Invalid unless it may be called: https, or http to loopback when that was said aloud."""
        parts = _parts(address)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and self._plaintext_ok and _is_loopback(parts.hostname or ""):
            return
        raise Invalid(f"{address[:120]!r} is not an https address", field="issuer")

    async def _check_name(self, address: str) -> None:
        """Raise Unavailable for a name behind which stands no server of a provider: metadata services, neighbours on the
        link, this machine (unless plain loopback was allowed)."""
        parts = _parts(address)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            raise Unavailable(f"the name {_host(address)} of the identity provider is not known") from error
        for *_, where in found:
            ip = ipaddress.ip_address(where[0])
            mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
            ip = mapped or ip
            if ip.is_link_local or ip.is_multicast or ip.is_unspecified or (ip.is_loopback and not self._plaintext_ok):
                raise Unavailable(f"{_host(address)} stands for an address that is not called: {ip}")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _parts(address: str) -> Any:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"{address[:120]!r} is not an address", field="issuer") from error
    return parts


def _host(address: str) -> str:
    return str(_parts(address).netloc)[:120]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
