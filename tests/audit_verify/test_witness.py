"""A witness on another machine: asks the platform over HTTP, cosigns what follows, and nothing that does not."""

import asyncio
import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai_audit_verify import main as verifier
from fengtai_audit_verify import witness
from fengtai_audit_verify.tree import GrowingTree, begins_with

NAME = "fengtai.example/test"


class Platform:
    """A log that signs, and its two routes on a real socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begin_anew("first")
        platform = self

        class Routes(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told = json.dumps(asyncio.run(platform.answer(self.path))).encode()
                self.send_response(200 if self.headers["Authorization"] == "Bearer a-token" else 403)
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Routes)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def begin_anew(self, book: str) -> None:
        """Another history, signed by the same key."""
        self.clock = HandClock()
        self.engine = MemoryTransactions(self.clock, {AuditLog: MemoryAuditLog()})
        key = AuditKey(self.folder, NAME)
        self.desk = AuditDesk(transactions=self.engine, signer=key, book=FileCheckpointBook(self.folder / book))

    def write(self, lines: int, text: str = "o:1") -> None:
        for _ in range(lines):
            entry = AuditEntry(actor="user:1", action="a.b", object=text)
            self.engine.run(lambda uow, entry=entry: uow.store(AuditLog).append(entry))
        self.clock.advance(60)
        asyncio.run(self.desk.tick())

    async def answer(self, path: str) -> dict[str, object]:
        if urlsplit(path).path == "/api/audit/checkpoint":
            return {"note": (await self.desk.checkpoint()).note}
        sizes = parse_qs(urlsplit(path).query)
        steps = await self.desk.consistency(int(sizes["old_size"][0]), int(sizes["new_size"][0]))
        return {"path": [step.hex() for step in steps]}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    running = Platform(tmp_path / "platform")
    yield running
    running.server.shutdown()
    running.server.server_close()


class Witness:
    def __init__(self, folder: Path, platform: Platform, name: str = "witness.court.example") -> None:
        folder.mkdir()
        self.folder, self.platform, self.name = folder, platform, name
        (folder / "token").write_text("a-token\n")

    @property
    def book(self) -> Path:
        return self.folder / "book"

    def looks(self) -> int:
        files = ["--token-file", self.folder / "token", "--public-key", self.platform.folder / "public-key"]
        own = ["--name", self.name, "--key", self.folder / "key.pem", "--book", self.book]
        return witness.main([str(each) for each in ("--url", self.platform.url, *files, *own)])


@pytest.fixture
def court(tmp_path: Path, platform: Platform) -> Witness:
    return Witness(tmp_path / "court", platform)


def test_a_growing_log_is_cosigned_and_the_auditor_believes_the_witness(
    platform: Platform, court: Witness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for lines in (3, 1, 300, 20):
        platform.write(lines)
        assert court.looks() == witness.KEPT
    assert court.looks() == witness.KEPT
    assert stat.S_IMODE((court.folder / "key.pem").stat().st_mode) == 0o600
    assert court.book.read_text().count("witness.court.example") == 4, "nothing new is not cosigned again"
    told = capsys.readouterr().out
    (court.folder / "key.pub").write_text(told.rsplit(" ", 1)[1])

    carried = ["--carried", str(court.book), "--witness-key", str(court.folder / "key.pub")]
    status, report = verified(platform, tmp_path, carried, capsys)
    assert (status, report["witnessed"]) == (0, 324)


def test_another_history_signed_by_the_right_key_is_not_cosigned(platform: Platform, court: Witness) -> None:
    platform.write(40)
    assert court.looks() == witness.KEPT
    seen = court.book.read_bytes()
    for book, lines in (("longer", 60), ("as-long", 40), ("shorter", 7)):
        platform.begin_anew(book)
        platform.write(lines, "another object")
        assert court.looks() == witness.CONTRADICTED
    assert court.book.read_bytes() == seen


def test_a_checkpoint_by_another_key_is_not_cosigned(platform: Platform, court: Witness, tmp_path: Path) -> None:
    platform.write(4)
    AuditKey(tmp_path / "stranger", NAME).sign("x\n")
    (platform.folder / "public-key").write_bytes((tmp_path / "stranger/public-key").read_bytes())
    assert court.looks() == witness.CONTRADICTED
    assert not court.book.exists()


def test_a_platform_that_does_not_answer_is_no_contradiction(platform: Platform, court: Witness) -> None:
    platform.write(4)
    (court.folder / "token").write_text("another")
    assert court.looks() == witness.NOT_ASKED
    court.platform.url = "http://fengtai.example"
    assert court.looks() == witness.NOT_ASKED, "never in the clear over a network"


def test_a_cosignature_of_somebody_else_is_found(
    platform: Platform, court: Witness, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.write(5)
    other = Witness(tmp_path / "other", platform)
    assert (court.looks(), other.looks()) == (0, 0)
    (court.folder / "key.pub").write_text(capsys.readouterr().out.splitlines()[0].rsplit(" ", 1)[1])
    carried = ["--carried", str(other.book), "--witness-key", str(court.folder / "key.pub")]
    status, report = verified(platform, tmp_path, carried, capsys)
    assert status == 1
    assert [finding["kind"] for finding in report["findings"]] == ["cosignature"]
    assert report["witnessed"] == 0


def verified(
    platform: Platform, folder: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object]]:
    """What the auditor's tool says of the platform's log, as an export."""
    lines = asyncio.run(platform.engine.read(lambda uow: uow.store(AuditLog).following(0, 10**6, 10**6)))
    with (folder / "log").open("w") as file:
        for line in lines:
            assert line.record is not None
            assert line.salt is not None
            told = {"seq": line.seq, "record": line.record.decode(), "salt": line.salt.hex(), "leaf": line.leaf.hex()}
            file.write(json.dumps(told) + "\n")
    files = ["--checkpoints", str(platform.folder / "first"), "--public-key", str(platform.folder / "public-key")]
    status = verifier.main(["--export", str(folder / "log"), *files, *more, "--as-of", "2027-01-01", "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


@given(new=st.integers(1, 70), old=st.integers(1, 70), flip=st.integers(0, 6))
def test_the_tools_own_proof_check_agrees_with_the_platform(new: int, old: int, flip: int) -> None:
    old, new = sorted((old, new))
    leaves = [bytes([number]) * 32 for number in range(new)]

    def root(size: int) -> bytes:
        tree = GrowingTree()
        for leaf in leaves[:size]:
            tree.append(leaf)
        return tree.root()

    path = (
        []
        if old == new
        else list(rules.consistency_path(lambda _, first, count: leaves[first : first + count], old, new))
    )
    assert begins_with(new, root(new), old, root(old), path)
    if path:
        at = flip % len(path)
        path[at] = bytes(32)
        assert not begins_with(new, root(new), old, root(old), path)
        assert not begins_with(new, root(new), old, root(old), path[:-1])
