"""Mapbox vector tiles 2.1: whether bytes are one, and which layers it has. The console draws them; nobody here does.

Clauses are those of the Mapbox Vector Tile Specification 2.1; the encoding is Protocol Buffers (wire types 0, 1, 2, 5).
"""

from collections.abc import Iterator

from fengtai.vocabulary.errors import Malformed

MOST_LAYERS = 256
LONGEST_NAME_BYTES = 200
_LAYERS, _NAME, _VERSION = 3, 1, 15


def layer_names(tile: bytes) -> list[str]:
    """Raise Malformed when this is no vector tile (clause 4)."""
    names: list[str] = []
    for field, value in _fields(tile):
        if field != _LAYERS:
            continue
        if not isinstance(value, bytes):
            raise Malformed("a layer that is a number", clause="MVT 4.1")
        names.append(_layer_name(value))
        if len(names) > MOST_LAYERS:
            raise Malformed(f"more than {MOST_LAYERS} layers", clause="MVT 4.1")
    return names


def _layer_name(layer: bytes) -> str:
    name, version = b"", 0
    for field, value in _fields(layer):
        if field == _NAME and isinstance(value, bytes):
            name = value
        elif field == _VERSION and isinstance(value, int):
            version = value
    if not name or len(name) > LONGEST_NAME_BYTES:
        raise Malformed("a layer without a name, or with an endless one", clause="MVT 4.1")
    if version not in (1, 2):
        raise Malformed(f"a layer of version {version}", clause="MVT 4.1")
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a layer's name is not UTF-8", clause="MVT 4.1", data=name) from error


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, wire_type = key >> 3, key & 7
        if wire_type == 0:
            value, at = _varint(message, at)
            yield field, value
            continue
        if wire_type == 2:
            length, at = _varint(message, at)
        else:
            length = {1: 8, 5: 4}.get(wire_type, -1)
        if length < 0 or at + length > len(message):
            raise Malformed("a field is cut off, or of no known kind", clause="Protocol Buffers", at=at, data=message)
        yield field, message[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(10):
        if at + step >= len(data):
            break
        byte = data[at + step]
        value |= (byte & 0x7F) << (7 * step)
        if byte < 0x80:
            return value, at + step + 1
    raise Malformed("a number is cut off or endless", clause="Protocol Buffers", at=at, data=data)
