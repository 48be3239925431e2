"""Webhooks: events told to other systems by HTTPS. See README.md."""
