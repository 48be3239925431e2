"""Faults on demand: each changes what it says and nothing else."""

import asyncio
from collections.abc import Iterable, Sequence

import pytest
from tests.apps.simulator.media_port import SSRC, MediaPort
from tests.protocols.elementary.drawn import drawn_units

from fengtai.apps.simulator import packetising as how
from fengtai.apps.simulator import wire_faults as wire
from fengtai.apps.simulator.faults import FAULTS, Fault, parse_faults
from fengtai.apps.simulator.scenes import Encoding, LoopedPictures, SceneEncoder
from fengtai.apps.simulator.sender import MediaSender
from fengtai.protocols.elementary import AccessUnit, AudioFrame
from fengtai.protocols.mpegps import PsDemuxer
from fengtai.protocols.rtp import PayloadKind, RtpReceiver, RtpSender, parse_packet, sniff_nal_payload, sniff_payload
from fengtai.vocabulary.errors import Invalid

UNITS = drawn_units("h264")
SOUND = AudioFrame("g711a", b"\xd5" * 160, 0)


def sent(packetising: how.MakePacketising, units: Sequence[AccessUnit] = UNITS) -> list[bytes]:
    way = packetising(units[0].codec, "g711a", RtpSender(SSRC))
    return [packet for unit in units for packet in way.packets(unit, SOUND)]


def payload(packets: Iterable[bytes]) -> bytes:
    return b"".join(parse_packet(packet).payload for packet in packets)


def taken_apart(packets: Iterable[bytes]) -> tuple[list[AccessUnit], PsDemuxer]:
    receiver, demuxer, pictures = RtpReceiver(SSRC), PsDemuxer(), []
    groups = [group for packet in packets for group in receiver.receive(packet, now=0.0)] + receiver.flush()
    for group in groups:
        units = demuxer.feed(group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame)
        pictures += [unit for unit in units if isinstance(unit, AccessUnit)]
    return pictures, demuxer


def test_faults_are_chosen_by_camera_number():
    assert parse_faults("1=mpegts-under-ps, 3=wrong-ssrc") == {1: "mpegts-under-ps", 3: "wrong-ssrc"}
    assert parse_faults("") == {}


@pytest.mark.parametrize("text", ["1", "x=loss", "0=loss", "1=no-such-fault", "=", "1=loss=2"])
def test_a_choice_that_is_none_is_refused(text: str):
    with pytest.raises(Invalid):
        parse_faults(text)


@pytest.mark.parametrize(
    ("packetising", "maps"), [(how.PsPacketising, 2), (how.MapOnce, 1), (how.NoMap, 0), (how.NoPesLength, 2)]
)
def test_what_ps_deviations_send_is_still_the_same_picture(packetising: how.MakePacketising, maps: int):
    packets = sent(packetising)
    pictures, demuxer = taken_apart(packets)
    assert [unit.nals for unit in pictures] == [unit.nals for unit in UNITS]
    assert payload(packets).count(b"\x00\x00\x01\xbc") == maps
    assert demuxer.counters.damaged_pictures == 0


def test_a_pes_of_length_zero_says_zero():
    assert b"\x00\x00\x01\xe0\x00\x00" in payload(sent(how.NoPesLength))


def test_private_streams_are_there_and_do_no_harm():
    packets = sent(how.PrivateStreams)
    pictures, demuxer = taken_apart(packets)
    assert [unit.nals for unit in pictures] == [unit.nals for unit in UNITS]
    assert demuxer.counters.other_streams == 2 * len(UNITS)


def test_h265_is_labelled_h264():
    units = drawn_units("h265")
    pictures, demuxer = taken_apart(sent(how.LabelledH264, units))
    assert demuxer.declared_video == "h264"
    assert {unit.codec for unit in pictures} == {"h265"}


