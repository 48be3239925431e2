"""The `fengtai` command: one function per command, which only reads arguments and shows the outcome."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from fengtai.apps.cli import auditing, keeping, objects, tiles
from fengtai.vocabulary.errors import FengtaiError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="烽台 Fengtai: a city's alarms and public-space video."
)
config_app = typer.Typer(no_args_is_help=True, help="Settings.")
check_app = typer.Typer(no_args_is_help=True, help="Verify what is stored.")
db_app = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(config_app, name="config")
app.add_typer(check_app, name="check")
app.add_typer(db_app, name="db")
app.add_typer(keeping.keys_app, name="keys")
app.add_typer(auditing.audit_app, name="audit")
app.add_typer(tiles.tiles_app, name="tiles")
app.add_typer(objects.archive_app, name="archive")
app.add_typer(objects.objects_app, name="objects")
db_app.command("roles")(auditing.db_roles)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
check_app.command("backup")(keeping.check_backup)

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file; the environment wins over it.")]
say = Console(stderr=True)


@app.command()
def serve(config: ConfigFile = None) -> None:
    """Run the platform on this machine until it is told to stop."""
    from fengtai.apps.server.platform import run
    from fengtai.apps.settings import load_settings

    try:
        uvloop.run(run(load_settings(config)))
    except FengtaiError as error:
        say.print(f"[bold]Not started.[/bold] {error}")
        raise typer.Exit(1) from error


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Run one scripted incident without a person, then stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome of --once as one JSON line.")] = False,
    cameras: Annotated[int, typer.Option(min=1, max=64)] = 8,
    data: Annotated[
        Path | None, typer.Option(help="An empty folder; default: data/demo, emptied at each start.")
    ] = None,
    http_port: Annotated[int, typer.Option(help="The console's port; another free one when it is taken.")] = 8080,
) -> None:
    """Run the platform with a simulated city."""
    from fengtai.apps.demo.run import play_once, run_until_stopped

    if not once:
        try:
            asyncio.run(run_until_stopped(cameras=cameras, data=data, http_port=http_port, say=say))
        except FengtaiError as error:
            say.print(f"[bold]Not started.[/bold] {error}")
            raise typer.Exit(1) from error
        return
    played = asyncio.run(play_once(cameras=cameras, data=data, say=say))
    if as_json:
        sys.stdout.write(json.dumps(played, ensure_ascii=False) + "\n")
    else:
        say.print(played)
    raise typer.Exit(0 if played["ok"] else 1)


@app.command()
def simulate(
    server: Annotated[str, typer.Option(help="Where the platform's SIP listens, host:port.")] = "127.0.0.1:5060",
    dc09: Annotated[str, typer.Option(help="Where the platform takes SIA DC-09, host:port.")] = "127.0.0.1:5094",
    cameras: Annotated[int, typer.Option(min=0, max=5000)] = 8,
    size: Annotated[str, typer.Option(help="Picture size of the drawn scenes.")] = "640x360",
    clip: Annotated[Path | None, typer.Option(help="Send this H.264 clip instead of drawn scenes.")] = None,
    fault: Annotated[
        str, typer.Option(help="Faults by camera, such as 1=mpegts-under-ps,3=wrong-ssrc (docs/reference/interop.md).")
    ] = "",
    config: ConfigFile = None,
) -> None:
    """Run a simulated city of GB/T 28181 cameras and DC-09 panels against a platform."""
    from fengtai.apps.demo.city import run_city
    from fengtai.apps.settings import load_settings

    city = run_city(load_settings(config), server=server, dc09=dc09, cameras=cameras, size=size, clip=clip, fault=fault)
    uvloop.run(city)


@config_app.command("check")
def config_check(config: ConfigFile = None) -> None:
    """Check the settings against this machine: each finding with its fix."""
    from fengtai.apps.settings import check, load_settings

    try:
        findings = check(load_settings(config))
    except FengtaiError as error:
        say.print(f"✗ {error}")
        raise typer.Exit(1) from error
    for finding in findings:
        say.print(
            f"{'✓' if finding.ok else '✗'} {finding.id}: {finding.detail}" + ("" if finding.ok else f" → {finding.fix}")
        )
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@check_app.command("recordings")
def check_recordings(
    digests: Annotated[bool, typer.Option("--digests", help="Read every byte and compare digests (slow).")] = False,
    config: ConfigFile = None,
) -> None:
    """Verify the invariants of the segment shelf (docs/design/segment-shelf.md) and name those that are broken."""
    from fengtai.apps.server.checks import recordings_findings
    from fengtai.apps.settings import load_settings

    findings = asyncio.run(recordings_findings(load_settings(config), digests=digests, say=say))
    for finding in findings:
        say.print(str(finding))
    say.print("the shelf keeps its invariants" if not findings else f"{len(findings)} violations")
    raise typer.Exit(1 if findings else 0)


@db_app.command("upgrade")
def db_upgrade(config: ConfigFile = None) -> None:
    """Bring the database to this version's schema."""
    from fengtai.apps.settings import load_settings
    from fengtai.storage.schema import upgrade

    try:
        settings = load_settings(config)
        upgrade(settings.database.owner_url.get_secret_value() or settings.database_url)
    except FengtaiError as error:
        say.print(f"✗ {error}")
        raise typer.Exit(1) from error
    say.print("the schema is up to date")
