"""The embedded engine: one SQLite file, opened by exactly one process."""
