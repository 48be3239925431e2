"""Transactions: repeats of what was not answered, and the memory of what was (RFC 3261 section 17).

Timers are deadlines in monotonic seconds. Everything is bounded: the oldest remembered answer goes first.
"""

import heapq
from dataclasses import dataclass

from fengtai.protocols.sip.messages import Peer, Request, Response, with_headers

T1_SECONDS = 0.5
T2_SECONDS = 4.0
TIMEOUT_SECONDS = 64 * T1_SECONDS
MOST_REMEMBERED = 20_000
MOST_WAITING = 50_000

TransactionKey = tuple[str, str, str] | bytes
"""branch, sent-by and method; of a request that took the express lane, the headers that its answers echo"""


class ServerTransactions:
    """Answers given in the last 32 seconds, so that a repeated request gets the same one and is done only once.

    Two generations: the older one goes as a whole when the younger one is 32 seconds old or half of what may be kept, so
    that remembering costs one assignment."""

    def __init__(self, *, most: int = MOST_REMEMBERED) -> None:
        self._young: dict[TransactionKey, bytes] = {}
        self._old: dict[TransactionKey, bytes] = {}
        self._half, self._turn_at = max(most // 2, 1), float("-inf")

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def repeat(self, key: TransactionKey) -> bytes | None:
        """The answer to send again; b"" when the request is being worked on; None when it is new."""
        found = self._young.get(key)
        return self._old.get(key) if found is None else found

    def remember(self, key: TransactionKey, wire: bytes, now: float) -> None:
        """Keep an answer (b"": none yet)."""
        if now >= self._turn_at or len(self._young) >= self._half:
            self._old, self._young = (self._young if now < self._turn_at + TIMEOUT_SECONDS else {}), {}
            self._turn_at = now + TIMEOUT_SECONDS
        self._young[key] = wire


@dataclass(slots=True)
class ClientTransaction:
    branch: str
    request: Request
    wire: bytes
    peer: Peer
    interval: float
    retransmit_at: float
    timeout_at: float
    final: bool = False
    ack: bytes = b""

    @property
    def due(self) -> float:
        return min(self.retransmit_at, self.timeout_at)

    @property
    def is_invite(self) -> bool:
        return self.request.method == "INVITE"


class ClientTransactions:
    """Own requests that wait for an answer, by the branch of their Via."""

    def __init__(self, *, most: int = MOST_WAITING) -> None:
        self._by_branch: dict[str, ClientTransaction] = {}
        self._heap: list[tuple[float, str]] = []
        self._most = most

    def __len__(self) -> int:
        return len(self._by_branch)

    @property
    def full(self) -> bool:
        return len(self._by_branch) >= self._most

    def start(self, request: Request, wire: bytes, peer: Peer, now: float) -> None:
        """Timers A and B (INVITE) or E and F; over TCP only B and F."""
        retransmit = now + T1_SECONDS if peer.transport == "udp" else float("inf")
        found = ClientTransaction(request.branch, request, wire, peer, T1_SECONDS, retransmit, now + TIMEOUT_SECONDS)
        self._by_branch[found.branch] = found
        heapq.heappush(self._heap, (found.due, found.branch))

    def answered(self, response: Response, now: float) -> tuple[ClientTransaction | None, bool]:
        """The transaction of this response, and whether its user is to be told (repeats of a final answer are not)."""
        found = self._by_branch.get(response.branch)
        if found is None or found.request.method != response.cseq_method:
            return None, False
        if response.status < 200:
            if not found.final:
                found.interval = T2_SECONDS
                found.retransmit_at = float("inf") if found.is_invite else found.retransmit_at
                if found.is_invite:
                    found.timeout_at = now + 180.0
                    heapq.heappush(self._heap, (found.due, found.branch))
            return found, not found.final
        if found.final:
            return found, False
        if found.is_invite and response.status >= 300:
            found.final, found.ack = True, _ack_of_failure(found.request, response).to_bytes()
            found.retransmit_at, found.timeout_at = float("inf"), now + TIMEOUT_SECONDS
            heapq.heappush(self._heap, (found.due, found.branch))
        else:
            del self._by_branch[found.branch]
        return found, True

    def on_connection(self, connection: int) -> list[ClientTransaction]:
        """Take out whatever waits on this TCP connection."""
        lost = [one for one in self._by_branch.values() if one.peer.connection == connection]
        for one in lost:
            del self._by_branch[one.branch]
        return [one for one in lost if not one.final]

    def next_deadline(self) -> float | None:
        while self._heap:
            due, branch = self._heap[0]
            found = self._by_branch.get(branch)
            if found is not None and found.due <= due:
                return due
            heapq.heappop(self._heap)
            if found is not None:
                heapq.heappush(self._heap, (found.due, branch))
        return None

    def pass_time(self, now: float) -> tuple[list[ClientTransaction], list[ClientTransaction]]:
        """Those to send again, and those that nobody answered."""
        repeated: list[ClientTransaction] = []
        silent: list[ClientTransaction] = []
        while (due := self.next_deadline()) is not None and due <= now:
            _, branch = heapq.heappop(self._heap)
            found = self._by_branch[branch]
            if found.timeout_at <= now:
                del self._by_branch[branch]
                if not found.final:
                    silent.append(found)
                continue
            repeated.append(found)
            limit = TIMEOUT_SECONDS if found.is_invite else T2_SECONDS
            found.interval = min(found.interval * 2, limit)
            found.retransmit_at = now + found.interval
            heapq.heappush(self._heap, (found.due, branch))
        return repeated, silent


def _ack_of_failure(invite: Request, response: Response) -> Request:
    """The ACK of a refused INVITE belongs to its transaction: same branch, same CSeq number (section 17.1.1.3)."""
    kept = [header for header in invite.headers if header[0] in ("via", "from", "call-id", "route", "max-forwards")]
    headers = with_headers(kept, ("to", response.header("to")), ("cseq", f"{invite.cseq} ACK"))
    return Request("ACK", invite.uri, headers)


def cancel_of(invite: Request) -> Request:
    """The CANCEL of an INVITE that has had a provisional answer (section 9.1)."""
    wanted = ("via", "from", "to", "call-id", "route", "max-forwards")
    kept = [header for header in invite.headers if header[0] in wanted]
    return Request("CANCEL", invite.uri, with_headers(kept, ("cseq", f"{invite.cseq} CANCEL")))
