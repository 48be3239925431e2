"""Commands of the audit log: roles, time stamps, redaction. They only read arguments and show the outcome."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fengtai.vocabulary.errors import FengtaiError

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file; the environment wins over it.")]

say = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
audit_app = typer.Typer(no_args_is_help=True, help="The audit log: time stamps and redaction.")


@audit_app.command("stamp")
def stamp(config: ConfigFile = None) -> None:
    """Have the newest checkpoint time-stamped now, also beside a running platform."""
    from fengtai.apps.keeping.auditing import stamp_newest
    from fengtai.apps.settings import load_settings

    try:
        stamped = asyncio.run(stamp_newest(load_settings(config)))
    except FengtaiError as error:
        say.print(f"✗ {error}")
        raise typer.Exit(1) from error
    say.print(f"✓ {stamped.size} lines were there at {stamped.at.isoformat()}")


@audit_app.command("redact")
def redact(config: ConfigFile = None) -> None:
    """Remove the content of entries whose months are over. On SQLite the platform does it itself, once a day."""
    from fengtai.apps.keeping.auditing import redact_as_owner
    from fengtai.apps.settings import load_settings

    try:
        count = asyncio.run(redact_as_owner(load_settings(config)))
    except FengtaiError as error:
        say.print(f"✗ {error}")
        raise typer.Exit(1) from error
    say.print(f"✓ {count} entries were redacted")


def db_roles(
    application: Annotated[str, typer.Argument(help="The role as which the server signs in.")] = "fengtai_application",
    password: Annotated[bool, typer.Option("--password", help="Set its password, typed here.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: say what the server's role could do.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """PostgreSQL: give the server's role what it needs, and no right to change the audit log. After each upgrade."""
    from fengtai.apps.settings import load_settings
    from fengtai.storage.postgres.roles import powers, secure

    fresh = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else ""
    try:
        settings = load_settings(config)
        owner = settings.database.owner_url.get_secret_value()
        if settings.database_url.startswith("sqlite") or not (owner or check):
            say.print("✗ this is for PostgreSQL, with database.owner_url (FENGTAI_DATABASE__OWNER_URL)")
            raise typer.Exit(2)
        if not check:
            secure(owner, application, fresh)
            say.print(f"✓ {application} serves and cannot change what was written down; give its address to the server")
            return
        found = powers(settings.database_url)
    except FengtaiError as error:
        say.print(f"✗ {error}")
        raise typer.Exit(1) from error
    say.print("✓ the server's role can only add" if not found else f"✗ the server's role could: {', '.join(found)}")
    raise typer.Exit(1 if found else 0)
