"""The `fengtai` command."""
