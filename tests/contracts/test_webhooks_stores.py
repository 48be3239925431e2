"""Webhooks and dead letters on every engine."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.webhooks.model import DeadLetter, Webhook
from fengtai.domain.webhooks.ports import WebhookStore
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import NotFound

NOW = HandClock().now().utc
HOOK = Webhook(
    id="w1",
    name="值班短信",
    url="https://example.com/fengtai",
    kinds=("alarms.", "incidents.opened"),
    owner_id="u1",
    owner_name="魏",
    secret=b"\x00sealed\xff",
    enabled=True,
    created_at=NOW,
    told_seq=7,
)


def letter(seq: int, webhook_id: str = "w1") -> DeadLetter:
    return DeadLetter(
        webhook_id=webhook_id,
        seq=seq,
        kind="alarms.raised",
        happened_at=NOW,
        given_up_at=NOW + timedelta(seconds=seq),
        error="答 503",
        payload={"alarm_id": "a1", "text": "前门"},
    )


def save(units: Units, *webhooks: Webhook) -> None:
    for webhook in webhooks:
        units.run(lambda uow, one=webhook: uow.store(WebhookStore).save(one))


def set_aside(units: Units, *letters: DeadLetter) -> None:
    for one in letters:
        units.run(lambda uow, one=one: uow.store(WebhookStore).set_aside(one))


def letters_of(units: Units, webhook_id: str = "w1", before: int | None = None, limit: int = 10) -> list[int]:
    found = units.read(lambda uow: uow.store(WebhookStore).letters(webhook_id, before=before, limit=limit))
    return [one.seq for one in found]


def test_a_webhook_comes_back_as_it_was_saved_and_saving_again_changes_it(units: Units):
    save(units, HOOK)
    assert units.read(lambda uow: uow.store(WebhookStore).get("w1")) == HOOK
    tried = replace(
        HOOK, failures=2, next_try_at=NOW, last_outcome="answered 503", last_at=NOW, enabled=False, version=2
    )
    save(units, tried)
    assert units.read(lambda uow: uow.store(WebhookStore).all()) == [tried]


def test_an_unknown_one_is_not_found(units: Units):
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(WebhookStore).get("w9"))
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(WebhookStore).letter("w1", 1))


def test_all_are_listed_by_name(units: Units):
    other = replace(HOOK, id="w2", name="a")
    save(units, HOOK, other)
    assert units.read(lambda uow: uow.store(WebhookStore).all()) == [other, HOOK]


def test_letters_are_listed_newest_first_in_pages(units: Units):
    set_aside(units, *(letter(seq) for seq in (3, 1, 2)), letter(9, "w2"))
    assert letters_of(units) == [3, 2, 1]
    assert letters_of(units, limit=2) == [3, 2]
    assert letters_of(units, before=2) == [1]
    assert units.read(lambda uow: uow.store(WebhookStore).letter("w1", 2)) == letter(2)


def test_a_letter_set_aside_twice_is_there_once(units: Units):
    set_aside(units, letter(1), replace(letter(1), error="again"))
    assert units.read(lambda uow: uow.store(WebhookStore).letter("w1", 1)).error == "again"
    assert letters_of(units) == [1]


def test_letters_go_one_by_one_with_age_and_with_their_webhook(units: Units):
    save(units, HOOK)
    set_aside(units, letter(1), letter(2), letter(3), letter(4, "w2"))
    units.run(lambda uow: uow.store(WebhookStore).drop_letter("w1", 3))
    assert letters_of(units) == [2, 1]
    units.run(lambda uow: uow.store(WebhookStore).drop_letters_before(NOW + timedelta(seconds=2)))
    assert letters_of(units) == [2]
    units.run(lambda uow: uow.store(WebhookStore).remove("w1"))
    assert letters_of(units) == []
    assert letters_of(units, "w2") == [4]
