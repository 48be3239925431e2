"""Backup beside a running server, damage found, restore elsewhere with everything as it was, keys rotated."""

import base64
import json
import shutil
import sqlite3
import stat
import time
from pathlib import Path

import pytest
from tests.audit_verify.stamping_authority import StampingAuthority, openssl
from tests.journeys.one_server import OneServer, a_server, one_server

from fengtai.apps.keeping.manifest import sha256

pytestmark = pytest.mark.journey

STAMPED_WITHIN_SECONDS = 30
CLIP = bytes(range(256)) * 999
DEVICE = {"id": "34020000001320000001", "name": "Camera", "password": "a password of its own"}


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> tuple[dict[str, str], dict[str, str]]:
    """Settings of two databases: of the server, and of the one that is restored to."""
    if request.param == "sqlite":
        return {}, {}
    cluster = request.getfixturevalue("postgres_cluster")
    first, second = ({"FENGTAI_DATABASE__URL": cluster.url(cluster.new_database())} for _ in range(2))
    return first, second


def work(server: OneServer) -> None:
    """Something to lose: a sealed secret, audit lines under a checkpoint, an object."""
    with server.client(headers=server.headers("zhao")) as client:
        assert client.post("/api/devices", json=DEVICE).status_code == 201
        assert client.post("/api/points", json={"name": "望江路口", "point_class": 1}).status_code == 201
    clips = server.data / "clips" / "2026"
    clips.mkdir(parents=True, exist_ok=True)
    (clips / "a.mp4").write_bytes(CLIP)


def moved(server: OneServer, folder: Path, **environment: str) -> OneServer:
    """A second server on the same ports, with a data folder of its own."""
    other = a_server(folder, **environment)
    other.environment = {**server.environment, "FENGTAI_DATA": str(folder), **environment}
    other.url = server.url
    return other


def fit_manifest(folder: Path, name: str) -> None:
    """As whoever changed this file would do."""
    told = json.loads((folder / "manifest.json").read_text())
    told["files"][name] = {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
    (folder / "manifest.json").write_text(json.dumps(told))


def test_what_was_saved_beside_a_running_server_comes_back_elsewhere(tmp_path: Path, urls):
    here, there = urls
    saved = tmp_path / "saved"
    with one_server(tmp_path / "data", **here) as server:
        work(server)
        with server.client(headers=server.headers("auditor")) as client:
            lines = client.get("/api/audit?limit=500").json()["items"]
        made = server.command("backup", str(saved))
        assert made.returncode == 0, made.stderr
        assert server.command("backup", str(saved)).returncode == 1
    assert stat.S_IMODE(saved.stat().st_mode) == 0o700
    assert stat.S_IMODE((saved / "keys/vault.key").stat().st_mode) == 0o600
    manifest = json.loads((saved / "manifest.json").read_text())
    assert set(manifest["parts"]) == {"database", "audit", "keys", "objects"}
    assert server.command("check", "backup", str(saved)).returncode == 0

    second = moved(server, tmp_path / "second", **there)
    restored = second.command("restore", str(saved))
    assert restored.returncode == 0, restored.stderr
    assert "verifies" in restored.stderr
    assert second.command("restore", str(saved)).returncode == 1
    try:
        second.start()
        with second.client(headers=second.headers("zhao")) as client:
            assert client.get("/api/points").json()["items"][0]["name"] == "望江路口"
            assert client.get(f"/api/devices/{DEVICE['id']}").status_code == 200
        with second.client(headers=second.headers("auditor")) as client:
            after = client.get("/api/audit?limit=500").json()["items"]
        assert [line["action"] for line in after if line["action"] == "platform.restore"] == ["platform.restore"]
        assert len(lines) > 3
        assert [line for line in after if line["seq"] <= lines[0]["seq"]] == lines
        assert (second.data / "clips/2026/a.mp4").read_bytes() == CLIP
    finally:
        second.stop()


def test_a_damaged_backup_is_found_and_not_restored(tmp_path: Path):
    with one_server(tmp_path / "data") as server:
        work(server)
        assert server.command("backup", str(tmp_path / "saved")).returncode == 0

    def damaged(name: str, damage) -> Path:
        copy = tmp_path / name
        shutil.copytree(tmp_path / "saved", copy)
        damage(copy)
        return copy

    def lead_out(folder: Path) -> None:
        told = json.loads((folder / "manifest.json").read_text())
        told["files"]["../../etc/passwd"] = {"bytes": 1, "sha256": "0"}
        (folder / "manifest.json").write_text(json.dumps(told))

    cases = {
        "flipped": (lambda folder: (folder / "objects/2026/a.mp4").write_bytes(CLIP[:-1] + b"!"), "was changed"),
        "cut": (lambda folder: (folder / "database.sqlite").write_bytes(b"SQLite format 3\x00"), "bytes instead of"),
        "missing": (lambda folder: (folder / "audit/public-key").unlink(), "is missing"),
        "added": (lambda folder: (folder / "keys/other").write_text("x"), "not in the manifest"),
        "unfinished": (lambda folder: (folder / "manifest.json").unlink(), "cut short"),
        "leads-out": (lead_out, "leads out"),
    }
    for name, (damage, told) in cases.items():
        folder = damaged(name, damage)
        checked = server.command("check", "backup", str(folder))
        assert (checked.returncode, told in checked.stderr) == (1, True), (name, checked.stderr)
        second = moved(server, tmp_path / f"second-{name}")
        assert second.command("restore", str(folder)).returncode == 1
        assert not (second.data / "fengtai.sqlite").exists(), name


def test_a_backup_whose_audit_was_rewritten_is_found_even_with_a_fitting_manifest(tmp_path: Path):
    with one_server(tmp_path / "data") as server:
        work(server)
    assert server.command("backup", str(tmp_path / "saved")).returncode == 0  # the server stopped: it has signed all
    database = tmp_path / "saved/database.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TRIGGER audit_line_no_update")
        connection.execute("UPDATE audit_line SET leaf = zeroblob(32) WHERE seq = 1")
    connection.close()
    fit_manifest(tmp_path / "saved", "database.sqlite")
    checked = server.command("check", "backup", str(tmp_path / "saved"))
    assert checked.returncode == 1
    assert "DOES NOT HOLD" in checked.stderr


