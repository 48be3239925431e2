"""Request bodies: bounded, and JSON that every engine behind us can hold, before any route sees them.

Refused here, because each of them is a 500 somewhere deeper: bodies over the limit, JSON nested deeper than 200,
NaN and infinities (RFC 8259 knows none), lone surrogates, NUL characters (PostgreSQL text), integers over 64 bits. And
what only deceives: control characters, line breaks in what is one line (names, codes, numbers; they end up in SIP
headers, logs and tables), and digits in codes that only look like digits (fullwidth: "１").
"""

import math
import re
from collections.abc import Iterator
from typing import Any

import pydantic_core
from starlette.types import Message, Receive, Scope

from fengtai.vocabulary.errors import FengtaiError, Invalid

_LARGEST_INTEGER = 2**63 - 1
_ONE_LINE = re.compile(r"(?:.*_)?(?:name|id|code|number|phone|sign|title|key|url|host|zone|line|receiver)")
"""fields that are one line, by the last word of their names"""
_CODE = re.compile(r"(?:.*_)?(?:id|code|number|phone)")
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAK = re.compile(r"[\n\r\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""line breaks, and the marks that turn the direction of a text (CVE-2021-42574)"""


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
    for name, leaf in _leaves(value):
        if isinstance(leaf, str):
            _check_text(name, leaf)
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise NotJson("the body holds a number that is not finite")
        if isinstance(leaf, int) and abs(leaf) > _LARGEST_INTEGER:
            raise NotJson("the body holds an integer of more than 64 bits")


def _check_text(name: str, text: str) -> None:
    if "\x00" in text:
        raise NotJson("the body holds a NUL character")
    if _CONTROL.search(text):
        raise Invalid(f"{name or 'the text'}: control characters are not taken", field=name)
    if _ONE_LINE.fullmatch(name) and _BREAK.search(text):
        raise Invalid(f"{name}: this is one line, without line breaks or marks of direction", field=name)
    if _CODE.fullmatch(name) and not text.isascii() and any(sign.isdigit() and not sign.isascii() for sign in text):
        raise Invalid(f"{name}: write digits as 0 to 9", field=name)


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with the name of its field; and every name as a text without one."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(("", key) for key in value)
            waiting.extend((key, item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((name, item) for item in value)
        else:
            yield name, value


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
