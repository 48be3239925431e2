"""Payloads of RFC 6184, put together again by hand as a receiver does."""

from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.rtsp import h264_format, h264_payloads

Nals = st.lists(
    st.builds(
        lambda head, body: bytes([head]) + body,
        st.sampled_from([0x67, 0x68, 0x06, 0x65, 0x41]),
        st.binary(max_size=700),
    ),
    min_size=1,
    max_size=12,
)


def put_together(payloads: list[bytes]) -> list[bytes]:
    nals: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == 24:
            at = 1
            while at < len(payload):
                size = int.from_bytes(payload[at : at + 2], "big")
                nals.append(payload[at + 2 : at + 2 + size])
                at += 2 + size
        elif kind == 28:
            if payload[1] & 0x80:
                nals.append(bytes([payload[0] & 0xE0 | payload[1] & 0x1F]))
            nals[-1] += payload[2:]
        else:
            nals.append(payload)
    return nals


@given(Nals)
def test_every_unit_comes_out_again_and_no_payload_is_too_large(nals: list[bytes]) -> None:
    payloads = h264_payloads(nals, max_payload_bytes=200)
    assert put_together(payloads) == nals
    assert all(len(payload) <= 200 for payload in payloads)


def test_a_fragmented_unit_says_where_it_starts_and_ends() -> None:
    first, middle, last = h264_payloads([b"\x65" + b"x" * 250], max_payload_bytes=100)
    assert [first[:2], middle[:2], last[:2]] == [b"\x7c\x85", b"\x7c\x05", b"\x7c\x45"]


def test_parameter_sets_share_a_packet_with_the_highest_importance_among_them() -> None:
    assert h264_payloads([b"\x67ab", b"\x08c"]) == [b"\x78\x00\x03\x67ab\x00\x02\x08c"]


def test_the_format_names_profile_and_parameter_sets() -> None:
    assert h264_format(b"\x67\x42\xc0\x28\x01", b"\x68\x01") == (
        "packetization-mode=1;profile-level-id=42C028;sprop-parameter-sets=Z0LAKAE=,aAE="
    )
