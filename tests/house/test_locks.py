"""Two locks, one truth: what a server installs is part of what the tests ran with, in the same versions and bytes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONLY_FOR_TESTS = {"pytest", "hypothesis", "moto", "schemathesis", "playwright", "mypy", "ruff", "casbin"}


def locked(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes of every package in a lock."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for entry in re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text()):
        if head := re.match(r"([a-z0-9][a-z0-9._-]*)==(\S+)", entry):
            found[head[1]] = head[2], frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", entry))
    return found


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_has_hashes(name: str) -> None:
    assert [package for package, (_, hashes) in locked(name).items() if not hashes] == []


def test_servers_install_what_was_tested_and_nothing_for_tests() -> None:
    server, tested = locked("requirements.lock"), locked("requirements-dev.lock")
    assert len(server) > 30
    assert {package: tested.get(package) for package in server} == server
    assert not ONLY_FOR_TESTS & set(server)
