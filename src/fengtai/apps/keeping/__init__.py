"""Keeping the platform for years: backup, restore, rotation of keys. Run by a person, from the command line."""
