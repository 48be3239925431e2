"""Request bodies: bounded, and JSON that every engine behind us can hold, before any route sees them.

Refused here, because each of them is a 500 somewhere deeper: bodies over the limit, JSON nested deeper than 200,
NaN and infinities (RFC 8259 knows none), lone surrogates, NUL characters (PostgreSQL text), integers over 64 bits.
"""

import math
from collections.abc import Iterator
from typing import Any

import pydantic_core
from starlette.types import Message, Receive, Scope

from fengtai.vocabulary.errors import FengtaiError

_LARGEST_INTEGER = 2**63 - 1


class TooLarge(FengtaiError):
    """Answered with 413."""


class NotJson(FengtaiError):
    """Answered with 400."""


async def read_body(scope: Scope, receive: Receive, limit_bytes: int) -> bytes:
    """The whole body. Raise TooLarge as soon as it is known to be over the limit."""
    sentence = f"a request may have at most {limit_bytes} bytes"
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > limit_bytes:
            raise TooLarge(sentence)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise NotJson("the client went away in the middle of its request")
        part = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            raise TooLarge(sentence)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def check_json(body: bytes) -> None:
    """Raise NotJson for what no route can take."""
    try:
        value = pydantic_core.from_json(body, allow_inf_nan=False, cache_strings=False)
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}") from None
    for leaf in _leaves(value):
        if isinstance(leaf, str) and "\x00" in leaf:
            raise NotJson("the body holds a NUL character")
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise NotJson("the body holds a number that is not finite")
        if isinstance(leaf, int) and abs(leaf) > _LARGEST_INTEGER:
            raise NotJson("the body holds an integer of more than 64 bits")


def _leaves(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        else:
            yield value


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives this body once, then whatever the connection says (its end)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
