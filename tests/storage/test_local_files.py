"""Objects in a local folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fengtai.storage.local_files import PIECE_BYTES, LocalFiles
from fengtai.vocabulary.errors import Invalid, NotFound


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "objects")


async def test_an_object_comes_back_whole_and_in_parts(files: LocalFiles) -> None:
    content = bytes(range(256)) * (PIECE_BYTES // 256) + b"the end"
    await files.put("clips/2026/a-1.mp4", content)

    assert await files.size_bytes("clips/2026/a-1.mp4") == len(content)
    assert await files.get("clips/2026/a-1.mp4") == content
    assert b"".join([piece async for piece in files.stream("clips/2026/a-1.mp4", start=3, end=10)]) == content[3:10]
    assert [len(piece) async for piece in files.stream("clips/2026/a-1.mp4")] == [PIECE_BYTES, 7]


async def test_an_object_may_come_in_pieces(files: LocalFiles) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    await files.put("a", pieces())
    assert await files.get("a") == b"one two"


async def test_an_object_is_written_over(files: LocalFiles) -> None:
    await files.put("a", b"long content")
    await files.put("a", b"short")
    assert await files.get("a") == b"short"


async def test_what_is_not_there(files: LocalFiles) -> None:
    with pytest.raises(NotFound):
        await files.get("nothing")
    with pytest.raises(NotFound):
        await files.size_bytes("nothing")
    await files.delete("nothing")


async def test_a_deleted_object_is_gone(files: LocalFiles) -> None:
    await files.put("a", b"x")
    await files.delete("a")
    with pytest.raises(NotFound):
        await files.get("a")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a b", "a\0", "录像", "a\\b"]
)
async def test_no_key_leaves_the_folder(files: LocalFiles, key: str) -> None:
    with pytest.raises(Invalid):
        await files.put(key, b"x")
    with pytest.raises(Invalid):
        await files.get(key)
    with pytest.raises(Invalid):
        await files.delete(key)
