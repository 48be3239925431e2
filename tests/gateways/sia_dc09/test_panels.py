"""Panels on real sockets: what they send is durable before they are told so."""

import asyncio

import pytest
from tests.domain.acting import acting
from tests.gateways.sia_dc09.conftest import KEY, House

from fengtai.domain.access.model import Role
from fengtai.protocols.sia_dc09 import Message, encode, parse_keys

BURGLARY = encode(Message(form="ADM-CID", sequence="0001", account="1234", inner_account="1234", content="1131 01 015"))
ACK = encode(Message(form="ACK", sequence="0001", account="1234"))


async def connect(house: House) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", house.gateway.port)


async def has_nothing_to_read(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(0.05):
            return await reader.read(1) == b"" and not reader.at_eof()
    except TimeoutError:
        return True


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("account", "key"), [("1234", None), ("ABCD", KEY)])
async def test_an_alarm_is_journalled_and_acknowledged(
    house: House, transport: str, account: str, key: bytes | None
) -> None:
    panel = house.panel(account, transport=transport, key=key)

    milliseconds = await panel.send_event("131", "01", "015")

    assert milliseconds is not None
    assert milliseconds >= 0
    [journalled] = house.journal.journal
    assert (journalled.signal.account, journalled.signal.code, journalled.signal.zone) == (account, "131", "15")
    assert journalled.signal.details["category"] == "burglary"
    assert journalled.signal.raw.startswith(b"\n")


async def test_no_acknowledgement_leaves_before_the_commit(house: House) -> None:
    house.journal.may_commit.clear()
    reader, writer = await connect(house)

    writer.write(BURGLARY)
    await house.journal.asked.wait()
    assert await has_nothing_to_read(reader)

    house.journal.may_commit.set()
    assert await reader.readexactly(len(ACK)) == ACK
    writer.close()


async def test_what_cannot_be_stored_is_not_acknowledged(house: House) -> None:
    house.journal.is_broken = True
    panel = house.panel("1234", answer_seconds=0.1)

    assert await panel.send_event("131", "01", "015") is None

    house.journal.is_broken = False
    assert await panel.send_event("131", "01", "015") is not None
    assert house.gateway.status()["counters"]["not_stored"] == 3  # type: ignore[index]


async def test_a_heartbeat_is_answered_while_the_disk_waits(house: House) -> None:
    house.journal.may_commit.clear()
    reader, writer = await connect(house)
    heartbeat = encode(Message(form="NULL", sequence="0002", account="1234"))

    writer.write(BURGLARY + heartbeat)

    answer = encode(Message(form="ACK", sequence="0002", account="1234"))
    assert await reader.readexactly(len(answer)) == answer
    house.journal.may_commit.set()
    assert await reader.readexactly(len(ACK)) == ACK
    writer.close()


async def test_a_heartbeat_makes_its_account_heard(house: House) -> None:
    await house.panel("1234").heartbeat()

    seen = {view.number: view.state.value for view in await house.desk.sources(by=acting(Role.OPERATOR))}

    assert seen == {"1234": "alive", "ABCD": "never"}
    assert house.journal.journal == []


async def test_acknowledgements_keep_the_order_of_the_messages(house: House) -> None:
    reader, writer = await connect(house)
    frames = [
        encode(Message(form="ADM-CID", sequence=f"{n:04d}", account="1234", content=f"1131 01 {n:03d}"))
        for n in range(1, 201)
    ]

    writer.write(b"".join(frames))
    answers = await reader.readexactly(len(ACK) * 200)

    sequences = [int(part[:4]) for part in answers.split(b'"ACK"')[1:]]
    assert sequences == list(range(1, 201))
    assert [journalled.signal.sequence for journalled in house.journal.journal] == [f"{n:04d}" for n in range(1, 201)]
    writer.close()


async def test_an_unknown_account_is_stored_acknowledged_and_shown_as_unmapped(house: House) -> None:
    assert await house.panel("9999").send_event("131", "01", "015") is not None

    await house.desk.triage()

    [alarm] = await house.desk.page(open_only=True, by=acting(Role.OPERATOR))
    assert (alarm.account, alarm.category, alarm.priority) == ("9999", "unmapped", 5)


async def test_an_encrypted_frame_without_a_key_is_listed_and_gets_silence(house: House) -> None:
    panel = house.panel("5555", key=KEY, answer_seconds=0.05)

    assert await panel.send_event("131", "01", "015") is None

    unanswered = house.gateway.status()["unanswered"]
    assert {(frame["account"], frame["reason"]) for frame in unanswered} == {("5555", "no-key")}  # type: ignore[index]
    assert house.journal.journal == []


async def test_a_key_that_was_entered_a_moment_ago_works_at_once(house: House) -> None:
    house.enter("5555", key=KEY)
    house.clock.advance(2)

    assert await house.panel("5555", key=KEY).send_event("131", "01", "015") is not None


async def test_a_panel_with_a_wrong_clock_is_told_the_time_and_repeats(house: House) -> None:
    panel = house.panel("ABCD", key=KEY)
    panel._dialler.clock_correction = -(house.clock.now().utc - house.clock.now().utc.replace(hour=0))

    assert await panel.send_event("110", "00", "003") is not None

    [journalled] = house.journal.journal
    assert journalled.signal.device_time == house.clock.now().utc


async def test_a_message_in_clear_of_an_account_with_a_key_is_taken_and_marked(house: House) -> None:
    assert await house.panel("ABCD").send_event("110", "00", "003") is not None

    assert house.journal.journal[0].signal.details["in_clear"] == "yes"


async def test_a_message_form_that_we_do_not_speak_gets_a_duh(house: House) -> None:
    reader, writer = await connect(house)

    writer.write(encode(Message(form="SIA-PUL", sequence="0003", account="1234", content="1")))

    answer = encode(Message(form="DUH", sequence="0003", account="1234"))
    assert await reader.readexactly(len(answer)) == answer
    writer.close()


async def test_keys_may_be_given_as_text() -> None:
    assert parse_keys("ascii:0123456789ABCDEF0123456789ABCDEF") == (b"0123456789ABCDEF0123456789ABCDEF",)


async def test_a_connection_that_floods_is_not_read_until_it_has_caught_up(house: House) -> None:
    house.journal.may_commit.clear()
    reader, writer = await connect(house)
    frames = [
        encode(Message(form="ADM-CID", sequence=f"{n:04d}", account="1234", content=f"1131 01 {n % 1000:03d}"))
        for n in range(1, 10_000)
    ]

    writer.write(b"".join(frames))
    await house.journal.asked.wait()
    house.journal.may_commit.set()
    answers = await reader.readexactly(len(ACK) * len(frames))

    assert answers.count(b'"ACK"') == len(frames)
    assert len(house.journal.journal) == len(frames)
    writer.close()


async def test_garbage_is_survived_and_counted(house: House) -> None:
    reader, writer = await connect(house)

    writer.write(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)) + BURGLARY)

    assert await reader.readexactly(len(ACK)) == ACK
    assert house.gateway.status()["counters"]["garbage_bytes"] > 200  # type: ignore[index]
    writer.close()


async def test_the_port_is_free_again_after_a_stop(house: House) -> None:
    await house.gateway.stop()
    await house.gateway.open("127.0.0.1", house.gateway.port)

    assert await house.panel("1234").heartbeat() is not None
