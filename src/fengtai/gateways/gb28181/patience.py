"""How many TCP connections there may be, and how long one may be slow: bounds what half messages, and peers that say
nothing, may occupy.

Must not know what the bytes mean. The first whole message, and every message once begun, must be complete in
`message_seconds`, however steadily its bytes drip in. Between messages a connection may rest for `idle_seconds`: a device
that says nothing for that long is offline anyway.
"""

from typing import NamedTuple


class Patience(NamedTuple):
    message_seconds: float = 60.0
    idle_seconds: float = 240.0
    most_connections: int = 20_000
    most_of_a_host: int = 2_000


USUAL = Patience()


class Waiting:
    """What one connection may still take."""

    def __init__(self, patience: Patience, opened_at: float) -> None:
        self._patience, self._until = patience, opened_at + patience.message_seconds
        self._whole, self._begun = 0, False

    def heard(self, whole: int, held_bytes: int, now: float) -> None:
        """So many messages were whole since its beginning, and so many bytes of the next one are here."""
        if whole == self._whole and (not whole or (self._begun and held_bytes)):
            return  # the clock of what was begun runs on
        self._whole, self._begun = whole, held_bytes > 0
        self._until = now + (self._patience.message_seconds if held_bytes else self._patience.idle_seconds)

    def left_seconds(self, now: float) -> float:
        return max(0.0, self._until - now)
