"""Which column of a file is which field of a point: guessed from the header's words, corrected by a person."""

import unicodedata
from collections.abc import Mapping, Sequence

from fengtai.domain.points.rules.field_table import BY_NAME, FIELDS
from fengtai.vocabulary.errors import Invalid


def guessed(headers: Sequence[str]) -> dict[str, str]:
    """Field → header, for each header that is called as a field is, in Chinese or English."""
    names = {_plain(name): field.name for field in FIELDS for name in (field.name, field.zh, field.en, *field.aliases)}
    found: dict[str, str] = {}
    for header in headers:
        field = names.get(_plain(header))
        if field and field not in found:
            found[field] = header
    return found


def checked(mapping: Mapping[str, str], headers: Sequence[str]) -> dict[str, str]:
    """Raise Invalid for a field or a header that is not there, a header used twice, or a mapping that names no point."""
    for field, header in mapping.items():
        if field not in BY_NAME:
            raise Invalid(f"a point has no field {field[:40]!r}", field="mapping")
        if header not in headers:
            raise Invalid(f"the file has no column {header[:40]!r}", field="mapping")
    if len(set(mapping.values())) < len(mapping):
        raise Invalid("one column cannot be two fields", field="mapping")
    if not {"name", "code", "number"} & set(mapping):
        raise Invalid(
            "choose the column of the name, of the code or of the number: a row must name a point", field="mapping"
        )
    return dict(mapping)


def _plain(header: str) -> str:
    text = unicodedata.normalize("NFKC", header).casefold()
    for opening in "([":  # 经度(WGS-84) is 经度
        text = text.split(opening)[0]
    return "".join(text.replace("_", " ").replace("*", "").split())