def test_the_clock_jumps_by_an_hour_and_back():
    pictures, _ = taken_apart(sent(how.ClockJumps, UNITS * 7))
    assert {unit.pts_90k // 324_000_000 for unit in pictures} == {0, 1}


@pytest.mark.parametrize(
    ("packetising", "kind"),
    [
        (how.TsPacketising, PayloadKind.TS),
        (how.ByteStreamPacketising, PayloadKind.ANNEX_B),
        (how.VendorFormat, PayloadKind.PRIVATE),
    ],
)
def test_what_is_no_ps_is_told_by_its_bytes(packetising: how.MakePacketising, kind: PayloadKind):
    assert sniff_payload(parse_packet(sent(packetising)[0]).payload) is kind


def test_bare_h264_is_told_by_its_parameter_sets():
    assert "h264" in {sniff_nal_payload(parse_packet(packet).payload) for packet in sent(how.NalPacketising)}


def test_without_parameter_sets_no_picture_is_of_use():
    pictures, demuxer = taken_apart(sent(how.NoParameterSets))
    assert pictures == []
    assert demuxer.pictures_without_codec == len(UNITS)


def through(hook, packets: Sequence[bytes]) -> list[bytes]:
    return [after for packet in packets for after in hook(packet)]


def test_the_wire_loses_repeats_and_disorders_the_same_way_each_time():
    packets = sent(how.PsPacketising, UNITS * 3)
    assert through(wire.Loss(10, 7), packets) == through(wire.Loss(10, 7), packets)
    assert 0.8 < len(through(wire.Loss(10, 7), packets)) / len(packets) < 0.98
    repeated = through(wire.Repeats(), packets)
    assert list(dict.fromkeys(repeated)) == packets
    assert len(repeated) > 1.15 * len(packets)
    disordered = through(wire.Disorder(7), packets)
    assert disordered != packets
    assert sorted(disordered) == sorted(packets)[: len(disordered)] or set(disordered) < set(packets)


def test_the_ssrc_is_another_from_the_start_or_from_the_middle():
    packets = sent(how.PsPacketising)
    assert {parse_packet(packet).ssrc for packet in through(wire.OtherSsrc(), packets)} == {SSRC + 4711}
    changed = [parse_packet(packet).ssrc for packet in through(wire.OtherSsrc(after_packets=5), packets)]
    assert changed[:5] == [SSRC] * 5
    assert set(changed[5:]) == {SSRC + 4711}


@pytest.mark.parametrize(
    ("fault", "transport"),
    [("udp-only", "udp"), ("dollar-framing", "tcp"), ("strangers", "udp"), ("duplicates", "udp"), ("reorder", "udp")],
)
async def test_faults_of_the_wire_on_real_sockets(fault: str, transport: str):
    port = MediaPort()
    sender = MediaSender(_pictures, faults={"channel": FAULTS[fault]})
    await sender.start("call", "channel", "127.0.0.1", await port.listen(transport), transport, SSRC)
    got = await port.pictures_reach(25)
    await sender.close()
    port.close()
    assert got[0].is_key


@pytest.mark.parametrize("fault", ["silence", "mute-connection"])
async def test_a_silent_camera_counts_its_frames_and_sends_none(fault: str):
    port = MediaPort()
    sender = MediaSender(_pictures, faults={"channel": FAULTS[fault]})
    await sender.start("call", "channel", "127.0.0.1", await port.listen("tcp"), "tcp", SSRC)
    async with asyncio.timeout(10):
        while int(str(sender.status()["frames"])) < 10:
            await asyncio.sleep(0)
    assert port.pictures == []
    assert port.connections == (fault == "mute-connection")
    await sender.close()
    port.close()


async def _pictures(channel_id: str, stream_number: int) -> LoopedPictures:
    return LoopedPictures(UNITS, 50.0)


def test_every_fault_says_in_a_sentence_what_the_camera_does():
    assert all(isinstance(fault, Fault) and fault.does.endswith(".") for fault in FAULTS.values())


def test_h265_can_be_drawn():
    import numpy as np

    encoder = SceneEncoder(320, 180, Encoding(frames_per_second=10, gop_seconds=0.5, codec="h265"))
    units = [encoder.encode(np.full((270, 320), 40 + index, np.uint8), index) for index in range(6)]
    assert [unit.is_key for unit in units] == [True, False, False, False, False, True]
    assert {unit.codec for unit in units} == {"h265"}
