"""Clips of a running server move to S3 (moto's server on a socket), are told of on the status page, and are backed up."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from tests.contracts.test_objects import SECRET, Bucket
from tests.journeys.one_server import a_server, one_server

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


def test_clips_move_to_the_bucket_and_are_in_the_backup(tmp_path: Path, bucket: Bucket):
    data = tmp_path / "data"
    with one_server(
        data,
        FENGTAI_OBJECTS__BUCKET=bucket.name,
        FENGTAI_OBJECTS__PREFIX="city",
        FENGTAI_OBJECTS__ENDPOINT=bucket.endpoint,
        FENGTAI_OBJECTS__PLAINTEXT_OK="true",
        FENGTAI_OBJECTS__ACCESS_KEY_ID="k",
        FENGTAI_OBJECTS__SECRET_ACCESS_KEY=SECRET,
        FENGTAI_OBJECTS__SETTLED_SECONDS="0",
    ) as server:
        clip = data / "clips" / "2026" / "11" / "clip-1.mp4"
        clip.parent.mkdir(parents=True)
        clip.write_bytes(CONTENT)
        until = time.monotonic() + WITHIN_SECONDS
        while clip.exists() and time.monotonic() < until:
            time.sleep(0.2)
        assert bucket.names() == ["city/2026/11/clip-1.mp4"]
        assert not clip.exists()
        with server.client(headers=server.headers("administrator")) as client:
            parts = {part["name"]: part for part in client.get("/api/system").json()["parts"]}
        assert parts["objects"]["state"] == "good"
        made = server.command("backup", str(tmp_path / "saved"))
        assert made.returncode == 0, made.stderr
    assert (tmp_path / "saved/objects/2026/11/clip-1.mp4").read_bytes() == CONTENT


def test_plain_http_to_a_store_must_be_allowed(tmp_path: Path):
    server = a_server(tmp_path / "data", FENGTAI_OBJECTS__BUCKET="clips", FENGTAI_OBJECTS__ENDPOINT="http://10.0.0.9")
    refused = server.command("config", "check")
    assert refused.returncode == 1
    assert "plaintext_ok" in refused.stderr
