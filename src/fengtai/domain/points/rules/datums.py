"""Positions given in other systems of coordinates, brought to WGS-84.

GCJ-02 is the offset system of Chinese maps; its formula is public by analysis, not by standard, so it is inverted by
iteration and the original is kept beside the result. CGCS2000 (GB 22021) and WGS-84 agree within decimetres: the
numbers stay, the label tells. Outside China GCJ-02 has no offset.
"""

import math

from fengtai.domain.points.model.dossier import Datum, GivenPlace
from fengtai.vocabulary.places import Position

_SEMI_MAJOR_M = 6_378_245.0  # Krasovsky 1940, on which the offset is computed
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8293, 137.8347, 55.8271
_STEPS = 8
"""Each halves the error many times over; after eight it lies far under a millimetre."""


def wgs84(given: GivenPlace) -> Position:
    """Raise Invalid when the degrees are no position at all."""
    position = Position(given.longitude, given.latitude)
    return _from_gcj02(position) if given.datum is Datum.GCJ02 else position


def gcj02(position: Position) -> Position:
    """Where a Chinese map shows this place."""
    longitude, latitude = position.longitude, position.latitude
    if not (_WEST <= longitude <= _EAST and _SOUTH <= latitude <= _NORTH):
        return position
    x, y = longitude - 105.0, latitude - 35.0
    phi = math.radians(latitude)
    magic = 1 - _ECCENTRICITY_SQUARED * math.sin(phi) ** 2
    meridian = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / (magic * math.sqrt(magic))
    parallel = _SEMI_MAJOR_M / math.sqrt(magic) * math.cos(phi)
    return Position(
        longitude + math.degrees(_offset_east(x, y) / parallel),
        latitude + math.degrees(_offset_north(x, y) / meridian),
    )


def _from_gcj02(shown: Position) -> Position:
    guess = shown
    for _ in range(_STEPS):
        there = gcj02(guess)
        guess = Position(
            guess.longitude + shown.longitude - there.longitude, guess.latitude + shown.latitude - there.latitude
        )
    return guess


def _offset_north(x: float, y: float) -> float:
    value = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    value += _wave(x, 20.0, 6.0) + _wave(x, 20.0, 2.0)
    value += _wave(y, 20.0, 1.0) + _wave(y, 40.0, 1 / 3)
    return value + _wave(y, 160.0, 1 / 12) + _wave(y, 320.0, 1 / 30)


def _offset_east(x: float, y: float) -> float:
    value = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    value += _wave(x, 20.0, 6.0) + _wave(x, 20.0, 2.0)
    value += _wave(x, 20.0, 1.0) + _wave(x, 40.0, 1 / 3)
    return value + _wave(x, 150.0, 1 / 12) + _wave(x, 300.0, 1 / 30)


def _wave(at: float, height: float, per_pi: float) -> float:
    return height * math.sin(at * per_pi * math.pi) * 2.0 / 3.0
