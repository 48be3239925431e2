"""Commands of keeping: backup, restore, rotation of keys and sessions. They only read arguments and show the outcome."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from fengtai.vocabulary.errors import FengtaiError

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file; the environment wins over it.")]
BackupFolder = Annotated[Path, typer.Argument(help="Folder of the backup.")]
Answer = TypeVar("Answer")

say = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
keys_app = typer.Typer(no_args_is_help=True, help="Keys and sessions: rotation. The platform must stand still.")


def backup(
    folder: BackupFolder,
    keys: Annotated[bool, typer.Option(help="With vault key and signing key: then it opens every secret.")] = True,
    objects: Annotated[bool, typer.Option(help="With clips and other objects.")] = True,
    config: ConfigFile = None,
) -> None:
    """Save database, audit, keys and objects into a new folder, also beside a running platform."""
    from fengtai.apps.keeping import backup as making
    from fengtai.apps.settings import load_settings

    made = told(making.make(load_settings(config), folder, keys=keys, objects=objects))
    size_bytes = sum(size for size, _ in made.files.values())
    say.print(f"✓ {folder}: {len(made.files)} files, {size_bytes / 1e6:.1f} MB, schema {made.schema}")
    if keys:
        say.print("  It holds the keys: keep it as you keep the data folder itself.")


def restore(folder: BackupFolder, config: ConfigFile = None) -> None:
    """Put a backup into an empty data folder and an empty database, and verify the audit log."""
    from fengtai.apps.keeping.restore import restore as put_back
    from fengtai.apps.settings import load_settings

    for sentence in told(put_back(load_settings(config), folder)):
        say.print(f"✓ {sentence}")


def check_backup(folder: BackupFolder) -> None:
    """Compare every file with the manifest, look into the database, and verify the audit log by the auditor's tool."""
    from fengtai.apps.keeping.backup import faults

    try:
        found = list(faults(folder))
    except FengtaiError as error:
        say.print(f"✗ {error}")
        raise typer.Exit(1) from error
    for fault in found:
        say.print(f"✗ {fault}")
    if found:
        raise typer.Exit(1)
    say.print("✓ the backup is whole, and its audit log verifies")


@keys_app.command("rotate")
def rotate(
    what: Annotated[str, typer.Argument(help="vault, audit, sessions or tokens")],
    config: ConfigFile = None,
) -> None:
    """vault: a new key, every secret sealed anew. audit: a new signing key, which the old one signs. sessions: all
    end, API tokens stay. tokens: all API tokens are withdrawn."""
    from fengtai.apps.keeping import rotation
    from fengtai.apps.settings import load_settings
    from fengtai.domain.access.ports import SessionStore, TokenStore

    settings = load_settings(config)
    if what == "vault":
        count = told(rotation.rotate_vault(settings))
        say.print(f"✓ {count} secrets are sealed with the new key; make a backup with keys now")
    elif what == "audit":
        key = told(rotation.rotate_audit_key(settings))
        say.print(f"✓ checkpoints are signed by {key}\n  The auditor should carry away audit/key-changes today.")
    elif what == "sessions":
        say.print(
            f"✓ {told(rotation.end_all(settings, SessionStore))} sessions ended\n"
            "  API tokens stay good: fengtai keys rotate tokens withdraws them all."
        )
    elif what == "tokens":
        say.print(f"✓ {told(rotation.end_all(settings, TokenStore))} API tokens withdrawn")
    else:
        say.print("✗ choose vault, audit, sessions or tokens")
        raise typer.Exit(2)


@keys_app.command("reset-person")
def reset_person(
    name: Annotated[str, typer.Argument(help="The sign-in name.")],
    reason: Annotated[str, typer.Option(help="Stands in the audit.", prompt=True)],
    password: Annotated[bool, typer.Option("--password", help="Also set a first password, typed here.")] = False,
    config: ConfigFile = None,
) -> None:
    """The only administrator lost the device: remove second factors, end sessions, and set a password if asked."""
    from fengtai.apps.keeping.lost_keys import reset_person_keys
    from fengtai.apps.settings import load_settings

    fresh = typer.prompt("New first password", hide_input=True, confirmation_prompt=True) if password else ""
    for sentence in told(reset_person_keys(load_settings(config), name, reason, fresh)):
        say.print(f"✓ {sentence}")


def told(work: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        return asyncio.run(work)
    except FengtaiError as error:
        say.print(f"✗ {error}")
        raise typer.Exit(1) from error
