"""Administrative areas: what is known of a code, and what of one that is not in the table."""

import pytest

from fengtai.apps.area_codes.table import ABOLISHED, read_areas
from fengtai.domain.organisations.model.areas import NO_AREAS, AreaStatus
from fengtai.vocabulary.errors import NotFound


@pytest.fixture(scope="module")
def areas():
    return read_areas()


def test_the_table_is_whole(areas):
    assert len(areas) == 44_703
    assert len(areas.children()) == 31


@pytest.mark.parametrize(
    ("code", "path", "status"),
    [
        ("21", ("辽宁省",), AreaStatus.KNOWN),
        ("2101", ("辽宁省", "沈阳市"), AreaStatus.KNOWN),
        ("210102", ("辽宁省", "沈阳市", "和平区"), AreaStatus.KNOWN),
        ("110101001", ("北京市", "东城区", "东华门街道"), AreaStatus.KNOWN),
        ("21010203", ("辽宁省", "沈阳市", "和平区"), AreaStatus.KNOWN),
        ("110101001004", ("北京市", "东城区", "东华门街道"), AreaStatus.KNOWN),
        ("340200", ("安徽省", "芜湖市"), AreaStatus.KNOWN),
        ("340000", ("安徽省",), AreaStatus.KNOWN),
        ("210199", ("辽宁省", "沈阳市"), AreaStatus.UNKNOWN),
        ("990000", (), AreaStatus.UNKNOWN),
    ],
)
def test_a_code_is_told_by_the_names_along_its_path(areas, code, path, status):
    area = areas.area(code)
    assert (area.path, area.status, area.name) == (path, status, path[-1] if path else "")


def test_an_abolished_code_is_named_with_what_took_its_place(areas):
    area = areas.area("110104")
    assert (area.path, area.status, area.successor) == (("北京市", "宣武区"), AreaStatus.ABOLISHED, "110102")
    assert all(areas.area(successor).status is AreaStatus.KNOWN for _, successor in ABOLISHED.values())


def test_areas_are_found_by_name_with_and_without_their_last_sign(areas):
    assert "210102" in areas.named("和平区")
    assert "210102" in areas.named("和平")
    assert areas.named("沈阳") == ["2101"]
    assert areas.named("区") == ()
    assert areas.named("没有这个地方") == []


def test_what_lies_below_is_told_in_order(areas):
    assert [area.name for area in areas.children("2102")][:2] == ["中山区", "西岗区"]
    with pytest.raises(NotFound):
        areas.children("9901")


def test_a_site_without_a_table_refuses_no_code():
    assert NO_AREAS.area("210102").status is AreaStatus.UNKNOWN
