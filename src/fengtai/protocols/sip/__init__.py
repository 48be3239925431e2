"""SIP (RFC 3261) as GB/T 28181 uses it, sans-IO: the public face."""

from fengtai.protocols.sip.dialogs import Dialog, called_dialog, caller_dialog
from fengtai.protocols.sip.digest import (
    Credentials,
    NonceMint,
    NonceState,
    authorization,
    challenge,
    digest_response,
    parse_credentials,
)
from fengtai.protocols.sip.endpoint import SipEndpoint, key_of
from fengtai.protocols.sip.events import (
    MalformedReceived,
    RequestReceived,
    RequestTimedOut,
    ResponseReceived,
    SipEvent,
    StreamUnusable,
)
from fengtai.protocols.sip.express import Express, Registering, read_express, read_registering, read_usual
from fengtai.protocols.sip.framing import StreamFramer
from fengtai.protocols.sip.messages import Header, Peer, Request, Response, answer, echoed, plain_answer
from fengtai.protocols.sip.parser import parse_message
from fengtai.protocols.sip.register_lane import register_lane_of
from fengtai.protocols.sip.transactions import TransactionKey
from fengtai.protocols.sip.uri import NameAddress, SipUri, parse_name_address, parse_uri, user_of

__all__ = [
    "Credentials",
    "Dialog",
    "Express",
    "Header",
    "MalformedReceived",
    "NameAddress",
    "NonceMint",
    "NonceState",
    "Peer",
    "Registering",
    "Request",
    "RequestReceived",
    "RequestTimedOut",
    "Response",
    "ResponseReceived",
    "SipEndpoint",
    "SipEvent",
    "SipUri",
    "StreamFramer",
    "StreamUnusable",
    "TransactionKey",
    "answer",
    "authorization",
    "called_dialog",
    "caller_dialog",
    "challenge",
    "digest_response",
    "echoed",
    "key_of",
    "parse_credentials",
    "parse_message",
    "parse_name_address",
    "parse_uri",
    "plain_answer",
    "read_express",
    "read_registering",
    "read_usual",
    "register_lane_of",
    "user_of",
]
