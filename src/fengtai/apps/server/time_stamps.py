"""Asks a time-stamping authority for tokens over checkpoints (RFC 3161 over HTTP, 3.4), and believes none unverified.

A token is kept only when it is over our bytes, with our nonce, and signed under the root that the settings name. The
address is judged as a webhook's is: resolved here, every address looked at, the connection made to the one that was
judged, no redirects, an answer of bounded size.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from fengtai.apps.server.webhook_post import Resolve, resolved
from fengtai.apps.settings import Settings
from fengtai.domain.audit.model import TimeStamp
from fengtai.domain.audit.ports import NoTimeStamps
from fengtai.domain.webhooks.rules import is_public_address
from fengtai.storage.token_folder import TokenFolder
from fengtai.vocabulary.errors import Invalid, Unavailable

TIMEOUT_SECONDS = 10.0
LARGEST_ANSWER_BYTES = 64 * 1024
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class StampingPlace:
    url: str
    roots: tuple[x509.Certificate, ...]
    inside_ok: bool
    """whether the service may lie inside the network"""


def read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """Raise Invalid."""
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise Invalid(f"audit.time_stamp_root: {path} has no certificate in PEM: {error}") from error


def time_stamps_of(settings: Settings) -> "HttpTimeStamps | NoTimeStamps":
    """Raise Invalid when the root cannot be read."""
    audit = settings.audit
    if not audit.time_stamp_url or audit.time_stamp_root is None:
        return NoTimeStamps()
    place = StampingPlace(audit.time_stamp_url, read_roots(audit.time_stamp_root), audit.time_stamp_inside_ok)
    return HttpTimeStamps(place, TokenFolder(settings.data / "audit" / "tokens"))


class HttpTimeStamps:
    """Implements audit.ports.TimeStamps."""

    is_configured = True

    def __init__(self, place: StampingPlace, folder: TokenFolder, *, resolve: Resolve = resolved) -> None:
        self._place, self._folder, self._resolve = place, folder, resolve

    async def newest(self) -> TimeStamp | None:
        sizes = await self._folder.sizes()
        return await self._kept(sizes[-1]) if sizes else None

    async def all(self) -> Sequence[TimeStamp]:
        return [await self._kept(size) for size in await self._folder.sizes()]

    async def stamp(self, size: int, note: str) -> TimeStamp:
        request = (
            TimestampRequestBuilder()
            .data(note.encode())
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
            .nonce(nonce=True)
            .build()
        )
        answer = await self._asked(request.as_bytes())
        verifier = VerifierBuilder.from_request(request)
        for root in self._place.roots:
            verifier = verifier.add_root_certificate(root)
        try:
            response = decode_timestamp_response(answer)
            verifier.build().verify_message(response, note.encode())
        except (ValueError, VerificationError) as error:
            raise Unavailable(f"the time-stamping service answered with no token of ours: {error}") from error
        await self._folder.keep(size, answer)
        return _told(size, response, answer)

    async def _kept(self, size: int) -> TimeStamp:
        token = await self._folder.read(size)
        try:
            return _told(size, decode_timestamp_response(token), token)
        except ValueError as error:
            raise Unavailable(f"the time stamp over {size} lines is damaged: {error}") from error

    async def _asked(self, query: bytes) -> bytes:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._answer(query)
        except TimeoutError as error:
            raise Unavailable(f"the time-stamping service gave no answer within {TIMEOUT_SECONDS:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise Unavailable(
                f"the time-stamping service cannot be reached: {error or type(error).__name__}"
            ) from error

    async def _answer(self, query: bytes) -> bytes:
        parts = urlsplit(self._place.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._judged(host, port)
        pinned = httpx.URL(self._place.url).copy_with(host=f"[{address}]" if ":" in address else address, port=port)
        headers = {"content-type": QUERY, "accept": REPLY, "host": parts.netloc.rpartition("@")[2]}
        async with (
            httpx.AsyncClient(
                trust_env=False, follow_redirects=False, verify=ssl.create_default_context(), timeout=TIMEOUT_SECONDS
            ) as client,
            client.stream("POST", pinned, content=query, headers=headers, extensions={"sni_hostname": host}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise Unavailable(f"the time-stamping service answered {answer.status_code}")
            told = b""
            async for piece in answer.aiter_bytes():
                told += piece
                if len(told) > LARGEST_ANSWER_BYTES:
                    raise Unavailable("the time-stamping service's answer does not end")
            return told

    async def _judged(self, host: str, port: int) -> str:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise Unavailable(f"the time-stamping service {host} has no address")
        for address in [] if self._place.inside_ok else addresses:
            if not is_public_address(address):
                raise Unavailable(f"{host} leads to {address}, inside a network: see audit.time_stamp_inside_ok")
        return addresses[0]


def _told(size: int, response: TimeStampResponse, token: bytes) -> TimeStamp:
    return TimeStamp(size=size, at=response.tst_info.gen_time, token=token)
