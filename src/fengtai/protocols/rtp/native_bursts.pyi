from collections.abc import Sequence

class OpenFrame:
    timestamp: int
    payload_type: int
    parts: list[bytes]
    sizes_bytes: list[int]
    size_bytes: int
    had_marker: bool
    marker_trusted: bool
    marker_lies: bool

def plain_frames(buffer: bytes, is_dollar: bool) -> tuple[Sequence[bytes], int]: ...
def ordinary_run(
    frame: OpenFrame,
    packets: Sequence[bytes],
    at: int,
    sequence: int,
    ssrc: int,
    most_bytes: int,
    frames: list[tuple[int, bytes, list[int]]],
    begun: list[int],
) -> tuple[int, int, int]: ...
