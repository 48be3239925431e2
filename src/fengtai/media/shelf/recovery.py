"""Makes the files of a journal whole again after a crash or a full disk. Blocking; may be broken off and run again."""

import hashlib
import zlib
from pathlib import Path

from fengtai.media.shelf.files import Files
from fengtai.media.shelf.gop_index import HEADER_BYTES, RECORD_BYTES, GopRecord, unpack_header, unpack_records
from fengtai.media.shelf.hour_file import MOST_UNSYNCED_MS, ClosedHour
from fengtai.media.shelf.names import data_path, index_path, parse_name
from fengtai.vocabulary.errors import Malformed

CHECKED_MS = 2 * MOST_UNSYNCED_MS
"""of the file's end: what may not have been synced, and as much again"""


def recover(files: Files, root: Path, name: str, *, most_gops: int | None = None) -> ClosedHour | None:
    """Cut data and index behind the last whole GOP; None when there is none, and the files are removed.

    Of a worker that was killed, all that it had written is there. A machine that lost its power may have kept records
    without their fragments: the first whose CRC differs ends the file. `most_gops`: those known to be on the disk, where
    an fsync has failed and what is read back proves nothing.
    """
    point_id, _ = parse_name(name)
    data, index = data_path(root, name), index_path(root, name)
    try:
        packed = index.read_bytes()
        header = unpack_header(packed)
        data_bytes = data.stat().st_size
    except (FileNotFoundError, Malformed):
        _drop(files, data, index)
        return None
    records = _whole(data, list(unpack_records(packed, init_bytes=header.init_bytes))[:most_gops], data_bytes)
    if not records:
        _drop(files, data, index)
        return None
    size_bytes, index_bytes = records[-1].end_offset, HEADER_BYTES + len(records) * RECORD_BYTES
    was_torn = data_bytes != size_bytes or len(packed) != index_bytes
    if data_bytes != size_bytes:
        files.truncate(data, size_bytes)
    if len(packed) != index_bytes:
        files.truncate(index, index_bytes)
    return ClosedHour(
        name=name,
        point_id=point_id,
        from_ms=header.from_ms,
        until_ms=records[-1].end_ms,
        size_bytes=size_bytes,
        index_bytes=index_bytes,
        index_sha256=hashlib.sha256(packed[:index_bytes]).hexdigest(),
        gops=len(records),
        was_torn=was_torn,
    )


def _whole(data: Path, records: list[GopRecord], data_bytes: int) -> list[GopRecord]:
    """Those up to the first of the last ones that is not there as it was written."""
    if not records:
        return []
    checked_from_ms = records[-1].end_ms - CHECKED_MS
    with data.open("rb") as file:
        for place, record in enumerate(records):
            if record.end_offset > data_bytes:
                return records[:place]
            if record.end_ms > checked_from_ms:
                file.seek(record.offset)
                if zlib.crc32(file.read(record.size_bytes)) != record.crc:
                    return records[:place]
    return records


def _drop(files: Files, data: Path, index: Path) -> None:
    had_data, had_index = files.unlink(data), files.unlink(index)
    if had_data or had_index:
        files.sync_folder(data.parent)


def discard(files: Files, root: Path, name: str) -> bool:
    """Steps 2 and 3 of Discard: unlink, fsync the folder. False when the data was not there: I1 was broken."""
    parse_name(name)
    data, index = data_path(root, name), index_path(root, name)
    was_there = files.unlink(data)
    files.unlink(index)
    if data.parent.exists():
        files.sync_folder(data.parent)
    return was_there
