"""`python -m fengtai`: the same as the `fengtai` command."""

from fengtai.apps.cli.main import app

app()
