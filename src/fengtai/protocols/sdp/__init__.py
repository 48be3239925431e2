"""Session descriptions (RFC 4566) with the lines of GB/T 28181: the public face."""

from fengtai.protocols.sdp.model import Media, Session
from fengtai.protocols.sdp.text import parse_session, serialise

__all__ = ["Media", "Session", "parse_session", "serialise"]
