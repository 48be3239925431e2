"""SDP of live play: the platform's offer and the device's answer (GB/T 28181-2022 annex G, section 9.2)."""

from fengtai.protocols.sdp import Media, Session, parse_session, serialise
from fengtai.vocabulary.errors import Malformed

_OFFERED = (("96", "PS/90000"), ("98", "H264/90000"), ("97", "MPEG4/90000"), ("100", "H265/90000"))


def play_offer(
    *,
    user: str,
    host: str,
    port: int,
    ssrc: int,
    tcp: bool,
    connects: bool = False,
    stream_number: int = 0,
    plain: bool = False,
) -> bytes:
    """We receive at host and port. Over TCP the device connects to us (a=setup:passive), or, when we are the one that
    `connects`, we to the port of its answer (a=setup:active, RFC 4145 section 4). `stream_number`: 1 asks for the
    sub-stream (GB/T 28181-2022 annex G; devices of before look at other lines, or at none, and send the main stream).
    `plain`: PS alone, with the f= line that the oldest devices look for, for those that refuse the usual form."""
    offered = _OFFERED[:1] if plain else _OFFERED
    attributes = [("recvonly", ""), *(("rtpmap", f"{number} {encoding}") for number, encoding in offered)]
    if tcp:
        attributes += [("setup", "active" if connects else "passive"), ("connection", "new")]
    if stream_number:
        attributes += [("streamnumber", str(stream_number)), ("streamprofile", str(stream_number))]
    protocol = "TCP/RTP/AVP" if tcp else "RTP/AVP"
    media = Media("video", port, protocol, tuple(number for number, _ in offered), tuple(attributes))
    return serialise(Session(user, host, "Play", (media,), ssrc=ssrc, parameters="v/////a///" if plain else ""))


def play_answer(offer: Session, *, user: str, host: str, port: int) -> bytes:
    """The device's side of it: PS, sent from host and port, with the SSRC that was asked for."""
    asked = _video(offer)
    attributes = [("sendonly", ""), ("rtpmap", "96 PS/90000")]
    if asked.is_tcp:
        setup = "active" if asked.attribute("setup") != "active" else "passive"
        attributes += [("setup", setup), ("connection", "new")]
    media = Media("video", port, asked.protocol, ("96",), tuple(attributes))
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
