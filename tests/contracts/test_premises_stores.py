"""Premises and panel accounts on every engine."""

from dataclasses import replace

import pytest

from fengtai.domain.premises.model import Keyholder, PanelAccount, Premises, Zone
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position

SHOP = Premises(
    id="b1",
    name="晨光珠宝 Jeweller",
    address="和平街 8 号",
    organisation_id="o1",
    position=Position(123.43, 41.8),
    kind="shop",
    note="狗",
    point_ids=("p1", "p2"),
    zones=(Zone(number="1", name="前门", point_ids=("p1",)), Zone(number="2", partition="1", name="保险库")),
    keyholders=(Keyholder(id="k1", name="王芳", phone="+86 10 0000", order=1, note="住在附近"),),
    steps=("看图像", "打电话"),
)
SCHOOL = Premises(id="b2", name="Harbour school")
ACCOUNT = PanelAccount(
    id="c1", channel="sia-dc09", number="1234", premises_id="b1", sealed_key=b"\x00\xffkey", heartbeat_seconds=90
)
BEHIND_RECEIVER = replace(ACCOUNT, id="c2", receiver="579BDF", line="789ABC", sealed_key=b"")


def test_premises_come_back_with_all_that_belongs_to_them(units):
    units.run(lambda uow: uow.store(PremisesStore).save(SHOP))
    assert units.read(lambda uow: uow.store(PremisesStore).get("b1")) == SHOP
    units.run(lambda uow: uow.store(PremisesStore).save(replace(SHOP, zones=(), position=None)))
    assert units.read(lambda uow: uow.store(PremisesStore).get("b1")) == replace(SHOP, zones=(), position=None)


def test_unknown_premises_are_not_found(units):
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(PremisesStore).get("nobody"))


def test_premises_are_paged_and_looked_for(units):
    for premises in (SCHOOL, SHOP):
        units.run(lambda uow, each=premises: uow.store(PremisesStore).save(each))

    def page(**wanted):
        return units.read(lambda uow: uow.store(PremisesStore).page(**wanted))

    assert page() == [SHOP, SCHOOL]
    assert page(limit=1) == [SHOP]
    assert page(after="b1") == [SCHOOL]
    assert page(text="HARBOUR") == [SCHOOL]
    assert page(text="和平") == [SHOP]


def test_an_account_is_found_by_receiver_and_line_else_by_the_one_that_names_neither(units):
    for account in (ACCOUNT, BEHIND_RECEIVER):
        units.run(lambda uow, each=account: uow.store(PanelAccountStore).save(each))

    def find(*names, **path):
        return units.read(lambda uow: uow.store(PanelAccountStore).find(*names, **path))

    assert find("sia-dc09", "1234") == ACCOUNT
    assert find("sia-dc09", "1234", receiver="579BDF", line="789ABC") == BEHIND_RECEIVER
    assert find("sia-dc09", "1234", receiver="other", line="0") == ACCOUNT
    assert find("sia-dc09", "9999") is None
    assert find("gb28181", "1234") is None


def test_an_account_that_names_its_receiver_does_not_answer_for_others(units):
    units.run(lambda uow: uow.store(PanelAccountStore).save(BEHIND_RECEIVER))
    assert units.read(lambda uow: uow.store(PanelAccountStore).find("sia-dc09", "1234", receiver="other")) is None


def test_accounts_are_listed_by_channel_and_changed(units):
    other = replace(ACCOUNT, id="c0", channel="gb28181", number="77")
    for account in (ACCOUNT, BEHIND_RECEIVER, other, replace(ACCOUNT, grace_seconds=60)):
        units.run(lambda uow, each=account: uow.store(PanelAccountStore).save(each))
    changed = replace(ACCOUNT, grace_seconds=60)
    assert units.read(lambda uow: uow.store(PanelAccountStore).all()) == [other, changed, BEHIND_RECEIVER]
    assert units.read(lambda uow: uow.store(PanelAccountStore).all("sia-dc09")) == [changed, BEHIND_RECEIVER]
    assert units.read(lambda uow: uow.store(PanelAccountStore).get("c1")) == changed
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(PanelAccountStore).get("nobody"))
