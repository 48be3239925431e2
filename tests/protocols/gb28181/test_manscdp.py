"""MANSCDP bodies as devices send them, and as they should not."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.gb28181 import (
    AlarmNotice,
    AlarmResponse,
    CatalogItem,
    CatalogPage,
    CatalogueChange,
    CatalogueNotice,
    Control,
    DeviceInfo,
    DeviceStatus,
    Fix,
    Keepalive,
    Message,
    OrderResult,
    Other,
    PositionNotice,
    Query,
    SnapshotOrder,
    SnapshotsSent,
    read_message,
    write_message,
)
from fengtai.protocols.gb28181.messages import is_usual_keepalive
from fengtai.vocabulary.errors import Malformed

DEVICE = "34020000001180000005"


def catalogue(items: str, *, head: str = "", total: int = 1) -> str:
    return (
        f"{head}<Response><CmdType>Catalog</CmdType><SN>17</SN><DeviceID>{DEVICE}</DeviceID><SumNum>{total}</SumNum>"
        f"<DeviceList Num=' 1 '>{items}</DeviceList></Response>"
    )


def page(body: bytes) -> CatalogPage:
    message = read_message(body)
    assert isinstance(message, CatalogPage)
    return message


ITEM = "<Item><DeviceID>34020000001320000001</DeviceID><Name>东门萳</Name><Status>ON</Status></Item>"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        ("GB18030", "gb18030"),
        ("UTF-8", "utf-8"),
        ("UTF-8", "gb18030"),  # says one, sends the other
        ("GB2312", "utf-8"),  # WVP and its kin below us (wvp #260)
        ("GB18030", "utf-8-sig"),
        ("", "utf-16"),
        ("gb2312", "utf-8-sig"),
        ("", "gb18030"),
        ("", "utf-8"),
    ],
)
def test_names_are_read_in_any_charset(declared: str, codec: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>\r\n' if declared else ""
    assert page(catalogue(ITEM, head=head).encode(codec)).items[0].name == "东门萳"


def test_names_in_two_charsets_in_one_body_are_both_read() -> None:
    """A recorder that passes on what its cameras call themselves."""
    first, second = ITEM.encode("gb18030"), ITEM.replace("00001</", "00002</").replace("东门", "西门").encode()
    head, tail = catalogue("@", head='<?xml version="1.0" encoding="GB2312"?>', total=2).encode().split(b"@")
    assert [item.name for item in page(head + first + second + tail).items] == ["东门萳", "西门萳"]


@pytest.mark.parametrize("name", ["联通", "摄像机", "Ünlü straße", "é", "東門カメラ"])
@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_chosen_charset_is_final(name: str, codec: str) -> None:
    message = read_message(catalogue(ITEM.replace("东门萳", name)).encode(codec), codec)
    assert isinstance(message, CatalogPage)
    assert message.items[0].name == name


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5, codec="gb2312"), min_size=1, max_size=12))
def test_chinese_names_under_a_gb_name_are_never_taken_for_utf8(name: str) -> None:
    """Nor the other way round, from two letters on."""
    body = catalogue(ITEM.replace("东门萳", name), head='<?xml version="1.0" encoding="GB2312"?>')
    assert page(body.encode("utf-8")).items[0].name == name
    assert page(body.encode("gb18030")).items[0].name == name


def test_ten_thousand_items_in_one_message_are_read() -> None:
    whole = CatalogPage(
        sn=1,
        device_id=DEVICE,
        total=10_000,
        items=tuple(
            CatalogItem(id=f"3402000000132{serial:07d}", name=f"摄像机 {serial}", address="东门岗亭", parent_id=DEVICE)
            for serial in range(10_000)
        ),
    )
    body = write_message(whole)
    assert len(body) > 3_000_000
    assert read_message(body) == whole


@pytest.mark.parametrize(("told", "kept"), [("CivilCode", ""), ("65535", ""), ("340200", "340200"), ("null", "")])
def test_civil_codes_that_are_none_are_left_out(told: str, kept: str) -> None:
    odd = ITEM.replace("</Item>", f"<CivilCode>{told}</CivilCode></Item>")
    assert page(catalogue(odd).encode()).items[0].civil_code == kept


def test_one_position_in_the_form_of_2016_and_many_in_that_of_2022() -> None:
    one = (
        f"<Notify><CmdType>MobilePosition</CmdType><SN>1</SN><DeviceID>{DEVICE}</DeviceID>"
        "<Time>2026-11-20T22:00:00</Time><Longitude>118.37</Longitude><Latitude>31.33</Latitude>"
        "<Speed>36.5</Speed><Direction>361</Direction><Altitude>-3</Altitude></Notify>"
    )
    fix = Fix(
        target_id=DEVICE,
        longitude=118.37,
        latitude=31.33,
        at=datetime(2026, 11, 20, 14, tzinfo=UTC),
        speed_kmh=36.5,
        direction_degrees=1.0,
        altitude_m=-3.0,
    )
    assert read_message(one.encode()) == PositionNotice(sn=1, device_id=DEVICE, fixes=(fix,))
    many = (
        f"<Notify><CmdType>MobilePosition</CmdType><SN>1</SN><DeviceID>{DEVICE}</DeviceID><SumNum>3</SumNum>"
        "<DeviceList Num='3'><Item><DeviceID>34020000001320000001</DeviceID><CaptureTime>x</CaptureTime>"
        "<Longitude>1</Longitude><Latitude>2</Latitude></Item>"
        "<Item><DeviceID>34020000001320000002</DeviceID><Longitude>0</Longitude><Latitude>0</Latitude></Item>"
        "<Item><DeviceID>34020000001320000003</DeviceID><Longitude>999</Longitude><Latitude>1</Latitude></Item>"
        "</DeviceList></Notify>"
    )
    told = read_message(many.encode())
    assert isinstance(told, PositionNotice)
    assert [fix.target_id for fix in told.fixes] == ["34020000001320000001"]  # 0/0 and nonsense are no places


def test_a_broken_item_costs_only_itself() -> None:
    broken = "<Item><DeviceID>34020000001320000002</DeviceID><Name>a<b & c</Name><Address>x</Adress></Item>"
    body = catalogue(ITEM + broken + ITEM.replace("00001</", "00003</"), total=3).encode("gb18030") + b"\0"
    found = page(body)
    assert [item.id[-2:] for item in found.items] == ["01", "02", "03"]
    assert found.items[2].name == "东门萳"
    assert (found.sn, found.device_id, found.total) == (17, DEVICE, 3)


def test_a_stray_closing_tag_and_a_nul_are_tolerated() -> None:
    found = page(catalogue(ITEM + "</Item>", total=2).encode("gb18030") + b"\0\0")
    assert [item.id for item in found.items] == ["34020000001320000001"]


def test_control_characters_and_bare_ampersands_are_repaired() -> None:
    found = page(catalogue(ITEM.replace("东门萳", "A\x01 & B &amp; C\x0b")).encode())
    assert found.items[0].name == "A  & B & C".replace("  ", " ")


@pytest.mark.parametrize(
    ("status", "on"), [("ON", True), ("online", True), ("1", True), ("OFF", False), ("OFFLINE", False), ("", True)]
)
def test_words_for_being_on(status: str, on: bool) -> None:
    assert page(catalogue(ITEM.replace(">ON<", f">{status}<")).encode()).items[0].on is on


def test_values_that_mean_nothing_are_left_out() -> None:
    odd = ITEM.replace("</Item>", "<CivilCode>null</CivilCode><Longitude>x</Longitude><Latitude>0</Latitude></Item>")
    item = page(catalogue(odd).encode()).items[0]
    assert (item.civil_code, item.longitude, item.latitude) == ("", None, None)


def test_nodes_of_trees_are_no_devices() -> None:
    ids = ["3402", "34020000002150000001", "34020000002000000001", "34020000001320000001", "34020000001110000001"]
    assert [CatalogItem(id=one).is_device for one in ids] == [False, False, False, True, True]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<Notify></Notify>",
        b"<Notify><CmdType></CmdType></Notify>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><Notify><CmdType>Keepalive</CmdType></Notify>",
        b"<Notify><!ENTITY a 'b'><CmdType>Keepalive</CmdType></Notify>",
        b"x" * (5 * 1024 * 1024),
    ],
)
def test_what_cannot_be_read_or_could_harm_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_message(body)


def test_an_alarm_in_the_dialects_of_vendors() -> None:
    notice = read_message(
        "<Notify><CmdType>Alarm</CmdType><SN>5</SN><DeviceID>34020000001340000003</DeviceID>"
        "<AlarmPriority>1</AlarmPriority><AlarmMethod>5</AlarmMethod><AlarmTime>2026-11-20T22:01:09</AlarmTime>"
        "<info><x/></info><info><AlarmType>6</AlarmType><AlarmTypeParam><EventType>1</EventType></AlarmTypeParam></info>"
        "</Notify>".encode("gb18030")
    )
    assert notice == AlarmNotice(
        sn=5,
        device_id="34020000001340000003",
        method=5,
        type=6,
        priority=1,
        event_type=1,
        at=datetime(2026, 11, 20, 14, 1, 9, tzinfo=UTC),
    )


def test_a_command_that_we_do_not_speak_is_named() -> None:
    assert read_message(b"<Notify><CmdType>MediaStatus</CmdType><SN>9</SN><DeviceID>1</DeviceID></Notify>") == Other(
        root="Notify", command="MediaStatus", sn=9, device_id="1"
    )


def test_an_ordinary_keepalive_is_known_without_parsing() -> None:
    usual = write_message(Keepalive(sn=43, device_id=DEVICE))
    assert is_usual_keepalive(usual, 0)
    assert is_usual_keepalive(b"head" + usual, 4)
    assert is_usual_keepalive(usual.replace(b"<SN>", b"<Extra/><SN>"), 0)
    assert not is_usual_keepalive(write_message(Keepalive(sn=43, device_id=DEVICE, ok=False)), 0)
    assert not is_usual_keepalive(write_message(Keepalive(sn=43, device_id=DEVICE, faulty=("1",))), 0)
    assert not is_usual_keepalive(b"<!DOCTYPE x>" + usual, 0)


text = st.text(
    st.characters(min_codepoint=32, max_codepoint=0xFFFD, exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=30
)
words = text.map(lambda one: " ".join(one.split()))
ids = st.from_regex(r"\A[0-9]{20}\Z")
sns = st.integers(1, 999_999)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda one: one.replace(microsecond=0, tzinfo=UTC)
)
items = st.builds(
    CatalogItem,
    id=ids,
    name=words,
    manufacturer=words,
    model=words,
    address=words,
    parent_id=words,
    on=st.booleans(),
    ptz_type=st.integers(0, 7),
    parental=st.integers(0, 1),
)
messages = st.one_of(
    st.builds(Keepalive, sn=sns, device_id=ids, ok=st.booleans(), faulty=st.lists(ids, max_size=3).map(tuple)),
    st.builds(Query, command=st.sampled_from(["Catalog", "DeviceInfo"]), sn=sns, device_id=ids),
    st.builds(AlarmResponse, sn=sns, device_id=ids, ok=st.booleans()),
    st.builds(
        CatalogPage, sn=sns, device_id=ids, total=st.integers(0, 9), items=st.lists(items, max_size=3).map(tuple)
    ),
    st.builds(DeviceInfo, sn=sns, device_id=ids, name=words, manufacturer=words, channels=st.integers(0, 99)),
    st.builds(DeviceStatus, sn=sns, device_id=ids, online=st.booleans(), device_time=moments),
    st.builds(Control, sn=sns, device_id=ids, commands=st.just({"ifamecmd": "Send"})),
    st.builds(Query, command=st.just("MobilePosition"), sn=sns, device_id=ids, details=st.just({"interval": "5"})),
    st.builds(
        DeviceStatus,
        sn=sns,
        device_id=ids,
        duties=st.lists(st.tuples(ids, st.sampled_from(["ONDUTY", "OFFDUTY", "ALARM"])), max_size=3).map(tuple),
    ),
    st.builds(
        SnapshotOrder,
        sn=sns,
        device_id=ids,
        session_id=st.from_regex(r"\A[A-Za-z0-9-]{32}\Z"),
        upload_url=st.just("http://10.0.0.1:8080/up?a=1&b=2"),
        count=st.integers(1, 10),
        interval_seconds=st.integers(1, 60),
    ),
    st.builds(
        OrderResult,
        command=st.sampled_from(["DeviceControl", "DeviceConfig"]),
        sn=sns,
        device_id=ids,
        ok=st.booleans(),
        reason=words,
    ),
    st.builds(SnapshotsSent, sn=sns, device_id=ids, session_id=ids, files=st.lists(ids, max_size=3).map(tuple)),
    st.builds(
        PositionNotice,
        sn=sns,
        device_id=ids,
        fixes=st.lists(
            st.builds(
                Fix,
                target_id=ids,
                longitude=st.floats(1, 180).map(lambda one: round(one, 6)),
                latitude=st.floats(-90, 90).map(lambda one: round(one, 6)),
                at=moments,
                speed_kmh=st.none() | st.integers(0, 300).map(float),
                direction_degrees=st.none() | st.integers(0, 359).map(float),
            ),
            min_size=2,
            max_size=3,
        ).map(tuple),
    ),
    st.builds(
        CatalogueNotice,
        sn=sns,
        device_id=ids,
        changes=st.lists(
            st.one_of(
                st.builds(
                    CatalogueChange,
                    event=st.sampled_from(["ON", "OFF", "VLOST", "DEFECT", "DEL"]),
                    item=ids.map(lambda one: CatalogItem(id=one)),
                ),
                st.builds(
                    CatalogueChange, event=st.sampled_from(["ADD", "UPDATE"]), item=items, tells_status=st.just(True)
                ),
            ),
            max_size=3,
        ).map(tuple),
    ),
    st.builds(
        AlarmNotice,
        sn=sns,
        device_id=ids,
        method=st.integers(1, 7),
        type=st.integers(0, 13),
        priority=st.integers(1, 4),
        at=moments,
        description=words,
    ),
)


@given(messages, st.sampled_from(["2.0", "3.0"]))
def test_written_messages_are_read_back(message: Message, edition: str) -> None:
    assert not isinstance(message, Other)
    assert read_message(write_message(message, edition=edition)) == message


@given(st.binary(max_size=200))
def test_rubbish_is_only_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_message(data)
    with suppress(Malformed):
        assert read_message(b"<Notify><CmdType>Alarm</CmdType>" + data + b"</Notify>")
    with suppress(Malformed):
        assert read_message(catalogue("<Item>").encode() + data + b"</Item></DeviceList></Response>")
