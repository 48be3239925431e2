"""Decisions about rights per second: 5,000 people, 20,000 grants, 200,000 points in 500 areas, half of the answers no.

No result is remembered, and every answer comes with its explanation: the grants that decided, and for a refusal the
sentence that a person reads. `peer` is casbin with the same grants as policies, each of its users with their own, so that
it looks through as few as ours does; it is asked for far fewer answers, because it is far slower. `limit` is a look-up in
a dictionary of answers that were worked out before.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import casbin  # type: ignore[import-untyped]
from rich.console import Console

from fengtai.domain.access.model import Grant, GrantTerms, OrganisationTree, Permission, Place, Rights, Role
from fengtai.domain.access.rules import PERMISSIONS_OF_ROLE, compiled
from fengtai.domain.organisations.model import Level, Organisation

PEOPLE, GRANTS, POINTS, AREAS = 5_000, 20_000, 200_000, 500
REQUESTS, PEER_REQUESTS, ROUNDS = 200_000, 1_000, 5
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Request = tuple[int, Permission, Place]

# Each policy is a grant; the matcher asks what `Ground.covers` asks. Organisations are given to casbin as the codes of
# their areas, because it has no tree of its own at this speed.
MODEL = """
[request_definition]
r = org, area, kind, act
[policy_definition]
p = org, area, kind, act, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && (p.org == "" || r.org == p.org) && (p.area == "" || r.area == p.area) && \
    (p.kind == "" || r.kind == p.kind)
"""


class City:
    """Made from one seed, so that every run asks the same."""

    def __init__(self) -> None:
        chance = random.Random(20261121)
        self.areas = [f"31{number:04d}" for number in range(101, 1000) if number % 100][:AREAS]
        self.tree = OrganisationTree(
            [Organisation(id="root", name="city", level=Level.CITY, area_code="31")]
            + [
                Organisation(
                    id=f"o{area}", name=f"district {area}", level=Level.DISTRICT, parent_id="root", area_code=area
                )
                for area in self.areas
            ]
        )
        self.points = [
            Place(f"o{area}", area, chance.choice((1, 2, 3)))
            for area in (chance.choice(self.areas) for _ in range(POINTS))
        ]
        by_area: dict[str, list[Place]] = {}
        for point in self.points:
            by_area.setdefault(point.area_code, []).append(point)
        self.grants = [self._grant(number, chance) for number in range(GRANTS)]
        self.of_person: list[list[Grant]] = [self.grants[person::PEOPLE] for person in range(PEOPLE)]
        self.rights: list[Rights] = [compiled(grants, NOW, self.tree) for grants in self.of_person]
        self.requests = self._requests(chance, by_area)

    def _grant(self, number: int, chance: random.Random) -> Grant:
        area = chance.choice(self.areas)
        classes = frozenset({chance.choice((1, 2, 3))}) if number % 4 == 0 else frozenset[int]()
        terms = GrantTerms(
            role=chance.choice((Role.OPERATOR, Role.ENGINEER)),
            organisation_id=f"o{area}" if number % 2 else "",
            area_code="" if number % 2 else area,
            point_classes=classes,
        )
        return Grant(id=f"{number:032x}", user_id=str(number % PEOPLE), terms=terms, granted_by="admin", granted_at=NOW)

    def _requests(self, chance: random.Random, by_area: dict[str, list[Place]]) -> list[Request]:
        """Half of them inside a grant of the person's, half at random points, shuffled."""
        permissions = sorted(
            PERMISSIONS_OF_ROLE[Role.OPERATOR] & PERMISSIONS_OF_ROLE[Role.ENGINEER], key=lambda p: p.value
        )
        permissions = [one for one in permissions if one.value.endswith(".see") and not one.value.startswith("system")]
        wanted: dict[bool, list[Request]] = {True: [], False: []}
        while len(wanted[True]) < REQUESTS // 2 or len(wanted[False]) < REQUESTS // 2:
            person = chance.randrange(PEOPLE)
            terms = chance.choice(self.of_person[person]).terms
            area = terms.area_code or terms.organisation_id[1:]
            place = chance.choice(by_area[area] if chance.random() < 0.6 else self.points)
            permission = chance.choice(permissions)
            answer = self.rights[person].decide(permission, place).allowed
            if len(wanted[answer]) < REQUESTS // 2:
                wanted[answer].append((person, permission, place))
        mixed = wanted[True] + wanted[False]
        chance.shuffle(mixed)
        return mixed


def ours(city: City, requests: Sequence[Request]) -> tuple[float, int]:
    """Seconds, and how many were allowed."""
    rights, allowed, told = city.rights, 0, 0
    began = time.perf_counter()
    for person, permission, place in requests:
        decision = rights[person].decide(permission, place)
        if decision.allowed:
            allowed += 1
            told += len(decision.grants)
        else:
            told += len(decision.words)
    seconds = time.perf_counter() - began
    assert told > len(requests)
    return seconds, allowed


def casbins(city: City, requests: Sequence[Request]) -> tuple[float, int]:
    """One enforcer per person, with that person's policies only, made beforehand; `enforce_ex` gives its explanation."""
    enforcers = {person: _enforcer(city, person) for person in {request[0] for request in requests}}
    asked = [(enforcers[p], (place[0], place[1], str(place[2]), act.value)) for p, act, place in requests]
    allowed = 0
    began = time.perf_counter()
    for enforcer, question in asked:
        answer, _ = enforcer.enforce_ex(*question)
        allowed += answer
    return time.perf_counter() - began, allowed


def _enforcer(city: City, person: int) -> casbin.Enforcer:
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    enforcer = casbin.Enforcer(model)
    for grant in city.of_person[person]:
        terms = grant.terms
        for kind in sorted(map(str, terms.point_classes)) or [""]:
            for permission in PERMISSIONS_OF_ROLE[terms.role]:
                enforcer.add_policy(terms.organisation_id, terms.area_code, kind, permission.value, "allow")
    return enforcer


def known_answers(city: City, requests: Sequence[Request]) -> tuple[float, int]:
    answers = {request: city.rights[request[0]].decide(request[1], request[2]).allowed for request in requests}
    allowed = 0
    began = time.perf_counter()
    for request in requests:
        allowed += answers[request]
    return time.perf_counter() - began, allowed


def best(
    measure: Callable[[City, Sequence[Request]], tuple[float, int]], city: City, requests: Sequence[Request]
) -> float:
    """Decisions a second; the best of some rounds, because the machine is shared."""
    return max(len(requests) / measure(city, requests)[0] for _ in range(ROUNDS))


def main() -> None:
    city = City()
    few = city.requests[:PEER_REQUESTS]
    assert ours(city, few)[1] == casbins(city, few)[1], "ours and casbin do not decide the same"
    mine, limit = best(ours, city, city.requests), best(known_answers, city, city.requests)
    peer = PEER_REQUESTS / casbins(city, few)[0]
    print(
        json.dumps(
            {
                "row": "decisions",
                "unit": "decisions/s, explanation included",
                "ours": round(mine),
                "peer": round(peer),
                "ratio": round(mine / peer, 1),
                "limit": round(limit),
                "people": PEOPLE,
                "grants": GRANTS,
                "points": POINTS,
                "denied": 0.5,
            }
        )
    )


if __name__ == "__main__":
    Console(stderr=True).print(f"{REQUESTS} requests, about a minute")
    main()
