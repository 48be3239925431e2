"""Protected premises and the accounts of their panels."""

from dataclasses import replace

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.model import PointWords
from fengtai.domain.points.service import PointRegister
from fengtai.domain.premises.model import AccountWords, Keyholder, PremisesWords, Zone
from fengtai.domain.premises.service import PremisesRegister
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound

ENGINEER = acting(Role.ENGINEER, name="sun", user_id="5")
KEY = "00112233445566778899aabbccddeeff"
SHOP = PremisesWords(
    name="晨光珠宝",
    zones=(Zone(number="007", name="前门"), Zone(number="000", name="主机")),
    keyholders=(Keyholder(id="", name="王芳", phone="2", order=2), Keyholder(id="", name="李强", phone="1", order=1)),
)


class Town:
    def __init__(self, vault) -> None:
        self.transactions = MemoryTransactions(HandClock(), memory_stores())
        self.premises = PremisesRegister(transactions=self.transactions, vault=vault)
        self.points = PointRegister(transactions=self.transactions)

    def audited(self):
        return self.transactions.offered(AuditLog).entries[-1]


@pytest.fixture
async def town(tmp_path):
    made = Town(FileVault(tmp_path / "vault.key"))
    await OrganisationRegister(transactions=made.transactions).ensure_root("风台市", area_code="210102")
    return made


@pytest.fixture
async def shop(town):
    return await town.premises.create(SHOP, by=ENGINEER)


async def test_premises_keep_plain_zone_numbers_and_keyholders_in_order(town, shop):
    assert [zone.number for zone in shop.zones] == ["7", "0"]
    assert [keyholder.name for keyholder in shop.keyholders] == ["李强", "王芳"]
    assert all(len(keyholder.id) == 32 for keyholder in shop.keyholders)
    assert await town.premises.get(shop.id, by=ENGINEER) == shop


async def test_a_keyholder_keeps_the_id_when_premises_change(town, shop):
    changed = await town.premises.change(shop.id, replace(SHOP, keyholders=shop.keyholders, note="狗"), by=ENGINEER)
    assert changed.keyholders == shop.keyholders
    assert town.audited().action == "premises.change"
    with pytest.raises(NotFound):
        await town.premises.change("nobody", SHOP, by=ENGINEER)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"name": ""}, "name"),
        ({"zones": (Zone(number="1"), Zone(number="01"))}, "zones"),
        ({"zones": (Zone(number=""),)}, "zones"),
        ({"keyholders": (Keyholder(id="", name="王芳", phone=" ", order=1),)}, "keyholders"),
        ({"steps": ("看图像", "")}, "steps"),
        ({"point_ids": ("nobody",)}, "point_ids"),
        ({"zones": (Zone(number="1", point_ids=("nobody",)),)}, "point_ids"),
    ],
)
async def test_what_cannot_be_premises_is_refused_by_its_field(town, words, field):
    with pytest.raises(Invalid) as refused:
        await town.premises.create(replace(SHOP, **words), by=ENGINEER)
    assert refused.value.field == field


async def test_cameras_are_assigned_to_zones_and_premises(town):
    gate = await town.points.create(PointWords(name="东门"), by=ENGINEER)
    words = replace(SHOP, point_ids=(gate.id,), zones=(Zone(number="1", point_ids=(gate.id,)),))
    assert (await town.premises.create(words, by=ENGINEER)).zones[0].point_ids == (gate.id,)


async def test_a_key_is_sealed_opened_for_the_gateway_and_never_audited(town, shop):
    words = AccountWords(channel="sia-dc09", number="1234", premises_id=shop.id, key_hex=KEY)
    account = await town.premises.create_account(words, by=ENGINEER)
    assert bytes.fromhex(KEY) not in account.sealed_key
    assert town.premises.open_key(account) == bytes.fromhex(KEY)
    assert KEY not in str(town.audited())
    assert town.audited().details["key"] == "set"
    (event,) = town.transactions.told("premises.accounts_changed")
    assert (event.payload["account_id"], event.payload["organisation_id"]) == (account.id, shop.organisation_id)


async def test_a_key_is_kept_changed_or_taken_away(town, shop):
    words = AccountWords(channel="sia-dc09", number="1234", premises_id=shop.id, key_hex=KEY)
    account = await town.premises.create_account(words, by=ENGINEER)
    kept = await town.premises.change_account(account.id, replace(words, key_hex=None), by=ENGINEER)
    assert kept.sealed_key == account.sealed_key
    gone = await town.premises.change_account(account.id, replace(words, key_hex=""), by=ENGINEER)
    assert town.premises.open_key(gone) == b""


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"number": " "}, "number"),
        ({"channel": ""}, "channel"),
        ({"key_hex": "0011"}, "key"),
        ({"key_hex": "zz" * 5}, "key"),
        ({"heartbeat_seconds": -1}, "heartbeat_seconds"),
        ({"grace_seconds": 86401}, "grace_seconds"),
    ],
)
async def test_what_cannot_be_an_account_is_refused_by_its_field(town, shop, words, field):
    wanted = AccountWords(channel="sia-dc09", number="1234", premises_id=shop.id)
    with pytest.raises(Invalid) as refused:
        await town.premises.create_account(replace(wanted, **words), by=ENGINEER)
    assert refused.value.field == field


async def test_an_account_is_unique_per_channel_receiver_and_line(town, shop):
    words = AccountWords(channel="sia-dc09", number="1234", premises_id=shop.id)
    first = await town.premises.create_account(words, by=ENGINEER)
    await town.premises.create_account(replace(words, receiver="579BDF", line="0"), by=ENGINEER)
    await town.premises.create_account(replace(words, channel="gb28181"), by=ENGINEER)
    with pytest.raises(Conflict):
        await town.premises.create_account(words, by=ENGINEER)
    assert await town.premises.change_account(first.id, words, by=ENGINEER) == first
    assert len(await town.premises.accounts("sia-dc09")) == 2


async def test_an_account_belongs_to_premises_that_exist(town):
    with pytest.raises(NotFound):
        await town.premises.create_account(
            AccountWords(channel="sia-dc09", number="1", premises_id="nobody"), by=ENGINEER
        )
