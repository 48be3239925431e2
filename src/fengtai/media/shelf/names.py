"""Names on the shelf: `<two digits>/<point id>/<first moment in UTC>`; data `.mp4`, index `.idx`. Pure."""

from datetime import UTC, datetime
from pathlib import Path

from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import Invalid

DATA_SUFFIX, INDEX_SUFFIX = ".mp4", ".idx"
HOUR_MS = 3_600_000
STAGGER_MS = 300_000
"""Files of different points are changed within these five minutes after the hour, not all in one second."""
_MOMENT = "%Y%m%dT%H%M%S"


def check_point_id(point_id: str) -> str:
    """Point ids become folder names: raise Invalid unless they are letters, digits and dashes."""
    if not (2 <= len(point_id) <= 36 and point_id.isascii() and point_id.replace("-", "").isalnum()):
        raise Invalid(f"{point_id[:40]!r} cannot be the id of a point", field="point_id")
    return point_id


def point_folder(root: Path, point_id: str) -> Path:
    # the last two digits: ids are sortable by time, so the first ones are the same for all
    return root / point_id[-2:].replace("-", "_") / check_point_id(point_id)


def hour_name(point_id: str, first_ms: int) -> str:
    moment = from_ms(first_ms)
    return f"{point_id[-2:].replace('-', '_')}/{check_point_id(point_id)}/{moment:{_MOMENT}}{first_ms % 1000:03d}Z"


def first_ms_of(name: str) -> int:
    """The first moment in a name. Raise Invalid when it is not such a name."""
    stem = name.rpartition("/")[2]
    try:
        whole = datetime.strptime(stem[:15], _MOMENT).replace(tzinfo=UTC)
        if len(stem) != 19 or stem[18] != "Z":
            raise ValueError
        return to_ms(whole) + int(stem[15:18])
    except ValueError:
        raise Invalid(f"{stem!r} is not the name of an hour file") from None


def parse_name(name: str) -> tuple[str, int]:
    """Point id and first moment. Raise Invalid: names come over the link and out of rows, and lead to unlink."""
    parts = name.split("/")
    if len(parts) != 3:
        raise Invalid(f"{name!r} is not a name on the shelf")
    first_ms = first_ms_of(name)
    if hour_name(parts[1], first_ms) != name:
        raise Invalid(f"{name!r} is not a name on the shelf")
    return parts[1], first_ms


def data_path(root: Path, name: str) -> Path:
    return root / (name + DATA_SUFFIX)


def index_path(root: Path, name: str) -> Path:
    return root / (name + INDEX_SUFFIX)


def next_rollover_ms(point_id: str, first_ms: int) -> int:
    """When a file that begins now gives way: the next UTC hour, plus this point's share of the stagger."""
    stagger = int.from_bytes(point_id.encode()[-4:], "big") * 7919 % STAGGER_MS
    return ((first_ms - stagger) // HOUR_MS + 1) * HOUR_MS + stagger
