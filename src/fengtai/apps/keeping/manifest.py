"""The manifest of a backup: what was saved, by which version, with the SHA-256 of every file.

It is written last: a folder without it is a backup that was cut short. The checks here need nothing of the platform that
was saved, so that a backup can be checked on any machine.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fengtai.vocabulary.errors import Invalid, Unavailable

NAME = "manifest.json"
FORMAT = 1
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    made_at: str
    version: str
    schema: str
    """newest migration that the database has"""
    database: str
    """ "sqlite" or "postgresql" """
    parts: tuple[str, ...]
    """ "database", "audit", "keys", "objects" """
    files: Mapping[str, tuple[int, str]]
    """path below the backup: size in bytes, SHA-256"""


def write(folder: Path, *, made_at: str, version: str, schema: str, database: str, parts: tuple[str, ...]) -> Manifest:
    """Read every file of the folder once more and write down what is there."""
    files = {str(path.relative_to(folder)): (path.stat().st_size, sha256(path)) for path in _files(folder)}
    manifest = Manifest(made_at, version, schema, database, parts, files)
    told = {
        "format": FORMAT,
        "made_at": made_at,
        "version": version,
        "schema": schema,
        "database": database,
        "parts": list(parts),
        "files": {name: {"bytes": size, "sha256": digest} for name, (size, digest) in sorted(files.items())},
    }
    trial = folder / f"{NAME}.part"
    with trial.open("w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    trial.rename(folder / NAME)
    sync_folder(folder)
    return manifest


def read(folder: Path) -> Manifest:
    """Raise Invalid for what is no backup, or one of another format."""
    try:
        told = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise Invalid(f"{folder} is a backup of format {told['format']}; this version reads format {FORMAT}")
        files = {name: (int(file["bytes"]), str(file["sha256"])) for name, file in told["files"].items()}
        return Manifest(
            made_at=str(told["made_at"]),
            version=str(told["version"]),
            schema=str(told["schema"]),
            database=str(told["database"]),
            parts=tuple(told["parts"]),
            files=files,
        )
    except FileNotFoundError:
        raise Invalid(f"{folder} has no {NAME}: it is no backup, or one that was cut short") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"{folder / NAME} cannot be read: {error}") from error


def differences(folder: Path, manifest: Manifest) -> Iterator[str]:
    """A sentence for each file that is missing, changed or not in the manifest."""
    there = {str(path.relative_to(folder)) for path in _files(folder)}
    for name, (size, digest) in sorted(manifest.files.items()):
        path = folder / name
        if ".." in Path(name).parts or Path(name).is_absolute():
            yield f"{name}: leads out of the backup"
        elif name not in there:
            yield f"{name}: is missing"
        elif path.stat().st_size != size:
            yield f"{name}: has {path.stat().st_size} bytes instead of {size}"
        elif sha256(path) != digest:
            yield f"{name}: was changed (its SHA-256 is another one)"
    for name in sorted(there - set(manifest.files)):
        yield f"{name}: is not in the manifest"


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error}") from error
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name not in (NAME, f"{NAME}.part"):
            yield path
