"""People, sessions, failed sign-ins and the set-up token: one contract, every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.access.model import Ground, Permission, Person, Reach, Role, Session, Throttle, unlimited
from fengtai.domain.access.ports import PersonStore, SessionStore, SetupStore, ThrottleStore
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def person(number: int, name: str) -> Person:
    return Person(
        id=f"{number:032x}",
        name=name,
        display_name="值班员 张伟",
        roles=frozenset({Role.OPERATOR, Role.DISPATCHER}),
        password_hash="$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA",
        created_at=NOON,
    )


def session(number: int, *, user: int = 1, started: datetime = NOON) -> Session:
    return Session(
        id=f"{number:032x}",
        token_sha256=bytes([number]) * 32,
        user_id=f"{user:032x}",
        started_at=started,
        seen_at=started,
        ends_at=started + timedelta(hours=12),
        source_ip="2001:db8::1",
        post="desk 3",
    )


def save(units: Units, *things: Person | Session | Throttle) -> None:
    def unit(uow: UnitOfWork) -> None:
        for thing in things:
            if isinstance(thing, Person):
                uow.store(PersonStore).save(thing, name_key=thing.name.casefold())
            elif isinstance(thing, Session):
                uow.store(SessionStore).save(thing)
            else:
                uow.store(ThrottleStore).save(thing)

    units.run(unit)


# --- people


def test_a_person_is_found_by_id_and_by_name(units: Units) -> None:
    zhang = person(1, "Zhang.Wei")
    save(units, zhang)
    assert units.read(lambda uow: uow.store(PersonStore).get(zhang.id)) == zhang
    assert units.read(lambda uow: uow.store(PersonStore).by_name_key("zhang.wei")) == zhang
    assert units.read(lambda uow: uow.store(PersonStore).by_name_key("Zhang.Wei")) is None
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(PersonStore).get("f" * 32))


def test_a_changed_person_replaces_the_former(units: Units) -> None:
    save(units, person(1, "zhang"))
    after = replace(person(1, "zhang"), disabled=True, roles=frozenset({Role.CHIEF}))
    save(units, after)
    assert units.read(lambda uow: uow.store(PersonStore).all()) == [after]


def test_people_are_listed_by_name_the_same_way_everywhere(units: Units) -> None:
    save(units, person(1, "张伟"), person(2, "b_c"), person(3, "B.a"), person(4, "a"))
    listed = units.read(lambda uow: [one.name for one in uow.store(PersonStore).all()])
    assert listed == ["a", "B.a", "b_c", "张伟"]


def test_a_name_belongs_to_one_person(units: Units) -> None:
    save(units, person(1, "zhang"))
    with pytest.raises(Conflict):
        save(units, person(2, "ZHANG"))
    assert [one.id for one in units.read(lambda uow: uow.store(PersonStore).all())] == [person(1, "x").id]


def test_people_come_page_by_page_within_reach(units: Units) -> None:
    save(units, *(replace(person(number, name), organisation_id="east") for number, name in enumerate("b张a", 1)))
    save(units, replace(person(8, "c"), organisation_id="west"), person(9, "d"))
    everywhere = unlimited({Permission.PEOPLE_SEE}).reach(Permission.PEOPLE_SEE)

    def names(reach: Reach, after: str = "", limit: int = 100) -> list[str]:
        return [key for key, _ in units.read(lambda uow: uow.store(PersonStore).page(reach, after=after, limit=limit))]

    assert names(everywhere) == ["a", "b", "c", "d", "张"]
    assert names(everywhere, after="b", limit=2) == ["c", "d"]
    assert names(Reach((Ground("g", frozenset({"east"})),))) == ["a", "b", "张"]
    assert names(Reach()) == []


# --- sessions


def test_a_session_is_found_by_its_tokens_digest_until_it_is_removed(units: Units) -> None:
    one = session(1)
    save(units, one, session(2))
    assert units.read(lambda uow: uow.store(SessionStore).by_token(one.token_sha256)) == one
    assert units.read(lambda uow: uow.store(SessionStore).get(one.id)) == one
    units.run(lambda uow: uow.store(SessionStore).remove(one.id))
    assert units.read(lambda uow: uow.store(SessionStore).by_token(one.token_sha256)) is None
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(SessionStore).get(one.id))


def test_sessions_are_listed_newest_first_and_by_person(units: Units) -> None:
    later = NOON + timedelta(minutes=5)
    save(units, session(1), session(2, user=2, started=later), session(3, started=later))
    assert [one.id[-1] for one in units.read(lambda uow: uow.store(SessionStore).page(None))] == ["3", "2", "1"]
    first = units.read(lambda uow: uow.store(SessionStore).page(None, limit=2))
    rest = units.read(lambda uow: uow.store(SessionStore).page(None, after=first[-1].id, limit=2))
    assert [one.id[-1] for one in [*first, *rest]] == ["3", "2", "1"]
    assert [one.id[-1] for one in units.read(lambda uow: uow.store(SessionStore).page({f"{2:032x}"}))] == ["2"]
    assert units.read(lambda uow: uow.store(SessionStore).page(set())) == []
    mine = units.read(lambda uow: uow.store(SessionStore).of_person(f"{1:032x}"))
    assert [one.id[-1] for one in mine] == ["3", "1"]


def test_sessions_that_are_idle_or_expired_are_found(units: Units) -> None:
    idle, expired, used = session(1), session(2), session(3)
    save(
        units,
        idle,
        replace(expired, seen_at=NOON + timedelta(hours=2), ends_at=NOON + timedelta(hours=2)),
        replace(used, seen_at=NOON + timedelta(hours=2)),
    )
    now = NOON + timedelta(hours=2)
    over = units.read(lambda uow: uow.store(SessionStore).over(seen_before=now - timedelta(hours=1), ended_before=now))
    assert {one.id for one in over} == {idle.id, expired.id}


# --- failed sign-ins


def test_failures_are_kept_changed_and_forgotten(units: Units) -> None:
    row = Throttle(key="name:" + "a" * 32, failures=1, first_at=NOON, last_at=NOON)
    save(units, row)
    locked = replace(row, failures=5, locked_until=NOON + timedelta(minutes=10))
    save(units, locked)
    assert units.read(lambda uow: uow.store(ThrottleStore).get(row.key)) == locked
    units.run(lambda uow: uow.store(ThrottleStore).remove(row.key))
    assert units.read(lambda uow: uow.store(ThrottleStore).get(row.key)) is None


def test_only_quiet_and_unlocked_keys_are_forgotten(units: Units) -> None:
    quiet = Throttle(key="address:192.0.2.1", failures=1, first_at=NOON, last_at=NOON)
    locked = replace(quiet, key="address:192.0.2.2", locked_until=NOON + timedelta(hours=1))
    fresh = replace(quiet, key="address:2001:db8::/64", last_at=NOON + timedelta(minutes=30))
    save(units, quiet, locked, fresh)
    cutoff = NOON + timedelta(minutes=20)
    assert units.run(lambda uow: uow.store(ThrottleStore).forget(quiet_since=cutoff)) == 1
    kept = units.read(lambda uow: [uow.store(ThrottleStore).get(row.key) for row in (quiet, locked, fresh)])
    assert kept == [None, locked, fresh]


# --- set-up


def test_there_is_one_set_up_token_at_most(units: Units) -> None:
    assert units.read(lambda uow: uow.store(SetupStore).token_sha256()) is None
    units.run(lambda uow: uow.store(SetupStore).save(b"\x00\xff" * 16))
    units.run(lambda uow: uow.store(SetupStore).save(b"\x01\xfe" * 16))
    assert units.read(lambda uow: uow.store(SetupStore).token_sha256()) == b"\x01\xfe" * 16
    units.run(lambda uow: uow.store(SetupStore).clear())
    assert units.read(lambda uow: uow.store(SetupStore).token_sha256()) is None
