"""Who is registered, where, and until when (GB/T 28181-2022 sections 9.1 and 9.6).

A device is present until the earlier of its expiry and so many missed keepalives. Deadlines stand in a heap that is put
right only when one falls due, so that a keepalive costs one assignment and no heap work.
"""

import heapq
from dataclasses import dataclass

from fengtai.protocols.sip import Peer


@dataclass(slots=True)
class Presence:
    device_id: str
    peer: Peer
    expires_at: float
    heard_at: float
    edition: str
    call_id: str
    noted_at: float = float("-inf")
    """when it was last noted that its last-seen time is to be written"""
    waited_for_until: float = 0.0
    """it has fallen silent and was asked how it is"""
    told_bytes: float = 0.0
    told_at: float = 0.0
    """what it has told lately, and is still counted against it"""


class PresenceBook:
    def __init__(self, *, silence_seconds: float) -> None:
        self._silence_seconds = silence_seconds
        self._by_id: dict[str, Presence] = {}
        self._heap: list[tuple[float, str]] = []
        self._by_connection: dict[int, set[str]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, device_id: str) -> Presence | None:
        return self._by_id.get(device_id)

    def put(self, presence: Presence) -> Presence | None:
        """Answers what it takes the place of."""
        device_id, connection = presence.device_id, presence.peer[3]
        before = self._by_id.get(device_id)
        if before is not None:
            self._leave_connection(before)
        self._by_id[device_id] = presence
        if connection:
            self._by_connection.setdefault(connection, set()).add(device_id)
        due = self._due(presence)
        if before is None or due < self._due(before):  # else its entry falls due early and is put right
            heapq.heappush(self._heap, (due, device_id))
        return before

    def move(self, presence: Presence, peer: Peer) -> None:
        """The device speaks from another port or connection now."""
        self._leave_connection(presence)
        presence.peer = peer
        if peer.connection:
            self._by_connection.setdefault(peer.connection, set()).add(presence.device_id)

    def remove(self, device_id: str) -> Presence | None:
        gone = self._by_id.pop(device_id, None)
        if gone is not None:
            self._leave_connection(gone)
        return gone

    def on_connection(self, connection: int) -> list[str]:
        return sorted(self._by_connection.get(connection, ()))

    def next_deadline(self) -> float | None:
        """Not later than the moment at which somebody has to be given up; often earlier, because entries are put right
        only when they fall due. A keepalive therefore costs no heap work, however often this is asked."""
        return self._heap[0][0] if self._heap else None

    def given_up(self, now: float) -> list[tuple[Presence, str]]:
        """Take out those whose time is over, each with the cause."""
        gone: list[tuple[Presence, str]] = []
        while self._heap and self._heap[0][0] <= now:
            _, device_id = heapq.heappop(self._heap)
            presence = self._by_id.get(device_id)
            if presence is None:
                continue
            due = self._due(presence)
            if due > now:
                heapq.heappush(self._heap, (due, device_id))
                continue
            self.remove(device_id)
            expired = presence.expires_at <= now
            gone.append((presence, "the registration ran out" if expired else "keepalives are missing"))
        return gone

    def _due(self, presence: Presence) -> float:
        silent_at, waited = presence.heard_at + self._silence_seconds, presence.waited_for_until
        silent_at = waited if waited > silent_at else silent_at
        return silent_at if silent_at < presence.expires_at else presence.expires_at

    def _leave_connection(self, presence: Presence) -> None:
        on_it = self._by_connection.get(presence.peer.connection)
        if on_it is not None:
            on_it.discard(presence.device_id)
            if not on_it:
                del self._by_connection[presence.peer.connection]
