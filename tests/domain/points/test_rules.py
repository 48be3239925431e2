"""What the law and the trade ask of a point; coordinates; words of a search."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.domain.points import rules
from fengtai.domain.points.model import Point, PointClass, PointWords
from fengtai.domain.points.model.dossier import Datum, Dossier, FilingState, GivenPlace, LegalClass, SitingZone, Stage
from fengtai.domain.points.model.words import folded, grams, searched_grams, speaks_of, terms
from fengtai.domain.points.rules import datums, duties
from fengtai.domain.points.rules.field_table import FIELDS, differences, told, words_of
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.places import Position

PLAIN = PointWords(name="东门")
GATE = Point(id="p", number=1, code="21010200001320000001", name="东门", organisation_id="o")


@pytest.mark.parametrize(
    ("legal_class", "is_target", "fewest"),
    [
        (LegalClass.ART7_GOV, False, 30),
        (LegalClass.ART7_OPERATOR, False, 30),
        (LegalClass.ART9, False, 30),
        (LegalClass.UNSAID, False, 30),
        (LegalClass.NON_PUBLIC, False, 1),
        (LegalClass.NON_PUBLIC, True, 90),
        (LegalClass.ART7_GOV, True, 90),
    ],
)
def test_recordings_stay_as_long_as_the_legal_class_says(legal_class, is_target, fewest):
    words = replace(PLAIN, legal_class=legal_class, counter_terror_target=is_target)
    rules.check(replace(words, retention_days=fewest))
    with pytest.raises(Invalid, match="at least"):
        rules.check(replace(words, retention_days=fewest - 1))


@pytest.mark.parametrize("zone", sorted(duties.BANNED_ZONES, key=lambda zone: zone.value))
def test_where_article_8_forbids_cameras_none_is_entered(zone):
    with pytest.raises(Invalid, match="article 8") as refusal:
        rules.check(replace(PLAIN, dossier=Dossier(siting_zone=zone)))
    assert refusal.value.field == "siting_zone"


def test_nothing_is_in_service_before_it_is_said_why_and_whose_it_is():
    dossier = Dossier(in_service_on=date(2026, 5, 1))
    with pytest.raises(Invalid, match="legal_class, siting_zone, purpose, responsible_unit"):
        rules.check(replace(PLAIN, dossier=dossier))
    said = replace(dossier, siting_zone=SitingZone.STREET, purpose="治安", responsible_unit="分局")
    rules.check(replace(PLAIN, legal_class=LegalClass.ART7_GOV, dossier=said))
    backwards = replace(said, retired_on=date(2026, 4, 30))
    with pytest.raises(Invalid, match="not retired before"):
        rules.check(replace(PLAIN, legal_class=LegalClass.ART7_GOV, dossier=backwards))


def test_completeness_counts_what_its_class_must_have():
    nothing = duties.completeness(GATE)
    assert (nothing.percent, nothing.missing[0]) == (27, "area_code")
    other = duties.completeness(replace(GATE, point_class=PointClass.OTHER, area_code="210102"))
    assert (other.percent, other.missing) == (100, ())
    first, third = (
        set(duties.completeness(replace(GATE, point_class=one)).missing) for one in (PointClass.ONE, PointClass.THREE)
    )
    assert third < first
    assert "filing_number" in first - third


def test_zero_degrees_is_a_direction():
    north = replace(GATE, point_class=PointClass.ONE, view_degrees=0)
    assert "view_degrees" not in duties.completeness(north).missing


def test_filing_is_due_thirty_days_after_going_live():
    live = replace(GATE, legal_class=LegalClass.ART7_GOV, dossier=Dossier(in_service_on=date(2026, 1, 31)))
    assert duties.filing(live, date(2026, 3, 2)) == (FilingState.DUE, date(2026, 3, 2))
    assert duties.filing(live, date(2026, 3, 3)) == (FilingState.OVERDUE, date(2026, 3, 2))
    filed = replace(live, dossier=replace(live.dossier, filing_number="辽公备 1"))
    assert duties.filing(filed, date(2027, 1, 1)) == (FilingState.FILED, None)
    assert (
        duties.filing(replace(live, legal_class=LegalClass.NON_PUBLIC), date(2027, 1, 1))[0] is FilingState.NOT_NEEDED
    )
    assert duties.filing(GATE, date(2027, 1, 1))[0] is FilingState.NOT_NEEDED


def test_the_stage_follows_from_the_dates():
    dossier = Dossier(in_service_on=date(2026, 1, 31), retired_on=date(2027, 1, 1))
    assert duties.stage(dossier, date(2026, 1, 30)) is Stage.PLANNED
    assert duties.stage(dossier, date(2026, 1, 31)) is Stage.IN_SERVICE
    assert duties.stage(dossier, date(2027, 1, 1)) is Stage.RETIRED


def test_chinese_map_coordinates_are_brought_back():
    shown = datums.gcj02(Position(116.404, 39.915))
    assert (shown.longitude, shown.latitude) == (116.41024449916938, 39.91640428150164), "as published converters say"
    back = datums.wgs84(GivenPlace(shown.longitude, shown.latitude, Datum.GCJ02))
    assert back.metres_to(Position(116.404, 39.915)) < 0.001


@given(st.floats(73, 135), st.floats(4, 53))
def test_every_place_in_china_comes_back_within_a_centimetre(longitude, latitude):
    there = Position(longitude, latitude)
    shown = datums.gcj02(there)
    assert there.metres_to(shown) < 2000
    back = datums.wgs84(GivenPlace(shown.longitude, shown.latitude, Datum.GCJ02))
    assert back.metres_to(there) < 0.01


def test_other_datums_keep_their_numbers():
    assert datums.wgs84(GivenPlace(123.4, 41.8, Datum.CGCS2000)) == Position(123.4, 41.8)
    assert datums.gcj02(Position(2.35, 48.85)) == Position(2.35, 48.85), "no offset outside China"


@given(st.text(max_size=40), st.text(min_size=1, max_size=12))
def test_whatever_holds_a_word_is_a_candidate_for_it(text, word):
    for term in terms(word):
        if term.text in folded(text):
            tokens = grams(text)
            assert all(
                gram in tokens if len(gram) > 1 else any(token.startswith(gram) for token in tokens)
                for gram in term.grams
            )
            assert speaks_of(replace(GATE, name=text), term)


def test_tokens_hold_no_blank_and_no_quote():
    assert searched_grams(folded("東門 \"x'* OR 1")) == ("東門", "x", "or", "1")


@given(st.integers(1, 9_999_999), st.booleans(), st.sampled_from(list(SitingZone)), st.dates())
def test_a_point_survives_its_own_field_table(number, records, zone, day):
    point = replace(
        GATE, number=number, records=records, given=GivenPlace(123.0, 41.0, Datum.GCJ02),
        position=Position(122.9, 41.0), dossier=Dossier(siting_zone=zone, filed_on=day, note="说明"),
    )  # fmt: skip
    words = words_of(told(point))
    assert (words.number, words.records, words.dossier, words.given) == (number, records, point.dossier, point.given)
    assert differences(point, point) == {}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_what_a_field_tells_it_reads_again(field):
    flat = told(replace(GATE, position=Position(123.4, 41.8), legal_class=LegalClass.ART9)) | {"organisation": "东区"}
    value = flat[field.name]
    for chinese in (True, False):
        text = field.tell(value, chinese=chinese)
        assert text == "" or field.read(text) == value


def test_only_true_credit_codes_are_taken():
    rules.check(replace(PLAIN, dossier=Dossier(responsible_unit_code="91350100M000100Y43")))
    for wrong in ("91350100M000100Y44", "91350100M000100Y4", "91350100M000I00Y43"):
        with pytest.raises(Invalid):
            rules.check(replace(PLAIN, dossier=Dossier(responsible_unit_code=wrong)))


def test_the_reference_names_every_column_that_an_import_reads():
    page = (Path(__file__).parents[3] / "docs/reference/register-import.md").read_text()
    missing = [field.name for field in FIELDS if f"| `{field.name}` | {field.zh} | {field.en} |" not in page]
    assert missing == []
