"""The import contracts are only worth something if they bite: one violation of each is planted in a copy of the source,
and each contract must be reported as broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "Floors: imports go down only, neighbours on a floor are strangers": (
        "storage/planted_up.py",
        "import fengtai.gateways",
    ),
    "Domain folders: who may know whom": ("domain/audit/model.py", "import fengtai.domain.incidents.model"),
    "Inside every domain folder: six names, no seventh": ("domain/points/planted.py", "SEVENTH = 7"),
    "Only apps touch tables or routes": ("media/planted_door.py", "import fengtai.domain.recordings.store"),
    "Protocol families are strangers, and are met by their public face": (
        "protocols/sip/planted.py",
        "import fengtai.protocols.rtp",
    ),
    "A new word is a decision": ("vocabulary/planted.py", "WORD = 1"),
    "Gateways are strangers": ("gateways/sia_dc09/planted.py", "import fengtai.gateways.gb28181.plugin"),
    "Media knows live and recordings and its wire formats, nothing else": (
        "media/planted_reach.py",
        "import fengtai.domain.points.model",
    ),
    "Storage implements ports, it does not run the business": (
        "storage/planted_business.py",
        "import fengtai.domain.audit.service",
    ),
    "protocols, vocabulary and business rules do no IO": ("protocols/sdp/planted.py", "import socket"),
    "No cycles among siblings": ("protocols/elementary/planted.py", "import fengtai.protocols.rtp"),
    "The audit verifier stands alone": ("../fengtai_audit_verify/planted.py", "import fengtai.vocabulary.errors"),
}
ALSO_NEEDED = {"protocols/rtp/planted_back.py": "import fengtai.protocols.elementary.planted"}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / ".importlinter", copy)
    for place, line in [*PLANTED.values(), *ALSO_NEEDED.items()]:
        with (copy / "src/fengtai" / place).open("a") as file:
            file.write(f"\n{line}\n")
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_its_contract(report: str, contract: str):
    assert f"{contract} BROKEN" in report


def test_every_contract_has_a_planted_violation(report: str):
    stated = [
        line.removeprefix("name = ")
        for line in (ROOT / ".importlinter").read_text().splitlines()
        if line.startswith("name = ")
    ]
    assert sorted(stated) == sorted(PLANTED)
