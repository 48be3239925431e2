"""Which rows of the register are seen while an import is being put in force (ADR 0029).

A row of `points_switch` stands from the first lot of an import until its last old row is gone. Ordinarily there is none,
and no statement carries a condition.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from fengtai.domain.points.store.tables import point_table, revision_table, switch_table

_at = point_table.c


@dataclass(frozen=True, slots=True)
class Switches:
    off: tuple[str, ...] = ()
    """imports whose rows are not seen yet"""
    on: tuple[str, ...] = ()
    """imports in force; the rows that they replaced are not all gone yet"""
    highest_number: int = 0
    """of all that the former will bring"""

    def seen_points(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.off:
            found.append(_at.made_by.not_in(self.off))
        if self.on:
            found.append(_at.ended_by.not_in(self.on))
        return found

    def seen_history(self) -> list[ColumnElement[bool]]:
        return [revision_table.c.import_id.not_in(self.off)] if self.off else []


def switches(connection: Connection) -> Switches:
    """As they stand in this unit's snapshot."""
    rows = connection.execute(select(switch_table)).all()
    if not rows:
        return NONE
    return Switches(
        tuple(row.import_id for row in rows if not row.is_on),
        tuple(row.import_id for row in rows if row.is_on),
        max((row.highest_number for row in rows if not row.is_on), default=0),
    )


NONE = Switches()
