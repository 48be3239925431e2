"""The in-memory twins of people, sessions, throttles and the set-up token."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from fengtai.domain.access.model import Person, Reach, Session, Throttle
from fengtai.domain.access.ports import PersonStore, SessionStore, SetupStore, ThrottleStore
from fengtai.vocabulary.errors import Conflict, NotFound


class MemoryPeople:
    def __init__(self) -> None:
        self.by_id: dict[str, Person] = {}
        self.id_by_key: dict[str, str] = {}

    def get(self, user_id: str) -> Person:
        try:
            return self.by_id[user_id]
        except KeyError:
            raise NotFound("there is no such person") from None

    def by_name_key(self, name_key: str) -> Person | None:
        user_id = self.id_by_key.get(name_key)
        return None if user_id is None else self.by_id[user_id]

    def all(self) -> Sequence[Person]:
        return [self.by_id[user_id] for _, user_id in sorted(self.id_by_key.items())]

    def page(self, reach: Reach, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, Person]]:
        people = ((key, self.by_id[user_id]) for key, user_id in sorted(self.id_by_key.items()) if key > after)
        return list(islice((one for one in people if reach.covers_organisation(one[1].organisation_id)), limit))

    def save(self, person: Person, *, name_key: str) -> None:
        if self.id_by_key.get(name_key, person.id) != person.id:
            raise Conflict(f"the name {person.name} is taken")
        for key in [key for key, user_id in self.id_by_key.items() if user_id == person.id]:
            del self.id_by_key[key]
        self.id_by_key[name_key] = person.id
        self.by_id[person.id] = person


class MemorySessions:
    def __init__(self) -> None:
        self.by_id: dict[str, Session] = {}

    def get(self, session_id: str) -> Session:
        try:
            return self.by_id[session_id]
        except KeyError:
            raise NotFound("there is no such session") from None

    def by_token(self, token_sha256: bytes) -> Session | None:
        return next((session for session in self.by_id.values() if session.token_sha256 == token_sha256), None)

    def of_person(self, user_id: str) -> Sequence[Session]:
        return [session for session in self._newest_first() if session.user_id == user_id]

    def page(self, of: Collection[str] | None, *, after: str = "", limit: int = 100) -> Sequence[Session]:
        found = (session for session in self.by_id.values() if of is None or session.user_id in of)
        newest = sorted(found, key=lambda session: session.id, reverse=True)
        return [session for session in newest if not after or session.id < after][:limit]

    def _newest_first(self) -> Sequence[Session]:
        return sorted(self.by_id.values(), key=lambda session: (session.started_at, session.id), reverse=True)

    def over(self, *, seen_before: datetime, ended_before: datetime) -> Sequence[Session]:
        return [s for s in self._newest_first() if s.seen_at <= seen_before or s.ends_at <= ended_before]

    def save(self, session: Session) -> None:
        self.by_id[session.id] = session

    def remove(self, session_id: str) -> None:
        self.by_id.pop(session_id, None)


class MemoryThrottles:
    def __init__(self) -> None:
        self.by_key: dict[str, Throttle] = {}

    def get(self, key: str) -> Throttle | None:
        return self.by_key.get(key)

    def save(self, throttle: Throttle) -> None:
        self.by_key[throttle.key] = throttle

    def remove(self, key: str) -> None:
        self.by_key.pop(key, None)

    def locked(
        self, now: datetime, of: Collection[str] | None = None, *, after: str = "", limit: int = 100
    ) -> Sequence[Throttle]:
        held = [row for row in self.by_key.values() if row.locked_until is not None and row.locked_until > now]
        wanted = [row for row in held if (of is None or row.key in of) and row.key > after]
        return sorted(wanted, key=lambda row: row.key)[:limit]

    def forget(self, *, quiet_since: datetime) -> int:
        gone = [
            key
            for key, row in self.by_key.items()
            if row.last_at <= quiet_since and (row.locked_until is None or row.locked_until <= quiet_since)
        ]
        for key in gone:
            del self.by_key[key]
        return len(gone)


class MemorySetup:
    def __init__(self) -> None:
        self.token: bytes | None = None

    def token_sha256(self) -> bytes | None:
        return self.token

    def save(self, token_sha256: bytes) -> None:
        self.token = token_sha256

    def clear(self) -> None:
        self.token = None


STORES: Mapping[type[Any], type[Any]] = {
    PersonStore: MemoryPeople,
    SessionStore: MemorySessions,
    ThrottleStore: MemoryThrottles,
    SetupStore: MemorySetup,
}
