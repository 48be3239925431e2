"""How a moment is written in an answer: ISO 8601, UTC, milliseconds, Z."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer


def written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(written, return_type=str)]
