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
    samples = [
        # stamps that fall back (B pictures, which cameras of this family do not send) must not make a negative time
        fmp4.Sample(timed.unit.length_prefixed(), max(1, following.media_90k - timed.media_90k), timed.unit.is_key)
        for timed, following in pairwise(units)
    ]
    last = units[-1].unit
    samples.append(fmp4.Sample(last.length_prefixed(), last_duration_90k, last.is_key))
    return fmp4.fragment(sequence, max(0, units[0].media_90k - origin_90k), samples, audio=audio)
