"""The in-memory twin of grants."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import Grant, Place, Reach
from fengtai.domain.access.ports import GrantStore
from fengtai.vocabulary.errors import NotFound


class MemoryGrants:
    def __init__(self) -> None:
        self.by_id: dict[str, Grant] = {}

    def get(self, grant_id: str) -> Grant:
        try:
            return self.by_id[grant_id]
        except KeyError:
            raise NotFound("there is no such grant") from None

    def of_person(self, user_id: str) -> Sequence[Grant]:
        return [grant for grant in self.all_in_force() if grant.user_id == user_id]

    def all_in_force(self) -> Sequence[Grant]:
        return [grant for _, grant in sorted(self.by_id.items()) if grant.ended_at is None]

    def over(self, now: datetime) -> Sequence[Grant]:
        return [
            grant
            for grant in self.all_in_force()
            if grant.terms.valid_until is not None and grant.terms.valid_until <= now
        ]

    def page(
        self, reach: Reach, *, user_id: str = "", with_ended: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[Grant]:
        found = [
            grant
            for _, grant in sorted(self.by_id.items(), reverse=True)
            if (not user_id or grant.user_id == user_id)
            and (with_ended or grant.ended_at is None)
            and (not after or grant.id < after)
            and reach.covers(Place(grant.terms.organisation_id, grant.terms.area_code))
        ]
        return found[:limit]

    def save(self, grant: Grant) -> None:
        self.by_id[grant.id] = grant


STORES: Mapping[type[Any], type[Any]] = {GrantStore: MemoryGrants}
