"""Tickets for watching: made by the main process, checked by the worker that has the stream. No IO, no clock.

Form: base64url(session id, expiry in ms, nothing secret) "." base64url(HMAC-SHA256 over it and the stream id).
"""

import base64
import binascii
import hmac

from fengtai.vocabulary.errors import Forbidden


def make_ticket(key: bytes, *, stream_id: str, session_id: str, until_ms: int) -> str:
    body = _text(f"{until_ms}:{session_id}".encode())
    return f"{body}.{_text(_seal(key, stream_id, body))}"


def session_of(ticket: str, key: bytes, *, stream_id: str, now_ms: int) -> str:
    """The session that the ticket was given to. Raise Forbidden when it is not good for this stream, or no more."""
    body, _, seal = ticket.partition(".")
    try:
        is_ours = hmac.compare_digest(_bytes(seal), _seal(key, stream_id, body))
        until_ms, _, session_id = _bytes(body).decode().partition(":") if is_ours else ("0", "", "")
    except (binascii.Error, ValueError):
        is_ours = False
    if not is_ours:
        raise Forbidden("this ticket is not good for this stream: ask for the picture again")
    if now_ms > int(until_ms):
        raise Forbidden("this ticket has expired: ask for the picture again")
    return session_id


def _seal(key: bytes, stream_id: str, body: str) -> bytes:
    return hmac.digest(key, f"live\0{stream_id}\0{body}".encode(), "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
