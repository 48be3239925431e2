"""History, documents and uploads on SQL."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from fengtai.domain.points.model.dossier import Document, DocumentKind, Revision, Upload
from fengtai.domain.points.store.in_force import switches
from fengtai.domain.points.store.tables import document_table, piece_table, revision_table, upload_table
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

_DOCUMENT_NAMES = [column.name for column in document_table.c if column.name != "id"]


class SqlPointHistory:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def add(self, revision: Revision) -> None:
        self._connection.execute(
            insert(revision_table).values(
                point_id=revision.point_id,
                version=revision.version,
                at_ms=revision.at_ms,
                by_who=revision.by,
                by_name=revision.by_name,
                why=revision.why,
                import_id=revision.import_id,
                changes=json.dumps(revision.changes, ensure_ascii=False),
            )
        )

    def of(self, point_id: str, *, before_version: int = 0, limit: int = 100) -> Sequence[Revision]:
        at = revision_table.c
        statement = select(revision_table).where(at.point_id == point_id, *switches(self._connection).seen_history())
        if before_version:
            statement = statement.where(at.version < before_version)
        return [_revision(row) for row in self._connection.execute(statement.order_by(at.version.desc()).limit(limit))]


class SqlDocuments:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, document_id: str) -> Document:
        row = self._connection.execute(select(document_table).where(document_table.c.id == document_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no document {document_id}")
        return _document(row)

    def of(self, point_id: str) -> Sequence[Document]:
        at = document_table.c
        statement = select(document_table).where(at.point_id == point_id).order_by(at.added_at_ms, at.id)
        return [_document(row) for row in self._connection.execute(statement)]

    def save(self, document: Document) -> None:
        values = {name: getattr(document, name) for name in _DOCUMENT_NAMES}
        values["kind"] = document.kind.value
        changed = self._connection.execute(
            update(document_table).where(document_table.c.id == document.id).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(document_table).values(id=document.id, **values))

    def remove(self, document_id: str) -> None:
        self._connection.execute(delete(document_table).where(document_table.c.id == document_id))


class SqlUploads:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def open(self, upload: Upload) -> None:
        self._connection.execute(insert(upload_table).values(id=upload.id, by_who=upload.by, at_ms=upload.at_ms))

    def get(self, upload_id: str) -> Upload:
        row = self._connection.execute(select(upload_table).where(upload_table.c.id == upload_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no upload {upload_id}: it was used, or is older than a day")
        return Upload(id=row.id, by=row.by_who, at_ms=row.at_ms)

    def put_piece(self, upload_id: str, index: int, content: bytes) -> None:
        at = piece_table.c
        self._connection.execute(delete(piece_table).where(at.upload_id == upload_id, at.piece == index))
        self._connection.execute(
            insert(piece_table).values(upload_id=upload_id, piece=index, size_bytes=len(content), content=content)
        )

    def sizes(self, upload_id: str) -> Mapping[int, int]:
        at = piece_table.c
        found = self._connection.execute(
            select(at.piece, at.size_bytes).where(at.upload_id == upload_id).order_by(at.piece)
        )
        return {row.piece: row.size_bytes for row in found}

    def content(self, upload_id: str) -> bytes:
        at = piece_table.c
        found = self._connection.execute(select(at.content).where(at.upload_id == upload_id).order_by(at.piece))
        return b"".join(row.content for row in found)

    def drop(self, upload_id: str) -> None:
        self._connection.execute(delete(piece_table).where(piece_table.c.upload_id == upload_id))
        self._connection.execute(delete(upload_table).where(upload_table.c.id == upload_id))

    def older_than(self, at_ms: int, *, by: str = "") -> Sequence[str]:
        statement = select(upload_table.c.id).where(upload_table.c.at_ms < at_ms)
        if by:
            statement = statement.where(upload_table.c.by_who == by)
        return list(self._connection.execute(statement).scalars())


def _revision(row: Any) -> Revision:
    return Revision(
        point_id=row.point_id,
        version=row.version,
        at_ms=row.at_ms,
        by=row.by_who,
        by_name=row.by_name,
        why=row.why,
        import_id=row.import_id,
        changes={name: (before, after) for name, (before, after) in json.loads(row.changes).items()},
    )


def _document(row: Any) -> Document:
    return Document(
        id=row.id,
        point_id=row.point_id,
        kind=DocumentKind(row.kind),
        title=row.title,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        object_key=row.object_key,
        added_at_ms=row.added_at_ms,
        by_name=row.by_name,
    )
