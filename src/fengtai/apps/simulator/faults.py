"""Faults on demand: what a simulated camera does otherwise than a good one. The simulator as adversary.

`FAULTS` is the list; `fengtai simulate --fault 1=mpegts-under-ps,3=wrong-ssrc` chooses by camera number. Each fault is one
that devices of the field have (digest of GB/T 28181, sections 4.3 and 6).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fengtai.apps.simulator import packetising as how
from fengtai.apps.simulator import wire_faults as wire
from fengtai.apps.simulator.carriers import Carrier, TcpCarrier, UdpCarrier
from fengtai.apps.simulator.signalling_faults import SIGNALLING_FAULTS
from fengtai.protocols.elementary import AudioCodec, VideoCodec
from fengtai.vocabulary.errors import Invalid

PacketHook = Callable[[bytes], Iterable[bytes]]
"""What becomes of each RTP packet: itself, nothing (loss), several (repeats), or something else"""


async def open_carrier(host: str, port: int, transport: str) -> Carrier:
    """As a good camera does. Raise OSError when the platform's media port cannot be reached."""
    return UdpCarrier(host, port) if transport == "udp" else await TcpCarrier.connect(host, port)


async def _silent(host: str, port: int, transport: str) -> Carrier:
    return wire.Silent()


async def _udp_only(host: str, port: int, transport: str) -> Carrier:
    """A camera that cannot do TCP often says yes to it all the same."""
    return UdpCarrier(host, port) if transport == "udp" else wire.Silent()


async def _tcp_passive_only(host: str, port: int, transport: str) -> Carrier:
    return await TcpCarrier.connect(host, port) if transport == "tcp" else wire.Silent()


async def _mute(host: str, port: int, transport: str) -> Carrier:
    return wire.Mute(await open_carrier(host, port, transport))


async def _half_open(host: str, port: int, transport: str) -> Carrier:
    return wire.HalfOpen(await open_carrier(host, port, transport), frames=60)


async def _dollar_framed(host: str, port: int, transport: str) -> Carrier:
    if transport == "udp":
        return UdpCarrier(host, port)
    return wire.DollarFramed(await TcpCarrier.connect(host, port))


async def _among_strangers(host: str, port: int, transport: str) -> Carrier:
    if transport != "udp":
        return wire.Silent()
    return wire.Among(UdpCarrier(host, port), host, port, seed=7)


