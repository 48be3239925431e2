"""Time stamps over checkpoints: a real authority on a real socket, real tokens, verified by the platform that keeps them
and by the auditor's tool that believes nobody."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.audit_verify.stamping_authority import StampingAuthority, openssl
from tests.audit_verify.test_verifier import Log, log, write_log, written

from fengtai.apps.server.time_stamps import HttpTimeStamps, StampingPlace, read_roots
from fengtai.domain.audit import rules
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.token_folder import TokenFolder
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid, NotFound, Unavailable

__all__ = ["log", "written"]
pytestmark = pytest.mark.skipif(openssl() is None, reason="openssl is not installed: nobody here makes tokens")


@pytest.fixture
def authority(tmp_path: Path) -> StampingAuthority:
    return StampingAuthority(tmp_path / "authority")


def stamps_in(folder: Path, authority: StampingAuthority, url: str, *, inside_ok: bool = True) -> HttpTimeStamps:
    return HttpTimeStamps(StampingPlace(url, read_roots(authority.root), inside_ok), TokenFolder(folder / "tokens"))


class House:
    """A desk with a hand clock that begins at the machine's time, which is the authority's."""

    def __init__(self, folder: Path, stamps: HttpTimeStamps) -> None:
        self.clock = HandClock(datetime.now(UTC))
        self.engine = MemoryTransactions(self.clock, {AuditLog: MemoryAuditLog()})
        self.book = FileCheckpointBook(folder / "checkpoints")
        self.key = AuditKey(folder, "fengtai.example/test")
        self.stamps = stamps
        self.desk = self.new_desk()

    def new_desk(self) -> AuditDesk:
        return AuditDesk(transactions=self.engine, signer=self.key, book=self.book, time_stamps=self.stamps)

    async def write_and_tick(self, after_seconds: float) -> None:
        entry = AuditEntry(actor="user:1", action="a.b", object="o:1")
        self.engine.run(lambda uow: uow.store(AuditLog).append(entry))
        self.clock.advance(after_seconds)
        await self.desk.tick()


async def test_a_checkpoint_is_stamped_at_once_and_then_once_a_day(
    tmp_path: Path, authority: StampingAuthority
) -> None:
    async with authority.serving() as url:
        house = House(tmp_path, stamps_in(tmp_path, authority, url))
        await house.write_and_tick(60)
        for _ in range(3):
            await house.write_and_tick(rules.STAMP_RETRY_SECONDS)
        assert authority.asked == 1

        house.desk = house.new_desk()  # as after a restart: the folder is the memory
        await house.write_and_tick(60)
        assert authority.asked == 1
        house.clock.advance(3 * rules.STAMP_SECONDS)
        await house.write_and_tick(60)
        assert authority.asked == 2

    state = await house.desk.state()
    assert (state.stamps_configured, state.stamp_fault) == (True, "")
    assert [stamp.size for stamp in await house.desk.time_stamps()] == [1, 6]
    assert sorted(path.name for path in (tmp_path / "tokens").iterdir()) == ["000000000001.tsr", "000000000006.tsr"]


async def test_a_failure_is_told_and_tried_again(tmp_path: Path, authority: StampingAuthority) -> None:
    async with authority.serving() as url:
        house = House(tmp_path, stamps_in(tmp_path, authority, url))
        authority.status = "503 Service Unavailable"
        await house.write_and_tick(60)
        assert "503" in (await house.desk.state()).stamp_fault
        await house.write_and_tick(60)
        assert authority.asked == 1, "not every second"

        authority.status = "200 OK"
        await house.write_and_tick(rules.STAMP_RETRY_SECONDS)
        assert (await house.desk.state()).stamp_fault == ""
        assert len(await house.desk.time_stamps()) == 1


async def test_a_token_by_command(tmp_path: Path, authority: StampingAuthority) -> None:
    async with authority.serving() as url:
        house = House(tmp_path, stamps_in(tmp_path, authority, url))
        with pytest.raises(NotFound):
            await house.desk.stamp()
        await house.write_and_tick(60)
        assert (await house.desk.stamp()).size == 1
        assert authority.asked == 1, "the newest checkpoint has its token already"


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\x30\x03\x02\x01\x00", b"\x30" * 200_000])
async def test_an_answer_that_is_no_token_is_not_kept(tmp_path: Path, authority: StampingAuthority, answer: bytes):
    authority.answer = lambda query: answer  # type: ignore[method-assign]
    async with authority.serving() as url:
        stamps = stamps_in(tmp_path, authority, url)
        with pytest.raises(Unavailable):
            await stamps.stamp(1, "note")
    assert await stamps.all() == []


async def test_a_token_over_something_else_or_of_somebody_else_is_not_kept(
    tmp_path: Path, authority: StampingAuthority
):
    stranger = StampingAuthority(tmp_path / "stranger", "Stranger")
    async with authority.serving() as url, stranger.serving() as strange_url:
        with pytest.raises(Unavailable):
            await stamps_in(tmp_path, authority, strange_url).stamp(1, "note")
        first: list[bytes] = []
        real = authority.answer

        def repeats(query: bytes) -> bytes:
            first.append(real(query))
            return first[0]  # the answer to another question: its nonce is not ours

        authority.answer = repeats  # type: ignore[method-assign]
        stamps = stamps_in(tmp_path, authority, url)
        await stamps.stamp(1, "note")
        with pytest.raises(Unavailable):
            await stamps.stamp(2, "note")
    assert [stamp.size for stamp in await stamps.all()] == [1]


async def test_an_authority_inside_the_network_is_not_asked_unless_it_may_be(
    tmp_path: Path, authority: StampingAuthority
):
    async with authority.serving() as url:
        with pytest.raises(Unavailable, match="inside a network"):
            await stamps_in(tmp_path, authority, url, inside_ok=False).stamp(1, "note")
    assert authority.asked == 0


def test_a_root_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("nothing")
    with pytest.raises(Invalid):
        read_roots(tmp_path / "root.pem")


@pytest.fixture
def stamped(log: Log, authority: StampingAuthority) -> list[str]:
    """Tokens over the checkpoints of 20 and 40 lines, and how the tool is asked about them."""
    notes = (log.folder / "checkpoints").read_text().split("\n\n")

    async def stamp() -> None:
        async with authority.serving() as url:
            stamps = stamps_in(log.folder, authority, url)
            for size in (20, 40):
                text, signature = notes[2 * (size // 10 - 1) : 2 * (size // 10)]
                await stamps.stamp(size, f"{text}\n\n{signature}\n")

    asyncio.run(stamp())
    return [
        "--database",
        f"{log.folder}/fengtai.db",
        "--tokens",
        f"{log.folder}/tokens",
        "--tsa-root",
        str(authority.root),
    ]


def kinds(log: Log, asked: list[str]) -> list[tuple[str, int]]:
    return [(finding["kind"], finding["seq"]) for finding in log.verify(*asked)[1]["findings"]]


def test_the_auditor_s_tool_believes_tokens_that_it_has_verified(log: Log, stamped: list[str]) -> None:
    status, report = log.verify(*stamped)
    assert (status, report["timed"]) == (0, 40)


def test_a_history_that_was_signed_anew_with_the_right_key_has_no_tokens(log: Log, stamped: list[str]) -> None:
    thief = log.folder / "thief"
    thief.mkdir()
    shutil.copy(log.folder / "signing-key.pem", thief)
    asyncio.run(write_log(thief))
    with (
        closing(sqlite3.connect(thief / "fengtai.db")) as forged,
        closing(sqlite3.connect(log.folder / "fengtai.db")) as db,
    ):
        forged.backup(db)
    shutil.copy(thief / "checkpoints", log.folder / "checkpoints")
    assert kinds(log, stamped) == [("token", 20), ("token", 40)]


def test_a_token_for_a_checkpoint_that_is_gone(log: Log, stamped: list[str]) -> None:
    notes = (log.folder / "checkpoints").read_text().split("\n\n")
    (log.folder / "checkpoints").write_text("\n\n".join(notes[:6]) + "\n\n")
    assert kinds(log, stamped) == [("token", 40)]


def test_a_damaged_token_and_one_of_another_authority(log: Log, stamped: list[str], tmp_path: Path) -> None:
    place = log.folder / "tokens" / "000000000020.tsr"
    place.write_bytes(place.read_bytes()[:-1] + b"\0")
    assert kinds(log, stamped) == [("token", 20)]
    stranger = StampingAuthority(tmp_path / "stranger", "Stranger")
    assert kinds(log, [*stamped[:-1], str(stranger.root)]) == [("token", 20), ("token", 40)]


def test_time_stamps_that_stopped_coming(log: Log, stamped: list[str]) -> None:
    shutil.rmtree(log.folder / "tokens")
    (log.folder / "tokens").mkdir()
    assert kinds(log, [*stamped, "--time-stamp-within-hours", "25"]) == [("untimed", 1)]
    assert kinds(log, stamped) == []
