"""The line by which a client learns what H.264 it will get."""

from fengtai.protocols.rtsp import h264_format


def test_the_format_names_profile_and_parameter_sets() -> None:
    assert h264_format(b"\x67\x42\xc0\x28\x01", b"\x68\x01") == (
        "packetization-mode=1;profile-level-id=42C028;sprop-parameter-sets=Z0LAKAE=,aAE="
    )
