"""Points on every engine."""

from dataclasses import replace
from datetime import date

import pytest

from fengtai.domain.points.model import Box, Point, PointClass, PointQuery, Term
from fengtai.domain.points.model.dossier import Datum, Dossier, GivenPlace, LegalClass, SitingZone
from fengtai.domain.points.model.maps import PlacedRow
from fengtai.domain.points.model.words import terms
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
    area_code="210102",
    counter_terror_target=True,
    given=GivenPlace(123.4361, 41.8021, Datum.GCJ02),
    dossier=Dossier(
        purpose="治安",
        siting_zone=SitingZone.ENTRANCE,
        in_service_on=date(2026, 1, 31),
        responsible_unit="某单位 <b>&",
    ),
    completeness=80,
    version=3,
)
YARD = replace(
    GATE,
    id="p2",
    number=2,
    code="21010200001320000002",
    name="后院 50% yard",
    position=Position(123.4310, 41.8000),
    channel_id="21010200001320000002",
    area_code="",
    given=None,
    completeness=100,
)
UNBOUND = Point(
    id="p9",
    number=9,
    code="21010200001320000009",
    name="计划中",
    organisation_id="o1",
    position=Position(123.43, 41.8),
    legal_class=LegalClass.ART9,
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
    area_code="3101",
    completeness=0,
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


def test_the_map_reads_what_has_a_position_by_number_and_in_pages(points):
    first = asked(points, lambda store: store.placed(after_number=0, limit=2))
    assert [row.id for row in first] == ["p1", "p2"]
    assert first[0] == PlacedRow("p1", 1, 123.43, 41.8, GATE.place, GATE.device_id)
    assert [row.id for row in asked(points, lambda store: store.placed(after_number=2, limit=9))] == ["p9", "p12"]
    some = asked(points, lambda store: store.placed(after_number=0, limit=9, ids=["p12", "nobody", "p1"]))
    assert [row.id for row in some] == ["p1", "p12"]
    points.run(lambda uow: uow.store(PointStore).save(replace(GATE, position=None)))
    assert asked(points, lambda store: store.placed(after_number=0, limit=9, ids=["p1"])) == []


def page(units, text="", **wanted):
    """What a list shows, and where it goes on."""
    found, further = asked(units, lambda store: store.page(PointQuery(terms=terms(text), **wanted)))
    return list(found), further


def test_pages_go_by_number_and_say_where_to_go_on(points):
    assert page(points, limit=2) == ([GATE, YARD], 2)
    assert page(points, after_number=2) == ([UNBOUND, FAR], None)


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
        ("东", [GATE]),
        ("门", [GATE]),
        ("江街", [GATE, YARD]),
        ("江东", []),
        ("ＥＡＳＴ　东门", [GATE]),
        ("长江街 后院", [YARD]),
        ("east gat", [GATE]),
        ("街长", []),
        ("0", [YARD]),
        ("00", []),
    ],
)
def test_text_is_looked_for_in_name_address_number_and_code(points, text, found):
    assert page(points, text) == (found, None)


def test_two_pairs_that_stand_apart_are_no_word(units):
    apart = replace(UNBOUND, name="长江大桥 江街东口")
    units.run(lambda uow: uow.store(PointStore).save(apart))
    assert page(units, "长江街") == ([], None)
    assert page(units, "江街东") == ([apart], None)


def test_a_word_may_be_an_area_or_an_organisation(points):
    points.run(lambda uow: uow.store(PointStore).save(replace(FAR, organisation_id="o2", area_code="210103002")))
    meant = Term(text="沈河", grams=("沈河",), organisation_ids=frozenset({"o2"}), area_codes=("210103",))
    found = asked(points, lambda store: store.page(PointQuery(terms=(meant,))))
    assert found == ([replace(FAR, organisation_id="o2", area_code="210103002")], None)


def test_a_point_that_was_renamed_is_found_by_its_new_words_only(points):
    renamed = replace(GATE, name="正门", address="", number=77, position=Position(120.0, 30.0))
    points.run(lambda uow: uow.store(PointStore).save(renamed))
    assert page(points, "东门") == ([], None)
    assert page(points, "正门") == ([renamed], None)
    assert asked(points, lambda store: store.in_box(Box(west=123, south=41, east=124, north=42), limit=9))[0] == YARD
    assert asked(points, lambda store: store.in_box(Box(west=119, south=29, east=121, north=31), limit=9)) == [renamed]
    points.run(lambda uow: uow.store(PointStore).save(replace(renamed, position=None)))
    assert asked(points, lambda store: store.in_box(Box(west=119, south=29, east=121, north=31), limit=9)) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"organisation_ids": frozenset({"o2"})}, []),
        ({"organisation_ids": frozenset({"o1", "o2"}), "bound": True}, [GATE, YARD, FAR]),
        ({"bound": False}, [UNBOUND]),
        ({"point_class": PointClass.THREE}, [UNBOUND]),
        ({"legal_class": LegalClass.ART9}, [UNBOUND]),
        ({"legal_class": LegalClass.UNSAID, "area_prefix": "2101"}, [GATE]),
        ({"area_prefix": "99"}, []),
        ({"complete": True}, [YARD]),
        ({"complete": False, "text": "东门"}, [GATE]),
    ],
)
def test_conditions_let_through_what_they_say(points, wanted, found):
    assert [point.id for point in page(points, **wanted)[0]] == [point.id for point in found]


def test_many_hits_are_paged_without_a_hole(units):
    made = [replace(UNBOUND, id=f"m{n}", number=n, code=f"{n:020d}", name=f"人民路 {n}") for n in range(1, 61)]

    def save(uow):
        for point in made:
            uow.store(PointStore).save(point)

    units.run(save)
    seen, after = [], 0
    while after is not None:
        some, after = page(units, "人民路", after_number=after, limit=7)
        seen += some
    assert seen == made


def test_all_that_holds_a_number_a_code_or_a_channel_is_found_at_once(points):
    def held(store):
        return store.standing_at(
            numbers=[9, 10], codes=[YARD.code, "x"], channels=[(FAR.device_id, FAR.channel_id), ("", "x")]
        )

    assert {point.id for point in asked(points, held)} == {"p9", "p2", "p12"}
    assert asked(points, lambda store: store.standing_at(numbers=[], codes=[], channels=[])) == []


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
