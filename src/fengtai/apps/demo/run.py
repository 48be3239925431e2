"""`fengtai demo`: a furnished town with an alarm on its way, or one scripted incident measured from end to end."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.incident import play_incident
from fengtai.apps.demo.seed import SITES, Furnished, first_people, furnish, prepare_duty
from fengtai.apps.demo.town import Town, a_town, free_ports, is_free
from fengtai.apps.simulator.city import device_ids
from fengtai.apps.simulator.panels import SimulatedPanel
from fengtai.vocabulary.errors import Invalid

DRILL_MINUTES = 24 * 60
OWN_FOLDER = Path("data/demo")


async def furnished_town(town: Town, *, cameras: int, say: Console) -> Furnished:
    """Start everything, let the first people work, and wait until pictures are being recorded."""
    with say.status("starting the platform"):
        await town.start_server()
    with say.status("first people, one sign-in per role"):
        furnished = await first_people(town.url, town.setup_token)
    with say.status(f"a simulated city: {cameras} cameras, {len(SITES)} panels"):
        await town.start_city(cameras=cameras)
        await furnish(town.url, furnished, devices=device_ids(cameras), cameras=cameras)
        await prepare_duty(town.url, furnished, drill_minutes=DRILL_MINUTES)
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["operator"])
        with say.status("waiting until the cameras are recorded"):
            await _pictures(console, cameras)
    return furnished


async def _pictures(console: ConsoleClient, cameras: int, *, seconds: float = 12.0) -> None:
    """Until all cameras play, and the recordings reach back far enough for the moments before an alarm."""
    async with asyncio.timeout(90):
        while True:
            streams = await console.get("/api/live/streams")
            if sum(stream["stage"] == "playing" for stream in streams) >= cameras:
                break
            await asyncio.sleep(0.3)
    await asyncio.sleep(seconds)


async def play_once(*, cameras: int, data: Path | None, say: Console) -> dict[str, Any]:
    """One incident without a person; the answer is the JSON object that `--json` prints."""
    folder = data or Path(tempfile.mkdtemp(prefix="fengtai-demo-"))
    try:
        async with a_town(folder) as town:
            try:
                furnished = await furnished_town(town, cameras=cameras, say=say)
                panel = panel_of(town, SITES[0].account)
                async with ConsoleClient(town.url) as console:
                    await console.sign_in(*furnished.sign_ins["dispatcher"])
                    with say.status("one incident, from the panel's frame to its closing"):
                        played = await play_incident(console, panel)
            except Exception:
                say.print(town.last_words())
                raise
            await town.stop()
        verified = audit_verified(folder, say=say)
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)
    return {
        "ok": played.incident_state == "closed"
        and 40 <= played.clip_seconds <= 45
        and played.clip_sha256_matches
        and verified,
        "signal_durable_ms": round(played.signal_durable_ms, 1),
        "on_console_ms": round(played.on_console_ms, 1),
        "first_picture_ms": round(played.first_picture_ms, 1),
        "picture": "x".join(map(str, played.picture)),
        "clip_seconds": round(played.clip_seconds, 2),
        "clip_sha256_matches": played.clip_sha256_matches,
        "incident_state": played.incident_state,
        "incident_number": played.incident_number,
        "phases_s": played.phases_s,
        "audit_verified": verified,
    }


async def run_until_stopped(*, cameras: int, data: Path | None, http_port: int, say: Console) -> None:
    """The town for a person to walk about in, until Ctrl-C. Each run begins anew; only a folder of its own is emptied."""
    folder = data or OWN_FOLDER
    if data is None:
        shutil.rmtree(OWN_FOLDER, ignore_errors=True)
    elif data.exists() and any(data.iterdir()):
        raise Invalid(f"{data} is not empty: a demonstration begins with an empty folder", field="data")
    async with a_town(folder, ports=_ports(http_port)) as town:
        furnished = await furnished_town(town, cameras=cameras, say=say)
        await panel_of(town, SITES[0].account).send_event("130", "01", "2")
        _tell(town, furnished, say)
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()
        say.print("stopping")


def _ports(http_port: int) -> dict[str, int]:
    """The console where people expect it, when nobody else is there."""
    ports = free_ports()
    return {**ports, "http": http_port} if is_free(http_port) else ports


def panel_of(town: Town, account: str) -> SimulatedPanel:
    site = next(site for site in SITES if site.account == account)
    return SimulatedPanel(account=account, host="127.0.0.1", port=town.ports["dc09"], key=site.key or None)


def audit_verified(data: Path, *, say: Console) -> bool:
    """What the auditor's own tool says, in its own process; told in full when the log does not hold."""
    verdict = subprocess.run(
        [
            sys.executable,
            "-m",
            "fengtai_audit_verify.main",
            "--database",
            str(data / "fengtai.sqlite"),
            "--checkpoints",
            str(data / "audit" / "checkpoints"),
            "--public-key",
            str(data / "audit" / "public-key"),
            "--json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if verdict.returncode == 0 and bool(json.loads(verdict.stdout)["ok"]):
        return True
    say.print(verdict.stdout, verdict.stderr)
    return False


def _tell(town: Town, furnished: Furnished, say: Console) -> None:
    table = Table("role", "name", "password", title="Sign-ins (made for this run)")
    for role, (name, password) in furnished.sign_ins.items():
        table.add_row(role, name, password)
    say.print(table)
    say.print(f"Console: [bold]{town.url}[/bold]   (an alarm, marked as drill, is waiting; Ctrl-C stops everything)")
