"""Timed units as fMP4: the one place where media meets the container. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from fengtai.media.worker.timeline import TimedUnit
from fengtai.protocols import fmp4
from fengtai.protocols.elementary import ParameterSets


@lru_cache(maxsize=256)
def init_of(sets: ParameterSets, audio: fmp4.AudioTrack | None = None) -> bytes:
    """Raise Malformed when the parameter sets cannot be understood."""
    return fmp4.init_segment(sets, audio)


def fragment_of(
    sequence: int,
    units: Sequence[TimedUnit],
    *,
    origin_90k: int,
    last_duration_90k: int,
    audio: fmp4.AudioRun | None = None,
) -> bytes:
    """One moof and mdat; `origin_90k` is the media time that stands as 0 in the file."""
    return b"".join(pieces_of(sequence, units, origin_90k=origin_90k, last_duration_90k=last_duration_90k, audio=audio))


def pieces_of(
    sequence: int,
    units: Sequence[TimedUnit],
    *,
    origin_90k: int,
    last_duration_90k: int,
    audio: fmp4.AudioRun | None = None,
) -> list[bytes]:
    """The same, the NAL units as they were received: what is recorded is not copied once more."""
    rows: list[int] = []
    pieces = [b""]
    # stamps that fall back (B pictures, which cameras of this family do not send) must not make a negative time
    durations = [max(1, following.media_90k - timed.media_90k) for timed, following in pairwise(units)]
    for timed, duration_90k in zip(units, [*durations, last_duration_90k], strict=True):
        unit, size = timed.unit, 0
        for nal in unit.nals:
            length = len(nal)
            size += length + 4
            pieces += (length.to_bytes(4, "big"), nal)
        rows += (duration_90k, size, fmp4.KEY_FLAGS if unit.is_key else fmp4.DELTA_FLAGS)
    pieces[0] = fmp4.fragment_head(sequence, max(0, units[0].media_90k - origin_90k), rows, audio=audio)
    if audio is not None:
        pieces += [data for data, _ in audio.frames]
    return pieces
