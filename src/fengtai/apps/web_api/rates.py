"""Rate limits: token buckets per address (before anybody is known) and per person's session or address and kind of act.

In the memory of this process: a restart forgets them, and several processes count each for itself. What guards passwords
is durable and elsewhere (access: throttling of names and addresses).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from fastapi.routing import APIRoute
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from fengtai.apps.settings_sections import HttpSettings
from fengtai.apps.web_api.problems import problem
from fengtai.domain.access.model import Actor
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Kind

LIMITED = Counter("fengtai_http_limited_total", "Requests refused because they came too fast", ["lane"])

MOST_BUCKETS = 100_000
"""Beyond, those that are full again are forgotten; then the oldest."""


class RateLane(Enum):
    """Each has a bucket of its own, so that a busy export does not stop the taking of alarms."""

    ADDRESS = "address"
    SIGN_IN = "sign-in"
    READ = "read"
    CHANGE = "change"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Rate:
    per_second: float
    burst: int

    @property
    def is_off(self) -> bool:
        return self.per_second <= 0


def rates_of(http: HttpSettings) -> dict[RateLane, Rate]:
    """What the settings say; how large a burst may be stands here."""
    return {
        RateLane.ADDRESS: Rate(http.address_rate, max(1, round(10 * http.address_rate))),
        RateLane.SIGN_IN: Rate(http.sign_in_rate, max(1, round(30 * http.sign_in_rate))),
        RateLane.READ: Rate(http.read_rate, max(1, round(10 * http.read_rate))),
        RateLane.CHANGE: Rate(http.change_rate, max(1, round(10 * http.change_rate))),
        RateLane.EXPORT: Rate(http.export_rate, max(1, round(20 * http.export_rate))),
    }


class Rates:
    """`wait(lane, who)` takes one token: 0, or the seconds until there is one again."""

    def __init__(self, clock: Clock, rates: Mapping[RateLane, Rate]) -> None:
        self._clock, self._rates = clock, dict(rates)
        self._buckets: dict[tuple[RateLane, str], tuple[float, float]] = {}

    def wait(self, lane: RateLane, who: str) -> float:
        rate = self._rates.get(lane)
        if rate is None or rate.is_off:
            return 0.0
        now = self._clock.now().monotonic
        left, at = self._buckets.pop((lane, who), (float(rate.burst), now))
        left = min(float(rate.burst), left + (now - at) * rate.per_second)
        waits = 0.0 if left >= 1 else (1 - left) / rate.per_second
        self._buckets[lane, who] = (left if waits else left - 1), now
        if len(self._buckets) > MOST_BUCKETS:
            self._forget(now)
        return waits

    def _forget(self, now: float) -> None:
        full = [
            bucket
            for bucket, (left, at) in self._buckets.items()
            if left + (now - at) * self._rates[bucket[0]].per_second >= self._rates[bucket[0]].burst
        ]
        for bucket in full or list(self._buckets)[: MOST_BUCKETS // 10]:  # the dict is in the order of use
            del self._buckets[bucket]


def lane_of(route: APIRoute) -> RateLane:
    """By what the route is: signing in and setting up, exports (`x-rate: export`, or by address), changes, reading."""
    methods, access = route.methods or set(), (route.openapi_extra or {}).get("x-access")
    if (route.openapi_extra or {}).get("x-rate") == RateLane.EXPORT.value or "export" in route.path:
        return RateLane.EXPORT
    if access == "public" and "POST" in methods:
        return RateLane.SIGN_IN
    return RateLane.READ if "GET" in methods else RateLane.CHANGE


class LimitedAddress:
    """ASGI middleware: the outermost limit, before a token is looked up."""

    def __init__(self, app: ASGIApp, *, rates: Rates) -> None:
        self._app, self._rates = app, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (seconds := self._rates.wait(RateLane.ADDRESS, _address(scope))):
            await _too_fast(RateLane.ADDRESS, seconds)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class LimitedRoute:
    """Stands behind the gate, which has said who calls."""

    def __init__(self, app: ASGIApp, route: APIRoute, rates: Rates) -> None:
        self._app, self._rates, self._lane = app, rates, lane_of(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        actor = scope.get("state", {}).get("actor")
        who = actor.session_id or actor.user_id if isinstance(actor, Actor) else _address(scope)
        if seconds := self._rates.wait(self._lane, who):
            await _too_fast(self._lane, seconds)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _too_fast(lane: RateLane, seconds: float) -> ASGIApp:
    LIMITED.labels(lane.value).inc()
    wait_seconds = math.ceil(seconds)
    answer = problem(Kind.TOO_MANY, f"Too many requests ({lane.value}). Try again in {wait_seconds} s.")
    answer.headers["retry-after"] = str(wait_seconds)
    return answer


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
