"""Streams of others, kept outside of the repository."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("FENGTAI_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")


def shared_vector(*path: str) -> bytes:
    """The bytes of a shared test vector; skips the test where it is absent."""
    file = SHARED.joinpath("vectors", *path)
    if not file.is_file():
        pytest.skip(f"{file} is absent: set FENGTAI_SHARED_DATA to the folder of shared test data")
    return file.read_bytes()


def h264_vector(name: str) -> bytes:
    return shared_vector("h264", name)
