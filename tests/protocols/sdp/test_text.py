"""Session descriptions of GB/T 28181, written exactly and read leniently."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.sdp import Media, Session, parse_session, serialise
from fengtai.vocabulary.errors import Malformed


def test_y_and_f_stand_last() -> None:
    media = Media("video", 30012, "TCP/RTP/AVP", ("96", "98"), (("recvonly", ""), ("rtpmap", "96 PS/90000")))
    session = Session("34020000002000000001", "10.0.0.3", "Play", (media,), ssrc=200001234, parameters="v/////a///")
    assert serialise(session) == (
        b"v=0\r\no=34020000002000000001 0 0 IN IP4 10.0.0.3\r\ns=Play\r\nc=IN IP4 10.0.0.3\r\nt=0 0\r\n"
        b"m=video 30012 TCP/RTP/AVP 96 98\r\na=recvonly\r\na=rtpmap:96 PS/90000\r\ny=0200001234\r\nf=v/////a///\r\n"
    )


def test_a_sloppy_answer_is_read() -> None:
    session = parse_session(
        b"v=0\no=x 0 0 IN IP4 10.0.0.9\ns=Play\nt=0 0\ny=0100008888\nm=video 6000/2 RTP/AVP 96\nc=IN IP4 10.0.0.8\n"
        b"a=sendonly\na=rtpmap:96 PS/90000\nq=odd\nf=\x00"
    )
    media = session.first("video")
    assert media is not None
    assert (session.ssrc, session.address_of(media), media.port) == (100008888, "10.0.0.8", 6000)
    assert media.encoding("96") == "PS/90000"
    assert media.attribute("sendonly") == ""
    assert session.other == ("q=odd",)


@pytest.mark.parametrize(
    "data", [b"", b"v=0\r\ns=Play\r\nm=video 1 RTP/AVP 96\r\n", b"o=a 0 0 IN IP4 h\r\nm=video x\r\n"]
)
def test_what_names_no_address_or_no_port_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_session(data)


words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/:="), min_size=1, max_size=12)
medias = st.builds(
    Media,
    st.just("video"),
    st.integers(1, 65535),
    st.sampled_from(["RTP/AVP", "TCP/RTP/AVP"]),
    st.lists(words, min_size=1, max_size=3).map(tuple),
    st.lists(st.tuples(words.map(str.lower), st.one_of(st.just(""), words)), max_size=4).map(tuple),
)
sessions = st.builds(
    Session,
    words,
    words,
    words,
    st.lists(medias, max_size=2).map(tuple),
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.just(""),
    st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    st.one_of(st.just(""), st.just("v/////a///")),
)


@given(sessions)
def test_written_sessions_are_read_back(session: Session) -> None:
    assert parse_session(serialise(session)) == session


@given(st.binary(max_size=300))
def test_rubbish_is_only_malformed(data: bytes) -> None:
    with suppress(Malformed):
        parse_session(data)
