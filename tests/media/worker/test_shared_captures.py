"""Streams of others (JVT conformance, damaged variants, packets of real cameras) through the receiver's real sockets."""

import asyncio
import json
import socket

import pytest
from tests.media.film import FRAME_90K, film
from tests.media.worker.test_worker_parts import SSRC, free_udp_port, listening, pictures
from tests.protocols.elementary.vectors import h264_vector, shared_vector

from fengtai.media.worker.stream import WorkerStream
from fengtai.protocols.elementary import AccessUnit, VideoAssembler, split_access_units
from fengtai.protocols.mpegps import PsMuxer
from fengtai.protocols.mpegts import TsMuxer
from fengtai.protocols.rtp import RtpSender, frame_packet, pack_nals, parse_packet

VECTORS = {
    "BA1_FT_C.264": (352, 288),
    "BA_MW_D.264": (176, 144),
    "BA_MW_D_IDR_LOST.264": (176, 144),
    "Error_I_P.264": (352, 288),
    "SarVui.264": (176, 144),
    "Zhling_1280x720.264": (1280, 720),
}
MOST_PICTURES = 60


def units_of(name: str) -> list[AccessUnit]:
    assembler, units = VideoAssembler(), []
    for nals in split_access_units(h264_vector(name), "h264"):
        unit = assembler.assemble_nals(nals, len(units) * FRAME_90K)
        units += [unit] if unit is not None else []
    return units[:MOST_PICTURES]


def packets_of(units: list[AccessUnit], way: str) -> list[bytes]:
    rtp, ps, ts, packets = RtpSender(SSRC), PsMuxer("h264"), TsMuxer("h264"), []
    for unit in units:
        sets = unit.parameter_sets.nals if unit.parameter_sets else ()
        if way == "ps":
            packets += rtp.packets(ps.video_pack(unit), unit.pts_90k)
        elif way == "mpegts":
            packets += rtp.packets(ts.video_packets(unit), unit.pts_90k)
        else:
            packets += rtp.frame(pack_nals([*sets, *unit.nals]), unit.pts_90k)
    return packets


async def send(port: int, packets: list[bytes], *, is_tcp: bool) -> None:
    if is_tcp:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(map(frame_packet, packets)))
        await writer.drain()
        await asyncio.sleep(0)
        writer.close()
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        for number, packet in enumerate(packets):
            udp.send(packet)
            if number % 32 == 0:
                await asyncio.sleep(0.001)


def finish(stream: WorkerStream) -> None:
    stream.close("stopped", "the test is over")


@pytest.mark.parametrize("is_tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("way", ["ps", "mpegts", "rfc6184"])
@pytest.mark.parametrize("name", VECTORS)
async def test_every_picture_of_a_stream_arrives(name: str, way: str, is_tcp: bool) -> None:
    units, port = units_of(name), free_udp_port()
    stream = listening(port, [], is_tcp=is_tcp)
    try:
        await send(port, packets_of(units, way), is_tcp=is_tcp)
        begin = next(place for place, unit in enumerate(units) if unit.parameter_sets is not None)
        await pictures(stream, len(units) - begin - 2)  # the last is known to be whole when another follows
    finally:
        finish(stream)
    assert stream.figures["damaged_pictures"] == 0
    sizes = {(sets.video.width, sets.video.height) for unit in units if (sets := unit.parameter_sets) is not None}
    assert sizes == {VECTORS[name]}


def recorded() -> dict[str, list[bytes]]:
    told = json.loads(shared_vector("ps-rtp", "srs_gb28181_ps.json"))
    found: dict[str, list[bytes]] = {}
    for vector in told["vectors"]:
        rtp = RtpSender(SSRC, first_sequence=100)
        for number, packet in enumerate(vector["packets"]):
            data = bytes.fromhex(packet["hex"])
            whole = [data] if packet["is_rtp"] else rtp.packets(data, number)
            found.setdefault(vector["test"], []).extend(whole)
    for vector in json.loads(shared_vector("ps-rtp", "zlm_issue_heads.json"))["vectors"]:
        found[vector["source"]] = RtpSender(SSRC, first_sequence=100).packets(bytes.fromhex(vector["hex"]), 0)
    return found


@pytest.mark.parametrize("is_tcp", [False, True], ids=["udp", "tcp"])
async def test_recorded_and_broken_packets_harm_nothing_that_comes_after(is_tcp: bool) -> None:
    """Each as the beginning of a stream whose good pictures follow, with the SSRC and the numbers of the recording."""
    for name, packets in recorded().items():
        last, port = parse_packet(packets[-1]), free_udp_port()
        stream = listening(port, [], is_tcp=is_tcp)
        stream.expect(["127.0.0.1"], 0)
        rtp, muxer = RtpSender(last.ssrc, first_sequence=last.sequence + 1), PsMuxer("h264")
        good = [
            packet
            for number, unit in enumerate(film()[:40] * 4)
            for packet in rtp.packets(muxer.video_pack(unit), last.timestamp + (number + 1) * FRAME_90K)
        ]
        try:
            await send(port, packets + good, is_tcp=is_tcp)
            await pictures(stream, 80)  # after a hole in a recording some are waited for
        except TimeoutError:
            raise AssertionError(f"{name}: {stream.figures}") from None
        finally:
            finish(stream)
