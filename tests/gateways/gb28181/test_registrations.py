"""Who may register: the decision behind 200, 403 and 503."""

from pathlib import Path

import pytest
from tests.gateways.gb28181.conftest import ENGINEER

from fengtai.apps.schema import memory_stores
from fengtai.domain.devices.model import EnrolPolicy
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.registrations import WRONG_PASSWORDS_OF_A_DEVICE, RegistrationDesk
from fengtai.protocols.gb28181 import Peer, RegistrationAsked
from fengtai.protocols.sip import authorization, challenge, parse_credentials
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock

DEVICE = "34020000001180000005"


class Desk:
    def __init__(self, keys: Path, *, shared: str = "shared-12", policy: EnrolPolicy = EnrolPolicy.ACCEPT) -> None:
        self.clock = HandClock()
        transactions = MemoryTransactions(self.clock, memory_stores())
        vault = FileVault(keys)
        self.devices = DeviceRegistry(transactions=transactions, vault=vault)
        self.desk = RegistrationDesk(
            devices=self.devices,
            vault=vault,
            clock=self.clock,
            shared_password=shared,
            policy=policy,
            realm="3402000000",
        )

    async def asks(
        self, password: str, *, expires: int = 3600, realm: str = "3402000000", user: str = DEVICE
    ) -> tuple[int, str]:
        text = authorization(
            challenge(realm, "n"), username=user, password=password, method="REGISTER", uri="sip:x", cnonce="c"
        )
        asked = RegistrationAsked(
            ticket=1,
            device_id=DEVICE,
            credentials=parse_credentials(text),
            peer=Peer("udp", "10.0.0.9", 5060),
            expires_seconds=expires,
            edition="2.0",
            call_id="c",
        )
        (decision,) = await self.desk.decide([asked])
        return decision.status, decision.cause


@pytest.mark.parametrize(
    ("shared", "policy", "password", "realm", "expected"),
    [
        ("shared-12", EnrolPolicy.ACCEPT, "shared-12", "3402000000", (200, "")),
        ("shared-12", EnrolPolicy.ACCEPT, "wrong", "3402000000", (403, "wrong password")),
        ("shared-12", EnrolPolicy.ACCEPT, "wrong", "4401020049", (403, "wrong realm")),
        ("", EnrolPolicy.ACCEPT, "", "3402000000", (403, "it has no password of its own")),
        ("shared-12", EnrolPolicy.REFUSE, "shared-12", "3402000000", (403, "nobody entered this device")),
    ],
)
async def test_the_cause_of_a_refusal_is_named(
    tmp_path: Path, shared: str, policy: EnrolPolicy, password: str, realm: str, expected: tuple[int, str]
) -> None:
    status, cause = await Desk(tmp_path / "keys", shared=shared, policy=policy).asks(password, realm=realm)
    assert status == expected[0]
    assert cause.startswith(expected[1])


async def test_guessing_is_held_off_for_a_minute_even_with_the_right_password(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "keys")
    for _ in range(WRONG_PASSWORDS_OF_A_DEVICE):
        assert (await desk.asks("guess"))[0] == 403
    assert (await desk.asks("shared-12"))[0] == 503
    desk.clock.advance(61)
    assert (await desk.asks("shared-12"))[0] == 200


async def test_signing_off_wants_the_password_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "keys")
    assert (await desk.asks("wrong", expires=0))[0] == 403
    assert (await desk.asks("shared-12", expires=0))[0] == 200
    assert list(await desk.devices.page(by=ENGINEER)) == []


async def test_a_wrong_user_is_told_apart_from_realm_and_password(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "keys")
    assert (await desk.asks("wrong", user="admin"))[1] == "wrong user 'admin' instead of its own code"
    assert (await desk.asks("wrong", user="admin", realm="x"))[1].startswith(
        "wrong realm 'x' instead of 3402000000, wr"
    )
    assert (await desk.asks("wrong"))[1] == "wrong password"
