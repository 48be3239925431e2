"""Checks that the books and the shelf tell the same story; names the invariant of docs/design/segment-shelf.md that is
broken. Changes nothing. Blocking; for `fengtai check recordings`.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fengtai.domain.recordings.model import HourState, RecordedHour
from fengtai.media.shelf.gop_index import HEADER_BYTES, RECORD_BYTES, unpack_header, unpack_records
from fengtai.media.shelf.journal import FOLDER
from fengtai.media.shelf.names import DATA_SUFFIX, INDEX_SUFFIX, data_path, index_path, parse_name
from fengtai.vocabulary.errors import Invalid, Malformed


@dataclass(frozen=True, slots=True)
class Finding:
    invariant: str
    """I1 to I5, or "stray" for what does not belong on the shelf"""
    name: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.name}: {self.sentence}"


def check_recordings(
    root: Path, rows: Iterable[RecordedHour], *, sizes: bool = False, digests: bool = False
) -> Iterator[Finding]:
    """`rows`: all of `HourStore.page`. Yields findings as they are found."""
    journalled = _journalled(root)
    named: set[str] = set()
    last_of: dict[str, RecordedHour] = {}
    for row in sorted(rows, key=lambda row: (row.point_id, row.from_ms)):
        named.add(row.name)
        if row.state is not HourState.DISCARDED:
            yield from _check_overlap(row, last_of)
        if row.state is HourState.CLOSED:
            yield from _check_closed(root, row, journalled, sizes=sizes or digests, digests=digests)
        elif row.state is HourState.OPEN and row.name not in journalled:
            yield Finding("I2", row.name, "has an open row, but stands in no journal")
    yield from _check_strays(root, named, journalled)


def _check_overlap(row: RecordedHour, last_of: dict[str, RecordedHour]) -> Iterator[Finding]:
    before = last_of.get(row.point_id)
    if before is not None and row.from_ms < before.until_ms:
        yield Finding("I4", row.name, f"begins {before.until_ms - row.from_ms} ms before {before.name} ends")
    last_of[row.point_id] = row


def _check_closed(
    root: Path, row: RecordedHour, journalled: set[str], *, sizes: bool, digests: bool
) -> Iterator[Finding]:
    data, index = data_path(root, row.name), index_path(root, row.name)
    for path in (data, index):
        if not path.exists():
            yield Finding("I1", row.name, f"has a closed row, but no {path.suffix} file")
            return
    if sizes:
        for path, expected in ((data, row.size_bytes), (index, row.index_bytes)):
            if (actual := path.stat().st_size) != expected:
                yield Finding("I1", row.name, f"its {path.suffix} file has {actual} bytes, its row says {expected}")
    if digests:
        yield from _check_bytes(row, data, index)


def _check_bytes(row: RecordedHour, data: Path, index: Path) -> Iterator[Finding]:
    packed = index.read_bytes()
    if hashlib.sha256(packed).hexdigest() != row.index_sha256:
        yield Finding("I1", row.name, "the digest of its index is not that of its row")
    try:
        header = unpack_header(packed)
    except Malformed as error:
        yield Finding("I3", row.name, str(error))
        return
    records = unpack_records(packed, init_bytes=header.init_bytes)
    whole = (len(packed) - HEADER_BYTES) // RECORD_BYTES
    if len(records) != whole:
        yield Finding("I3", row.name, f"record {len(records)} of its index is torn or out of order")
    with data.open("rb") as file:
        for number, record in enumerate(records):
            file.seek(record.offset)
            if zlib.crc32(file.read(record.size_bytes)) != record.crc:
                yield Finding("I3", row.name, f"GOP {number} at byte {record.offset} differs from its check sum")


def _check_strays(root: Path, named: set[str], journalled: set[str]) -> Iterator[Finding]:
    for path in sorted(root.glob("*/*/*")):
        name = path.relative_to(root).with_suffix("").as_posix()
        if path.suffix not in (DATA_SUFFIX, INDEX_SUFFIX):
            yield Finding("stray", path.relative_to(root).as_posix(), "does not belong on the shelf")
            continue
        try:
            parse_name(name)
        except Invalid as error:
            yield Finding("stray", path.relative_to(root).as_posix(), str(error))
            continue
        if name not in named and name not in journalled and path.suffix == DATA_SUFFIX:
            yield Finding("I2", name, "has neither a row nor its name in a journal")


def _journalled(root: Path) -> set[str]:
    names: set[str] = set()
    for journal in (root / FOLDER).glob("worker-*"):
        if journal.suffix not in (".lock", ".new"):
            names.update(journal.read_text(encoding="ascii").split())
    return names
