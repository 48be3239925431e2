"""Objects in an S3 bucket (Amazon's or any that speaks like it), through obstore.

Must not know what an object is for. A put is durable when it returns: S3 answers after it has stored. What the store says
when it fails is told as Unavailable, without addresses that hold a secret.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from fengtai.storage.objects import PIECE_BYTES, checked_key
from fengtai.vocabulary.errors import NotFound, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """Where the bucket is, and who we are there. Without a key, the machine's own role is used (instance metadata)."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    """empty: Amazon's, by region"""
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""
    timeout_seconds: float = 30.0
    retry_seconds: float = 20.0


class S3Objects:
    """Implements storage.objects.ObjectStore."""

    def __init__(self, place: S3Place) -> None:
        who = (
            {"access_key_id": place.access_key_id, "secret_access_key": place.secret_access_key}
            if place.access_key_id
            else {}
        )
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            region=place.region,
            endpoint=place.endpoint or None,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": place.endpoint.startswith("http://"),
                "timeout": timedelta(seconds=place.timeout_seconds),
                "connect_timeout": timedelta(seconds=min(5.0, place.timeout_seconds)),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=place.retry_seconds)},
            **who,  # type: ignore[arg-type]  # each by its own name
        )

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None:
        """A stream goes up in parts: a failure in the middle leaves no object."""
        try:
            await obstore.put_async(self._store, checked_key(key), content)
        except (OSError, BaseError) as error:
            raise _unavailable(key, "kept", error) from error

    async def get(self, key: str) -> bytes:
        return b"".join([piece async for piece in self.stream(key)])

    async def stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        size = await self.size_bytes(key)
        until = size if end is None else min(end, size)
        while start < until:
            stop = min(start + PIECE_BYTES, until)
            try:
                piece = await obstore.get_range_async(self._store, key, start=start, end=stop)
            except FileNotFoundError as error:
                raise NotFound(f"there is no object {key}") from error
            except (OSError, BaseError) as error:
                raise _unavailable(key, "read", error) from error
            yield bytes(piece)
            if len(piece) < stop - start:
                return
            start = stop

    async def size_bytes(self, key: str) -> int:
        try:
            found = await obstore.head_async(self._store, checked_key(key))
        except FileNotFoundError as error:
            raise NotFound(f"there is no object {key}") from error
        except (OSError, BaseError) as error:
            raise _unavailable(key, "read", error) from error
        return int(found["size"])

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, checked_key(key))
        except FileNotFoundError:
            return
        except (OSError, BaseError) as error:
            raise _unavailable(key, "removed", error) from error

    async def listed(self, prefix: str = "") -> AsyncIterator[str]:
        try:
            async for page in obstore.list(self._store, prefix=prefix or None):
                for found in page:
                    yield str(found["path"])
        except (OSError, BaseError) as error:
            raise _unavailable(prefix or "list", "listed", error) from error


def _unavailable(key: str, done: str, error: Exception) -> Unavailable:
    """Its first line: what follows may be a dump of the request."""
    told = next(iter(str(error).splitlines()), type(error).__name__)[:200]
    return Unavailable(f"the object {key} cannot be {done}: {told}")
