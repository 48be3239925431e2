"""The picture of one recorded moment, exact to the frame, as JPEG. Blocking; runs in a thread."""

from pathlib import Path

from fengtai.media.shelf.reader import GopFile, portions
from fengtai.media.worker.snapshot import jpeg_of_last
from fengtai.protocols import fmp4
from fengtai.protocols.elementary import AccessUnit
from fengtai.vocabulary.errors import Malformed, Unavailable

MOST_AGE_MS = 10_000
"""an older picture is not that of the moment"""


def still_of(recordings: Path, point_id: str, at_ms: int) -> bytes:
    """The last picture that begins at the moment or before it. Raise Unavailable when there is none."""
    found = [
        (portion, record)
        for portion in portions(recordings, point_id, at_ms - MOST_AGE_MS, at_ms + 1)
        for record in portion.records
        if record.start_ms <= at_ms
    ]
    if not found:
        raise Unavailable("nothing was recorded of this point at this moment")
    portion, record = found[-1]
    file = GopFile(recordings, portion)
    try:
        data = file.fragment(record)
        units = _units_until(file.init, data, (at_ms - record.start_ms) * 90)
    except Malformed as error:
        raise Unavailable(f"what was recorded cannot be read: {error}") from error
    finally:
        file.close()
    return jpeg_of_last(units)


def _units_until(init: fmp4.InitInfo, data: bytes, offset_90k: int) -> list[AccessUnit]:
    """The pictures of the GOP up to this time after its begin."""
    info = fmp4.read_fragment(data)
    sets = next(track for track in init.tracks if track.audio is None).parameter_sets
    last = info.base_time_90k + max(0, offset_90k)
    return [
        AccessUnit(
            sets.codec,
            fmp4.sample_nals(data[one.offset : one.offset + one.size]),
            one.is_key,
            one.time,
            sets if one.is_key else None,
        )
        for one in info.samples
        if one.time <= last
    ]
