"""Points, their history and papers, and their imports, on SQLite and PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from fengtai.domain.points.ports import AutoPoints, BringingIn, Documents, Imports, PointHistory, PointStore, Uploads
from fengtai.domain.points.store.bringing_in import SqlBringingIn
from fengtai.domain.points.store.dossiers import SqlDocuments, SqlPointHistory, SqlUploads
from fengtai.domain.points.store.imports import SqlImports
from fengtai.domain.points.store.points import SqlAutoPoints, SqlPoints
from fengtai.domain.points.store.tables import metadata as metadata

STORES: Mapping[type[Any], type[Any]] = {
    PointStore: SqlPoints,
    AutoPoints: SqlAutoPoints,
    PointHistory: SqlPointHistory,
    Documents: SqlDocuments,
    Uploads: SqlUploads,
    Imports: SqlImports,
    BringingIn: SqlBringingIn,
}