@pytest.mark.skipif(openssl() is None, reason="openssl is not installed: nobody here makes tokens")
def test_time_stamps_are_saved_restored_and_verified(tmp_path: Path):
    authority = StampingAuthority(tmp_path / "authority")
    with authority.serving_beside() as url:
        with one_server(
            tmp_path / "data",
            FENGTAI_AUDIT__TIME_STAMP_URL=url,
            FENGTAI_AUDIT__TIME_STAMP_ROOT=str(authority.root),
            FENGTAI_AUDIT__TIME_STAMP_INSIDE_OK="true",
        ) as server:
            until = time.monotonic() + STAMPED_WITHIN_SECONDS
            while not list((server.data / "audit").glob("tokens/*.tsr")) and time.monotonic() < until:
                time.sleep(0.2)
        saved = tmp_path / "saved"
        assert server.command("backup", str(saved)).returncode == 0
        (token,) = saved.glob("audit/tokens/*.tsr")
        assert (saved / "audit/time-stamp-root.pem").read_bytes() == authority.root.read_bytes()
        assert server.command("check", "backup", str(saved)).returncode == 0
        second = moved(server, tmp_path / "second")
        restored = second.command("restore", str(saved))
        assert restored.returncode == 0, restored.stderr
        assert (second.data / "audit/tokens" / token.name).read_bytes() == token.read_bytes()

        token.write_bytes(StampingAuthority(tmp_path / "stranger").answer((authority.folder / "query").read_bytes()))
        fit_manifest(saved, f"audit/tokens/{token.name}")
        checked = server.command("check", "backup", str(saved))
        assert (checked.returncode, "TOKEN" in checked.stderr) == (1, True), checked.stderr


def test_keys_and_sessions_are_rotated_and_everything_still_opens(tmp_path: Path):
    with one_server(tmp_path / "data") as server:
        work(server)
        assert server.command("keys", "rotate", "vault").returncode == 1  # not beside a running platform
        headers = server.headers("zhao")
    vault = server.data / "vault.key"
    before = vault.read_text()
    rotated = server.command("keys", "rotate", "vault")
    assert rotated.returncode == 0, rotated.stderr
    assert "1 secrets" in rotated.stderr
    after = vault.read_text()
    assert len(after.splitlines()) == 1
    assert after not in before
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600

    anchor = (server.data / "audit/public-key").read_text()
    for _ in range(2):
        changed = server.command("keys", "rotate", "audit")
        assert changed.returncode == 0, changed.stderr
    assert (server.data / "audit/public-key").read_text() == anchor
    ended = server.command("keys", "rotate", "sessions")
    assert ended.returncode == 0, ended.stderr

    server.tokens.clear()
    try:
        server.start()
        with server.client(headers=headers) as client:
            assert client.get("/api/session").status_code == 401
        with server.client(headers=server.headers("zhao")) as client:
            assert client.post("/api/points", json={"name": "后来的点", "point_class": 1}).status_code == 201
    finally:
        server.stop()
    assert server.command("backup", str(tmp_path / "saved")).returncode == 0
    checked = server.command("check", "backup", str(tmp_path / "saved"))
    assert checked.returncode == 0, checked.stderr

    database = sqlite3.connect(server.data / "fengtai.sqlite")
    (sealed,) = database.execute("SELECT sealed_password FROM devices_device").fetchone()
    database.close()
    from fengtai.domain.devices.rules import password_label
    from fengtai.storage.vault import FileVault

    assert FileVault(vault).open(sealed, label=password_label(DEVICE["id"])) == DEVICE["password"].encode()
    assert base64.b64decode(after.split(" ")[1])
