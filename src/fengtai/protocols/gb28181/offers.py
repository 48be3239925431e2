"""SDP of live play: the platform's offer and the device's answer (GB/T 28181-2022 annex G, section 9.2).

Forms and spellings are data: profiles.toml.
"""

from collections.abc import Sequence

from fengtai.protocols.gb28181.profiles import OfferForm
from fengtai.protocols.sdp import Media, Session, parse_session, serialise
from fengtai.vocabulary.errors import Malformed


def play_offer(
    form: OfferForm,
    *,
    user: str,
    host: str,
    port: int,
    ssrc: int,
    tcp: bool,
    connects: bool = False,
    stream: Sequence[tuple[str, str]] = (),
) -> bytes:
    """We receive at host and port. Over TCP the device connects to us (a=setup:passive), or, when we are the one that
    `connects`, we to the port of its answer (a=setup:active, RFC 4145 section 4). `stream`: attributes that choose one of
    the camera's streams; devices that do not know them send the main one."""
    attributes = [
        ("recvonly", ""),
        *(("rtpmap", one) for one in form.payloads),
        *(("fmtp", one) for one in form.formats),
    ]
    if tcp:
        attributes.append(("setup", "active" if connects else "passive"))
        attributes += [("connection", form.connection)] if form.connection else []
    attributes += stream
    protocol = "TCP/RTP/AVP" if tcp else "RTP/AVP"
    offered = tuple(one.partition(" ")[0] for one in form.payloads)
    media = Media("video", port, protocol, offered, tuple(attributes))
    return serialise(Session(user, host, "Play", (media,), ssrc=ssrc, parameters=form.parameters))


def play_answer(offer: Session, *, user: str, host: str, port: int, payload: str = "96 PS/90000") -> bytes:
    """The device's side of it: PS (or what it says it is), sent from host and port, with the SSRC that was asked for."""
    asked = _video(offer)
    attributes = [("sendonly", ""), ("rtpmap", payload)]
    if asked.is_tcp:
        setup = "active" if asked.attribute("setup") != "active" else "passive"
        attributes += [("setup", setup), ("connection", "new")]
    media = Media("video", port, asked.protocol, (payload.partition(" ")[0],), tuple(attributes))
    return serialise(Session(user, host, offer.name, (media,), ssrc=offer.ssrc))


def read_offer(body: bytes) -> tuple[Session, Media]:
    """Raise Malformed when there is no video in it."""
    session = parse_session(body)
    return session, _video(session)


def private_encoding(session: Session) -> str:
    """The name of a vendor's own stream format (HIKVISION, DAHUA), which nobody else can decode; empty: none."""
    media = session.first("video")
    for number in media.formats if media else ():
        name = media.encoding(number).partition("/")[0].upper() if media else ""
        if name in ("HIKVISION", "DAHUA"):
            return name
    return ""


def _video(session: Session) -> Media:
    media = session.first("video")
    if media is None or not media.port:
        raise Malformed("no video is offered", clause="GB/T 28181-2022 annex G")
    return media
