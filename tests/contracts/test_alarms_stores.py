"""The stores of alarms keep their promises on every engine."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fengtai.domain.alarms.model import (
    FOLDED_BEYOND,
    Alarm,
    AlarmState,
    AlarmStep,
    Channel,
    Heard,
    OnTest,
    TriageLane,
    ZoneActivity,
)
from fengtai.domain.alarms.ports import AlarmStore, OnTestStore, SupervisionStore, TriageStore
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.places import Position

NOW = HandClock().now().utc


def an_alarm(number: int, **changes: Any) -> Alarm:
    plain = Alarm(
        id=f"{number:032x}",
        signal_seq=number,
        state=AlarmState.RAISED,
        priority=4,
        category="burglary",
        title="perimeter",
        code_system="contact-id",
        code="131",
        channel=Channel.FIXED,
        account="1234",
        raised_at=NOW + timedelta(seconds=number),
        updated_at=NOW,
        reason="R90 v1: by the priority ladder",
    )
    return replace(plain, **changes)


def add(units: Any, *alarms: Alarm) -> None:
    units.run(lambda uow: uow.store(AlarmStore).add(alarms))


def test_an_alarm_comes_back_as_it_was_kept(units: Any) -> None:
    whole = an_alarm(
        1,
        position=Position(116.39, 39.91),
        point_ids=("a", "b"),
        partition="2",
        zone="15",
        zone_name="仓库",
        drill=True,
        restored_at=NOW,
        taken_at=NOW,
        escalate_at=NOW,
        shelved_until=NOW,
        held_by="u",
        held_by_name="李",
        dedup_key="k",
        path="//127.0.0.1",
        title_zh="周界报警",
    )
    add(units, whole, an_alarm(2))

    assert units.read(lambda uow: uow.store(AlarmStore).get(whole.id)) == whole
    assert units.read(lambda uow: uow.store(AlarmStore).get(an_alarm(2).id)) == an_alarm(2)


def test_an_alarm_that_nobody_knows_is_not_found(units: Any) -> None:
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(AlarmStore).get("none"))


def test_two_who_change_the_same_version_do_not_both_win(units: Any) -> None:
    add(units, an_alarm(1))
    units.run(lambda uow: uow.store(AlarmStore).save(an_alarm(1, version=2, held_by="first")))

    with pytest.raises(Conflict):
        units.run(lambda uow: uow.store(AlarmStore).save(an_alarm(1, version=2, held_by="second")))

    assert units.read(lambda uow: uow.store(AlarmStore).get(an_alarm(1).id)).held_by == "first"


def test_saving_what_was_never_added_is_not_found(units: Any) -> None:
    with pytest.raises(NotFound):
        units.run(lambda uow: uow.store(AlarmStore).save(an_alarm(1, version=2)))


def test_the_queue_is_by_priority_then_oldest_first(units: Any) -> None:
    add(
        units,
        an_alarm(1),
        an_alarm(2, priority=1),
        an_alarm(3, state=AlarmState.TAKEN),
        an_alarm(4, state=AlarmState.CLOSED),
        an_alarm(5, priority=1, state=AlarmState.SHELVED),
        an_alarm(6, state=AlarmState.SUPPRESSED),
    )

    first = units.read(lambda uow: uow.store(AlarmStore).open_page(limit=2))
    rest = units.read(lambda uow: uow.store(AlarmStore).open_page(after=first[-1].id, limit=10))

    assert [alarm.signal_seq for alarm in first] == [2, 5]
    assert [alarm.signal_seq for alarm in rest] == [1, 3]


def test_many_alarms_of_one_panel_are_one_row_of_the_queue(units: Any) -> None:
    flood = [an_alarm(number, account="0007", priority=4) for number in range(1, FOLDED_BEYOND + 4)]
    few = [an_alarm(number, account="0008", priority=4) for number in range(21, 21 + FOLDED_BEYOND)]
    fire = an_alarm(40, account="0007", priority=1)
    taken = [
        an_alarm(number, account="0007", priority=4, state=AlarmState.TAKEN, incident_id="i") for number in (50, 51)
    ]
    add(units, *flood, *few, fire, *taken)

    def queue(**wanted: Any) -> list[tuple[str, int]]:
        entries = units.read(lambda uow: uow.store(AlarmStore).queue_page(**wanted))
        return [(entry.alarm.id, entry.more) for entry in entries]

    whole = [(fire.id, 0), (flood[0].id, FOLDED_BEYOND + 2), *((alarm.id, 0) for alarm in (*few, *taken))]
    assert queue() == whole
    assert queue(limit=2) == whole[:2]
    assert queue(after=flood[0].id) == whole[2:]

    assert queue(text="0008") == [(alarm.id, 0) for alarm in few]
    assert queue(text="%") == []
    folded = units.read(lambda uow: uow.store(AlarmStore).folded_with(flood[3]))
    assert [alarm.id for alarm in folded] == [alarm.id for alarm in flood]
    behind = units.read(lambda uow: uow.store(AlarmStore).folded_with(flood[3], after=flood[0].id, limit=2))
    assert [alarm.id for alarm in behind] == [flood[1].id, flood[2].id]
    counts = units.read(lambda uow: uow.store(AlarmStore).open_counts())
    assert (counts.waiting, counts.taken, counts.shelved) == ({1: 1, 4: len(flood) + len(few)}, 2, 0)


def test_alarms_are_read_in_the_order_asked_for(units: Any) -> None:
    add(units, *(an_alarm(number) for number in range(1, 4)))
    wanted = [an_alarm(3).id, "nobody", an_alarm(1).id]
    found = units.read(lambda uow: uow.store(AlarmStore).by_ids(wanted))
    assert [alarm.id for alarm in found] == [an_alarm(3).id, an_alarm(1).id]


def test_the_list_of_all_is_newest_first(units: Any) -> None:
    add(units, an_alarm(1), an_alarm(2, state=AlarmState.CLOSED), an_alarm(3, raised_at=an_alarm(2).raised_at))

    first = units.read(lambda uow: uow.store(AlarmStore).newest_page(limit=1))
    rest = units.read(lambda uow: uow.store(AlarmStore).newest_page(after=first[-1].id))

    assert [alarm.signal_seq for alarm in (*first, *rest)] == [3, 2, 1]


def test_open_alarms_are_found_by_account_code_and_zone(units: Any) -> None:
    add(
        units,
        an_alarm(1, zone="5"),
        an_alarm(2, zone="5", account="9"),
        an_alarm(3, zone="5", state=AlarmState.CLOSED),
        an_alarm(4, zone="6", account="7"),
        an_alarm(5, zone="5", code="110"),
    )

    def seqs(*conditions: tuple[str, str, str | None]) -> list[int]:
        found = units.read(lambda uow: uow.store(AlarmStore).open_of(conditions))
        return [alarm.signal_seq for alarm in found]

    assert seqs(("1234", "131", "5"), ("7", "131", "6"), ("7", "131", "5")) == [1, 4]
    assert seqs(("1234", "131", None), ("1234", "110", None)) == [1, 5]
    assert seqs(("1234", "131", "6")) == []
    assert seqs() == []


def test_open_alarms_of_the_last_moments_are_found(units: Any) -> None:
    add(units, an_alarm(1), an_alarm(2), an_alarm(3, state=AlarmState.SUPPRESSED), an_alarm(4, account="9"))

    since = an_alarm(2).raised_at
    found = units.read(lambda uow: uow.store(AlarmStore).open_since({"1234"}, since=since))

    assert [alarm.signal_seq for alarm in found] == [2]


def test_alarms_are_found_by_their_dedup_key_for_a_while(units: Any) -> None:
    add(units, an_alarm(1, dedup_key="k"), an_alarm(400, dedup_key="k"), an_alarm(401, dedup_key=""))

    found = units.read(lambda uow: uow.store(AlarmStore).by_dedup_keys({"k", "x"}, since=NOW + timedelta(seconds=100)))

    assert [alarm.signal_seq for alarm in found] == [400]


def test_what_is_due_is_found_and_nothing_else(units: Any) -> None:
    add(
        units,
        an_alarm(1, escalate_at=NOW),
        an_alarm(2, escalate_at=NOW + timedelta(seconds=1)),
        an_alarm(3, escalate_at=NOW, state=AlarmState.TAKEN),
        an_alarm(4),
        an_alarm(5, shelved_until=NOW, state=AlarmState.SHELVED),
        an_alarm(6, shelved_until=NOW + timedelta(seconds=1), state=AlarmState.SHELVED),
    )

    assert [alarm.signal_seq for alarm in units.read(lambda uow: uow.store(AlarmStore).to_escalate(NOW))] == [1]
    assert [alarm.signal_seq for alarm in units.read(lambda uow: uow.store(AlarmStore).to_unshelve(NOW))] == [5]


def test_history_and_links_keep_their_order_and_links_are_once(units: Any) -> None:
    steps = [AlarmStep(alarm_id="a", at=NOW, step=step, who="R90") for step in ("raised", "repeated", "closed")]

    def keep(uow: Any) -> None:
        uow.store(AlarmStore).log(steps)
        uow.store(AlarmStore).link([("a", 3), ("a", 1), ("b", 2)])

    units.run(keep)
    units.run(lambda uow: uow.store(AlarmStore).link([("a", 1), ("a", 4)]))

    assert list(units.read(lambda uow: uow.store(AlarmStore).history("a"))) == steps
    assert list(units.read(lambda uow: uow.store(AlarmStore).signals_of("a"))) == [1, 3, 4]


def test_the_cursor_of_triage_begins_at_nothing_and_moves(units: Any) -> None:
    assert units.read(lambda uow: uow.store(TriageStore).cursor(TriageLane.URGENT)) == 0
    units.run(lambda uow: uow.store(TriageStore).move(TriageLane.URGENT, 7))
    units.run(lambda uow: uow.store(TriageStore).move(TriageLane.URGENT, 9))
    units.run(lambda uow: uow.store(TriageStore).move(TriageLane.ORDINARY, 4))
    assert units.read(lambda uow: uow.store(TriageStore).cursor(TriageLane.URGENT)) == 9
    assert units.read(lambda uow: uow.store(TriageStore).cursor(TriageLane.ORDINARY)) == 4


def test_activity_of_zones_is_replaced_and_begins_anew(units: Any) -> None:
    one = ZoneActivity(account="sia-dc09/1234", zone="5", alarms=1, last_at=NOW)
    other = ZoneActivity(account="sia-dc09/9", zone="6", alarms=1, last_at=NOW)
    units.run(lambda uow: uow.store(TriageStore).save_activity([one, other]))
    units.run(lambda uow: uow.store(TriageStore).save_activity([replace(one, alarms=2)]))

    def rows() -> list[ZoneActivity]:
        zones = {("sia-dc09/1234", "5"), ("sia-dc09/9", "6"), ("sia-dc09/9", "5")}
        return list(units.read(lambda uow: uow.store(TriageStore).activity_of(zones)))

    assert rows() == [replace(one, alarms=2), other]
    units.run(lambda uow: uow.store(TriageStore).end_periods({"sia-dc09/1234"}))
    assert rows() == [replace(one, alarms=0), other]


def test_on_test_rows_are_listed_by_their_end(units: Any) -> None:
    late = OnTest(id="1", account_id="a", number="1234", zone="", until=NOW + timedelta(1), reason="r", by_name="n")
    soon = replace(late, id="2", until=NOW, zone="5", drill=True)

    def keep(uow: Any) -> None:
        uow.store(OnTestStore).add(late)
        uow.store(OnTestStore).add(soon)

    units.run(keep)

    assert list(units.read(lambda uow: uow.store(OnTestStore).all())) == [soon, late]
    units.run(lambda uow: uow.store(OnTestStore).remove("2"))
    assert list(units.read(lambda uow: uow.store(OnTestStore).all())) == [late]
    with pytest.raises(NotFound):
        units.run(lambda uow: uow.store(OnTestStore).remove("2"))
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(OnTestStore).get("2"))


def test_supervision_rows_are_replaced(units: Any) -> None:
    heard = Heard(account_id="a", last_seen_at=NOW)
    units.run(lambda uow: uow.store(SupervisionStore).save([heard, replace(heard, account_id="b")]))
    units.run(lambda uow: uow.store(SupervisionStore).save([replace(heard, lost_at=NOW)]))

    assert units.read(lambda uow: uow.store(SupervisionStore).get("a")) == replace(heard, lost_at=NOW)
    assert units.read(lambda uow: uow.store(SupervisionStore).get("none")) is None
    assert [row.account_id for row in units.read(lambda uow: uow.store(SupervisionStore).all())] == ["a", "b"]
