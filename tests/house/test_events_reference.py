"""The page of events is made from the classes, and no two of them claim one kind."""

from pathlib import Path

from fengtai.apps.events_reference import found_events, rendered

PAGE = Path(__file__).parents[2] / "docs/reference/events.md"


def test_the_page_of_events_is_fresh():
    assert PAGE.read_text() == rendered(), "python -m fengtai.apps.events_reference docs/reference/events.md"


def test_every_event_has_a_kind_of_its_own_and_a_sentence():
    kinds = [event.kind for event in found_events()]
    assert len(kinds) == len(set(kinds))
    assert [event.__name__ for event in found_events() if (event.__doc__ or "").startswith(event.__name__ + "(")] == []
