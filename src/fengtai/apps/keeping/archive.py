"""Backups in a bucket of their own (`objects.archive_bucket`), and objects brought home from S3. docs/guide/backup.md

A backup goes up file by file and its manifest last: one without a manifest is no backup, on either side. What carries
keys does not leave the machine.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from fengtai.apps.keeping import manifest
from fengtai.apps.server.only_process import OnlyProcess
from fengtai.apps.settings import Settings
from fengtai.storage.local_files import LocalFiles
from fengtai.storage.objects import checked_key
from fengtai.storage.s3_objects import S3Objects
from fengtai.storage.tiered_objects import digest_of
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound, Unavailable


def _archive(settings: Settings) -> S3Objects:
    place = settings.objects.archive_place()
    if place is None:
        raise Invalid("no bucket for backups is named (objects.archive_bucket)")
    return S3Objects(place)


async def send(settings: Settings, folder: Path) -> int:
    """How many files. Raise Conflict for a backup with keys, or when one of this name is there; Invalid for no backup."""
    archive = _archive(settings)
    told = manifest.read(folder)
    if "keys" in told.parts:
        raise Conflict("a backup with keys does not leave this machine: make it with --no-keys")
    if wrong := list(manifest.differences(folder, told)):
        raise Invalid(f"the backup is damaged, nothing was sent: {wrong[0]}")
    name = folder.resolve().name
    if name in await names(settings):
        raise Conflict(f"the archive has a backup {name} already")
    for path in (*sorted(told.files), manifest.NAME):
        await archive.put(f"{name}/{path}", _pieces(folder / path))
    return len(told.files) + 1


async def names(settings: Settings) -> list[str]:
    """Of whole backups, oldest first when they are named by their moment."""
    archive = _archive(settings)
    ending = f"/{manifest.NAME}"
    return sorted([key.removesuffix(ending) async for key in archive.listed() if key.endswith(ending)])


async def fetch(settings: Settings, name: str, folder: Path) -> int:
    """Into a new folder, compared with the manifest. How many files. Raise NotFound, Conflict, Invalid."""
    archive = _archive(settings)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty: a backup gets a folder of its own")
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    keys = [key async for key in archive.listed(checked_key(name))]
    if f"{name}/{manifest.NAME}" not in keys:
        raise NotFound(f"the archive has no backup {name}")
    for key in keys:
        path = folder / checked_key(key).removeprefix(f"{name}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            async for piece in archive.stream(key):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    if wrong := list(manifest.differences(folder, manifest.read(folder))):
        raise Invalid(f"what came out of the archive is damaged: {wrong[0]}")
    return len(keys)


async def bring_home(settings: Settings) -> int:
    """Copy every object of the bucket into the local folder, compared by SHA-256; the bucket keeps its own. How many.
    While the platform stands still, before `objects.bucket` is taken out of the settings."""
    place = settings.objects.place()
    if place is None:
        raise Invalid("no bucket is named (objects.bucket): everything is in the local folder already")
    lock = OnlyProcess(settings.data)
    try:
        remote, local = S3Objects(place), LocalFiles(settings.media.clips)
        here = {key async for key in local.listed()}  # never moved, or home again
        wanted = [key async for key in remote.listed() if key not in here]
        for key in wanted:
            await local.put(key, remote.stream(key))
            if await digest_of(local, key) != await digest_of(remote, key):
                await local.delete(key)
                raise Unavailable(f"the object {key} came from the bucket with other bytes")
        return len(wanted)
    finally:
        lock.close()


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(manifest.PIECE_BYTES):
            yield piece
