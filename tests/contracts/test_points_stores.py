"""Points on every engine."""

from dataclasses import replace

import pytest

from fengtai.domain.points.model import Box, Point, PointClass
from fengtai.domain.points.ports import AutoPoints, PointStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position

GATE = Point(
    id="p1",
    number=1,
    code="21010200001320000001",
    name="东门 East gate",
    organisation_id="o1",
    point_class=PointClass.ONE,
    position=Position(123.4300, 41.8000),
    view_degrees=90,
    view_angle_degrees=60,
    address="长江街五号",
    device_id="21010200001110000001",
    channel_id="21010200001320000001",
    audio=True,
    retention_days=90,
)
YARD = replace(
    GATE,
    id="p2",
    number=2,
    code="21010200001320000002",
    name="后院 50% yard",
    position=Position(123.4310, 41.8000),
    channel_id="21010200001320000002",
)
UNBOUND = Point(
    id="p9", number=9, code="21010200001320000009", name="计划中", organisation_id="o1", position=Position(123.43, 41.8)
)
FAR = replace(
    GATE,
    id="p12",
    number=12,
    code="21010200001320000012",
    name="Harbour",
    address="",
    position=Position(123.9, 41.9),
    channel_id="21010200001320000012",
    records=False,
)


@pytest.fixture
def points(units):
    for point in (FAR, UNBOUND, YARD, GATE):
        units.run(lambda uow, each=point: uow.store(PointStore).save(each))
    return units


def asked(units, question):
    return units.read(lambda uow: question(uow.store(PointStore)))


def test_a_point_is_found_by_every_name_it_has(points):
    assert asked(points, lambda store: store.get("p1")) == GATE
    assert asked(points, lambda store: store.by_number(9)) == UNBOUND
    assert asked(points, lambda store: store.by_code(YARD.code)) == YARD
    assert asked(points, lambda store: store.by_channel(GATE.device_id, GATE.channel_id)) == GATE


def test_what_is_not_there_is_not_found(points):
    with pytest.raises(NotFound):
        asked(points, lambda store: store.get("nobody"))
    assert asked(points, lambda store: store.by_number(3)) is None
    assert asked(points, lambda store: store.by_channel(GATE.device_id, "x")) is None


def test_saving_again_changes_a_point(points):
    points.run(lambda uow: uow.store(PointStore).save(replace(GATE, name="正门", position=None)))
    assert asked(points, lambda store: store.get("p1")) == replace(GATE, name="正门", position=None)


def test_by_ids_keeps_the_order_asked_for_and_leaves_out_unknown_ones(points):
    assert asked(points, lambda store: store.by_ids(["p12", "nobody", "p1"])) == [FAR, GATE]
    assert asked(points, lambda store: store.by_ids([])) == []


def test_the_nearest_are_bound_points_within_the_distance_nearest_first(points):
    near = asked(points, lambda store: store.nearest(Position(123.4308, 41.8), within_m=500, limit=5))
    assert [point.id for point, _ in near] == ["p2", "p1"]
    assert [round(metres) for _, metres in near] == [17, 66]
    assert len(asked(points, lambda store: store.nearest(Position(123.4308, 41.8), within_m=500, limit=1))) == 1


def test_a_box_holds_the_points_inside_it_by_number(points):
    box = Box(west=123.42, south=41.79, east=123.44, north=41.81)
    assert asked(points, lambda store: store.in_box(box, limit=10)) == [GATE, YARD, UNBOUND]
    assert asked(points, lambda store: store.in_box(box, limit=2)) == [GATE, YARD]


def test_pages_go_by_number(points):
    assert asked(points, lambda store: store.page(limit=2)) == [GATE, YARD]
    assert asked(points, lambda store: store.page(after_number=2)) == [UNBOUND, FAR]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("东门", [GATE]),
        ("HARBOUR", [FAR]),
        ("长江街", [GATE, YARD]),
        ("1", [GATE, FAR]),
        ("2101020000132000000", [GATE, YARD, UNBOUND]),
        ("50%", [YARD]),
        ("%", [YARD]),
        ("_", []),
    ],
)
def test_text_is_looked_for_in_name_address_number_and_code(points, text, found):
    assert asked(points, lambda store: store.page(text=text)) == found


def test_recorded_points_are_bound_and_wanted(points):
    assert asked(points, lambda store: store.recorded()) == [GATE, YARD]


def test_the_next_number_is_above_all_others(units, points):
    assert asked(points, lambda store: store.next_number()) == 13


def test_the_first_number_is_one(units):
    assert asked(units, lambda store: store.next_number()) == 1


def test_a_device_is_remembered_whose_channels_get_points(units):
    units.run(lambda uow: uow.store(AutoPoints).set("d1", True))
    units.run(lambda uow: uow.store(AutoPoints).set("d1", True))
    assert units.read(lambda uow: uow.store(AutoPoints).wanted("d1"))
    assert not units.read(lambda uow: uow.store(AutoPoints).wanted("d2"))
    units.run(lambda uow: uow.store(AutoPoints).set("d1", False))
    assert not units.read(lambda uow: uow.store(AutoPoints).wanted("d1"))
