"""Writes one hour file and its index, in the order that recovery relies on. Blocking; runs in the shelf's thread."""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fengtai.media.shelf.check_sums import crc32_of
from fengtai.media.shelf.files import Files
from fengtai.media.shelf.gop_index import GopRecord, IndexHeader
from fengtai.media.shelf.journal import Journal
from fengtai.media.shelf.names import data_path, hour_name, index_path


@dataclass(frozen=True, slots=True)
class ClosedHour:
    name: str
    point_id: str
    from_ms: int
    until_ms: int
    size_bytes: int
    index_bytes: int
    index_sha256: str
    gops: int
    was_torn: bool = False


MOST_UNSYNCED_MS = 10_000
"""recovery checks the fragments of this time and more"""


class HourFile:
    """Open: 1 name into the journal  2 create data and index, write init and header, fsync both  3 fsync folder.
    Store: 1 append the fragment  2 append its index record; for all since the last time: 3 fsync data  4 fsync index.
    Between 2 and 4 a power failure may leave a record without its fragment, never a kill; recovery tells by the CRC.
    Close: 1 store what is pending  2 report; the name leaves the journal when the row is durable.
    """

    def __init__(self, files: Files, root: Path, journal: Journal, *, point_id: str, from_ms: int, init: bytes) -> None:
        self.name = hour_name(point_id, from_ms)
        self.point_id, self.from_ms, self.until_ms = point_id, from_ms, from_ms
        self.init = init
        self._pending: list[GopRecord] = []
        self.synced_gops = 0
        self._size = len(init)
        header = IndexHeader(point_id, from_ms, len(init)).packed()
        self._index_size = len(header)
        self._index_hash = hashlib.sha256(header)
        journal.add(self.name)
        files.make_folder(data_path(root, self.name).parent)
        with ExitStack() as on_fault:
            self._data = files.create(data_path(root, self.name))
            on_fault.callback(self._data.close)
            self._index = files.create(index_path(root, self.name))
            on_fault.callback(self._index.close)
            self._data.write(init)
            self._data.sync()
            self._index.write(header)
            self._index.sync()
            files.sync_folder(data_path(root, self.name).parent)
            on_fault.pop_all()

    @property
    def synced_until_ms(self) -> int:
        """End of the last GOP that is on the disk."""
        return self._pending[0].start_ms if self._pending else self.until_ms

    @property
    def pending_since_ms(self) -> int | None:
        return self._pending[0].start_ms if self._pending else None

    def append(
        self, pieces: Sequence[bytes], *, start_ms: int, duration_ms: int, frames: int, is_damaged: bool
    ) -> None:
        """Steps 1 and 2 for the fragment of these pieces; `sync` does the others."""
        size = sum(map(len, pieces))
        record = GopRecord(self._size, size, start_ms, duration_ms, frames, is_damaged, crc32_of(pieces))
        packed = record.packed()
        self._data.write_all(pieces)
        self._index.write(packed)
        self._index_hash.update(packed)
        self._index_size += len(packed)
        self._pending.append(record)
        self._size += size
        self.until_ms = start_ms + duration_ms
        if self.until_ms - self._pending[0].start_ms > MOST_UNSYNCED_MS:
            self.sync()  # a disk so slow that the round of all files takes longer

    def sync(self) -> None:
        if not self._pending:
            return
        self._data.sync()
        self._index.sync()
        self.synced_gops += len(self._pending)
        self._pending = []

    def close(self) -> ClosedHour:
        self.sync()
        self.abandon()
        return ClosedHour(
            name=self.name,
            point_id=self.point_id,
            from_ms=self.from_ms,
            until_ms=self.until_ms,
            size_bytes=self._size,
            index_bytes=self._index_size,
            index_sha256=self._index_hash.hexdigest(),
            gops=self.synced_gops,
        )

    def abandon(self) -> None:
        """After a fault: let go of the files; recovery will make them whole."""
        self._data.close()
        self._index.close()
