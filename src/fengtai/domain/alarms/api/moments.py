"""How moments stand in answers of alarms."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer

Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), return_type=str),
]
"""ISO 8601, UTC, milliseconds"""
