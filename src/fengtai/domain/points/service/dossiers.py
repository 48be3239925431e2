"""Photos and papers of points, and the uploads by which large files come in.

The bytes are put into the object store before the unit that says that they are there: a failure between the two leaves
an object that nobody names, never a name without an object.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.points.model import PointChanged
from fengtai.domain.points.model.dossier import Document, DocumentKind, Upload
from fengtai.domain.points.ports import Documents, DossierFiles, Uploads
from fengtai.domain.points.rules import papers
from fengtai.domain.points.service.seen import seen_point
from fengtai.vocabulary.errors import NotFound, TooMany, Unavailable
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

UPLOAD_LIFE_MS = 24 * 3600 * 1000
MOST_UPLOADS = 20
"""Of one person: a disk is not filled by whoever only begins."""


class NoFiles:
    """Where no object store was given: refuses, and says so."""

    async def put(self, key: str, content: object) -> None:
        raise Unavailable("no object store was set up for photos and documents")

    async def get(self, key: str) -> bytes:
        raise Unavailable("no object store was set up for photos and documents")

    async def delete(self, key: str) -> None:
        raise Unavailable("no object store was set up for photos and documents")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDocument:
    document: Document
    content: bytes


class PointDossiers:
    def __init__(self, *, transactions: Transactions, files: DossierFiles = NoFiles()) -> None:
        self._transactions, self._files = transactions, files

    async def open_upload(self, *, by: Actor) -> Upload:
        def work(uow: UnitOfWork) -> Upload:
            if len(uow.store(Uploads).older_than(uow.now.utc_ms + 1, by=by.user_id)) >= MOST_UPLOADS:
                raise TooMany(f"you have {MOST_UPLOADS} uploads that were not used: use or cancel one first")
            upload = Upload(id=uow.new_id(), by=by.user_id, at_ms=uow.now.utc_ms)
            uow.store(Uploads).open(upload)
            for old in uow.store(Uploads).older_than(uow.now.utc_ms - UPLOAD_LIFE_MS):
                uow.store(Uploads).drop(old)
            return upload

        return await self._transactions.write(work)

    async def put_piece(self, upload_id: str, index: int, content: bytes, *, by: Actor) -> int:
        """Bytes that are there now."""

        def work(uow: UnitOfWork) -> int:
            own_upload(uow, upload_id, by)
            store = uow.store(Uploads)
            papers.check_piece(index, content, store.sizes(upload_id))
            store.put_piece(upload_id, index, content)
            return sum(store.sizes(upload_id).values())

        return await self._transactions.write(work)

    async def documents(self, point_id: str, *, by: Actor) -> Sequence[Document]:
        def work(uow: UnitOfWork) -> Sequence[Document]:
            seen_point(uow, point_id, by)
            return uow.store(Documents).of(point_id)

        return await self._transactions.read(work)

    async def add(self, point_id: str, upload_id: str, kind: DocumentKind, title: str, *, by: Actor) -> Document:
        """Make a document of an upload, which is used up by it."""

        def look(uow: UnitOfWork) -> tuple[bytes, str]:
            seen_point(uow, point_id, by, Permission.POINTS_EDIT)
            content = whole_upload(uow, upload_id, by)
            already = len(uow.store(Documents).of(point_id))
            return content, papers.check_paper(kind, title, content, already=already)

        content, media_type = await self._transactions.read(look)
        document = Document(
            id=upload_id,
            point_id=point_id,
            kind=kind,
            title=title.strip(),
            media_type=media_type,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            object_key=f"points/{upload_id[:4]}/{upload_id}",
            added_at_ms=0,
            by_name=by.name,
        )
        await self._files.put(document.object_key, content)
        return await self._transactions.write(lambda uow: _kept(uow, document, by))

    async def open(self, point_id: str, document_id: str, *, by: Actor) -> OpenedDocument:
        """Raise NotFound when this point has no such document."""

        def look(uow: UnitOfWork) -> Document:
            seen_point(uow, point_id, by)
            return _of_point(uow, point_id, document_id)

        document = await self._transactions.read(look)
        return OpenedDocument(document=document, content=await self._files.get(document.object_key))

    async def remove(self, point_id: str, document_id: str, *, why: str = "", by: Actor) -> None:
        def work(uow: UnitOfWork) -> Document:
            point = seen_point(uow, point_id, by, Permission.POINTS_EDIT)
            document = _of_point(uow, point_id, document_id)
            uow.store(Documents).remove(document_id)
            uow.publish(PointChanged(point_id=point_id, **point.place._asdict()))
            uow.store(AuditLog).append(
                by.entry(
                    "point.document.remove",
                    f"point:{point_id}",
                    document_id=document_id,
                    kind=document.kind.value,
                    sha256=document.sha256,
                    why=why,
                )
            )
            return document

        document = await self._transactions.write(work)
        await self._files.delete(document.object_key)


def own_upload(uow: UnitOfWork, upload_id: str, by: Actor) -> Upload:
    """Raise NotFound, in the same words when somebody else opened it."""
    upload = uow.store(Uploads).get(upload_id)
    if upload.by != by.user_id:
        raise NotFound(f"there is no upload {upload_id}: it was used, or is older than a day")
    return upload


def whole_upload(uow: UnitOfWork, upload_id: str, by: Actor) -> bytes:
    """The content. Raise Invalid when a piece is missing."""
    own_upload(uow, upload_id, by)
    papers.check_whole(sorted(uow.store(Uploads).sizes(upload_id)))
    return uow.store(Uploads).content(upload_id)


def _kept(uow: UnitOfWork, document: Document, by: Actor) -> Document:
    point = seen_point(uow, document.point_id, by, Permission.POINTS_EDIT)
    own_upload(uow, document.id, by)  # still there: of two at once, one wins
    kept = replace(document, added_at_ms=uow.now.utc_ms)
    uow.store(Documents).save(kept)
    uow.store(Uploads).drop(document.id)
    uow.publish(PointChanged(point_id=document.point_id, **point.place._asdict()))
    uow.store(AuditLog).append(
        by.entry(
            "point.document.add",
            f"point:{document.point_id}",
            document_id=document.id,
            kind=document.kind.value,
            media_type=document.media_type,
            size_bytes=document.size_bytes,
            sha256=document.sha256,
        )
    )
    return kept


def _of_point(uow: UnitOfWork, point_id: str, document_id: str) -> Document:
    document = uow.store(Documents).get(document_id)
    if document.point_id != point_id:
        raise NotFound(f"point {point_id} has no document {document_id}")
    return document
