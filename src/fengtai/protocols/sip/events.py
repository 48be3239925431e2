"""What a SIP endpoint tells: requests to answer, responses to own requests, and what went wrong on the way."""

from dataclasses import dataclass
from typing import NamedTuple

from fengtai.protocols.sip.messages import Peer, Request, Response
from fengtai.vocabulary.errors import Malformed


class RequestReceived(NamedTuple):
    """Answer it with `SipEndpoint.respond` (an ACK needs no answer). Repeats are not told again once answered."""

    request: Request
    peer: Peer


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """A response to a request of ours. A 2xx to INVITE is told at each repeat: it wants its ACK again."""

    branch: str
    response: Response
    peer: Peer


@dataclass(frozen=True, slots=True)
class RequestTimedOut:
    """Nobody answered in time, or the connection that carried the request is gone."""

    branch: str
    request: Request
    peer: Peer


@dataclass(frozen=True, slots=True)
class StreamUnusable:
    """What comes on this connection is not SIP: close it."""

    peer: Peer
    cause: str


@dataclass(frozen=True, slots=True)
class MalformedReceived:
    peer: Peer
    error: Malformed


SipEvent = RequestReceived | ResponseReceived | RequestTimedOut | StreamUnusable | MalformedReceived
