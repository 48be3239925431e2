"""Guessing is held off, for a minute, and without filling memory."""

from fengtai.gateways.gb28181.throttle import MOST_KEYS, Throttle


def test_after_so_many_mistakes_a_key_is_held_off_until_the_minute_ends() -> None:
    throttle = Throttle(most=3)
    for _ in range(3):
        assert throttle.allows("a", 100.0)
    assert not throttle.allows("a", 100.5)
    assert throttle.holds_off("a", 159.9)
    assert throttle.allows("b", 159.9)
    assert throttle.allows("a", 160.0)


def test_many_keys_do_not_fill_memory() -> None:
    throttle = Throttle(most=3)
    for number in range(MOST_KEYS + 10):
        throttle.count(str(number), 0.0)
    assert len(throttle._counts) <= MOST_KEYS
