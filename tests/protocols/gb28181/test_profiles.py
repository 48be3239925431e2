"""Makes of devices: which profile fits, and what each quirk changes on the wire."""

import pytest
from tests.protocols.gb28181.talk import CAMERA, CAMERAS, DEVICE, THERE, Talk

from fengtai.protocols.gb28181 import (
    PROFILES,
    CatalogPage,
    CatalogueArrived,
    DeviceDescribed,
    DeviceFaults,
    Dialect,
    SnapshotOrder,
    StreamWanted,
    profile_of,
    read_message,
)
from fengtai.protocols.gb28181.offers import play_offer, read_offer
from fengtai.protocols.gb28181.profiles import FORMS
from fengtai.protocols.sdp import parse_session
from fengtai.protocols.sip import Request, parse_message
from fengtai.vocabulary.errors import Conflict

SNAPSHOT = SnapshotOrder(sn=0, device_id=CAMERA, session_id="s" * 32, upload_url="http://10.0.0.1/up")


def sent(talk: Talk) -> Request:
    """What the platform sends next; it does not arrive."""
    (data, _), *_ = talk.platform.datagrams_to_send()
    request = parse_message(data)
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize(
    ("manufacturer", "agent", "profile"),
    [
        ("Hikvision", "IP Camera", "hikvision"),
        ("", "Embedded Net DVR/Hikvision", "hikvision"),
        ("DAHUA", "", "dahua"),
        ("浙江大华", "", "dahua"),
        ("Uniview", "", "uniview"),
        ("Tiandy", "", "tiandy"),
        ("WVP-PRO", "", "platform"),
        ("", "EasyGBS v2", "platform"),
        ("Acme", "IP Camera", "generic"),
        ("", "", "generic"),
    ],
)
def test_a_make_is_known_by_what_it_says(manufacturer: str, agent: str, profile: str) -> None:
    assert profile_of(manufacturer, agent).id == profile


def test_every_profile_says_what_it_is_for() -> None:
    for profile in PROFILES.values():
        assert profile.name
        assert profile.quirks or profile.id == "generic"


def test_a_device_says_what_it_is_made_of() -> None:
    talk = Talk(manufacturer="Dahua", user_agent="SIP UAS V3").registered()
    talk.platform.query(DEVICE, "DeviceInfo", talk.clock.now())
    talk.roundtrip()
    (described,) = talk.told(DeviceDescribed)
    assert (described.info.manufacturer, described.user_agent) == ("Dahua", "SIP UAS V3")


def test_dahua_gets_its_configuration_addressed_to_the_device() -> None:
    talk = Talk(edition="3.0").registered()
    talk.platform.asking.order_snapshot(DEVICE, SNAPSHOT, talk.clock.now())
    assert sent(talk).uri.startswith(f"sip:{CAMERA}@")
    talk.platform.asking.dialects.set(DEVICE, Dialect(profile=PROFILES["dahua"]))
    talk.platform.asking.order_snapshot(DEVICE, SNAPSHOT, talk.clock.now())
    request = sent(talk)
    assert request.uri.startswith(f"sip:{DEVICE}@")
    assert f"<DeviceID>{DEVICE}</DeviceID>".encode() in request.body


def test_dahua_finds_the_algorithm_in_the_challenge_and_no_1xx() -> None:
    talk = Talk()
    talk.device.start(talk.clock.now())
    ((register, _),) = talk.device.datagrams_to_send()
    talk.platform.receive_datagram(register, talk.there, talk.clock.now())
    ((answer, _),) = talk.platform.datagrams_to_send()
    assert answer.startswith(b"SIP/2.0 401 ")
    assert b"algorithm=MD5" in answer


def test_uniview_is_never_configured() -> None:
    talk = Talk(edition="3.0").registered()
    talk.platform.asking.dialects.set(DEVICE, Dialect(profile=PROFILES["uniview"]))
    with pytest.raises(Conflict):
        talk.platform.asking.order_snapshot(DEVICE, SNAPSHOT, talk.clock.now())
    assert talk.platform.datagrams_to_send() == []


def test_hikvision_finds_y_at_the_end() -> None:
    talk = Talk().registered()
    talk.platform.play(DEVICE, CAMERA, host="10.0.0.3", port=30012, ssrc=200001234, tcp=True, now=talk.clock.now())
    lines = sent(talk).body.decode().strip().split("\r\n")
    assert parse_session("\r\n".join(lines).encode()).ssrc == 200001234
    assert [line[:2] for line in lines if line[:2] in ("y=", "f=")] == [line[:2] for line in lines][-1:]


