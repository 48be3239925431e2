"""Places on the earth, always WGS-84 unless a name says otherwise."""

import math
from dataclasses import dataclass

from fengtai.vocabulary.errors import Invalid

EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, WGS-84."""

    longitude: float
    latitude: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.longitude) and -180 <= self.longitude <= 180):
            raise Invalid("longitude must lie between -180 and 180 degrees", field="longitude")
        if not (math.isfinite(self.latitude) and -90 <= self.latitude <= 90):
            raise Invalid("latitude must lie between -90 and 90 degrees", field="latitude")

    def metres_to(self, other: "Position") -> float:
        """Great-circle distance (haversine)."""
        lat1, lat2 = math.radians(self.latitude), math.radians(other.latitude)
        half_dlat, half_dlon = (lat2 - lat1) / 2, math.radians(other.longitude - self.longitude) / 2
        h = math.sin(half_dlat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_dlon) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))
