"""The first start: one token, on the screen and in a file of the data folder, with which the first two people are made."""

import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from fengtai.apps.machine_checks import Finding
from fengtai.domain.access.model import SetupCheck
from fengtai.domain.access.service import AccessDesk

log = structlog.get_logger()


class MachineLook:
    """What the start saw of this machine (`access.ports.SetupChecks`): looked at before our own ports were taken."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._findings = findings

    def results(self) -> Sequence[SetupCheck]:
        return [
            SetupCheck(id=finding.id, ok=finding.ok, detail=finding.detail, fix=finding.fix)
            for finding in self._findings
        ]


async def offer_setup(access: AccessDesk, data: Path) -> None:
    """While nobody can sign in, a new token at each start; afterwards the file is gone."""
    file = data / "setup-token"
    token = await access.setup_token()
    if token is None:
        file.unlink(missing_ok=True)
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(token + "\n")
    log.warning("setup.token", file=str(file), advice="open the console and use it once, for two people")
