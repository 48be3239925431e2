"""The open journal of one worker: names of files that no closed row speaks for yet. See I2 in the design document."""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from fengtai.media.shelf.files import Files
from fengtai.media.shelf.names import parse_name
from fengtai.vocabulary.errors import Invalid

FOLDER = "journal"


class Journal:
    """Durable before every change returns. Used by the thread of the shelf only, but for `lock` at the start."""

    def __init__(self, files: Files, root: Path, worker: int) -> None:
        self._files = files
        self._path = root / FOLDER / f"worker-{worker}"
        self._lock: int | None = None
        self._names: dict[str, None] = {}
        self.nonsense: list[str] = []
        """lines that cannot be names: bytes that a broken disk has put there; they go with the next change"""

    def open(self) -> None:
        """Wait until the process that wrote it before has really ended, then read it."""
        self._files.make_folder(self._path.parent)
        self._lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            lines = self._path.read_text(encoding="ascii", errors="replace").split()
        except FileNotFoundError:
            lines = []
        self._names = {name: None for name in lines if _is_name(name)}
        self.nonsense = [line for line in lines if line not in self._names]

    @property
    def names(self) -> list[str]:
        return list(self._names)

    def add(self, name: str) -> None:
        self._save({**self._names, name: None})

    def strike(self, names: Iterable[str]) -> None:
        gone = set(names)
        if gone & self._names.keys():
            self._save({name: None for name in self._names if name not in gone})

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _save(self, names: dict[str, None]) -> None:
        self._files.replace(self._path, "".join(f"{name}\n" for name in names).encode("ascii"))
        self._names = names


def _is_name(line: str) -> bool:
    try:
        parse_name(line)
    except Invalid:
        return False
    return True
