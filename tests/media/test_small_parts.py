"""Tickets, ports, SSRCs, settings, names of workers: pure parts of the main side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fengtai.media.allocation import PortPool, SsrcPool
from fengtai.media.settings import MediaSettings, port_range
from fengtai.media.tickets import make_ticket, session_of
from fengtai.vocabulary.errors import Forbidden, Unavailable

KEY = bytes(range(32))


def test_a_ticket_is_good_for_its_stream_until_it_expires() -> None:
    ticket = make_ticket(KEY, stream_id="a", session_id="s:1", until_ms=1_000)

    assert session_of(ticket, KEY, stream_id="a", now_ms=1_000) == "s:1"
    for stream_id, now_ms, key in (("b", 500, KEY), ("a", 1_001, KEY), ("a", 500, bytes(32))):
        with pytest.raises(Forbidden):
            session_of(ticket, key, stream_id=stream_id, now_ms=now_ms)


@given(st.text(max_size=200))
def test_any_other_text_is_no_ticket(text: str) -> None:
    with pytest.raises(Forbidden):
        session_of(text, KEY, stream_id="a", now_ms=0)


def test_a_port_rests_before_it_is_used_again() -> None:
    pool = PortPool("30001-30005", rest_seconds=30)
    assert [pool.take(0), pool.take(0)] == [30002, 30004]
    pool.give_back(30002, now=10)

    with pytest.raises(Unavailable, match=r"widen media\.ports"):
        pool.take(39.9)
    assert pool.take(40) == 30002


def test_an_ssrc_carries_the_domain_and_is_unique() -> None:
    pool = SsrcPool("3402000000", rest_seconds=30)
    given_out = [pool.take(0) for _ in range(9_999)]

    assert len(set(given_out)) == 9_999
    assert {f"{ssrc:010d}"[:6] for ssrc in given_out} == {"020000"}
    with pytest.raises(Unavailable):
        pool.take(0)
    pool.give_back(given_out[7], now=0)
    assert pool.take(31) == given_out[7]


@pytest.mark.parametrize("text", ["", "abc", "30000-", "30010-30000", "80-90", "60000-70000", "-5"])
def test_a_wrong_range_of_ports_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="port"):
        port_range(text)
    with pytest.raises(ValidationError):
        MediaSettings(ports=text)
