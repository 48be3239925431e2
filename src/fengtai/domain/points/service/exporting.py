"""The register as a table: CSV in pages as it is read, XLSX up to a bound. What an export writes, an import reads.

A spreadsheet takes a cell that begins with = + - @ for a formula and runs it (CSV injection): such text gets an
apostrophe before it, which an import takes off again. In XLSX text is written as text, which no program runs.
"""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import Enum
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from fengtai.domain.points.model import Point
from fengtai.domain.points.rules.field_table import FIELDS, told
from fengtai.vocabulary.errors import Invalid

PAGE = 1000
MOST_XLSX_ROWS = 100_000
_RUNS = ("=", "+", "-", "@", "\t", "\r")
_NUMBERS = frozenset({"number", "longitude", "latitude", "view_degrees", "view_angle_degrees", "retention_days"})


class ExportFormat(Enum):
    CSV = "csv"
    XLSX = "xlsx"


class Language(Enum):
    ZH = "zh"
    EN = "en"


def headers(language: Language) -> list[str]:
    return [field.zh if language is Language.ZH else field.en for field in FIELDS]


def cells(point: Point, organisations: Mapping[str, str], language: Language) -> list[str]:
    """The point's fields as text, in the order of the headers."""
    flat: dict[str, Any] = told(point)
    flat["organisation"] = organisations.get(point.organisation_id, point.organisation_id)
    chinese = language is Language.ZH
    return [
        text if field.name in _NUMBERS else as_cell(text)
        for field in FIELDS
        for text in (field.tell(flat[field.name], chinese=chinese),)
    ]


def as_cell(text: str) -> str:
    """Text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_RUNS) else text


def csv_line(line: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(line)
    return out.getvalue().encode()


async def csv_table(pages: AsyncIterator[Sequence[Sequence[str]]], language: Language) -> AsyncIterator[bytes]:
    """With the mark by which office programs know UTF-8."""
    yield b"\xef\xbb\xbf" + csv_line(headers(language))
    async for lines in pages:
        yield b"".join(csv_line(line) for line in lines)


def xlsx_table(lines: Sequence[Sequence[str]], language: Language) -> bytes:
    """Raise Invalid when there are too many rows for one sheet that people can open."""
    if len(lines) > MOST_XLSX_ROWS:
        raise Invalid(f"{len(lines)} points are too many for a spreadsheet (at most {MOST_XLSX_ROWS}): export as CSV")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("points")
        for row, line in enumerate((headers(language), *lines)):
            for column, text in enumerate(line):
                if text:
                    sheet.write_string(row, column, text.removeprefix("'"))
    return out.getvalue()
