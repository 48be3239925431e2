"""Candidates of a search, by number: one statement for each way in which the longest word may be meant.

Each way is walked in the order of numbers and stops early, so that a word which half of the city's points carry is as
quick as a rare one. Beginnings of codes, areas and organisations are sorted when they are few, and walked when they are
many: neither database guesses that right without being told. See docs/design/register-search.md.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, literal_column, or_, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from fengtai.domain.points.model import PointQuery, Term
from fengtai.domain.points.store.tables import point_table, search_index

_at = point_table.c
FEW = 2000
"""So many rows are sorted in a few milliseconds."""
MOST_DIGITS_OF_A_NUMBER = 7


class Search:
    """The candidates for these words under these conditions."""

    def __init__(
        self, connection: Connection, terms: Sequence[Term], conditions: Sequence[ColumnElement[bool]]
    ) -> None:
        self._connection, self._conditions = connection, conditions
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._first, *others = terms
        only_words = [term for term in others if not (term.digits or term.organisation_ids or term.area_codes)]
        self._other_grams = [gram for term in only_words for gram in term.grams]
        self._walked: dict[str, bool] = {}

    def candidates(self, after: int, *, limit: int) -> tuple[Sequence[int], bool]:
        """The next numbers above `after`, and whether they are the last."""
        found: set[int] = set()
        horizon: int | None = None
        for numbers in self._ways(after, limit):
            found.update(numbers)
            if len(numbers) == limit:  # beyond this one, this way has not looked
                horizon = numbers[-1] if horizon is None else min(horizon, numbers[-1])
        if horizon is None:
            return sorted(found), True
        return sorted(number for number in found if number <= horizon), False

    def _ways(self, after: int, limit: int) -> Iterator[Sequence[int]]:
        term = self._first
        if term.grams:
            yield self._by_grams(after, limit)
        elif not term.digits:
            word = func.lower(_at.name).contains(term.text, autoescape=True)
            yield self._numbers(after, limit, or_(word, func.lower(_at.address).contains(term.text, autoescape=True)))
        if term.digits:
            yield self._numbers(after, limit, _number_begins(term.digits))
            yield self._beginning("code", after, limit, (term.digits,))
        if term.area_codes:
            yield self._beginning("area_code", after, limit, term.area_codes)
        if term.organisation_ids:
            yield self._of_organisations(after, limit, sorted(term.organisation_ids))

    def _by_grams(self, after: int, limit: int) -> Sequence[int]:
        grams = list(dict.fromkeys([*self._first.grams, *self._other_grams]))
        if not self._is_sqlite:
            return self._numbers(after, limit, _holds(grams))
        match = " ".join(f'"{gram}"' + ("*" if len(gram) == 1 else "") for gram in grams)
        statement = (
            select(search_index.c.rowid)
            .where(text("points_search MATCH :match").bindparams(match=match), search_index.c.rowid > 2 * after + 1)
            .order_by(search_index.c.rowid)
        )
        if self._conditions:
            seats = select(_at.seat).where(*self._conditions, _at.seat == search_index.c.rowid)
            statement = statement.where(seats.exists())
        return [row.rowid // 2 for row in self._connection.execute(statement.limit(limit))]

    def _beginning(self, name: str, after: int, limit: int, beginnings: Sequence[str]) -> Sequence[int]:
        indexed, walked = _at[name], self._unindexed(name)
        few = or_(*(_begins(indexed, beginning) for beginning in beginnings))
        many = or_(*(_begins(walked, beginning) for beginning in beginnings))
        return self._numbers(after, limit, many if self._are_many(name, few) else few)

    def _of_organisations(self, after: int, limit: int, organisation_ids: Sequence[str]) -> Sequence[int]:
        few = _at.organisation_id.in_(organisation_ids)
        many = self._unindexed("organisation_id").in_(organisation_ids)
        return self._numbers(after, limit, many if self._are_many("organisation_id", few) else few)

    def _are_many(self, name: str, condition: ColumnElement[bool]) -> bool:
        if name not in self._walked:
            some = select(true()).select_from(point_table).where(condition).limit(FEW).subquery()
            self._walked[name] = self._connection.execute(select(func.count()).select_from(some)).scalar() == FEW
        return self._walked[name]

    def _unindexed(self, name: str) -> ColumnElement[str]:
        """The column in a form that no index serves, so that the walk by number is taken."""
        return literal_column(f"+points_point.{name}" if self._is_sqlite else f"points_point.{name} || ''", Text)

    def _numbers(self, after: int, limit: int, condition: ColumnElement[bool]) -> Sequence[int]:
        statement = select(_at.number).where(_at.number > after, condition, *self._conditions)
        return list(self._connection.execute(statement.order_by(_at.number).limit(limit)).scalars())


def filters(query: PointQuery, dialect: str) -> list[ColumnElement[bool]]:
    """The conditions beside the words. In a form that leaves the walk by number to the database."""
    found: list[ColumnElement[bool]] = []
    if query.organisation_ids is not None:
        found.append(_plain("organisation_id", dialect).in_(sorted(query.organisation_ids)))
    if query.area_prefix:
        found.append(_begins(_plain("area_code", dialect), query.area_prefix))
    if query.point_class is not None:
        found.append(_at.point_class == query.point_class.value)
    if query.legal_class is not None:
        found.append(_at.legal_class == query.legal_class.value)
    if query.bound is not None:
        found.append(_plain("device_id", dialect) != "" if query.bound else _plain("device_id", dialect) == "")
    if query.complete is not None:
        found.append(_at.completeness == 100 if query.complete else _at.completeness < 100)
    if query.within is not None:
        columns = _plain("organisation_id", dialect), _plain("area_code", dialect), _at.point_class
        reached = query.within.condition(*columns)
        found += [] if reached is None else [reached]
    return found


def _plain(name: str, dialect: str) -> ColumnElement[Any]:
    return literal_column(f"+points_point.{name}", Text) if dialect == "sqlite" else _at[name]


def _begins(column: ColumnElement[Any], beginning: str) -> ColumnElement[bool]:
    """Digits only: a range between digits, which every index serves and every collation orders alike."""
    if not beginning.strip("9"):
        return column >= beginning
    return and_(column >= beginning, column < str(int(beginning) + 1).zfill(len(beginning)))


def _number_begins(digits: str) -> ColumnElement[bool]:
    if digits.startswith("0") or len(digits) > MOST_DIGITS_OF_A_NUMBER:
        return ~true()
    first = int(digits)
    spans = (
        (first * 10**more, (first + 1) * 10**more - 1) for more in range(MOST_DIGITS_OF_A_NUMBER - len(digits) + 1)
    )
    return or_(*(_at.number.between(low, high) for low, high in spans))


def _holds(grams: Sequence[str]) -> ColumnElement[bool]:
    """PostgreSQL: the expression of the GIN index. A single character is the beginning of some pair: looked for in the
    text, since the index knows whole pairs only."""
    pairs = [gram for gram in grams if len(gram) > 1]
    single = [gram for gram in grams if len(gram) == 1]
    held = func.string_to_array(_at.grams, literal_column("' '"), type_=ARRAY(Text))
    conditions = [_at.grams.contains(gram, autoescape=True) for gram in single]
    if pairs:
        conditions.append(held.contains(literal(pairs, ARRAY(Text))))
    return and_(*conditions)
