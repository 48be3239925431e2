"""What a device has taught us about its transport, and layouts of the wall, on every engine."""

from datetime import UTC, datetime

from fengtai.domain.live.model import Transport, TransportLesson, WallLayout
from fengtai.domain.live.ports import TransportStore, WallLayouts

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_000, tzinfo=UTC)


def lesson(device_id: str, transport: Transport, why: str = "it never connected") -> TransportLesson:
    return TransportLesson(device_id=device_id, transport=transport, learnt_at=NOON, why=why)


def test_a_lesson_comes_back_as_it_was_is_replaced_by_the_next_and_forgotten(units):
    for taught in (lesson("one", Transport.UDP), lesson("other", Transport.TCP_PASSIVE)):
        units.run(lambda uow, taught=taught: uow.store(TransportStore).save(taught))
    assert units.read(lambda uow: uow.store(TransportStore).get("one")) == lesson("one", Transport.UDP)

    again = lesson("one", Transport.TCP_ACTIVE, "没有连接")
    units.run(lambda uow: uow.store(TransportStore).save(again))
    assert units.read(lambda uow: uow.store(TransportStore).get("one")) == again

    units.run(lambda uow: uow.store(TransportStore).delete("one"))
    units.run(lambda uow: uow.store(TransportStore).delete("one"))
    assert units.read(lambda uow: uow.store(TransportStore).get("one")) is None
    assert units.read(lambda uow: uow.store(TransportStore).get("other")) is not None


def layout(layout_id: str, owner: str, name: str, *, shared: bool = False) -> WallLayout:
    return WallLayout(
        id=layout_id,
        owner_id=owner,
        owner_name=owner.title(),
        name=name,
        shared=shared,
        panes=13,
        point_ids=("p1", "", "p2"),
        turn_seconds=20,
        version=3,
    )


def test_layouts_are_a_persons_own_and_the_shared_ones_by_name(units):
    kept = [layout("1", "li", "乙"), layout("2", "wang", "甲", shared=True), layout("3", "wang", "丙")]
    for one in kept:
        units.run(lambda uow, one=one: uow.store(WallLayouts).save(one))
    assert units.read(lambda uow: [one.id for one in uow.store(WallLayouts).of("li")]) == ["1", "2"]
    assert units.read(lambda uow: uow.store(WallLayouts).get("2")) == kept[1]

    units.run(lambda uow: uow.store(WallLayouts).save(layout("2", "wang", "甲")))
    assert units.read(lambda uow: [one.id for one in uow.store(WallLayouts).of("li")]) == ["1"]
    units.run(lambda uow: uow.store(WallLayouts).remove("1"))
    units.run(lambda uow: uow.store(WallLayouts).remove("1"))
    assert units.read(lambda uow: uow.store(WallLayouts).of("li")) == []
    assert units.read(lambda uow: uow.store(WallLayouts).get("1")) is None
