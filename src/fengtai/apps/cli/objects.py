"""Commands of objects and backups in S3. They only read arguments and show the outcome."""

from typing import Annotated

import typer

from fengtai.apps.cli.keeping import BackupFolder, ConfigFile, say, told

archive_app = typer.Typer(no_args_is_help=True, help="Backups in a bucket of their own (objects.archive_bucket).")
objects_app = typer.Typer(no_args_is_help=True, help="Clips, photos and papers.")


@archive_app.command("send")
def send(folder: BackupFolder, config: ConfigFile = None) -> None:
    """Put a backup that was made with --no-keys into the archive, under the name of its folder."""
    from fengtai.apps.keeping import archive
    from fengtai.apps.settings import load_settings

    count = told(archive.send(load_settings(config), folder))
    say.print(f"✓ {folder.resolve().name}: {count} files are in the archive")


@archive_app.command("list")
def list_names(config: ConfigFile = None) -> None:
    """Names of the backups that are whole."""
    from fengtai.apps.keeping import archive
    from fengtai.apps.settings import load_settings

    for name in told(archive.names(load_settings(config))):
        typer.echo(name)


@archive_app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="As `fengtai archive list` tells it.")],
    folder: BackupFolder,
    config: ConfigFile = None,
) -> None:
    """Bring a backup out of the archive into a new folder, compared with its manifest; then check and restore it."""
    from fengtai.apps.keeping import archive
    from fengtai.apps.settings import load_settings

    count = told(archive.fetch(load_settings(config), name, folder))
    say.print(f"✓ {folder}: {count} files, as the manifest says")


@objects_app.command("bring-home")
def bring_home(config: ConfigFile = None) -> None:
    """Copy everything from S3 into the local folder, before objects.bucket is taken out. The platform stands still."""
    from fengtai.apps.keeping import archive
    from fengtai.apps.settings import load_settings

    settings = load_settings(config)
    count = told(archive.bring_home(settings))
    say.print(f"✓ {count} objects are in {settings.media.clips}; the bucket still has its own")
