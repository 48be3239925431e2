"""May this device register? By its own password if it has one, else by the shared one; and never by guessing."""

from dataclasses import dataclass
from datetime import timedelta

from fengtai.domain.access.ports import Vault
from fengtai.domain.devices.model import Binding, Enrolment, EnrolPolicy
from fengtai.domain.devices.rules import password_label
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.throttle import Throttle
from fengtai.protocols.gb28181 import RegistrationAsked
from fengtai.vocabulary.clock import Clock

WRONG_PASSWORDS_OF_A_DEVICE, WRONG_PASSWORDS_OF_A_HOST = 20, 600
"""a minute; a house of misconfigured devices behind one address stays below the second"""


@dataclass(frozen=True, slots=True)
class Decision:
    """The status of the answer, and for a refusal its cause (for the log; the device is told nothing)."""

    status: int
    cause: str = ""


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

    async def decide(self, asked: RegistrationAsked) -> Decision:
        """A registration that is answered 200 is durable already; signing off is made durable by the event that follows.
        Raise FengtaiError when the stores or the vault do not answer."""
        now, who = self._clock.now().monotonic, f"{asked.peer.host} {asked.device_id}"
        if self._wrong_device.holds_off(who, now) or self._wrong_host.holds_off(asked.peer.host, now):
            return Decision(503, "too many wrong passwords in this minute")
        cause = await self._objection(asked)
        if cause:
            self._wrong_device.count(who, now)
            self._wrong_host.count(asked.peer.host, now)
            return Decision(403, cause)
        if asked.expires_seconds:
            device = await self._devices.registered(asked.device_id, self._binding(asked), policy=self._policy)
            if device.enrolment is Enrolment.REFUSED:
                return Decision(403, "it was refused")
        return Decision(200)

    async def _objection(self, asked: RegistrationAsked) -> str:
        admission = await self._devices.admission(asked.device_id, self._policy)
        if not admission.allowed:
            return admission.reason
        password = self._shared_password
        if admission.sealed_password:
            label = password_label(asked.device_id)
            password = self._vault.open(admission.sealed_password, label=label).decode()
        if not password:
            return "it has no password of its own, and no shared one is set (sip.shared_password)"
        if not asked.credentials.matches(password, "REGISTER"):
            return "wrong password" if asked.credentials.realm == self._realm else "wrong realm"
        return ""

    def _binding(self, asked: RegistrationAsked) -> Binding:
        return Binding(
            transport=asked.peer.transport,
            host=asked.peer.host,
            port=asked.peer.port,
            expires_at=self._clock.now().utc + timedelta(seconds=asked.expires_seconds),
            edition=asked.edition,
            call_id=asked.call_id,
        )
