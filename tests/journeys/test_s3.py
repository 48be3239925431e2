"""What a running server keeps moves to S3 (moto's server on a socket) and is read from there: a clip, a photo of a point.
It is told of on the status page, backed up, archived in a bucket of its own, and brought home again."""

import base64
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from PIL import Image
from tests.contracts.test_objects import SECRET, Bucket
from tests.journeys.one_server import OneServer, a_server, one_server

pytestmark = pytest.mark.journey

WITHIN_SECONDS = 40
CONTENT = os.urandom(700_001)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Bucket(f"http://{host}:{port}", "city-clips")
    server.stop()


def settings(bucket: Bucket) -> dict[str, str]:
    return {
        "FENGTAI_OBJECTS__BUCKET": bucket.name,
        "FENGTAI_OBJECTS__PREFIX": "city",
        "FENGTAI_OBJECTS__ARCHIVE_BUCKET": "city-backups",
        "FENGTAI_OBJECTS__ENDPOINT": bucket.endpoint,
        "FENGTAI_OBJECTS__PLAINTEXT_OK": "true",
        "FENGTAI_OBJECTS__ACCESS_KEY_ID": "k",
        "FENGTAI_OBJECTS__SECRET_ACCESS_KEY": SECRET,
        "FENGTAI_OBJECTS__SETTLED_SECONDS": "0",
    }


def photo_of_a_point(server: OneServer, photo: bytes) -> str:
    """The address of the photo, put there as an engineer does."""
    with server.client(headers=server.headers("zhao")) as client:
        point = client.post("/api/points", json={"name": "望江路口", "point_class": 1}).json()["id"]
        upload = client.post("/api/points/uploads").json()["id"]
        piece = {"content": base64.b64encode(photo).decode()}
        assert client.put(f"/api/points/uploads/{upload}/pieces/0", json=piece).status_code == 200
        form = {"upload_id": upload, "kind": "photo", "title": "路口"}
        added = client.post(f"/api/points/{point}/documents", json=form)
        assert added.status_code == 201, added.text
        return f"/api/points/{point}/documents/{added.json()['id']}"


def test_a_clip_and_a_photo_move_to_the_bucket_into_the_archive_and_home(tmp_path: Path, bucket: Bucket):
    data, saved = tmp_path / "data", tmp_path / "20261121T032000Z"
    archive = Bucket(bucket.endpoint, "city-backups")
    drawn = io.BytesIO()
    Image.new("RGB", (64, 48), "navy").save(drawn, "JPEG")
    with one_server(data, **settings(bucket)) as server:
        clip = data / "clips" / "2026" / "11" / "clip-1.mp4"
        clip.parent.mkdir(parents=True)
        clip.write_bytes(CONTENT)
        address = photo_of_a_point(server, drawn.getvalue())
        until = time.monotonic() + WITHIN_SECONDS
        while len(bucket.names()) < 2 and time.monotonic() < until:
            time.sleep(0.2)
        moved = bucket.names()
        assert "city/2026/11/clip-1.mp4" in moved
        assert [name for name in moved if name.startswith("city/points/")]
        while [file for file in (data / "clips").rglob("*") if file.is_file()] and time.monotonic() < until:
            time.sleep(0.2)
        with server.client(headers=server.headers("zhao")) as client:
            assert client.get(address).content == drawn.getvalue()
        with server.client(headers=server.headers("administrator")) as client:
            parts = {part["name"]: part for part in client.get("/api/system").json()["parts"]}
        assert parts["objects"]["state"] == "good"
        made = server.command("backup", str(saved), "--no-keys")
        assert made.returncode == 0, made.stderr
        assert server.command("objects", "bring-home").returncode == 1  # not beside a running platform
    assert (saved / "objects/2026/11/clip-1.mp4").read_bytes() == CONTENT

    sent = server.command("archive", "send", str(saved))
    assert sent.returncode == 0, sent.stderr
    assert server.command("archive", "send", str(saved)).returncode == 1
    assert "city/20261121T032000Z/manifest.json" in archive.names()
    assert server.command("archive", "list").stdout.split() == ["20261121T032000Z"]
    back = tmp_path / "back"
    fetched = server.command("archive", "fetch", "20261121T032000Z", str(back))
    assert fetched.returncode == 0, fetched.stderr
    assert server.command("check", "backup", str(back)).returncode == 0

    home = server.command("objects", "bring-home")
    assert home.returncode == 0, home.stderr
    server.environment["FENGTAI_OBJECTS__BUCKET"] = ""
    server.tokens.clear()
    try:
        server.start()
        with server.client(headers=server.headers("zhao")) as client:
            assert client.get(address).content == drawn.getvalue()
    finally:
        server.stop()
    assert clip.read_bytes() == CONTENT


def test_a_backup_with_keys_is_not_archived(tmp_path: Path, bucket: Bucket):
    with one_server(tmp_path / "data", **settings(bucket)) as server:
        assert server.command("backup", str(tmp_path / "saved")).returncode == 0
    refused = server.command("archive", "send", str(tmp_path / "saved"))
    assert refused.returncode == 1
    assert "--no-keys" in refused.stderr


def test_plain_http_to_a_store_must_be_allowed(tmp_path: Path):
    server = a_server(tmp_path / "data", FENGTAI_OBJECTS__BUCKET="clips", FENGTAI_OBJECTS__ENDPOINT="http://10.0.0.9")
    refused = server.command("config", "check")
    assert refused.returncode == 1
    assert "plaintext_ok" in refused.stderr
