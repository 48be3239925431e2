"""Making and checking a backup. Beside a running platform; recordings are not in it (docs/guide/backup.md).

Order: 1 audit folder  2 database  3 keys  4 objects  5 manifest. The checkpoints come before the database, so that the
database that was saved is never older than a checkpoint that lies beside it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import make_url

from fengtai.apps.clocks import SystemClock
from fengtai.apps.keeping import database_copies, manifest
from fengtai.apps.settings import Settings
from fengtai.storage.local_files import LocalFiles
from fengtai.storage.objects import ObjectStore
from fengtai.storage.s3_objects import S3Objects
from fengtai.storage.schema import revision_of
from fengtai.storage.tiered_objects import TieredObjects
from fengtai.vocabulary.errors import Conflict, NotFound, Unavailable

SIGNING_KEY = "signing-key.pem"
NOT_KEPT = frozenset({SIGNING_KEY, "signing-key.next.pem"})
TOKENS, TOKENS_ROOT = "tokens", "time-stamp-root.pem"


async def make(settings: Settings, folder: Path, *, keys: bool, objects: bool) -> manifest.Manifest:
    """Raise Conflict when the folder is not new. What fails leaves a folder without a manifest."""
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty: a backup gets a folder of its own")
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    _copy_audit(settings, folder / "audit")
    schema = revision_of(settings.database_url)
    database_copies.save(settings.database_url, folder)
    if keys:
        _copy_keys(settings.data, folder / "keys")
    if objects:
        await _copy_objects(object_store(settings), folder / "objects")
    now = SystemClock().now().utc.isoformat(timespec="seconds").replace("+00:00", "Z")
    parts = ("database", "audit", *(["keys"] if keys else []), *(["objects"] if objects else []))
    kind = "sqlite" if database_copies.is_sqlite(settings.database_url) else "postgresql"
    return manifest.write(folder, made_at=now, version=version("fengtai"), schema=schema, database=kind, parts=parts)


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with a backup, a sentence each. Raise Invalid when it is none."""
    told = manifest.read(folder)
    damaged = list(manifest.differences(folder, told))
    yield from damaged
    copy = folder / ("database.sqlite" if told.database == "sqlite" else "database.dump")
    if not copy.is_file():
        yield f"{copy.name}: is missing"
        return
    if fault := database_copies.fault(copy):
        yield f"{copy.name}: {fault}"
    elif told.database == "sqlite" and not damaged and (verdict := audit_fault(str(copy), folder / "audit")):
        yield f"audit: {verdict}"


def audit_fault(database: str, audit: Path, environment: Mapping[str, str] | None = None) -> str:
    """What the auditor's own tool says against this log; empty when it holds, or has no checkpoint yet."""
    if not (audit / "checkpoints").is_file():
        return ""
    asked = [sys.executable, "-m", "fengtai_audit_verify.main", "--database", database]
    asked += ["--checkpoints", str(audit / "checkpoints"), "--public-key", str(audit / "public-key")]
    if (audit / "key-changes").is_file():
        asked += ["--key-changes", str(audit / "key-changes")]
    if (audit / TOKENS_ROOT).is_file() and (audit / TOKENS).is_dir():
        asked += ["--tokens", str(audit / TOKENS), "--tsa-root", str(audit / TOKENS_ROOT)]
    told = {**os.environ, **(environment or {})}
    ran = subprocess.run(asked, env=told, capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else (ran.stdout.strip() or ran.stderr.strip())[-600:]


def audit_fault_of(url: str, audit: Path) -> str:
    """The same for the platform's own database; the password goes by the environment."""
    if database_copies.is_sqlite(url):
        return audit_fault(str(database_copies.sqlite_path(url)), audit)
    place = make_url(url)
    bare = place.set(drivername="postgresql", password=None).render_as_string()
    return audit_fault(bare, audit, {"PGPASSWORD": str(place.password)} if place.password else None)


def object_store(settings: Settings) -> ObjectStore:
    local, place = LocalFiles(settings.media.clips), settings.objects.place()
    return local if place is None else TieredObjects(local, S3Objects(place))


def _copy_audit(settings: Settings, target: Path) -> None:
    """Time stamps with the root that verifies them, checkpoints, public key and what lies beside them; the signing key
    belongs to the keys. Tokens come first: a token of after the book was copied would be over nothing."""
    target.mkdir(mode=0o700)
    source, root = settings.data / "audit", settings.audit.time_stamp_root
    if (source / TOKENS).is_dir():
        shutil.copytree(source / TOKENS, target / TOKENS, ignore=shutil.ignore_patterns("*.part"))
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.is_file() and path.name not in NOT_KEPT:
                shutil.copyfile(path, target / path.name)
    if root is not None:
        shutil.copyfile(root, target / TOKENS_ROOT)


def _copy_keys(data: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for source in (data / "vault.key", data / "audit" / SIGNING_KEY):
        if not source.is_file():
            raise Unavailable(f"{source} is not there: was the platform ever started?")
        shutil.copyfile(source, target / source.name)
        (target / source.name).chmod(0o600)


async def _copy_objects(objects: ObjectStore, target: Path) -> None:
    target.mkdir(mode=0o700)
    async for key in objects.listed():
        path = target / key
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("wb") as file:
                async for piece in objects.stream(key):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except NotFound:
            path.unlink()  # it was deleted meanwhile, by retention
