"""A SIP endpoint without sockets and clocks: bytes, peer and `now` come in; bytes, events and a deadline go out.

Owns: parsing, transactions, the way back of an answer (always to where the request came from: RFC 3581, and the device's
own connection for TCP). Must not know: what REGISTER or MESSAGE mean.
"""

from collections.abc import Callable, Iterable

from fengtai.protocols.sip.events import (
    MalformedReceived,
    RequestReceived,
    RequestTimedOut,
    ResponseReceived,
    SipEvent,
    StreamUnusable,
)
from fengtai.protocols.sip.framing import StreamFramer
from fengtai.protocols.sip.messages import Header, Peer, Request, Response, answer, plain_answer, sent_by
from fengtai.protocols.sip.parser import parse_message
from fengtai.protocols.sip.salvage import answerable
from fengtai.protocols.sip.transactions import (
    ClientTransactions,
    ServerTransactions,
    TransactionKey,
    cancel_of,
)
from fengtai.vocabulary.errors import Malformed, TooMany

MOST_HELD_BYTES, FAIR_SHARE_BYTES = 128 * 1024 * 1024, 256 * 1024
"""of messages that are not whole yet, over all connections; beyond it, whoever holds more than a fair share goes"""


class SipEndpoint:
    """`token` gives unpredictable short texts for branches and tags; `host` and `port` are written into Via."""

    def __init__(self, *, host: str, port: int, token: Callable[[], str]) -> None:
        self._host, self._port, self._token = host, port, token
        self._server = ServerTransactions()
        self._client = ClientTransactions()
        self._framers: dict[int, StreamFramer] = {}
        self._held_bytes = 0
        self._out: list[tuple[bytes, Peer]] = []
        self._events: list[SipEvent] = []
        self.malformed = 0

    # -- what comes in -------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, peer: Peer, now: float) -> None:
        """One UDP datagram."""
        try:
            message = parse_message(data)
        except Malformed as error:
            if data.strip(b"\r\n\0 "):  # blanks alone keep a NAT binding open
                self.malformed += 1
                self._events.append(MalformedReceived(peer, error))
                request = answerable(data)
                if request is not None:
                    self.respond(request, peer, 400, now, remember=False)
            return
        self._take(message, peer, now)

    def stream_opened(self, peer: Peer) -> None:
        self._framers[peer.connection] = StreamFramer()

    def receive_stream(self, data: bytes, peer: Peer, now: float) -> None:
        """Bytes of a TCP connection that was announced with `stream_opened`."""
        framer = self._framers.get(peer.connection)
        if framer is None:
            return
        before = framer.held_bytes
        try:
            whole = framer.feed(data)
        except Malformed as error:
            self._unusable(peer, framer, before, str(error))
            return
        self._held_bytes += framer.held_bytes - before
        if self._held_bytes > MOST_HELD_BYTES and framer.held_bytes > FAIR_SHARE_BYTES:
            self._unusable(peer, framer, framer.held_bytes, "too much is held for messages that are not whole")
        for one in whole:
            self.receive_datagram(one, peer, now)

    def stream_held(self, peer: Peer) -> tuple[int, int]:
        """Of a connection: messages that were whole so far, and bytes of the next one."""
        framer = self._framers.get(peer.connection)
        return (framer.messages, framer.held_bytes) if framer is not None else (0, 0)

    def stream_closed(self, peer: Peer, now: float) -> None:
        framer = self._framers.pop(peer.connection, None)
        if framer is not None:
            self._held_bytes -= framer.held_bytes
        for lost in self._client.on_connection(peer.connection):
            self._events.append(RequestTimedOut(lost.branch, lost.request, lost.peer))

    def _unusable(self, peer: Peer, framer: StreamFramer, counted_bytes: int, cause: str) -> None:
        """`counted_bytes`: as many of its bytes are in the sum."""
        self._held_bytes -= counted_bytes
        framer.drop()
        self.malformed += 1
        self._events.append(StreamUnusable(peer, cause))

    # -- what is sent --------------------------------------------------------------------------------------------

    def respond(
        self,
        request: Request,
        peer: Peer,
        status: int,
        now: float,
        *,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        to_tag: str = "",
        remember: bool = True,
    ) -> Response:
        """Answer a request. `remember=False` for what may be done twice without harm (keepalive, challenge)."""
        response = answer(request, peer, status, headers=headers, body=body, to_tag=to_tag)
        wire = response.to_bytes()
        if remember:
            self._server.remember(key_of(request), wire if status >= 200 else b"", now)
        self._out.append((wire, peer))
        return response

    def respond_plainly(
        self, key: TransactionKey, echo: bytes, peer: Peer, status: int, now: float, more: bytes = b""
    ) -> None:
        """Answer without a body what `key_of` and `echoed` (or the express lane) told of a request, and remember it.
        `more`: header lines, each with its CRLF."""
        wire = plain_answer(echo, status, more)
        self._server.remember(key, wire, now)
        self._out.append((wire, peer))

    def send(self, wire: bytes, peer: Peer) -> None:
        """Send bytes that were made elsewhere: the answers of the express lane."""
        self._out.append((wire, peer))

    def repeat(self, key: TransactionKey) -> bytes | None:
        """The answer to a repeat; b"" while it is being worked on; None: the request is new."""
        return self._server.repeat(key)

    def repeat_answer(self, request: Request, peer: Peer) -> None:
        """Send the remembered answer again: the called side of an INVITE does so until the ACK (section 13.3.1.4)."""
        wire = self._server.repeat(key_of(request))
        if wire:
            self._out.append((wire, peer))

    def hold(self, key: TransactionKey, now: float) -> None:
        """The answer will take a while: swallow repeats until it is given."""
        self._server.remember(key, b"", now)

    def request(self, request: Request, peer: Peer, now: float) -> str:
        """Send a request with a Via of our own, and repeat it until it is answered. Answers its branch.
        Raise TooMany when too many requests wait already."""
        branch = f"z9hG4bK{self._token()}"
        self._put_via(request, peer, branch)
        wire = request.to_bytes()
        self._out.append((wire, peer))
        if request.method != "ACK":
            if self._client.full:
                self._out.pop()
                raise TooMany("too many SIP requests wait for an answer")
            self._client.start(request, wire, peer, now)
        return branch

    def cancel(self, invite: Request, peer: Peer, now: float) -> None:
        """Give up an INVITE that has had a provisional answer; its 487 (or a crossing 200) is still told."""
        cancel = cancel_of(invite)
        wire = cancel.to_bytes()
        self._out.append((wire, peer))

    def datagrams_to_send(self) -> list[tuple[bytes, Peer]]:
        """Take what is to be sent: UDP datagrams, and whole messages for TCP connections."""
        out, self._out = self._out, []
        return out

    def events(self) -> list[SipEvent]:
        events, self._events = self._events, []
        return events

    # -- time ----------------------------------------------------------------------------------------------------

    def remembered_requests(self) -> int:
        """Requests whose answer is kept for repeats."""
        return len(self._server)

    def next_deadline(self) -> float | None:
        return self._client.next_deadline()

    def handle_deadline(self, now: float) -> None:
        repeated, silent = self._client.pass_time(now)
        self._out.extend((one.wire, one.peer) for one in repeated)
        self._events.extend(RequestTimedOut(one.branch, one.request, one.peer) for one in silent)

    # -- inside --------------------------------------------------------------------------------------------------

    def _take(self, message: Request | Response, peer: Peer, now: float) -> None:
        if isinstance(message, Response):
            self._take_response(message, peer, now)
            return
        if message.method != "ACK" and len(self._server):
            before = self._server.repeat(key_of(message))
            if before is not None:
                if before:
                    self._out.append((before, peer))
                return
        self._events.append(RequestReceived(message, peer))

    def _take_response(self, response: Response, peer: Peer, now: float) -> None:
        found, news = self._client.answered(response, now)
        if found is None:
            if response.cseq_method == "INVITE" and 200 <= response.status < 300:
                self._events.append(ResponseReceived(response.branch, response, peer))
            return
        if found.ack:
            self._out.append((found.ack, found.peer))
        if news:
            self._events.append(ResponseReceived(found.branch, response, peer))

    def _put_via(self, request: Request, peer: Peer, branch: str) -> None:
        via = f"SIP/2.0/{peer.transport.upper()} {self._host}:{self._port};rport;branch={branch}"
        request.headers.insert(0, ("via", via))


def key_of(request: Request) -> tuple[str, str, str]:
    """Branch, sent-by and method (section 17.2.3); the Call-ID stands in for branches that are not unique."""
    key = request.transaction
    if key is None:
        via = request.header("via")
        branch = request.branch
        if not branch.startswith("z9hG4bK"):
            branch = f"{branch}|{request.call_id}|{request.cseq}|{request.from_tag}"
        key = request.transaction = branch, sent_by(via), request.method
    return key
