"""What a point may look like, and which codes are proposed. Pure decisions."""

import math

from fengtai.domain.points.model import Box, PointWords
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.identifiers import Code20, parse_code, proposed_code
from fengtai.vocabulary.places import EARTH_RADIUS_M, Position

RETENTION_FLOOR_DAYS = 30
"""State Council order 799 article 17: footage of public places is kept for at least 30 days."""
NETWORK_CAMERA = 132
"""GB/T 28181 annex E, type code of a network camera (IPC); 131 is a camera behind a recorder or encoder."""
CIVIL_INDUSTRY = "00"
"""GB/T 28181 annex E, industry code: public security road surface; what a city's own points carry by default."""


def check(words: PointWords) -> None:
    """Raise Invalid, naming the field, when these words cannot be a point."""
    if not words.name.strip() or len(words.name) > 120:
        raise Invalid("a point needs a name of at most 120 characters", field="name")
    if words.number < 0 or words.number > 9_999_999:
        raise Invalid("a point's number lies between 1 and 9999999", field="number")
    if words.view_degrees is not None and not 0 <= words.view_degrees < 360:
        raise Invalid("the direction of view lies between 0 and 359 degrees", field="view_degrees")
    if words.view_angle_degrees is not None and not 1 <= words.view_angle_degrees <= 360:
        raise Invalid("the angle of view lies between 1 and 360 degrees", field="view_angle_degrees")
    if words.retention_days < RETENTION_FLOOR_DAYS:
        raise Invalid(
            f"recordings are kept for at least {RETENTION_FLOOR_DAYS} days (order 799 article 17)",
            field="retention_days",
        )
    if bool(words.device_id) != bool(words.channel_id):
        raise Invalid("a binding names both the device and its channel, or neither", field="channel_id")
    if words.code:
        parse_code(words.code)


def code_for(area_code: str, device_id: str, number: int) -> Code20:
    """A code in this administrative area (GB/T 28181 annex E: area 8, industry 2, type 3, network 1, serial 6), else in
    the domain of the device. Raise Invalid when neither is known."""
    if area_code:
        return proposed_code(f"{area_code:0<8}{CIVIL_INDUSTRY}", NETWORK_CAMERA, number % 1_000_000)
    if device_id:
        return proposed_code(parse_code(device_id, field="device_id").domain, NETWORK_CAMERA, number % 1_000_000)
    raise Invalid("give a code, or the organisation an area code from which one can be proposed", field="code")


def code_beside(taken: Code20, number: int) -> Code20:
    """A code in the same domain: for the many cameras that leave the factory with one and the same code."""
    return proposed_code(taken.domain, taken.type, number % 1_000_000, network=int(taken.network))


def box_around(centre: Position, within_m: float) -> Box:
    """The box that holds the circle; the exact distance is computed afterwards."""
    d_latitude = math.degrees(within_m / EARTH_RADIUS_M)
    shrink = max(math.cos(math.radians(centre.latitude)), 1e-6)
    d_longitude = min(d_latitude / shrink, 180.0)
    return Box(
        west=max(-180.0, centre.longitude - d_longitude),
        south=max(-90.0, centre.latitude - d_latitude),
        east=min(180.0, centre.longitude + d_longitude),
        north=min(90.0, centre.latitude + d_latitude),
    )


def check_box(box: Box) -> Box:
    Position(box.west, box.south)
    Position(box.east, box.north)
    if box.west > box.east or box.south > box.north:
        raise Invalid("a box needs west below east and south below north", field="west")
    return box
