"""Reads a table out of a file: CSV in the encodings that offices use, and XLSX. Bounded, because files lie.

CSV: UTF-8 with or without its mark, UTF-16 with its mark, GB 18030; comma, semicolon, tab or bar. XLSX (ECMA-376): the
first sheet, by calamine, after the archive was unpacked once for counting: a bomb is refused with its figures, and so is
a sheet whose cells stand so far out that a reader would make room for millions of empty ones. Values are read, formulas
are not: a cell has the value that the spreadsheet has kept for it.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineWorkbook

from fengtai.domain.points.rules.field_table import Cell
from fengtai.vocabulary.errors import Invalid

MOST_ROWS = 250_000
MOST_COLUMNS = 52
LONGEST_CELL = 4000
MOST_UNPACKED_BYTES = 384 << 20
MOST_ENTRIES = 1000
_DELIMITERS = (",", "\t", ";", "|")
_TOO_FAR = re.compile(
    rb"""(?i)\sr\s*=\s*["']\$?(?:[A-Z]{3,}|[B-Z][A-Z])\$?\d|"""
    rb"""\sr\s*=\s*["']\$?[A-Z]{0,2}\$?(?:2[6-9]\d{4}|[3-9]\d{5}|\d{7,})["']"""
)
"""A reference right of column AZ or below row 260,000."""
_OVERLAP_BYTES = 64


@dataclass(frozen=True, slots=True)
class TableIn:
    """A table whose rows are read once. `rows` gives the row's number, as a spreadsheet counts, and its cells."""

    format: str
    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[Cell]]]


def read_table(content: bytes) -> TableIn:
    """Raise Invalid, with the figure or the place, for what cannot be read."""
    if content.startswith(b"PK\x03\x04"):
        return _xlsx(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid("this is an old Excel file (.xls): save it as .xlsx or .csv", field="upload_id")
    return _csv(content)


def _csv(content: bytes) -> TableIn:
    text, encoding = _decoded(content)
    if "\x00" in text:
        raise Invalid("the file holds NUL characters: it is not a text file", field="upload_id")
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = _csv_lines(reader)
    headers = next(lines, (1, []))[1]
    return TableIn("csv", encoding, delimiter, _headers(headers), _bounded(lines))


def _csv_lines(reader: "csv.Reader") -> Iterator[tuple[int, Sequence[Cell]]]:  # type: ignore[name-defined]
    row = 0
    while True:
        row += 1
        try:
            line = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid(f"row {row}: {error}", field="upload_id") from None
        yield row, line


def _decoded(content: bytes) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _strictly(content, encoding), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _strictly(content, "gb18030"), "gb18030"


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise Invalid(
            f"the file is neither UTF-8 nor GB 18030: byte {error.start} in row {row} cannot be read as {encoding}",
            field="upload_id",
        ) from None


def _xlsx(content: bytes) -> TableIn:
    _check_archive(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
    except (CalamineError, IndexError, ValueError, OSError) as error:
        raise Invalid(f"the spreadsheet cannot be read: {error}", field="upload_id") from None
    first = sheet.start[0] + 1 if sheet.start else 1
    lines = ((row, cells) for row, cells in enumerate(sheet.iter_rows(), start=first))
    headers = next(lines, (1, []))[1]
    return TableIn("xlsx", "", "", _headers(headers), _bounded(lines))


def _check_archive(content: bytes) -> None:
    """Unpack everything once, keeping nothing: what an archive says of its own sizes need not be true."""
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise Invalid(f"the spreadsheet holds {len(entries)} parts; at most {MOST_ENTRIES} are read")
            for entry in entries:
                unpacked = _check_entry(archive, entry, unpacked)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Invalid(f"the spreadsheet cannot be unpacked: {error}", field="upload_id") from None


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, unpacked: int) -> int:
    is_sheet = "worksheets/" in entry.filename
    tail = b""
    with archive.open(entry) as part:
        while piece := part.read(1 << 20):
            unpacked += len(piece)
            if unpacked > MOST_UNPACKED_BYTES:
                raise Invalid(
                    f"the spreadsheet unpacks to more than {MOST_UNPACKED_BYTES >> 20} MiB: it is not read",
                    field="upload_id",
                )
            if is_sheet and (found := _TOO_FAR.search(tail + piece)):
                where = found.group().split(b"=")[-1].strip(b" \"'$").decode("ascii", "replace")
                raise Invalid(
                    f"the sheet has cells as far out as {where}; at most {MOST_ROWS} rows and {MOST_COLUMNS} columns "
                    "are read",
                    field="upload_id",
                )
            tail = piece[-_OVERLAP_BYTES:]
    return unpacked


def _headers(cells: Sequence[Cell]) -> tuple[str, ...]:
    headers = [str(cell if cell is not None else "").strip()[:80] for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise Invalid("the first row must name the columns, and it is empty", field="upload_id")
    if len(headers) > MOST_COLUMNS:
        raise Invalid(f"the table has {len(headers)} columns; at most {MOST_COLUMNS} are read", field="upload_id")
    doubled = {header for header in headers if header and headers.count(header) > 1}
    if doubled:
        raise Invalid(f"two columns are called {sorted(doubled)[0]!r}", field="upload_id")
    return tuple(headers)


def _bounded(lines: Iterator[tuple[int, Sequence[Cell]]]) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Rows that hold something."""
    count = 0
    for row, cells in lines:
        if not any(cell not in (None, "") for cell in cells):
            continue
        count += 1
        if count > MOST_ROWS:
            raise Invalid(f"the table has more than {MOST_ROWS} rows: split it", field="upload_id")
        yield row, cells
