"""RTP (RFC 3550) and its framing on TCP (RFC 4571): packets, order, loss, and the packets of one frame together.

Public face. A shell does, for each datagram or for each packet of a `StreamDeframer`:

    for group in receiver.receive(packet, now=loop.time()):
        units = demuxer.feed(group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame, lost=group.lost)
"""

from fengtai.protocols.rtp.bursts import IS_NATIVE
from fengtai.protocols.rtp.framing import StreamDeframer, frame_packet
from fengtai.protocols.rtp.grouping import RtpGroup
from fengtai.protocols.rtp.nal_packing import pack_nals
from fengtai.protocols.rtp.nal_payloads import ByteStreamDepacketiser, NalCounters, NalDepacketiser
from fengtai.protocols.rtp.packet import RtpPacket, build_packet, is_rtcp, parse_packet
from fengtai.protocols.rtp.receiver import ReceptionCounters, RtpReceiver
from fengtai.protocols.rtp.sender import RtpSender
from fengtai.protocols.rtp.sniffing import PayloadKind, sniff_nal_payload, sniff_payload

__all__ = [
    "IS_NATIVE",
    "ByteStreamDepacketiser",
    "NalCounters",
    "NalDepacketiser",
    "PayloadKind",
    "ReceptionCounters",
    "RtpGroup",
    "RtpPacket",
    "RtpReceiver",
    "RtpSender",
    "StreamDeframer",
    "build_packet",
    "frame_packet",
    "is_rtcp",
    "pack_nals",
    "parse_packet",
    "sniff_nal_payload",
    "sniff_payload",
]
