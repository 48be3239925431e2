"""People in SQL."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import IntegrityError

from fengtai.domain.access.model import Person, Reach, Role
from fengtai.domain.access.store.tables import person_table, upsert
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork


class SqlPeople:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, user_id: str) -> Person:
        row = self._connection.execute(select(person_table).where(person_table.c.id == user_id)).first()
        if row is None:
            raise NotFound("there is no such person")
        return _person(row)

    def by_name_key(self, name_key: str) -> Person | None:
        row = self._connection.execute(select(person_table).where(person_table.c.name_key == name_key)).first()
        return None if row is None else _person(row)

    def all(self) -> Sequence[Person]:
        people = [(row.name_key, _person(row)) for row in self._connection.execute(select(person_table))]
        return [person for _, person in sorted(people, key=lambda pair: pair[0])]  # not by the database's collation

    def page(self, reach: Reach, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, Person]]:
        # In the order of code points on every engine, which `all` has too, and not by the database's collation.
        is_sqlite = self._connection.dialect.name == "sqlite"
        key = person_table.c.name_key.collate("BINARY" if is_sqlite else "C")
        wanted = select(person_table).where(key > after).order_by(key).limit(limit)
        if (within := reach.condition(person_table.c.organisation_id)) is not None:
            wanted = wanted.where(within)
        return [(row.name_key, _person(row)) for row in self._connection.execute(wanted)]

    def save(self, person: Person, *, name_key: str) -> None:
        values = {
            "id": person.id,
            "name": person.name,
            "name_key": name_key,
            "display_name": person.display_name,
            "roles": json.dumps(sorted(role.value for role in person.roles)),
            "password_hash": person.password_hash,
            "created_at_ms": to_ms(person.created_at),
            "disabled": person.disabled,
            "organisation_id": person.organisation_id,
        }
        try:
            upsert(self._connection, person_table, person_table.c.id, values)
        except IntegrityError as error:
            raise Conflict(f"the name {person.name} is taken") from error


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        display_name=row.display_name,
        roles=frozenset(Role(value) for value in json.loads(row.roles)),
        password_hash=row.password_hash,
        created_at=from_ms(row.created_at_ms),
        disabled=bool(row.disabled),
        organisation_id=row.organisation_id,
    )
