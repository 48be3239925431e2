"""Exactly one process opens a data folder: the platform, or a command that must not run beside it."""

import fcntl
from pathlib import Path

from fengtai.vocabulary.errors import Unavailable


class OnlyProcess:
    """An advisory lock that the system releases when the process ends."""

    def __init__(self, data: Path) -> None:
        """Raise Unavailable while another process holds it."""
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = (data / "lock").open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise Unavailable(f"another process is using the data folder {data}: stop it first") from error

    def close(self) -> None:
        self._file.close()
