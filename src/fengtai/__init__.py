"""Fengtai (烽台): an open platform for a city's alarms and public-space video."""
