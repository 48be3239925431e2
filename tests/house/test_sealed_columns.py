"""Rotation of the vault key finds every sealed value: whatever a table calls sealed is in the list."""

from sqlalchemy import LargeBinary

from fengtai.apps.keeping.rotation import SEALED, SHORT_LIVED, tables_by_name


def test_every_sealed_column_is_sealed_anew_or_short_lived():
    found = {
        (table.name, column.name)
        for table in tables_by_name().values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and "sealed" in f"{column.name} {column.comment or ''}"
    }
    listed = {(one.table, one.column) for one in SEALED}
    assert {place for place in found if place[0] not in SHORT_LIVED} == listed
    assert len(found) > 3
