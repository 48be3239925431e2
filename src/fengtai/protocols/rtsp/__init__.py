"""RTSP (RFC 2326), the side of a camera, sans-IO: the public face. RTP goes interleaved on the same connection.

A shell feeds `RtspServerEndpoint` what a connection brings, acts on its events and sends what it gives; pictures become
RTP payloads by `rtp.pack_nals`.
"""

from fengtai.protocols.rtsp.endpoint import Described, Ended, Playing, RtspEvent, RtspServerEndpoint, interleaved
from fengtai.protocols.rtsp.framing import RequestFramer
from fengtai.protocols.rtsp.h264_format import h264_format
from fengtai.protocols.rtsp.messages import Request, Response, parse_request, serialise

__all__ = [
    "Described",
    "Ended",
    "Playing",
    "Request",
    "RequestFramer",
    "Response",
    "RtspEvent",
    "RtspServerEndpoint",
    "h264_format",
    "interleaved",
    "parse_request",
    "serialise",
]
