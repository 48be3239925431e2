"""A given video file as pictures to send: its H.264 as it is, or anything else encoded anew."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av

from fengtai.apps.simulator.scenes import Encoding, SceneEncoder
from fengtai.protocols.elementary import AccessUnit, VideoAssembler
from fengtai.vocabulary.errors import Invalid


def read_clip(path: Path, encoding: Encoding, *, most_seconds: float = 60.0) -> tuple[list[AccessUnit], float]:
    """A clip's pictures and their rate: H.264 without B frames as it is, anything else encoded anew.

    Raise Invalid when the file cannot be read as video.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or encoding.frames_per_second)
            most = max(1, int(most_seconds * rate))
            if stream.codec_context.name == "h264" and not stream.codec_context.has_b_frames:
                units = _remuxed(container, stream, rate, most)
            else:
                rate = min(rate, 60.0)
                units = _encoded_anew(container, stream, replace(encoding, frames_per_second=max(1, round(rate))), most)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise Invalid(f"{path} cannot be read as video: {error}", field="clip") from error
    first_key = next((place for place, unit in enumerate(units) if unit.is_key), None)
    if first_key is None:
        raise Invalid(f"{path} has no key frame in its first {most_seconds:.0f} s", field="clip")
    return units[first_key:], rate


def _remuxed(container: Any, stream: Any, rate: float, most: int) -> list[AccessUnit]:
    to_annexb: Callable[[Any], Any] = lambda packet: [packet]  # noqa: E731
    if stream.codec_context.extradata and stream.codec_context.extradata[:1] == b"\x01":
        to_annexb = av.BitStreamFilterContext("h264_mp4toannexb", stream).filter
    assembler = VideoAssembler()
    units: list[AccessUnit] = []
    for packet in container.demux(stream):
        for piece in to_annexb(packet) if packet.size else []:
            unit = assembler.assemble(bytes(piece), round(len(units) * 90_000 / rate))
            if unit is not None:
                units.append(unit)
        if len(units) >= most:
            break
    return units


def _encoded_anew(container: Any, stream: Any, encoding: Encoding, most: int) -> list[AccessUnit]:
    encoder: SceneEncoder | None = None
    units: list[AccessUnit] = []
    for frame in container.decode(stream):
        width, height = frame.width & ~3, frame.height & ~3
        encoder = encoder or SceneEncoder(width, height, encoding)
        planes = frame.reformat(width=width, height=height, format="yuv420p").to_ndarray()
        units.append(encoder.encode(planes, len(units)))
        if len(units) >= most:
            break
    return units
