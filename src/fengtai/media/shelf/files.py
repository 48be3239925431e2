"""The few file operations of the shelf, in one place, so that a fault can be put between any two of them.

`DiskFiles` is the real one. `FaultyFiles` counts operations and fails at a chosen one: it ships because the recovery
drill (`tests/media`, and an engineer before trusting a new file system) runs on it.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Handle(Protocol):
    """An open file that is appended to."""

    def write(self, data: bytes) -> None: ...

    def write_all(self, pieces: Sequence[bytes]) -> None:
        """One behind the other."""

    def sync(self) -> None:
        """Data and length are durable on return."""

    def close(self) -> None: ...


class Files(Protocol):
    def create(self, path: Path) -> Handle:
        """Raise FileExistsError when it is there: an hour file is never overwritten."""

    def append(self, path: Path) -> Handle: ...

    def replace(self, path: Path, data: bytes) -> None:
        """Durably and at once, old or new, never half."""

    def truncate(self, path: Path, size_bytes: int) -> None: ...

    def unlink(self, path: Path) -> bool:
        """False when it was not there."""

    def make_folder(self, path: Path) -> None: ...

    def sync_folder(self, path: Path) -> None: ...


_MOST_PIECES: int = os.sysconf("SC_IOV_MAX")


class _DiskHandle:
    def __init__(self, path: Path, flags: int) -> None:
        self._descriptor = os.open(path, flags | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def write_all(self, pieces: Sequence[bytes]) -> None:
        for at in range(0, len(pieces), _MOST_PIECES):
            some = pieces[at : at + _MOST_PIECES]
            written = os.writev(self._descriptor, some)
            if written < sum(map(len, some)):  # the disk is full, most likely: the next call says so
                self.write(b"".join(some)[written:])

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class DiskFiles:
    def create(self, path: Path) -> Handle:
        return _DiskHandle(path, os.O_CREAT | os.O_EXCL)

    def append(self, path: Path) -> Handle:
        return _DiskHandle(path, os.O_CREAT)

    def replace(self, path: Path, data: bytes) -> None:
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        handle = _DiskHandle(new, os.O_CREAT | os.O_EXCL)
        try:
            handle.write(data)
            handle.sync()
        finally:
            handle.close()
        new.replace(path)
        self.sync_folder(path.parent)

    def truncate(self, path: Path, size_bytes: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(descriptor, size_bytes)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def unlink(self, path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        return True

    def make_folder(self, path: Path) -> None:
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            self.sync_folder(folder.parent)

    def sync_folder(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Fault(OSError):
    """The fault that `FaultyFiles` was told to make."""


class FaultyFiles:
    """`DiskFiles` that fails at the n-th operation and at every one after it, as a process that was killed there.
    With `tears`, the failing write leaves its first half on the disk."""

    def __init__(self, fails_at: int, *, tears: bool = False) -> None:
        self._disk = DiskFiles()
        self._left = fails_at
        self._tears = tears

    @property
    def has_failed(self) -> bool:
        return self._left < 0

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Fault("the drill's fault")

    def create(self, path: Path) -> Handle:
        self.step()
        return _FaultyHandle(self, self._disk.create(path), self._tears)

    def append(self, path: Path) -> Handle:
        self.step()
        return _FaultyHandle(self, self._disk.append(path), self._tears)

    def replace(self, path: Path, data: bytes) -> None:
        self.step()
        self._disk.replace(path, data)

    def truncate(self, path: Path, size_bytes: int) -> None:
        self.step()
        self._disk.truncate(path, size_bytes)

    def unlink(self, path: Path) -> bool:
        self.step()
        return self._disk.unlink(path)

    def make_folder(self, path: Path) -> None:
        self.step()
        self._disk.make_folder(path)

    def sync_folder(self, path: Path) -> None:
        self.step()
        self._disk.sync_folder(path)


class _FaultyHandle:
    def __init__(self, files: FaultyFiles, handle: Handle, tears: bool) -> None:
        self._files, self._handle, self._tears = files, handle, tears

    def write(self, data: bytes) -> None:
        had_failed = self._files.has_failed
        try:
            self._files.step()
        except Fault:
            if self._tears and not had_failed:
                self._handle.write(data[: len(data) // 2])
            raise
        self._handle.write(data)

    def write_all(self, pieces: Sequence[bytes]) -> None:
        self.write(b"".join(pieces))

    def sync(self) -> None:
        self._files.step()
        self._handle.sync()

    def close(self) -> None:
        self._handle.close()
