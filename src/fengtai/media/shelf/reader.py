"""Reads whole GOPs of a range out of hour files, the open one included. Blocking."""

import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fengtai.media.shelf.gop_index import GopRecord, IndexHeader, unpack_header, unpack_records
from fengtai.media.shelf.names import INDEX_SUFFIX, data_path, first_ms_of, index_path, point_folder
from fengtai.protocols.fmp4 import read_init_segment
from fengtai.vocabulary.errors import Invalid, Malformed, Unavailable


@dataclass(frozen=True, slots=True)
class Portion:
    """The GOPs of one file that touch the range, in order."""

    name: str
    header: IndexHeader
    records: tuple[GopRecord, ...]


def portions(root: Path, point_id: str, from_ms: int, until_ms: int) -> list[Portion]:
    """What was recorded of the range, oldest first. A file that is being removed or just made is left out."""
    found: list[Portion] = []
    for name in _names_touching(root, point_id, from_ms, until_ms):
        try:
            packed = index_path(root, name).read_bytes()
            header = unpack_header(packed)
        except (FileNotFoundError, Malformed):
            continue
        records = tuple(
            record
            for record in unpack_records(packed, init_bytes=header.init_bytes)
            if record.start_ms < until_ms and record.end_ms > from_ms
        )
        if records:
            found.append(Portion(name, header, records))
    return found


def read_portion(root: Path, portion: Portion) -> Iterator[bytes]:
    """The init segment, then each fragment, checked. Raise Unavailable when the disk does not give what was written."""
    try:
        with data_path(root, portion.name).open("rb") as file:
            yield file.read(portion.header.init_bytes)
            for record in portion.records:
                file.seek(record.offset)
                fragment = file.read(record.size_bytes)
                if zlib.crc32(fragment) != record.crc:
                    raise Unavailable(f"{portion.name}: the GOP at byte {record.offset} is damaged on the disk (I3)")
                yield fragment
    except OSError as error:
        raise Unavailable(f"{portion.name} cannot be read: {error.strerror}") from error


class GopFile:
    """One hour file open for reading, its init segment understood. Raise Unavailable or Malformed."""

    def __init__(self, root: Path, portion: Portion) -> None:
        self.name = portion.name
        try:
            self._file = data_path(root, portion.name).open("rb")
            self.init = read_init_segment(self._file.read(portion.header.init_bytes))
        except OSError as error:
            raise Unavailable(f"{portion.name} cannot be read: {error.strerror}") from error

    def fragment(self, record: GopRecord) -> bytes:
        """Checked. Raise Unavailable when the disk does not give what was written."""
        try:
            self._file.seek(record.offset)
            data = self._file.read(record.size_bytes)
        except OSError as error:
            raise Unavailable(f"{self.name} cannot be read: {error.strerror}") from error
        if zlib.crc32(data) != record.crc:
            raise Unavailable(f"{self.name}: the GOP at byte {record.offset} is damaged on the disk (I3)")
        return data

    def close(self) -> None:
        self._file.close()


def _names_touching(root: Path, point_id: str, from_ms: int, until_ms: int) -> list[str]:
    folder = point_folder(root, point_id)
    starts: list[tuple[int, str]] = []
    for path in folder.glob(f"*{INDEX_SUFFIX}"):
        name = path.relative_to(root).with_suffix("").as_posix()
        try:
            starts.append((first_ms_of(name), name))
        except Invalid:
            continue  # the checker lists files that do not belong here
    starts.sort()
    moments = [start for start, _ in starts]
    # the last file that begins before the range may reach into it
    first = max(0, bisect_right(moments, from_ms) - 1)
    return [name for start, name in starts[first:] if start < until_ms]
