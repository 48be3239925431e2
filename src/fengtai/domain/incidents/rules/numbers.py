"""The number of an incident, and how long it may be joined."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

JOIN_WITHIN = timedelta(minutes=30)
"""An alarm of the same premises joins an incident that was opened at most so long ago."""


def site_day(moment: datetime, time_zone: ZoneInfo) -> str:
    return moment.astimezone(time_zone).strftime("%Y%m%d")


def incident_number(day: str, serial: int) -> str:
    """20261120-0007; a day with more than 9999 incidents goes on with five digits."""
    return f"{day}-{serial:04d}"
