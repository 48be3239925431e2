"""What a point may look like, and which codes are proposed. Pure decisions."""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import fields

from fengtai.domain.organisations.rules import check_area_code, check_credit_code
from fengtai.domain.points.model import Box, PointWords
from fengtai.domain.points.model.dossier import Dossier
from fengtai.domain.points.rules.duties import check_duties
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.identifiers import Code20, parse_code, proposed_code
from fengtai.vocabulary.places import EARTH_RADIUS_M, Position

NETWORK_CAMERA = 132
"""GB/T 28181 annex E, type code of a network camera (IPC); 131 is a camera behind a recorder or encoder."""
CIVIL_INDUSTRY = "00"
"""GB/T 28181 annex E, industry code: public security road surface; what a city's own points carry by default."""

LONGEST_TEXT = 500
_DOSSIER_NAMES = tuple(field.name for field in fields(Dossier))


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
    if bool(words.device_id) != bool(words.channel_id):
        raise Invalid("a binding names both the device and its channel, or neither", field="channel_id")
    if words.code:
        parse_code(words.code)
    check_area_code(words.area_code)
    check_credit_code(words.dossier.responsible_unit_code, field="responsible_unit_code")
    for name, text in _texts(words):
        if len(text) > LONGEST_TEXT or _holds_control_signs(text):
            raise Invalid(f"{name} has at most {LONGEST_TEXT} characters, none of them a control sign", field=name)
    check_duties(words)


def _holds_control_signs(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(sign) == "Cc" and sign != "\n" for sign in text)


def _texts(words: PointWords) -> Iterator[tuple[str, str]]:
    yield "name", words.name
    yield "address", words.address
    for name in _DOSSIER_NAMES:
        value = getattr(words.dossier, name)
        if isinstance(value, str) and value:
            yield name, value


def code_for(area_code: str, device_id: str, number: int) -> Code20:
    """A code in this administrative area (GB/T 28181 annex E: area 8, industry 2, type 3, network 1, serial 6), else in
    the domain of the device. Raise Invalid when neither is known."""
    if area_code:
        return proposed_code(f"{area_code[:8]:0<8}{CIVIL_INDUSTRY}", NETWORK_CAMERA, number % 1_000_000)
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
