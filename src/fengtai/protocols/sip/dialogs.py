"""Dialogs of a call (RFC 3261 section 12), both sides, without early dialogs: what BYE, ACK and INFO need to be found.

A sloppy 200 without To tag is tolerated: the dialog then has no remote tag.
"""

from dataclasses import dataclass

from fengtai.protocols.sip.messages import Header, Request, Response
from fengtai.protocols.sip.uri import parse_name_address
from fengtai.vocabulary.errors import Malformed


@dataclass(slots=True)
class Dialog:
    call_id: str
    local: str
    """our From value, tag included"""
    remote: str
    """their To value, tag included when they gave one"""
    target: str
    """Request-URI of what we send: their Contact"""
    route: tuple[str, ...]
    local_cseq: int

    def request(self, method: str, headers: list[Header], body: bytes = b"", *, cseq: int | None = None) -> Request:
        """A request inside the dialog, without Via (the endpoint adds it). An ACK takes the INVITE's CSeq."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        own: list[Header] = [("route", route) for route in self.route]
        own += [
            ("from", self.local),
            ("to", self.remote),
            ("call-id", self.call_id),
            ("cseq", f"{cseq} {method}"),
            ("max-forwards", "70"),
        ]
        return Request(method, self.target, own + headers, body)


def caller_dialog(invite: Request, response: Response) -> Dialog:
    """The dialog that a 2xx to our INVITE makes."""
    return Dialog(
        call_id=invite.call_id,
        local=invite.header("from"),
        remote=response.header("to") or invite.header("to"),
        target=_contact(response.header("contact"), invite.uri),
        route=tuple(reversed(response.all("record-route"))),
        local_cseq=invite.cseq,
    )


def called_dialog(invite: Request, local_tag: str) -> Dialog:
    """The dialog on the side that was called; our tag goes onto their To."""
    to = invite.header("to")
    return Dialog(
        call_id=invite.call_id,
        local=to if invite.to_tag else f"{to};tag={local_tag}",
        remote=invite.header("from"),
        target=_contact(invite.header("contact"), invite.uri),
        route=tuple(invite.all("record-route")),
        local_cseq=0,
    )


def _contact(value: str, otherwise: str) -> str:
    try:
        return str(parse_name_address(value).uri) if value else otherwise
    except Malformed:
        return otherwise