@pytest.mark.parametrize(
    ("make", "understands", "number"),
    [
        ("generic", "streamnumber", 1),
        ("generic", "streamprofile", 1),
        ("generic", "streamMode", 0),
        ("tp-link", "streamMode", 1),
        ("tp-link", "streamnumber", 0),
    ],
)
def test_the_sub_stream_is_asked_for_as_the_make_understands_it(make: str, understands: str, number: int) -> None:
    talk = Talk(faults=DeviceFaults(chooses_stream_by=understands)).registered()
    talk.platform.asking.dialects.set(DEVICE, Dialect(profile=PROFILES[make]))
    for wanted in (0, 1):
        talk.platform.play(
            DEVICE,
            CAMERA,
            host="10.0.0.3",
            port=30012,
            ssrc=200001234,
            tcp=True,
            stream_number=wanted,
            now=talk.clock.now(),
        )
        talk.roundtrip()
    assert [stream.stream_number for stream in talk.told(StreamWanted)] == [0, number]


def test_every_form_of_the_offer_can_be_read_and_says_what_it_offers() -> None:
    for form in FORMS.values():
        body = play_offer(form, user=DEVICE, host="10.0.0.3", port=30012, ssrc=1, tcp=True)
        offer, media = read_offer(body)
        assert (offer.ssrc, media.attribute("setup"), media.attribute("connection")) == (1, "passive", "new")
        assert media.encoding("96") == "PS/90000"
        assert all(media.encoding(number) for number in media.formats)
        assert offer.parameters == form.parameters


def test_hikvision_s_broken_address_costs_no_channel() -> None:
    body = (
        "<?xml version='1.0' encoding='GB2312'?><Response><CmdType>Catalog</CmdType><SN>1</SN>"
        f"<DeviceID>{DEVICE}</DeviceID><SumNum>2</SumNum><DeviceList Num='2'>"
        f"<Item><DeviceID>{CAMERA}</DeviceID><Name>东门</Name><Address><#$%&></Address><Status>ON</Status></Item>"
        "<Item><DeviceID>34020000001320000002</DeviceID><Name>西门</Name><Address>Address</Address></Item>"
        "</DeviceList></Response>"
    )
    page = read_message(body.encode("gb18030"))
    assert isinstance(page, CatalogPage)
    assert [(item.id[-1], item.name) for item in page.items] == [("1", "东门"), ("2", "西门")]


def test_a_platform_below_is_spoken_to_in_utf8() -> None:
    talk = Talk().registered()
    talk.platform.asking.dialects.set(DEVICE, Dialect(profile=PROFILES["platform"]))
    talk.platform.query(DEVICE, "DeviceInfo", talk.clock.now())
    assert b'encoding="UTF-8"' in sent(talk).body


def test_a_platform_below_may_send_its_catalogue_slowly() -> None:
    talk = Talk().registered()
    talk.platform.asking.dialects.set(DEVICE, Dialect(profile=PROFILES["platform"]))
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    later: list[bytes] = []

    def hold_back(data: bytes) -> bool:
        is_second_part = b"SumNum" in data and CAMERAS[4].id.encode() in data
        later.extend([data] if is_second_part and not later else [])
        return is_second_part and data in later

    talk.lose = hold_back
    talk.roundtrip()
    talk.lose = lambda _data: False
    talk.clock.advance(19.0)
    talk.platform.handle_deadline(talk.clock.now())
    talk.platform.receive_datagram(later[0], THERE, talk.clock.now())
    talk.roundtrip()
    assert [len(told.items) for told in talk.told(CatalogueArrived)] == [10]


@pytest.mark.parametrize(("chosen", "declared"), [("", b"GB2312"), ("3.0", b"GB18030"), ("1.0", b"GB2312")])
def test_a_chosen_edition_counts_more_than_what_the_device_says(chosen: str, declared: bytes) -> None:
    talk = Talk(edition="2.0").registered()
    talk.platform.asking.dialects.set(DEVICE, Dialect(profile=PROFILES["generic"], edition=chosen))
    talk.platform.query(DEVICE, "DeviceInfo", talk.clock.now())
    assert b'encoding="' + declared in sent(talk).body
