"""Payloads of RFC 6184 and RFC 7798: no byte is lost, none is too large, and the edges say what they are.

That they come out again is `test_nal_payloads`."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.rtp import NalDepacketiser, RtpSender, pack_nals, parse_packet

HEADS = {
    "h264": (b"\x67", b"\x68", b"\x06", b"\x65", b"\x41"),
    "h265": (b"\x40\x01", b"\x42\x01", b"\x26\x01", b"\x02\x02"),
}


@given(st.data(), st.sampled_from(["h264", "h265"]), st.integers(20, 300))
def test_every_unit_comes_out_again_and_no_payload_is_too_large(
    data: st.DataObject, codec: Literal["h264", "h265"], most: int
) -> None:
    heads = st.sampled_from(HEADS[codec])
    nals = data.draw(st.lists(st.builds(bytes.__add__, heads, st.binary(min_size=2, max_size=700)), min_size=1))
    payloads = pack_nals(nals, codec, max_payload_bytes=most)
    assert all(len(payload) <= most for payload in payloads)
    receiver = NalDepacketiser(codec)
    assert [nal for payload in payloads for nal in receiver._units_of(payload)] == nals
    assert receiver.counters.bad_payloads == 0


@pytest.mark.parametrize(
    ("codec", "nal", "edges"),
    [
        ("h264", b"\x65", [b"\x7c\x85", b"\x7c\x05", b"\x7c\x45"]),
        ("h265", b"\x26\x01", [b"\x62\x01\x93", b"\x62\x01\x13", b"\x62\x01\x53"]),
    ],
)
def test_a_fragmented_unit_says_where_it_starts_and_ends(
    codec: Literal["h264", "h265"], nal: bytes, edges: list[bytes]
) -> None:
    fragments = pack_nals([nal + b"x" * 250], codec, max_payload_bytes=100)
    assert [fragment[: len(edges[0])] for fragment in fragments] == edges


def test_small_units_share_a_packet_with_the_highest_importance_among_them() -> None:
    assert pack_nals([b"\x67ab", b"\x08c"]) == [b"\x78\x00\x03\x67ab\x00\x02\x08c"]
    assert pack_nals([b"\x42\x01a", b"\x44\x01"], "h265") == [b"\x60\x01\x00\x03\x42\x01a\x00\x02\x44\x01"]


def test_the_last_packet_of_a_frame_bears_the_marker() -> None:
    packets = [parse_packet(one) for one in RtpSender(7).frame([b"one", b"two"], 90_000)]
    assert [(one.payload, one.marker, one.timestamp) for one in packets] == [
        (b"one", False, 90_000),
        (b"two", True, 90_000),
    ]
