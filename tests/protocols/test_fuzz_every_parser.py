"""Every function of the protocols that reads what comes from outside, under structured damage: `Malformed` or a value.

Each parser is given sound messages of its own that have been cut, spliced, doubled, and had their numbers and marks
replaced by absurd ones. `test_no_parser_is_left_out` finds functions that are not in the table.
"""

import ast
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apps.tiles.drawn_tiles import vector_tile
from tests.protocols.elementary.drawn import drawn_units
from tests.protocols.elementary.vectors import SHARED
from tests.protocols.gb28181.talk import PLATFORM

import fengtai.protocols
from fengtai.protocols.contact_id.block import Block, decode_block
from fengtai.protocols.elementary import AudioFrame
from fengtai.protocols.elementary.adts import parse_adts_header
from fengtai.protocols.elementary.annexb import split_access_units, split_nals_in_python
from fengtai.protocols.elementary.assembler import VideoAssembler
from fengtai.protocols.elementary.g711 import decode_alaw, decode_ulaw
from fengtai.protocols.elementary.h264 import parse_h264_sps
from fengtai.protocols.elementary.h265 import parse_h265_sps
from fengtai.protocols.elementary.nal_types import sniff_codec
from fengtai.protocols.elementary.systems import read_pts
from fengtai.protocols.fmp4 import Sample, fragment, init_segment
from fengtai.protocols.fmp4.reading import read_fragment, read_fragments, read_init_segment
from fengtai.protocols.gb28181 import PlatformEndpoint
from fengtai.protocols.gb28181.manscdp import decode_body, parse_document
from fengtai.protocols.gb28181.messages import read_message
from fengtai.protocols.gb28181.offers import read_offer
from fengtai.protocols.mpegps import PsDemuxer, PsMuxer
from fengtai.protocols.mpegps.program_map import parse_program_map
from fengtai.protocols.mpegts import TsDemuxer, TsMuxer
from fengtai.protocols.mpegts.tables import parse_association, parse_map
from fengtai.protocols.mvt import layer_names
from fengtai.protocols.pmtiles import read_directory, read_header
from fengtai.protocols.rtp.framing import StreamDeframer
from fengtai.protocols.rtp.packet import parse_packet
from fengtai.protocols.rtp.receiver import RtpReceiver
from fengtai.protocols.rtp.sender import RtpSender
from fengtai.protocols.rtp.sniffing import sniff_nal_payload, sniff_payload
from fengtai.protocols.rtsp.endpoint import RtspServerEndpoint
from fengtai.protocols.rtsp.framing import RequestFramer
from fengtai.protocols.rtsp.messages import parse_request
from fengtai.protocols.sdp import parse_session
from fengtai.protocols.sia_dc09.cipher import parse_keys
from fengtai.protocols.sia_dc09.messages import parse_timestamp
from fengtai.protocols.sip import Peer
from fengtai.protocols.sip.digest import parse_credentials, parse_parameters
from fengtai.protocols.sip.express import read_express, read_registering_in_python, read_usual_in_python
from fengtai.protocols.sip.framing import StreamFramer
from fengtai.protocols.sip.parser import parse_message
from fengtai.protocols.sip.salvage import answerable
from fengtai.protocols.sip.uri import parse_name_address, parse_uri, user_of
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import FengtaiError, Malformed

PLACE = Path(fengtai.protocols.__file__).parent if fengtai.protocols.__file__ else Path(fengtai.protocols.__path__[0])
READS = ("parse_", "read_", "decode_", "split_", "sniff_", "answerable", "user_of")
PEER, NOW = Peer("udp", "10.0.0.9", 5060), Instant(5.0, datetime(2026, 1, 1, tzinfo=UTC))

