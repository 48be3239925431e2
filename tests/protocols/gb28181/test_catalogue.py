"""Catalogues that come in parts: slow, short, long, lying, without end."""

from tests.protocols.gb28181.talk import CAMERAS, DEVICE, Talk

from fengtai.protocols.gb28181 import CatalogItem, CatalogPage, CatalogueArrived, DeviceFaults
from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.gb28181.catalogue import Collections

MOST_ITEMS = 5_000


def asked(**changes: object) -> Talk:
    talk = Talk(**changes).registered()
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.roundtrip()
    return talk


def test_a_sum_that_is_too_high_ends_as_partial_and_says_why() -> None:
    talk = asked(faults=DeviceFaults(sum_num_is_off_by=2))
    talk.wait(120)
    (arrived,) = talk.told(CatalogueArrived)
    assert not arrived.complete  # so nothing is taken away by it
    assert len(arrived.items) == 10
    assert "announced 12 items and sent 10, the same ones every time" in arrived.note


def test_a_sum_that_is_too_low_loses_nothing() -> None:
    talk = asked(faults=DeviceFaults(sum_num_is_off_by=-6))
    talk.wait(30)
    arrived = talk.told(CatalogueArrived)
    assert len(arrived[-1].items) == 10
    assert arrived[-1].complete
    assert arrived[-1].note == "the device announced 4 items and sent 10"


def test_no_channels_at_all_is_a_catalogue_too() -> None:
    talk = asked(channels=())
    (arrived,) = talk.told(CatalogueArrived)
    assert (arrived.complete, arrived.items) == (True, ())


def test_the_same_item_twice_counts_once() -> None:
    talk = asked(channels=(*CAMERAS[:2], CAMERAS[0]))
    talk.wait(120)
    (arrived,) = talk.told(CatalogueArrived)
    assert [item.id for item in arrived.items] == [camera.id for camera in CAMERAS[:2]]


def page(first: int, count: int, total: int) -> CatalogPage:
    items = tuple(CatalogItem(id=f"3402000000132{serial:07d}") for serial in range(first, first + count))
    return CatalogPage(sn=1, device_id=DEVICE, total=total, items=items)


def test_a_catalogue_without_end_is_cut_by_its_size() -> None:
    collections = Collections(MOST_ITEMS)
    collections.start(DEVICE, 1, 0.0)
    told = None
    for number in range(0, 2 * MOST_ITEMS, 1000):
        told = told or collections.add(DEVICE, page(number, 1000, 10**9), 1.0)
    assert told is not None
    assert not told.complete
    assert len(told.items) == MOST_ITEMS
    assert "goes on after 5000 items" in told.note
    assert len(collections) == 0


def test_a_catalogue_without_end_is_cut_by_its_time() -> None:
    collections = Collections(MOST_ITEMS)
    collections.start(DEVICE, 1, 0.0)
    now, told = 0.0, None
    while told is None:
        now += 4.0
        told = collections.add(DEVICE, page(0, 1, 10), now)
        assert collections.overdue(now) == []
    assert Bounds().longest_catalogue_seconds < now < Bounds().longest_catalogue_seconds + 10
    assert "does not end" in told.note


def test_parts_of_another_question_are_not_taken() -> None:
    collections = Collections(MOST_ITEMS)
    collections.start(DEVICE, 2, 0.0)
    assert collections.add(DEVICE, page(0, 5, 5), 1.0) is None
    assert collections.add("34020000001180000006", page(0, 5, 5), 1.0) is None


def test_asking_again_in_the_middle_begins_anew() -> None:
    talk = Talk().registered()
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(CatalogueArrived)) == 1


def test_a_device_that_restarts_in_the_middle_is_asked_again_when_it_is_back() -> None:
    talk = Talk().registered()
    talk.lose = lambda data: CAMERAS[9].id.encode() in data
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.roundtrip()
    talk.device.unregister(talk.clock.now())
    talk.roundtrip()
    talk.wait(200)
    assert talk.told(CatalogueArrived) == []
