"""Session descriptions as GB/T 28181 needs them (RFC 4566 with the lines y= and f= of GB/T 28181 annex G).

y= is the ten-digit SSRC, f= the media parameters. Both are written last: Hikvision answers 415 when y= comes earlier.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Media:
    """One m= line and its attributes, in order."""

    kind: str
    port: int
    protocol: str
    """ "RTP/AVP" or "TCP/RTP/AVP" """
    formats: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...] = ()
    connection: str = ""
    """the address of a c= line inside the media section"""

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of this name; "" for a flag; None when it is absent."""
        for have, value in self.attributes:
            if have == name:
                return value
        return None

    def encoding(self, payload_type: str) -> str:
        """What rtpmap says of this payload type ("PS/90000"); empty when it says nothing."""
        for have, value in self.attributes:
            if have == "rtpmap":
                number, _, encoding = value.partition(" ")
                if number == payload_type:
                    return encoding.strip()
        return ""

    @property
    def is_tcp(self) -> bool:
        return self.protocol.upper().startswith("TCP")


@dataclass(frozen=True, slots=True)
class Session:
    user: str
    """o= user: the sender's 20-digit code"""
    address: str
    """c= address of the session, else that of o="""
    name: str = "Play"
    media: tuple[Media, ...] = ()
    start: int = 0
    stop: int = 0
    uri: str = ""
    ssrc: int | None = None
    """y="""
    parameters: str = ""
    """f="""
    other: tuple[str, ...] = field(default=())
    """lines we do not know, kept"""

    def first(self, kind: str) -> Media | None:
        for media in self.media:
            if media.kind == kind:
                return media
        return None

    def address_of(self, media: Media) -> str:
        return media.connection or self.address
