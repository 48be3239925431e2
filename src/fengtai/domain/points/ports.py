"""What the register of points needs from outside."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from fengtai.domain.access.model import Reach
from fengtai.domain.points.model import Box, Point, PointQuery
from fengtai.domain.points.model.dossier import Document, Revision, Upload
from fengtai.domain.points.model.imports import ImportRow, RegisterImport, Verdict
from fengtai.domain.points.model.maps import PlacedRow
from fengtai.vocabulary.places import Position


class PointStore(Protocol):
    def get(self, point_id: str) -> Point:
        """Raise NotFound if there is none."""

    def by_number(self, number: int) -> Point | None: ...

    def by_code(self, code: str) -> Point | None: ...

    def by_channel(self, device_id: str, channel_id: str) -> Point | None: ...

    def by_ids(self, point_ids: Iterable[str]) -> Sequence[Point]:
        """In the order asked for; unknown ids are left out."""

    def standing_at(
        self, *, numbers: Iterable[int], codes: Iterable[str], channels: Iterable[tuple[str, str]]
    ) -> Sequence[Point]:
        """All points that hold one of these numbers, codes or channels, in any order: for comparing many at once."""

    def codes_in(self, domain: str) -> set[str]:
        """All codes of points that begin with these ten digits."""

    def nearest(self, position: Position, *, within_m: float, limit: int) -> Sequence[tuple[Point, float]]:
        """Bound points by distance in metres, nearest first."""

    def in_box(self, box: Box, *, limit: int, within: Reach | None = None) -> Sequence[Point]:
        """Points with a position inside the box, by number. `within`: of places in reach."""

    def placed(self, *, after_number: int, limit: int, ids: Iterable[str] | None = None) -> Sequence[PlacedRow]:
        """What a map must know of the points that have a position, by number. `ids`: of these only, all at once."""

    def page(self, query: PointQuery) -> tuple[Sequence[Point], int | None]:
        """By number, and where to go on (`after_number`); None when nothing follows. A page may hold fewer than were
        asked for although more follow: then looking took too long."""

    def recorded(self) -> Sequence[Point]:
        """All bound points whose policy says that they are recorded."""

    def next_number(self) -> int: ...

    def save(self, point: Point) -> None:
        """Raise Conflict when an import that is being put in force has claimed it, its number, code or channel."""


class AutoPoints(Protocol):
    """Devices whose camera channels get a point by themselves, because an engineer asked for it when accepting them.
    Kept, because the catalogue often comes later than the acceptance, and grows."""

    def set(self, device_id: str, wanted: bool) -> None: ...

    def wanted(self, device_id: str) -> bool: ...


class PointHistory(Protocol):
    def add(self, revision: Revision) -> None: ...

    def of(self, point_id: str, *, before_version: int = 0, limit: int = 100) -> Sequence[Revision]:
        """Newest first; below `before_version` when it is given."""


class Documents(Protocol):
    def get(self, document_id: str) -> Document:
        """Raise NotFound if there is none."""

    def of(self, point_id: str) -> Sequence[Document]:
        """Oldest first."""

    def save(self, document: Document) -> None: ...

    def remove(self, document_id: str) -> None: ...


class DossierFiles(Protocol):
    """The bytes of photos and papers. Raises NotFound, and Unavailable when the store does not answer."""

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None: ...

    async def get(self, key: str) -> bytes: ...

    async def delete(self, key: str) -> None: ...


class Uploads(Protocol):
    """Files that come in pieces, because a request is bounded; kept until they are used, or a day."""

    def open(self, upload: Upload) -> None: ...

    def get(self, upload_id: str) -> Upload:
        """Raise NotFound if there is none."""

    def put_piece(self, upload_id: str, index: int, content: bytes) -> None:
        """Writes over a piece that came before."""

    def sizes(self, upload_id: str) -> Mapping[int, int]:
        """Bytes of each piece, by index."""

    def content(self, upload_id: str) -> bytes:
        """The pieces joined."""

    def drop(self, upload_id: str) -> None: ...

    def older_than(self, at_ms: int, *, by: str = "") -> Sequence[str]:
        """Ids; of one person only, when that is said."""


class Imports(Protocol):
    """Imports of the register: the job and the rows that it found."""

    def get(self, import_id: str) -> RegisterImport:
        """Raise NotFound if there is none."""

    def save(self, job: RegisterImport) -> None: ...

    def latest(self, *, limit: int) -> Sequence[RegisterImport]:
        """Newest first."""

    def under_way(self) -> Sequence[RegisterImport]:
        """Those that are being checked or applied, oldest first."""

    def prepared(self, rows: Sequence[ImportRow], points: Mapping[int, Point]) -> Sequence[Any]:
        """Rows as `add_rows` takes them; `points` holds, by row, what the point is to be (new and changed rows only).
        Made in a unit that reads, so that the one that writes is short."""

    def add_rows(self, prepared: Sequence[Any]) -> None: ...

    def rows(
        self, import_id: str, *, verdict: Verdict | None = None, after_row: int = 0, limit: int = 100
    ) -> Sequence[ImportRow]: ...

    def drop_rows(self, import_id: str, *, limit: int, keep_refused: bool = False) -> int:
        """Remove at most so many staged rows; how many there were."""


class Span(NamedTuple):
    """Rows of a file: above `after`, up to `last`."""

    after: int
    last: int


WHOLE = Span(0, 2**31 - 1)


class BringingIn(Protocol):
    """Staged rows on their way into the register: brought lot by lot, seen by nobody until the switch, then by all at
    once. What they bring is claimed meanwhile: `PointStore.save` raises Conflict for it."""

    def unsettled(self) -> Mapping[str, bool]:
        """Imports that have begun and are not settled, and whether they are in force."""

    def begin(self, import_id: str, *, at_ms: int) -> None:
        """From now on its rows are kept out of sight. `at_ms`: the moment that the history tells. Twice is as once."""

    def lot_after(self, import_id: str, row: int, *, limit: int) -> int:
        """The last row of the next lot of good rows; 0 when there is none."""

    def stale_rows(self, import_id: str, span: Span = WHOLE) -> int:
        """Staged rows whose point has changed since it was compared, or whose number, code or channel was taken."""

    def bring(self, job: RegisterImport, span: Span) -> None:
        """Write these rows and their history, unseen."""

    def take_back(self, import_id: str, span: Span) -> None:
        """Undo `bring`; nothing happens to rows that were not brought."""

    def switch_on(self, import_id: str) -> None:
        """All that was brought is seen from this unit on, and nothing that it replaced."""

    def clear_away(self, import_id: str, span: Span) -> None:
        """Remove what these rows replaced. Only after the switch."""

    def settle(self, import_id: str) -> None:
        """Forget the switch: nothing of it is out of sight any more."""
