"""What is compiled gives what its Python twin gives, to the last counter; and the short way what the long way gives."""

from collections.abc import Sequence
from dataclasses import asdict
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.rtp.test_bursts import bursts

from fengtai.protocols.rtp import RtpPacket, RtpReceiver, StreamDeframer, build_packet, frame_packet
from fengtai.protocols.rtp.bursts import (
    GivenFrame,
    OpenFrameInPython,
    ordinary_run_in_python,
    plain_frames_in_python,
)


@pytest.fixture(scope="module")
def native() -> ModuleType:
    return pytest.importorskip("fengtai.protocols.rtp.native_bursts", reason="the native kernels are not compiled here")


def frame_state(frame: object) -> list[object]:
    names = [name for name in OpenFrameInPython.__slots__ if name != "parts"]
    return [b"".join(frame.parts), *(getattr(frame, name) for name in names)]  # type: ignore[attr-defined]


FRAMED = st.lists(
    st.one_of(
        st.binary(min_size=12, max_size=40).map(lambda tail: frame_packet(b"\x80\x60" + tail)),
        st.binary(max_size=40).map(lambda tail: b"$\x00" + frame_packet(b"\x80\xe0" + bytes(10) + tail)),
        st.binary(max_size=20),
        st.just(frame_packet(b"\x80\xc8" + bytes(12))),
    ),
    max_size=8,
)


@given(pieces=FRAMED, is_dollar=st.booleans(), cut=st.integers(0, 30))
def test_frames_of_a_tcp_stream_are_found_alike(
    native: ModuleType, pieces: list[bytes], is_dollar: bool, cut: int
) -> None:
    stream = b"".join(pieces)
    stream = stream[: len(stream) - cut]
    packets, at = native.plain_frames(stream, is_dollar)
    assert (list(packets), at) == plain_frames_in_python(stream, is_dollar)
    assert len(packets) == len(list(packets))


@given(given_bursts=bursts(), as_stream=st.booleans())
def test_runs_of_ordinary_packets_are_taken_alike(
    native: ModuleType, given_bursts: list[list[bytes]], as_stream: bool
) -> None:
    ours, twin = native.OpenFrame(), OpenFrameInPython()
    for frame in (ours, twin):
        frame.timestamp, frame.payload_type, frame.marker_trusted = 0, 96, as_stream
    sequence = 0
    for burst in given_bursts:
        packets: Sequence[bytes] = burst
        if as_stream:
            packets, _ = native.plain_frames(b"".join(map(frame_packet, burst)), False)
        for at in range(len(packets)):  # a run may begin anywhere
            given_frames: tuple[list[GivenFrame], list[GivenFrame]] = ([], [])
            begun: tuple[list[int], list[int]] = ([], [])
            run = native.ordinary_run(ours, packets, at, sequence, 7, 100, given_frames[0], begun[0])
            assert run == ordinary_run_in_python(twin, list(packets), at, sequence, 7, 100, given_frames[1], begun[1])
            assert given_frames[0] == given_frames[1]
            assert begun[0] == begun[1]
            assert frame_state(ours) == frame_state(twin)
            sequence = run[1] if run[0] > at else int.from_bytes(packets[at][2:4], "big")


@given(given_bursts=bursts(), sizes=st.lists(st.integers(1, 400), min_size=1, max_size=10))
def test_a_stream_over_tcp_comes_to_the_same_as_its_packets_one_by_one(
    given_bursts: list[list[bytes]], sizes: list[int]
) -> None:
    first = build_packet(RtpPacket(96, False, 65_535, 0, 7, b"begin"))
    packets = [first, *(one for burst in given_bursts for one in burst if len(one) >= 12 and one[0] >> 6 == 2)]
    stream, at, number = b"".join(map(frame_packet, packets)), 0, 0
    deframer, together, singly = (
        StreamDeframer(),
        RtpReceiver(7, max_group_bytes=100),
        RtpReceiver(7, max_group_bytes=100),
    )
    while at < len(stream):
        step, now = sizes[number % len(sizes)], number * 0.01
        found = deframer.feed(stream[at : at + step])
        alone = [group for packet in list(found) for group in singly.receive(packet, now=now)]
        assert together.receive_all(found, now=now) == alone
        assert asdict(together.counters) == asdict(singly.counters)
        at, number = at + step, number + 1
    assert together.flush() == singly.flush()


def test_places_outside_of_what_came_are_refused(native: ModuleType) -> None:
    packets, _ = native.plain_frames(frame_packet(bytes([0x80]) + bytes(20)), False)
    with pytest.raises(IndexError):
        packets[1]
    with pytest.raises(IndexError):
        packets[-1]
    with pytest.raises(IndexError):
        native.ordinary_run(native.OpenFrame(), packets, -1, 0, 0, 100, [], [])
    with pytest.raises(TypeError):
        native.plain_frames(None, False)
