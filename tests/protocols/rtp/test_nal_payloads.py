"""Bare H.264 and H.265 in RTP: what goes in as NAL units comes out as pictures; loss is marked; nothing breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_units

from fengtai.protocols.elementary import AccessUnit
from fengtai.protocols.rtp import (
    ByteStreamDepacketiser,
    NalDepacketiser,
    RtpGroup,
    RtpPacket,
    RtpReceiver,
    RtpSender,
    build_packet,
    pack_nals,
    sniff_nal_payload,
)


def payloads_of(unit: AccessUnit) -> list[bytes]:
    sets = unit.parameter_sets.nals if unit.parameter_sets else ()
    return pack_nals([*sets, *unit.nals], unit.codec)


def packets_of(units) -> list[bytes]:
    packets = []
    for unit in units:
        payloads = payloads_of(unit)
        for place, payload in enumerate(payloads):
            is_last = place == len(payloads) - 1
            packets.append(build_packet(RtpPacket(98, is_last, len(packets), unit.pts_90k, 7, payload)))
    return packets


def received(packets, codec) -> tuple[list[AccessUnit], NalDepacketiser]:
    receiver, depacketiser, got = RtpReceiver(7), NalDepacketiser(codec), []
    for place, packet in enumerate(packets):
        for group in receiver.receive(packet, now=place / 100):
            got += depacketiser.take(group)
    for group in receiver.flush():
        got += depacketiser.take(group)
    return got, depacketiser


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_drawn_pictures_through_rtp(codec):
    units = drawn_units(codec, width=640, height=360)
    got, depacketiser = received(packets_of(units), codec)
    assert [(unit.is_key, sorted(unit.nals)) for unit in got] == [(unit.is_key, sorted(unit.nals)) for unit in units]
    assert [unit.pts_90k for unit in got] == [unit.pts_90k for unit in units]
    assert got[0].parameter_sets == units[0].parameter_sets
    assert depacketiser.counters.bad_payloads == depacketiser.counters.damaged_pictures == 0
    assert depacketiser.counters.pictures == len(units)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_only_a_parameter_set_tells_the_codec(codec):
    units = drawn_units(codec, width=640, height=360)
    assert [sniff_nal_payload(payload) for payload in payloads_of(units[0])].count(codec) >= 1
    assert {sniff_nal_payload(payload) for unit in units[1:9] for payload in payloads_of(unit)} == {None}


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_byte_stream_cut_into_packets_at_will(codec):
    units, sender = drawn_units(codec), RtpSender(7)
    receiver, depacketiser, got = RtpReceiver(7), ByteStreamDepacketiser(), []
    for unit in units:
        for packet in sender.packets(unit.annexb(), unit.pts_90k):
            for group in receiver.receive(packet, now=unit.pts_90k / 90_000):
                got += depacketiser.take(group)
    for group in receiver.flush():
        got += depacketiser.take(group)
    assert got == list(units)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_lost_packet_marks_its_picture(codec):
    units = drawn_units(codec, width=640, height=360)
    packets = packets_of(units)
    del packets[3]
    got, _ = received(packets, codec)
    assert got[0].follows_loss
    assert [unit.follows_loss for unit in got if unit.pts_90k >= units[10].pts_90k] == [False] * 10


@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans(), st.booleans())
def test_no_payload_breaks_it(payloads: list[bytes], lost: bool, ends: bool):
    for codec in ("h264", "h265"):
        depacketiser = NalDepacketiser(codec)
        for round_ in range(3):
            group = RtpGroup(b"".join(payloads), round_, ends, lost, 96, list(map(len, payloads)))
            depacketiser.take(group)
            ByteStreamDepacketiser(max_frame_bytes=100).take(group)
        for payload in payloads:
            sniff_nal_payload(payload)
