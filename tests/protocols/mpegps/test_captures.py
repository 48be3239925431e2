"""Bytes of real cameras, quoted in public issues and test suites."""

import json

from tests.protocols.elementary.drawn import drawn_units
from tests.protocols.elementary.vectors import shared_vector
from tests.protocols.mpegps.test_deviations import PACKS

from fengtai.protocols.elementary import AccessUnit, AudioFrame
from fengtai.protocols.mpegps import PsDemuxer
from fengtai.protocols.rtp import RtpReceiver


def recorded(test: str) -> list[bytes]:
    told = json.loads(shared_vector("ps-rtp", "srs_gb28181_ps.json"))
    return [
        bytes.fromhex(packet["hex"])
        for vector in told["vectors"]
        if vector["test"] == test
        for packet in vector["packets"]
    ]


def test_a_cameras_first_frame_with_its_parameter_sets_in_pes_of_their_own():
    receiver, demuxer = RtpReceiver(reorder_packets=2), PsDemuxer()
    groups = [g for packet in recorded("PsPacketDecodeNormal") for g in receiver.receive(packet, now=0.0)]
    units = []
    for group in groups + receiver.flush():
        units += demuxer.feed(
            group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame, lost=group.lost
        )
    assert receiver.ssrc == 0x0BEBDFA1
    pictures = [unit for unit in units if isinstance(unit, AccessUnit)]
    sounds = [unit for unit in units if isinstance(unit, AudioFrame)]
    assert pictures[0].is_key
    assert pictures[0].is_damaged  # six packets of the frame are not in the capture
    assert pictures[0].parameter_sets is not None
    assert (pictures[0].parameter_sets.video.width, pictures[0].parameter_sets.video.height) == (640, 480)
    assert [nal[0] for nal in pictures[0].nals] == [0x06, 0x65]
    assert {(sound.codec, sound.sample_rate) for sound in sounds} == {("aac", 44100)}
    assert demuxer.program_map is not None
    assert demuxer.program_map.stream_types == ((0xE0, 0x1B), (0xC0, 0x0F))


def test_every_recorded_and_broken_packet_is_survived():
    told = json.loads(shared_vector("ps-rtp", "srs_gb28181_ps.json"))
    for vector in told["vectors"]:
        demuxer, receiver = PsDemuxer(), RtpReceiver()
        for packet in vector["packets"]:
            data = bytes.fromhex(packet["hex"])
            if packet["is_rtp"]:
                for group in receiver.receive(data, now=0.0):
                    demuxer.feed(group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame)
            else:
                demuxer.feed(data, timestamp_90k=0)
        units = [*demuxer.flush()]
        assert all(isinstance(unit, AccessUnit | AudioFrame) for unit in units), vector["test"]


def test_a_whole_sound_pack_after_garbage_is_found():
    demuxer = PsDemuxer()
    sounds = [unit for data in recorded("PsPacketDecodeRecover") for unit in demuxer.feed(data, timestamp_90k=0)]
    assert [len(unit.payload) for unit in sounds if isinstance(unit, AudioFrame)][-1] == 0x82 - 0x0C


def test_pack_heads_from_issues_lead_to_the_picture():
    for vector in json.loads(shared_vector("ps-rtp", "zlm_issue_heads.json"))["vectors"]:
        # the quoted bytes end inside the system header: its remaining bytes and the picture of ours follow
        head = bytes.fromhex(vector["hex"]) + bytes.fromhex("e0e080c0c008bde080bfe080")
        at = PACKS[0].index(b"\x00\x00\x01\xe0")
        demuxer = PsDemuxer()
        assert demuxer.feed(head + PACKS[0][at:], timestamp_90k=0) == [drawn_units("h264", frames=20, gop=10)[0]]