async def _behind_strangers(host: str, port: int, transport: str) -> Carrier:
    if transport != "udp":
        return wire.Silent()
    return wire.Among(UdpCarrier(host, port), host, port, seed=7, come_first=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What one camera does otherwise. The fields without a value are as with a good camera."""

    does: str
    """in one sentence, for people"""
    packetising: how.MakePacketising = how.PsPacketising
    hook: Callable[[], PacketHook] | None = None
    """made anew for each call"""
    carrier: Callable[[str, int, str], Awaitable[Carrier]] = open_carrier
    listens: bool = True
    """it can wait for the platform's connection"""
    codec: VideoCodec = "h264"
    has_substream: bool = False
    """smaller, and in H.264 whatever the main stream is"""
    audio: AudioCodec = "g711a"
    reboots_after_seconds: float | None = None
    """once, so long after its first picture"""


FAULTS: Final[Mapping[str, Fault]] = {
    "loss": Fault(
        does="Speaks UDP only and loses 2 % of its packets.",
        hook=lambda: wire.Loss(2.0, 7),
        carrier=_udp_only,
        listens=False,
    ),
    "reorder": Fault(
        does="Speaks UDP only; one packet of ten arrives late.",
        hook=lambda: wire.Disorder(7),
        carrier=_udp_only,
        listens=False,
    ),
    "duplicates": Fault(
        does="Speaks UDP only and sends many packets twice.",
        hook=lambda: wire.Repeats(),
        carrier=_udp_only,
        listens=False,
    ),
    "udp-only": Fault(does="Says yes to TCP but never connects; UDP works.", carrier=_udp_only, listens=False),
    "tcp-only": Fault(
        does="Says yes to UDP but sends nothing; only its own TCP connection works.",
        carrier=_tcp_passive_only,
        listens=False,
    ),
    "waits-for-connection": Fault(
        does="Neither connects nor sends by UDP: the platform must connect to it.", carrier=_silent
    ),
    "wrong-ssrc": Fault(does="Ignores the SSRC that it is asked for (y=).", hook=lambda: wire.OtherSsrc()),
    "changing-ssrc": Fault(
        does="Changes its SSRC in the middle of the stream.", hook=lambda: wire.OtherSsrc(after_packets=200)
    ),
    "no-marker": Fault(does="Never sets the marker bit.", hook=lambda: wire.without_marker),
    "dollar-framing": Fault(does='Frames RTP on TCP by "$" as RTSP does.', carrier=_dollar_framed),
    "strangers": Fault(
        does="Speaks UDP only; others send noise and a foreign stream to the same port.",
        carrier=_among_strangers,
        listens=False,
    ),
    "strangers-first": Fault(
        does="Speaks UDP only; an old sender has been sending to the port before it begins.",
        carrier=_behind_strangers,
        listens=False,
    ),
    "silence": Fault(does="Answers 200 and sends nothing.", carrier=_silent, listens=False),
    "mute-connection": Fault(does="Connects by TCP and sends nothing.", carrier=_mute, listens=False),
    "half-open": Fault(does="Stops sending after four seconds and does not close.", carrier=_half_open),
    "not-rtp": Fault(does="Sends the payload without RTP headers.", hook=lambda: wire.not_rtp),
    "reboot": Fault(does="Disappears in the middle and registers again.", reboots_after_seconds=4.0),
    "mpegts-under-ps": Fault(does="Sends MPEG-TS under a PS announcement.", packetising=how.TsPacketising),
    "bare-h264": Fault(does="Sends bare H.264 (RFC 6184) under a PS announcement.", packetising=how.NalPacketising),
    "bare-byte-stream": Fault(
        does="Sends a bare H.264 byte stream under a PS announcement.", packetising=how.ByteStreamPacketising
    ),
    "psm-once": Fault(does="Sends the program stream map once only.", packetising=how.MapOnce),
    "no-psm": Fault(does="Never sends a program stream map.", packetising=how.NoMap),
    "h265": Fault(does="Sends H.265, as it says, and has one stream only.", codec="h265"),
    "h265-with-substream": Fault(
        does="Sends H.265, and H.264 of half the size as its sub-stream.", codec="h265", has_substream=True
    ),
    "h265-no-psm": Fault(does="Sends H.265 and never a program stream map.", packetising=how.NoMap, codec="h265"),
    "bare-h265": Fault(
        does="Sends bare H.265 (RFC 7798) under a PS announcement.", packetising=how.NalPacketising, codec="h265"
    ),
    "h265-byte-stream": Fault(
        does="Sends a bare H.265 byte stream under a PS announcement.",
        packetising=how.ByteStreamPacketising,
        codec="h265",
    ),
    "h265-mpegts": Fault(does="Sends H.265 in MPEG-TS.", packetising=how.TsPacketising, codec="h265"),
    "ulaw": Fault(does="Sends its sound as G.711 µ-law.", audio="g711u"),
    "h265-as-h264": Fault(does="Sends H.265 and labels it as H.264.", packetising=how.LabelledH264, codec="h265"),
    "zero-length-pes": Fault(does="Sends PES packets of length zero.", packetising=how.NoPesLength),
    "clock-jumps": Fault(does="Lets its time stamps jump by an hour, forth and back.", packetising=how.ClockJumps),
    "private-streams": Fault(does="Mixes private streams and private stuffing in.", packetising=how.PrivateStreams),
    "private-format": Fault(does="Sends the vendor's own format.", packetising=how.VendorFormat),
    "no-parameter-sets": Fault(does="Never sends SPS and PPS.", packetising=how.NoParameterSets),
}
NO_FAULT: Final = Fault(does="Does what the standard asks.")


def parse_faults(text: str) -> dict[int, str]:
    """ "1=mpegts-under-ps,3=wrong-ssrc": camera number → fault. Raise Invalid."""
    faults: dict[int, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        number, equals, name = part.partition("=")
        if not equals or not number.isdigit() or int(number) < 1:
            raise Invalid(f"--fault: {part!r} is not such as 3=wrong-ssrc", field="--fault")
        known = (*FAULTS, *SIGNALLING_FAULTS)
        if name not in known:
            raise Invalid(f"--fault: {name!r} is none of {', '.join(known)}", field="--fault")
        faults[int(number)] = name
    return faults
