"""How H.264 is described to a client (RFC 6184 section 8.1)."""

import base64


def h264_format(sps: bytes, pps: bytes) -> str:
    """The fmtp line's parameters."""
    sets = ",".join(base64.b64encode(nal).decode("ascii") for nal in (sps, pps))
    return f"packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};sprop-parameter-sets={sets}"
