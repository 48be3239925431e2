"""The peers that we measure ourselves against, at their best settings."""