UNITS = drawn_units("h264", width=64, height=48, frames=4, gop=2)
SETS = UNITS[0].parameter_sets
assert SETS is not None
PS, TS, RTP = PsMuxer("h264", "g711a"), TsMuxer("h264", "g711a"), RtpSender(payload_type=96, ssrc=7)
SOUND = AudioFrame("g711a", bytes([7]) * 320, 0)
PACK = PS.video_pack(UNITS[0]) + PS.audio_part(SOUND)
MAP = PACK[PACK.index(b"\x00\x00\x01\xbc") :]
MAP = MAP[: 6 + int.from_bytes(MAP[4:6], "big")]
TRANSPORT = TS.video_packets(UNITS[0]) + TS.audio_packets(SOUND)
PACKETS = RTP.packets(PACK, 0)
FRAMED = b"".join(len(packet).to_bytes(2, "big") + packet for packet in PACKETS)
FILM = init_segment(SETS) + fragment(1, 0, [Sample(UNITS[0].length_prefixed(), 3600, True)])
HEAD = len(init_segment(SETS))
ARCHIVE = b"PMTiles\x03" + bytes(88) + bytes((1, 2, 2, 1, 0, 14)) + bytes(25)
SPS_265 = bytes.fromhex("420101016000000300900000030000030078a00280802d165999a4932b9a808080820000030002000003003210")
ADTS = bytes.fromhex("fff15080043ffc") + bytes(32)

DIGEST = (
    b'Digest username="34020000001320000001",realm="3402000000",nonce="a1b2",uri="sip:x@y",'
    b'response="%b",qop=auth,nc=00000001,cnonce="c"' % (b"0" * 32)
)
SESSION = (
    b"v=0\r\no=34020000002000000001 0 0 IN IP4 10.0.0.1\r\ns=Play\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
    b"m=video 30000 TCP/RTP/AVP 96 98\r\na=rtpmap:96 PS/90000\r\na=rtpmap:98 H264/90000\r\na=setup:passive\r\n"
    b"a=recvonly\r\ny=0200001234\r\nf=v/2/5/25/1/4096a/1/8/1\r\n"
)
CATALOGUE = (
    '<?xml version="1.0" encoding="GB2312"?>\r\n<Response><CmdType>Catalog</CmdType><SN>17</SN>'
    "<DeviceID>34020000001180000001</DeviceID><SumNum>2</SumNum><DeviceList Num='2'><Item>"
    "<DeviceID>34020000001320000001</DeviceID><Name>东门</Name><Parental>0</Parental><Longitude>118.37</Longitude>"
    "<Latitude>31.33</Latitude><Status>ON</Status><Info><PTZType>1</PTZType></Info></Item></DeviceList></Response>"
).encode("gb18030")
ALARM = (
    b"<?xml version='1.0'?><Notify><CmdType>Alarm</CmdType><SN>3</SN><DeviceID>34020000001340000001</DeviceID>"
    b"<AlarmPriority>1</AlarmPriority><AlarmMethod>5</AlarmMethod><AlarmTime>2026-01-01T10:00:00</AlarmTime>"
    b"<Info><AlarmType>6</AlarmType></Info><Longitude>1e9</Longitude></Notify>"
)
POSITION = (
    b"<?xml version='1.0'?><Notify><CmdType>MobilePosition</CmdType><SN>4</SN><Time>2026-01-01T10:00:00</Time>"
    b"<Longitude>118.3</Longitude><Latitude>31.3</Latitude><Speed>5</Speed><Direction>270</Direction></Notify>"
)
CONTROL = (
    b"<?xml version='1.0'?><Control><CmdType>DeviceControl</CmdType><SN>5</SN><DeviceID>34020000001320000001</DeviceID>"
    b"<GuardCmd>SetGuard</GuardCmd><SnapShotConfig><SnapNum>1</SnapNum><Interval>1</Interval></SnapShotConfig></Control>"
)
BODIES = (CATALOGUE, ALARM, POSITION, CONTROL)


