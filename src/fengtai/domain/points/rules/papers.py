"""Photos and papers: what they are is told by their bytes; what the sender calls them is never believed."""

from collections.abc import Mapping, Sequence

from fengtai.domain.points.model.dossier import DocumentKind
from fengtai.vocabulary.errors import Invalid

LARGEST_BYTES = 20 << 20
MOST_PER_POINT = 50
LARGEST_PIECE_BYTES = 1 << 20
LARGEST_UPLOAD_BYTES = 64 << 20
LONGEST_TITLE = 120
_PICTURES_ONLY = frozenset({DocumentKind.PHOTO, DocumentKind.SIGN_PHOTO})


def media_type_of(content: bytes) -> str:
    """By the first bytes. Raise Invalid for what is none of the kinds that are kept."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    raise Invalid(
        "this file is neither a JPEG, PNG or WebP picture nor a PDF, whatever its name says", field="upload_id"
    )


def check_paper(kind: DocumentKind, title: str, content: bytes, *, already: int) -> str:
    """The media type. Raise Invalid with the figure that is passed."""
    if not content:
        raise Invalid("the upload is empty", field="upload_id")
    if len(content) > LARGEST_BYTES:
        raise Invalid(f"a document has at most {LARGEST_BYTES >> 20} MiB; this one has {len(content)} bytes")
    if already >= MOST_PER_POINT:
        raise Invalid(f"a point has at most {MOST_PER_POINT} documents")
    if not title.strip() or len(title) > LONGEST_TITLE or not title.isprintable():
        raise Invalid(f"a document needs a title of at most {LONGEST_TITLE} visible characters", field="title")
    media_type = media_type_of(content)
    if kind in _PICTURES_ONLY and not media_type.startswith("image/"):
        raise Invalid(f"a {kind.value} is a picture; this is {media_type}", field="kind")
    return media_type


def check_piece(index: int, content: bytes, sizes: Mapping[int, int]) -> None:
    """Raise Invalid when the piece or the whole is too large."""
    if not 0 < len(content) <= LARGEST_PIECE_BYTES:
        raise Invalid(f"a piece has 1 to {LARGEST_PIECE_BYTES} bytes", field="content")
    if not 0 <= index < LARGEST_UPLOAD_BYTES // 1024:
        raise Invalid("pieces are counted from 0", field="index")
    others = sum(size for piece, size in sizes.items() if piece != index)
    if others + len(content) > LARGEST_UPLOAD_BYTES:
        raise Invalid(f"a file has at most {LARGEST_UPLOAD_BYTES >> 20} MiB", field="content")


def check_whole(pieces: Sequence[int]) -> None:
    """Raise Invalid when a piece is missing."""
    if not pieces:
        raise Invalid("nothing has been uploaded", field="upload_id")
    if list(pieces) != list(range(len(pieces))):
        missing = next(index for index in range(len(pieces)) if index not in pieces)
        raise Invalid(f"piece {missing} is missing; upload it again", field="upload_id")
