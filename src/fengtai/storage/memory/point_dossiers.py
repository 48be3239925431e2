"""History, papers and uploads of points kept in dicts: twins of `domain.points.store.dossiers`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.points.model.dossier import Document, Revision, Upload
from fengtai.domain.points.ports import Documents, PointHistory, Uploads
from fengtai.vocabulary.errors import NotFound


class MemoryPointHistory:
    def __init__(self) -> None:
        self.revisions: list[Revision] = []
        self.unseen: list[Revision] = []
        """of imports that are not in force yet"""

    def add(self, revision: Revision) -> None:
        self.revisions.append(revision)

    def of(self, point_id: str, *, before_version: int = 0, limit: int = 100) -> Sequence[Revision]:
        found = [
            revision
            for revision in self.revisions
            if revision.point_id == point_id and (not before_version or revision.version < before_version)
        ]
        return sorted(found, key=lambda revision: -revision.version)[:limit]


class MemoryDocuments:
    def __init__(self) -> None:
        self.by_id: dict[str, Document] = {}

    def get(self, document_id: str) -> Document:
        try:
            return self.by_id[document_id]
        except KeyError:
            raise NotFound(f"there is no document {document_id}") from None

    def of(self, point_id: str) -> Sequence[Document]:
        found = [document for document in self.by_id.values() if document.point_id == point_id]
        return sorted(found, key=lambda document: (document.added_at_ms, document.id))

    def save(self, document: Document) -> None:
        self.by_id[document.id] = document

    def remove(self, document_id: str) -> None:
        self.by_id.pop(document_id, None)


class MemoryUploads:
    def __init__(self) -> None:
        self.by_id: dict[str, Upload] = {}
        self.kept: dict[tuple[str, int], bytes] = {}

    def open(self, upload: Upload) -> None:
        self.by_id[upload.id] = upload

    def get(self, upload_id: str) -> Upload:
        try:
            return self.by_id[upload_id]
        except KeyError:
            raise NotFound(f"there is no upload {upload_id}: it was used, or is older than a day") from None

    def put_piece(self, upload_id: str, index: int, content: bytes) -> None:
        self.kept[upload_id, index] = content

    def sizes(self, upload_id: str) -> Mapping[int, int]:
        return {index: len(content) for (owner, index), content in sorted(self.kept.items()) if owner == upload_id}

    def content(self, upload_id: str) -> bytes:
        return b"".join(content for (owner, _), content in sorted(self.kept.items()) if owner == upload_id)

    def drop(self, upload_id: str) -> None:
        self.by_id.pop(upload_id, None)
        self.kept = {key: content for key, content in self.kept.items() if key[0] != upload_id}

    def older_than(self, at_ms: int, *, by: str = "") -> Sequence[str]:
        return [upload.id for upload in self.by_id.values() if upload.at_ms < at_ms and by in ("", upload.by)]


STORES: Mapping[type[Any], type[Any]] = {
    PointHistory: MemoryPointHistory,
    Documents: MemoryDocuments,
    Uploads: MemoryUploads,
}