def _sip(method: bytes, body: bytes = b"", *headers: bytes) -> bytes:
    lines = (
        b"%b sip:34020000002000000001@3402000000 SIP/2.0" % method,
        b"Via: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK1",
        b"From: <sip:34020000001320000001@3402000000>;tag=1",
        b"To: <sip:34020000002000000001@3402000000>",
        b"Call-ID: 1@10.0.0.9",
        b"CSeq: 2 %b" % method,
        b"Contact: <sip:34020000001320000001@10.0.0.9:5060>",
        b"Max-Forwards: 70",
        *headers,
        b"Content-Length: %d" % len(body),
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


XML = b"Content-Type: Application/MANSCDP+xml"
SIP = (
    *(_sip(b"MESSAGE", body, XML) for body in BODIES),
    _sip(b"REGISTER", b"", b"Expires: 3600", b"X-GB-ver: 2.0"),
    _sip(b"REGISTER", b"", b"Expires: 3600", b"Authorization: " + DIGEST),
    _sip(b"NOTIFY", CATALOGUE, XML, b"Event: Catalog", b"Subscription-State: active;expires=60"),
    _sip(b"INVITE", SESSION, b"Content-Type: application/sdp"),
    _sip(b"BYE"),
    _sip(b"OPTIONS").replace(b"OPTIONS sip:34020000002000000001@3402000000 SIP/2.0", b"SIP/2.0 200 OK"),
)
RTSP = (
    b"DESCRIBE rtsp://a/1 RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n",
    b"SETUP rtsp://a/1/track RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
    b"PLAY rtsp://a/1 RTSP/1.0\r\nCSeq: 3\r\nSession: 1\r\nRange: npt=0.000-\r\nContent-Length: 0\r\n\r\n",
)


def _vectors(folder: str, *names: str) -> tuple[bytes, ...]:
    """Of the shared data, as far as it is here."""
    place, found = SHARED / "vectors" / folder, []
    for path in sorted(place.glob("*.dat")) + [place / name for name in names]:
        if path.suffix == ".dat":
            found.append(path.read_bytes())
        elif path.is_file():
            found += [one["raw"].encode() for one in json.loads(path.read_text())["messages"] if one.get("raw")]
    return tuple(found)


SIP += _vectors("sip-torture") + _vectors("gb28181-sip", "device_messages.json", "srs_messages.json")


def _texts(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "surrogateescape"))


def _ps(data: bytes) -> None:
    demuxer = PsDemuxer(max_frame_bytes=100_000)
    for at in range(0, len(data), 1400):
        demuxer.feed(data[at : at + 1400], timestamp_90k=at, ends_frame=at % 2800 == 0)
    demuxer.feed(data, timestamp_90k=1)  # in one piece: the short way, compiled where it is
    demuxer.flush()


def _ts(data: bytes) -> None:
    demuxer = TsDemuxer(max_frame_bytes=100_000)
    demuxer.feed(data, timestamp_90k=0)
    demuxer.flush()


def _rtp_by_tcp(data: bytes) -> None:
    framer, receiver = StreamDeframer(), RtpReceiver(7)
    for at in range(0, len(data), 3000):
        receiver.receive_all(framer.feed(data[at : at + 3000]), now=at / 1000)
    receiver.flush()
    assert framer.buffered_bytes < 200_000


def _rtp_by_udp(data: bytes) -> None:
    receiver = RtpReceiver(7)
    for at in range(0, len(data), 1416):
        receiver.receive(data[at + 2 : at + 1416], now=at / 1000)
    receiver.flush()


def _platform(data: bytes) -> None:
    """The whole endpoint, by both ways: nothing at all may be raised."""
    platform = PlatformEndpoint(PLATFORM, nonce_secret=b"x" * 32, token=lambda: "t")
    if platform.answer_at_once(data, "10.0.0.9", 5060, NOW) is None:
        platform.receive_unusual(data, PEER, NOW)
    stream = Peer("tcp", "10.0.0.9", 5061, 1)
    platform.stream_opened(stream)
    platform.receive_stream(data + data, stream, NOW)
    platform.stream_closed(stream, NOW)
    platform.handle_deadline(Instant(100.0, NOW.utc))
    platform.datagrams_to_send()
    platform.events()


def _rtsp(data: bytes) -> None:
    endpoint = RtspServerEndpoint(session_id="1", now=0.0)
    endpoint.receive(data, 1.0)
    endpoint.events()


