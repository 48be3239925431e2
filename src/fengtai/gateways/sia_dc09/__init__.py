"""Alarm panels that speak SIA DC-09 over TCP and UDP."""
