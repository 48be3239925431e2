"""Finds every table and every store of the domain folders: by scan, so that a new folder needs no edit here.

`python -m fengtai.apps.schema "points have a floor"` drafts the migration that the tables in the code still need.
"""

import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, MetaData

import fengtai.domain
import fengtai.storage.memory
from fengtai.storage import event_log, request_keys, signal_rows, subscriber_rows
from fengtai.storage.schema import draft_revision, upgrade
from fengtai.vocabulary.transactions import UnitOfWork


def sql_stores() -> Mapping[type[Any], Callable[[Connection, UnitOfWork], object]]:
    """Every port and the class that implements it on SQL: what `SqliteDatabase` and `PostgresDatabase` are given."""
    folders = {port: store for module in _store_modules() for port, store in module.STORES.items()}
    return {**request_keys.STORES, **folders}


def memory_stores() -> Mapping[type[Any], object]:
    """Every port and a fresh in-memory twin of it: what `MemoryTransactions` is given."""
    return {port: twin() for module in _twin_modules() for port, twin in module.STORES.items()}


def collected_metadata() -> Sequence[MetaData]:
    """All tables of one database: of the domain folders and of the engine itself."""
    engine = (event_log.metadata, signal_rows.metadata, subscriber_rows.metadata, request_keys.metadata)
    return (*engine, *(module.metadata for module in _store_modules()))


def _store_modules() -> Iterator[ModuleType]:
    for folder in pkgutil.iter_modules(fengtai.domain.__path__):
        package = importlib.import_module(f"fengtai.domain.{folder.name}")
        if any(part.name == "store" for part in pkgutil.iter_modules(package.__path__)):
            yield importlib.import_module(f"fengtai.domain.{folder.name}.store")


def _twin_modules() -> Iterator[ModuleType]:
    for part in pkgutil.iter_modules(fengtai.storage.memory.__path__):
        module = importlib.import_module(f"fengtai.storage.memory.{part.name}")
        if hasattr(module, "STORES"):
            yield module


def draft(message: str) -> None:
    """Write a new revision into `migrations/versions`: to be read and corrected before it is committed."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'draft.sqlite'}"
        upgrade(url)
        draft_revision(url, collected_metadata(), message)


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]) or "what changed")