@dataclass(frozen=True)
class Parser:
    """What is read, and sound messages of it. `may_raise`: its own error; nothing for what never raises."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    may_raise: tuple[type[Exception], ...] = (Malformed,)


CODES = ("130", "401", "602")
BLOCKS = [Block(account="1001", qualifier=1, event=code, partition="01", zone="001") for code in CODES]
CID = tuple(block.encode().encode() for block in BLOCKS)
PARSERS = {
    "decode_block": Parser(_texts(decode_block), CID),
    "parse_adts_header": Parser(parse_adts_header, (ADTS,)),
    "split_nals_in_python": Parser(split_nals_in_python, (UNITS[0].annexb(),), ()),
    "split_access_units": Parser(lambda data: list(split_access_units(data, "h265")), (UNITS[0].annexb(),), ()),
    "VideoAssembler": Parser(lambda data: VideoAssembler().assemble(data, 0), (UNITS[0].annexb(),), ()),
    "decode_alaw": Parser(decode_alaw, (bytes(range(256)),), ()),
    "decode_ulaw": Parser(decode_ulaw, (bytes(range(256)),), ()),
    "parse_h264_sps": Parser(parse_h264_sps, SETS.sps),
    "parse_h265_sps": Parser(parse_h265_sps, (SPS_265,)),
    "read_pts": Parser(lambda data: read_pts(data.ljust(5, b"\0"), 0), (b"\x21\x00\x01\x00\x01",)),
    "read_init_segment": Parser(read_init_segment, (FILM[:HEAD],)),
    "read_fragment": Parser(read_fragment, (FILM[HEAD:],)),
    "read_fragments": Parser(lambda data: list(read_fragments(data)), (FILM[HEAD:] * 2,)),
    "parse_document": Parser(parse_document, BODIES),
    "decode_body": Parser(decode_body, BODIES),
    "read_message": Parser(read_message, BODIES),
    "read_offer": Parser(read_offer, (SESSION,)),
    "PsDemuxer": Parser(_ps, (PACK * 2,), ()),
    "parse_program_map": Parser(parse_program_map, (MAP,)),
    "TsDemuxer": Parser(_ts, (TRANSPORT,), ()),
    "parse_association": Parser(parse_association, (TRANSPORT[5:188],)),
    "parse_map": Parser(parse_map, (TRANSPORT[188 + 5 : 376],)),
    "parse_packet": Parser(parse_packet, tuple(PACKETS)),
    "StreamDeframer": Parser(_rtp_by_tcp, (FRAMED,)),
    "RtpReceiver": Parser(_rtp_by_udp, (FRAMED,)),
    "sniff_payload": Parser(sniff_payload, (PACK, TRANSPORT, UNITS[0].annexb()), ()),
    "sniff_nal_payload": Parser(sniff_nal_payload, (PACK, UNITS[0].nals[0]), ()),
    "sniff_codec": Parser(lambda data: sniff_codec([data, data[1:]]), (*SETS.sps, SPS_265), ()),
    "parse_request": Parser(parse_request, RTSP),
    "RequestFramer": Parser(lambda data: RequestFramer().feed(data), (b"".join(RTSP),)),
    "RtspEndpoint": Parser(_rtsp, (b"".join(RTSP),)),
    "parse_session": Parser(parse_session, (SESSION,)),
    "read_header": Parser(lambda data: read_header(data, size_bytes=1 << 40), (ARCHIVE,)),
    "read_directory": Parser(read_directory, (bytes((2, 0, 5, 1, 0, 10, 20, 1, 0)),)),
    "layer_names": Parser(layer_names, (vector_tile("water", "道路"),)),
    "parse_keys": Parser(_texts(parse_keys), (b"hex:" + b"0f" * 16, b"ascii:0123456789ABCDEF"), (FengtaiError,)),
    "parse_timestamp": Parser(_texts(parse_timestamp), (b"10:00:00,01-01-2026",), ()),
    "parse_credentials": Parser(_texts(parse_credentials), (DIGEST,)),
    "parse_parameters": Parser(_texts(parse_parameters), (DIGEST,)),
    "read_usual_in_python": Parser(lambda data: read_usual_in_python(data, "10.0.0.9", 5060), SIP, ()),
    "read_registering_in_python": Parser(lambda data: read_registering_in_python(data, "10.0.0.9", 5060), SIP, ()),
    "read_express": Parser(lambda data: read_express(data, b"MESSAGE", PEER), SIP, ()),
    "StreamFramer": Parser(lambda data: StreamFramer().feed(data), SIP),
    "parse_message": Parser(parse_message, SIP),
    "answerable": Parser(answerable, SIP, ()),
    "parse_uri": Parser(_texts(parse_uri), (b"sip:a@10.0.0.1:5060;transport=tcp?x=y", b"sips:[::1]:5061")),
    "parse_name_address": Parser(_texts(parse_name_address), (b'"x \\" y" <sip:a@b:1;lr>;tag=1', b"sip:a@b")),
    "user_of": Parser(_texts(user_of), (b'"x" <sip:a@b:1;lr>;tag=1', b"sip:a@b"), ()),
    "PlatformEndpoint": Parser(_platform, SIP, ()),
}
ELSEWHERE = {
    "read_item": "an element that parse_document gave: by read_message",
    "read_rest": "by test_messages.py of sia_dc09, with keys",
}
ABSURD = [
    *(
        b"",
        b"\0",
        b"\xff" * 4,
        b"\r\n\r\n",
        b"\r\n ",
        b"<",
        b"</",
        b"&#0;",
        b"\xef\xbb\xbf",
        b"\x81",
        b"%00",
        b'"',
        b";",
    ),
    *(b"-1", b"0", b"4294967296", b"9" * 30, b"1e999", b"NaN", b"0x10", "١٢".encode(), b"\xed\xa0\x80"),
    *(b"\x00\x00\x01\xba", b"\x00\x00\x01\xbc\xff\xff", b"\x00\x00\x01\xe0\x00\x00", b"\x47\x1f\xff", b"$\x00\xff\xff"),
]
"""what confuses readers: ends of things, impossible numbers, digits that are none, half a letter, start codes"""
wounds = st.tuples(
    st.sampled_from(("cut", "out", "put", "over", "double", "splice")),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 12),
    st.sampled_from(ABSURD) | st.binary(max_size=6),
)


def wounded(seeds: tuple[bytes, ...], which: int, hurts: list[tuple[str, float, int, bytes]]) -> bytes:
    data = seeds[which % len(seeds)]
    for kind, where, size, put in hurts:
        at = int(where * (len(data) + 1))
        if kind == "cut":
            data = data[:at]
        elif kind == "splice":
            other = seeds[(which + size) % len(seeds)]
            data = data[:at] + other[int(where * len(other)) :]
        elif kind == "double":
            data = data[: at + size * 8] + data[at:]
        else:
            data = data[:at] + (b"" if kind == "out" else put) + data[at + (0 if kind == "put" else size) :]
    return data[:200_000]


@pytest.mark.parametrize("name", PARSERS)
@given(st.integers(0, 99), st.lists(wounds, max_size=5))
@settings(max_examples=25, deadline=None)
def test_damage_is_malformed_or_read(name: str, which: int, hurts: list[tuple[str, float, int, bytes]]) -> None:
    parser = PARSERS[name]
    with contextlib.suppress(*parser.may_raise):  # refused in its own words: anything else fails the test
        parser.read(wounded(parser.seeds, which, hurts))


@pytest.mark.parametrize("name", PARSERS)
def test_the_sound_messages_are_read(name: str) -> None:
    """Else the damage above would be done to what is refused anyway."""
    parser = PARSERS[name]
    read = 0
    for seed in parser.seeds:
        try:
            parser.read(seed)
        except Malformed:
            continue
        read += 1
    assert read, name


def test_no_parser_is_left_out() -> None:
    """By the names that parsers have: whoever writes another one finds its place here."""
    kinds = ("Demuxer", "Framer", "Deframer", "Assembler")
    found = {
        node.name
        for path in PLACE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if (isinstance(node, ast.FunctionDef) and node.name.startswith(READS))
        or (isinstance(node, ast.ClassDef) and node.name.endswith(kinds))
    }
    assert found - set(PARSERS) - set(ELSEWHERE) == set()
