"""Commands of the customer's own map. They only read arguments and show the outcome."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fengtai.vocabulary.errors import FengtaiError, Malformed

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file; the environment wins over it.")]

say = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
tiles_app = typer.Typer(no_args_is_help=True, help="The map under the points: tiles of your own.")


@tiles_app.command("import")
def bring_in(
    source: Annotated[Path, typer.Argument(help="A PMTiles file, an MBTiles file, or a folder z/x/y.")],
    attribution: Annotated[str, typer.Option(help="Whose map it is; shown on the map always.")],
    approval_number: Annotated[str, typer.Option(help="审图号, such as GS（2024）1234号; shown always.")] = "",
    outside_china: Annotated[bool, typer.Option("--outside-china", help="It needs no approval number.")] = False,
    gcj02: Annotated[bool, typer.Option("--gcj02", help="The tiles are in GCJ-02: points are moved to fit.")] = False,
    config: ConfigFile = None,
) -> None:
    """Check every tile, then show this map instead of the present one. The platform may go on running."""
    from fengtai.apps.settings import load_settings
    from fengtai.apps.tiles.bringing_in import MapWords, bring_in
    from fengtai.apps.tiles.tile_book import TileDatum

    words = MapWords(
        attribution=attribution,
        approval_number=approval_number,
        is_outside_china=outside_china,
        datum=TileDatum.GCJ02 if gcj02 else TileDatum.WGS84,
    )
    try:
        folder = load_settings(config).data / "tiles"
        with say.status("reading tiles") as status:
            made = bring_in(source, folder, words, lambda done: status.update(f"{done} tiles are good"))
    except (FengtaiError, Malformed, OSError) as error:
        say.print(f"✗ {error}\n  The present map stays.")
        raise typer.Exit(1) from error
    kind = f"vector ({len(made.layers)} layers)" if made.is_vector else f"pictures of {made.width} px"
    say.print(
        f"✓ {made.tiles} tiles, {made.size_bytes / 1e6:.1f} MB, {kind}, zooms {made.min_zoom} to {made.max_zoom}, "
        f"{made.datum.value}\n  {made.attribution} {made.approval_number}"
    )


@tiles_app.command("remove")
def remove(config: ConfigFile = None) -> None:
    """Show the invented demo city again."""
    from fengtai.apps.settings import load_settings
    from fengtai.apps.tiles.tile_book import FILE

    file = load_settings(config).data / "tiles" / FILE
    if not file.exists():
        say.print("✗ no tiles were brought in")
        raise typer.Exit(1)
    file.unlink()
    say.print("✓ removed")
