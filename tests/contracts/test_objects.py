"""The object stores are one: local folder, S3 (a real server of moto's on a socket), and the local one before S3."""

import datetime
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from fengtai.storage.local_files import LocalFiles
from fengtai.storage.objects import PIECE_BYTES, ObjectStore
from fengtai.storage.s3_objects import S3Objects, S3Place
from fengtai.storage.tiered_objects import TieredObjects
from fengtai.vocabulary.errors import Invalid, NotFound, Unavailable

SECRET = "not-a-real-secret-0123456789"


class Bucket:
    """One bucket of a running S3 server."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.endpoint, self.name = endpoint, name
        self.client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key=SECRET
        )
        self.client.create_bucket(Bucket=name)

    def place(self, **other: object) -> S3Place:
        told: dict = {"bucket": self.name, "prefix": "city", "endpoint": self.endpoint, "access_key_id": "k"}
        return S3Place(**{**told, "secret_access_key": SECRET, **other})

    def names(self) -> list[str]:
        return [found["Key"] for found in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, request: pytest.FixtureRequest) -> Bucket:
    return Bucket(s3_server, f"b{abs(hash(request.node.name)):x}-{threading.get_ident():x}")


@pytest.fixture(params=["local", "s3", "tiered"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "local":
        return LocalFiles(tmp_path)
    place = request.getfixturevalue("bucket").place()
    return S3Objects(place) if request.param == "s3" else TieredObjects(LocalFiles(tmp_path), S3Objects(place))


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_an_object_comes_back_whole_and_by_ranges(objects: ObjectStore):
    content = bytes(range(256)) * (PIECE_BYTES // 256) + b"the end"
    await objects.put("clips/2026/a-1.mp4", content)
    assert await objects.size_bytes("clips/2026/a-1.mp4") == len(content)
    assert await objects.get("clips/2026/a-1.mp4") == content
    assert await whole(objects.stream("clips/2026/a-1.mp4", start=3, end=10)) == content[3:10]
    assert await whole(objects.stream("clips/2026/a-1.mp4", start=len(content) - 3)) == b"end"
    assert await whole(objects.stream("clips/2026/a-1.mp4", start=5, end=10**9)) == content[5:]
    assert [len(piece) async for piece in objects.stream("clips/2026/a-1.mp4")] == [PIECE_BYTES, 7]


async def test_an_object_may_come_in_pieces_and_is_written_over(objects: ObjectStore):
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    await objects.put("a", pieces())
    assert await objects.get("a") == b"one two"
    await objects.put("a", b"1")
    assert await objects.get("a") == b"1"


async def test_a_stream_that_breaks_leaves_what_was_there(objects: ObjectStore):
    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("the recorder fell")

    await objects.put("a", b"before")
    with pytest.raises(Exception, match="the recorder fell"):
        await objects.put("a", pieces())
    assert await objects.get("a") == b"before"


async def test_what_is_not_there_is_not_found(objects: ObjectStore):
    for asked in (objects.get("no"), objects.size_bytes("no"), whole(objects.stream("no"))):
        with pytest.raises(NotFound):
            await asked
    await objects.delete("no")


async def test_keys_are_listed_and_deleted(objects: ObjectStore):
    for key in ("clips/a", "clips/b", "photos/c"):
        await objects.put(key, b"x")
    assert sorted([key async for key in objects.listed()]) == ["clips/a", "clips/b", "photos/c"]
    assert sorted([key async for key in objects.listed("clips")]) == ["clips/a", "clips/b"]
    await objects.delete("clips/a")
    assert [key async for key in objects.listed("clips")] == ["clips/b"]


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "a/", "a//b", "../a", "a/../b", ".hidden", "a b", "a\x00", "x" * 513, "a?b", "a\\b", "录像"],
)
async def test_what_is_no_key_is_refused(objects: ObjectStore, key: str):
    for asked in (objects.put(key, b"x"), objects.get(key), objects.delete(key)):
        with pytest.raises(Invalid):
            await asked


async def test_objects_lie_below_the_prefix(bucket: Bucket):
    await S3Objects(bucket.place()).put("clips/a", b"x")
    assert bucket.names() == ["city/clips/a"]


async def test_a_store_that_does_not_answer_is_told_and_no_secret_with_it(bucket: Bucket):
    nobody = S3Objects(bucket.place(endpoint="http://127.0.0.1:1", timeout_seconds=2, retry_seconds=0.1))
    for asked in (nobody.put("a", b"x"), nobody.get("a"), nobody.delete("a"), nobody.size_bytes("a")):
        with pytest.raises(Unavailable) as told:
            await asked
        assert SECRET not in str(told.value)


async def test_a_bucket_that_is_not_there_is_told(bucket: Bucket):
    with pytest.raises((Unavailable, NotFound)):
        await S3Objects(bucket.place(bucket="nobodys-bucket")).put("a", b"x")


class Tiers:
    def __init__(self, folder: Path, bucket: Bucket, **other: object) -> None:
        self.local, self.bucket = LocalFiles(folder), bucket
        self.remote = S3Objects(bucket.place(**other))
        self.objects = TieredObjects(self.local, self.remote)

    async def move(self, older_than_seconds: float = 0) -> int:
        later = datetime.datetime.now(datetime.UTC).timestamp() + 1
        return await self.objects.move_settled(older_than_seconds, later)

    async def local_keys(self) -> list[str]:
        return [key async for key in self.local.listed()]


async def test_what_has_settled_is_moved_and_read_as_before(tmp_path: Path, bucket: Bucket):
    tiers = Tiers(tmp_path, bucket)
    content = os.urandom(PIECE_BYTES * 2 + 17)
    await tiers.objects.put("clips/a", content)
    assert await tiers.move(older_than_seconds=3600) == 0
    assert await tiers.move() == 1
    assert await tiers.local_keys() == []
    assert bucket.names() == ["city/clips/a"]
    assert await tiers.objects.size_bytes("clips/a") == len(content)
    assert (
        await whole(tiers.objects.stream("clips/a", start=PIECE_BYTES - 1, end=PIECE_BYTES + 5))
        == content[PIECE_BYTES - 1 : PIECE_BYTES + 5]
    )


async def test_a_reader_is_not_disturbed_by_the_move(tmp_path: Path, bucket: Bucket):
    tiers = Tiers(tmp_path, bucket)
    content = os.urandom(PIECE_BYTES * 3)
    await tiers.objects.put("a", content)
    reading = tiers.objects.stream("a")
    first = await anext(reading)
    await tiers.move()
    assert first + await whole(reading) == content


async def test_a_move_that_was_cut_short_is_ended_by_the_next(tmp_path: Path, bucket: Bucket):
    tiers = Tiers(tmp_path, bucket)
    await tiers.objects.put("a", b"whole")
    await tiers.remote.put("a", b"half")  # as a crash could leave it
    assert await tiers.objects.get("a") == b"whole"
    assert await tiers.move() == 1
    assert await tiers.remote.get("a") == b"whole"


async def test_while_s3_does_not_answer_objects_stay_and_are_counted(tmp_path: Path, bucket: Bucket):
    tiers = Tiers(tmp_path, bucket, endpoint="http://127.0.0.1:1", timeout_seconds=1, retry_seconds=0.1)
    await tiers.objects.put("a", b"1")
    await tiers.objects.put("b", b"2")
    assert await tiers.move() == 0
    assert (tiers.objects.waiting, bool(tiers.objects.fault)) == (2, True)
    assert await tiers.objects.get("a") == b"1"
    tiers.objects._remote = S3Objects(bucket.place())
    assert await tiers.move() == 2
    assert (tiers.objects.waiting, tiers.objects.fault) == (0, "")
