"""What a client and the server's endpoint say to each other, byte by byte."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.rtsp import Described, Ended, Playing, RtspEvent, RtspServerEndpoint, interleaved
from fengtai.protocols.sdp import Media, Session
from fengtai.vocabulary.errors import Malformed

URI = "rtsp://10.0.0.9:554/gate"
GATE = Session(
    "-",
    "10.0.0.9",
    "Gate",
    (
        Media("video", 0, "RTP/AVP", ("96",), (("rtpmap", "96 H264/90000"), ("control", "trackID=0"))),
        Media("audio", 0, "RTP/AVP", ("8",), (("control", "trackID=1"),)),
    ),
)
TCP_0 = "RTP/AVP/TCP;unicast;interleaved=0-1"


class Client:
    """Talks to one endpoint that knows the gate camera only."""

    def __init__(self) -> None:
        self.endpoint = RtspServerEndpoint(session_id="5e55", now=0.0)
        self.events: list[RtspEvent] = []
        self._cseq = 0

    def says(self, method: str, uri: str = URI, now: float = 1.0, **headers: str) -> str:
        self._cseq += 1
        lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._cseq}", *(f"{k}: {v}" for k, v in headers.items())]
        self.endpoint.receive(("\r\n".join(lines) + "\r\n\r\n").encode(), now)
        for event in self.endpoint.events():
            if isinstance(event, Described):
                self.endpoint.describe(event.ask, GATE if event.path == "gate" else None)
            self.events.append(event)
        answer = self.endpoint.bytes_to_send().decode()
        assert f"\r\nCSeq: {self._cseq}\r\n" in answer
        return answer

    def sets_up(self) -> None:
        self.says("DESCRIBE")
        assert self.says("SETUP", f"{URI}/trackID=0", Transport=TCP_0).startswith("RTSP/1.0 200 ")
        second = self.says("SETUP", f"{URI}/trackID=1", Transport="RTP/AVP/TCP;unicast;interleaved=2-3", Session="5e55")
        assert "Session: 5e55;timeout=60\r\n" in second


def status(answer: str) -> int:
    return int(answer.split()[1])


def test_from_describe_to_teardown() -> None:
    client = Client()
    assert "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n" in client.says("OPTIONS", "*")
    described = client.says("DESCRIBE", Accept="application/sdp")
    assert f"Content-Base: {URI}/\r\n" in described
    assert "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n" in described
    client.sets_up()
    assert status(client.says("PLAY", Session="5e55")) == 200
    assert client.events[-1] == Playing("gate", {0: 0, 1: 2})
    assert status(client.says("GET_PARAMETER", Session="5e55")) == 200
    assert status(client.says("TEARDOWN", Session="5e55")) == 200
    assert client.events[-1] == Ended("TEARDOWN")


def test_what_cannot_be_had_is_refused_by_its_own_number() -> None:
    client = Client()
    assert status(client.says("DESCRIBE", "rtsp://10.0.0.9/cellar")) == 404
    assert status(client.says("SETUP", f"{URI}/trackID=0", Transport=TCP_0)) == 404  # not described yet
    client.says("DESCRIBE")
    assert status(client.says("SETUP", f"{URI}/trackID=7", Transport=TCP_0)) == 404
    assert status(client.says("SETUP", f"{URI}/trackID=0", Transport="RTP/AVP;unicast;client_port=5000-5001")) == 461
    assert status(client.says("SETUP", f"{URI}/trackID=0", Transport="RTP/AVP/TCP;interleaved=999-1000")) == 461
    assert status(client.says("PLAY", Session="other")) == 454
    assert status(client.says("PLAY", Session="5e55")) == 455
    assert status(client.says("RECORD", Session="5e55")) == 405
    assert not any(isinstance(event, Playing) for event in client.events)


def test_the_first_transport_that_is_interleaved_is_taken() -> None:
    client = Client()
    client.says("DESCRIBE")
    both = "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast"
    assert "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" in client.says(
        "SETUP", f"{URI}/trackID=1", Transport=both
    )


def test_a_client_that_falls_silent_is_let_go_but_its_reports_keep_it() -> None:
    client = Client()
    client.sets_up()
    client.says("PLAY", Session="5e55", now=10.0)
    client.endpoint.receive(interleaved(1, b"\x80\xc9\x00\x01\x00\x00\x00\x01"), 80.0)
    client.endpoint.handle_deadline(101.0)
    assert client.endpoint.events() == []
    client.endpoint.handle_deadline(170.0)
    assert [type(event) for event in client.endpoint.events()] == [Ended]
    assert client.endpoint.next_deadline() is None


def test_requests_may_come_in_any_pieces() -> None:
    whole = b"\r\n$\x01\x00\x02ab" + f"OPTIONS {URI} RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\nabc".encode() * 2
    endpoint = RtspServerEndpoint(session_id="1", now=0.0)
    for place in range(len(whole)):
        endpoint.receive(whole[place : place + 1], 0.0)
    assert endpoint.bytes_to_send().count(b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n") == 2


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"OPTIONS *\r\n\r\n", b"A" * 20_000])
def test_what_is_no_rtsp_ends_the_connection(data: bytes) -> None:
    with pytest.raises(Malformed):
        RtspServerEndpoint(session_id="1", now=0.0).receive(data, 0.0)


@given(st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([b"SETUP x RTSP/1.0\r\nCSeq: 1\r\n", b"\r\n"]))))
def test_nothing_but_malformed_is_raised(pieces: Sequence[bytes]) -> None:
    endpoint = RtspServerEndpoint(session_id="1", now=0.0)
    try:
        for piece in pieces:
            endpoint.receive(piece, 0.0)
    except Malformed:
        return
    endpoint.bytes_to_send()
