"""May these devices register? By their own password if they have one, else by the shared one; and never by guessing.

Registrations are decided and kept many at a time: while one lot is being committed the next gathers, so that a city that
comes back at once costs a few hundred commits instead of a hundred thousand. Order is that of arrival.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import islice

import structlog

from fengtai.domain.access.ports import Vault
from fengtai.domain.devices.model import Binding, EnrolPolicy
from fengtai.domain.devices.rules import Admission, password_label
from fengtai.domain.devices.service import DeviceRegistry, Registration
from fengtai.gateways.gb28181.throttle import Throttle
from fengtai.protocols.gb28181 import RegistrationAsked
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError

log = structlog.get_logger()

WRONG_PASSWORDS_OF_A_DEVICE, WRONG_PASSWORDS_OF_A_HOST = 20, 600
"""a minute; a house of misconfigured devices behind one address stays below the second"""
LARGEST_LOT = 256
"""kept in one unit: bounds how long other units wait for it"""
BUSY_LOT, BUSY_SECONDS = 20, 1.0
"""so many at once are a storm, and it is over when none have come for so long"""


@dataclass(frozen=True, slots=True)
class Decision:
    """The status of the answer, and for a refusal its cause (for the log; the device is told nothing)."""

    status: int
    cause: str = ""


Answers = Callable[[Sequence[tuple[RegistrationAsked, Decision]]], None]
Before = Callable[[Sequence[RegistrationAsked]], Awaitable[None]]


class RegistrationDesk:
    def __init__(
        self,
        *,
        devices: DeviceRegistry,
        vault: Vault,
        clock: Clock,
        shared_password: str,
        policy: EnrolPolicy,
        realm: str,
    ) -> None:
        self._devices, self._vault, self._clock = devices, vault, clock
        self._shared_password, self._policy, self._realm = shared_password, policy, realm
        self._wrong_device = Throttle(most=WRONG_PASSWORDS_OF_A_DEVICE)
        self._wrong_host = Throttle(most=WRONG_PASSWORDS_OF_A_HOST)
        self._waiting: deque[RegistrationAsked] = deque()
        self._wake = asyncio.Event()
        self._large_lot_at = float("-inf")

    def is_busy(self) -> bool:
        """Whether many come at once, now or a moment ago."""
        return self._clock.now().monotonic - self._large_lot_at < BUSY_SECONDS

    def ask(self, asked: RegistrationAsked) -> None:
        """It will be answered by `work_forever`."""
        self._waiting.append(asked)
        self._wake.set()

    async def work_forever(self, before: Before, answer: Answers) -> None:
        """`before` waits for what is still being done about these devices; `answer` gets every lot, whatever happens."""
        while True:
            await self._wake.wait()
            lot = list(islice(self._waiting, LARGEST_LOT))
            for _ in lot:
                self._waiting.popleft()
            if not self._waiting:
                self._wake.clear()
            decisions = [Decision(500, "the registration could not be decided")] * len(lot)
            try:
                await before(lot)
                decisions = await self.decide(lot)
            except FengtaiError as error:
                decisions = [Decision(503, str(error))] * len(lot)
            except Exception as error:  # noqa: BLE001 - top of a background loop: the devices are answered 500
                log.error("device.registrations_failed", error=repr(error), devices=len(lot))
            finally:
                answer(list(zip(lot, decisions, strict=True)))

    async def decide(self, lot: Sequence[RegistrationAsked]) -> list[Decision]:
        """A registration that is answered 200 is durable already; signing off is made durable by the event that follows.
        Raise FengtaiError when the stores or the vault do not answer."""
        instant = self._clock.now()
        now = instant.monotonic
        if len(lot) >= BUSY_LOT:
            self._large_lot_at = now
        is_calm = not (self._wrong_host or self._wrong_device)
        held_off = [False] * len(lot) if is_calm else [self._is_held_off(asked, now) for asked in lot]
        tried = [asked for asked, held in zip(lot, held_off, strict=True) if not held]
        registrations = [_registration(asked, instant.utc, self._objection) for asked in tried]
        found = await self._devices.register_all(registrations, policy=self._policy) if tried else ()
        if is_calm and not any(found):
            return [_ADMITTED] * len(lot)
        causes, decisions = iter(found), []
        for asked, held in zip(lot, held_off, strict=True):
            cause = "" if held else next(causes)
            if held:
                decisions.append(Decision(503, "too many wrong passwords in this minute"))
            elif cause:
                self._wrong_device.count(f"{asked.peer.host} {asked.device_id}", now)
                self._wrong_host.count(asked.peer.host, now)
                decisions.append(Decision(403, cause))
            else:
                decisions.append(_ADMITTED)
        return decisions

    def _is_held_off(self, asked: RegistrationAsked, now: float) -> bool:
        host = asked.peer.host
        return self._wrong_host.holds_off(host, now) or (
            bool(self._wrong_device) and self._wrong_device.holds_off(f"{host} {asked.device_id}", now)
        )

    def _objection(self, asked: RegistrationAsked, admission: Admission) -> str:
        password = self._shared_password
        if admission.sealed_password:
            label = password_label(asked.device_id)
            password = self._vault.open(admission.sealed_password, label=label).decode()
        if not password:
            return "it has no password of its own, and no shared one is set (sip.shared_password)"
        if not asked.credentials.matches(password, "REGISTER"):
            return _why_not(asked, self._realm)
        return ""


def _why_not(asked: RegistrationAsked, realm: str) -> str:
    """For whoever sets the device up. Its digest is over what it names itself, so a wrong name alone never fails; but it
    tells that the device was set up for something else."""
    given, wrong = asked.credentials, []
    if given.realm != realm:
        wrong.append(f"wrong realm {given.realm[:40]!r} instead of {realm}")
    if given.username != asked.device_id:
        wrong.append(f"wrong user {given.username[:40]!r} instead of its own code")
    return ", ".join(wrong) or "wrong password"


def _registration(
    asked: RegistrationAsked, at: datetime, objection: Callable[[RegistrationAsked, Admission], str]
) -> Registration:
    _, device_id, _, (transport, host, port, _), seconds, edition, call_id = asked
    binding = Binding(transport, host, port, _end(at, seconds), edition, call_id) if seconds else None
    return Registration(device_id, binding, partial(objection, asked))


@lru_cache(maxsize=16)
def _end(at: datetime, seconds: int) -> datetime:
    """Devices of one lot mostly register for the same time: one object, which the store knows again."""
    return at + timedelta(seconds=seconds)


_ADMITTED = Decision(200)
