"""Whatever comes under the announcement of PS is taken for what its bytes are."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.protocols.elementary.drawn import drawn_units

from fengtai.media.worker.intake import Intake
from fengtai.protocols.elementary import AccessUnit, to_annexb
from fengtai.protocols.mpegps import PsMuxer
from fengtai.protocols.mpegts import TsMuxer
from fengtai.protocols.rtp import RtpSender, pack_nals

SSRC = 200_000_001
UNITS = drawn_units("h264")


def as_ps(units: Sequence[AccessUnit], rtp: RtpSender) -> list[bytes]:
    muxer = PsMuxer("h264")
    return [packet for unit in units for packet in rtp.packets(muxer.video_pack(unit), unit.pts_90k)]


def as_ts(units: Sequence[AccessUnit], rtp: RtpSender) -> list[bytes]:
    muxer = TsMuxer("h264")
    return [packet for unit in units for packet in rtp.packets(muxer.video_packets(unit), unit.pts_90k)]


def as_byte_stream(units: Sequence[AccessUnit], rtp: RtpSender) -> list[bytes]:
    return [packet for unit in units for packet in rtp.packets(unit.annexb(), unit.pts_90k)]


def as_nal_units(units: Sequence[AccessUnit], rtp: RtpSender) -> list[bytes]:
    packets = []
    for unit in units:
        sets = unit.parameter_sets.nals if unit.parameter_sets else ()
        payloads = pack_nals([*sets, *unit.nals])
        packets += [
            rtp.packet(one, unit.pts_90k, marker=place == len(payloads) - 1) for place, one in enumerate(payloads)
        ]
    return packets


WAYS = {
    "PS": as_ps,
    "MPEG-TS": as_ts,
    "a bare byte stream": as_byte_stream,
    "RTP H264": as_nal_units,
}


def taken(intake: Intake, packets: Sequence[bytes]) -> list[AccessUnit]:
    return [unit for place, packet in enumerate(packets) for unit in intake.feed(packet, place / 1000)]


@pytest.mark.parametrize("container", WAYS)
def test_each_way_gives_the_same_pictures(container: str) -> None:
    intake = Intake(SSRC)

    got = taken(intake, WAYS[container](UNITS, RtpSender(SSRC)))

    assert [unit.nals for unit in got] == [unit.nals for unit in UNITS[: len(got)]]
    assert len(got) >= len(UNITS) - 2  # the last is known to be whole when another follows
    assert intake.container == container


@pytest.mark.parametrize("container", WAYS)
def test_a_beginning_in_the_middle_finds_the_next_key_frame(container: str) -> None:
    intake = Intake(SSRC)
    packets = WAYS[container](UNITS * 2, RtpSender(SSRC))

    got = taken(intake, packets[3:])

    assert any(unit.is_key and unit.nals == UNITS[10].nals for unit in got)
    assert intake.container == container


@pytest.mark.parametrize("after", WAYS)
@pytest.mark.parametrize("before", WAYS)
def test_a_device_that_changes_its_mind_is_followed(before: str, after: str) -> None:
    """After a reboot with other settings: found when three frames in a row insist."""
    intake, rtp = Intake(SSRC), RtpSender(SSRC)
    taken(intake, WAYS[before](UNITS, rtp))
    later = [
        replace(unit, pts_90k=(round_ * len(UNITS) + place + 100) * 3600)
        for round_ in range(5)
        for place, unit in enumerate(UNITS)
    ]

    got = taken(intake, WAYS[after](later, rtp))

    assert intake.container == after
    assert got[-1].nals in [unit.nals for unit in UNITS[-3:]]


def test_what_is_nothing_known_is_said() -> None:
    intake, rtp = Intake(SSRC), RtpSender(SSRC)

    taken(intake, [packet for number in range(20) for packet in rtp.packets(b"\x12\x34" * 300, number * 3600)])
    assert "nothing that is known" in intake.why_no_key_frame()

    taken(intake, [packet for number in range(20, 30) for packet in rtp.packets(b"IMKH" * 300, number * 3600)])
    assert "vendor's private format" in intake.why_no_key_frame()


def test_pictures_without_parameter_sets_are_said_whatever_the_container() -> None:
    bare = [replace(unit, parameter_sets=None) for unit in UNITS]
    for way in (as_ps, as_ts):
        intake = Intake(SSRC)
        assert taken(intake, way(bare, RtpSender(SSRC))) == []
        assert "without parameter sets" in intake.why_no_key_frame()


def test_a_byte_stream_of_h265_is_known_too() -> None:
    intake, rtp = Intake(SSRC), RtpSender(SSRC)
    units = drawn_units("h265")
    packets = [
        packet
        for unit in units
        for packet in rtp.packets(
            to_annexb([*(unit.parameter_sets.nals if unit.parameter_sets else ()), *unit.nals]), unit.pts_90k
        )
    ]

    assert {unit.codec for unit in taken(intake, packets)} == {"h265"}
