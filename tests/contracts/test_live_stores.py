"""What a device has taught us about its transport, on every engine."""

from datetime import UTC, datetime

from fengtai.domain.live.model import Transport, TransportLesson
from fengtai.domain.live.ports import TransportStore

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
