"""A DC-09 message in the normal form of all channels: one signal per event, with the meaning of its code.

Extended data (5.5.1.8): H the moment of the event, I text, L O R S places, V where pictures are (a reference that nobody
opens by itself), X and Y position. Parsed leniently; what cannot be read stays in the raw bytes.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from fengtai.domain.alarms.model import Channel, Qualifier, Signal
from fengtai.protocols.contact_id import Meaning
from fengtai.protocols.sia_dc09 import Address, FrameReceived, Message, PanelEvent, parse_timestamp
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.places import Position

SOURCE = "sia-dc09"
_KEPT_AT_MOST = 4096
_DEGREES = re.compile(r"^(\d{1,3})([EWNS])(\d{1,2}(?:\.\d*)?)$")
_PLACES = (("S", "site"), ("O", "building"), ("L", "location"), ("R", "room"))
_QUALIFIERS = {"new": Qualifier.NEW, "restore": Qualifier.RESTORE, "status": Qualifier.STATUS}


def signals_of(received: FrameReceived, peer: Address, *, in_clear: bool = False) -> list[Signal]:
    """One signal per event of the message, in order. `in_clear`: its account has a key, and did not use it."""
    message = received.message
    extra = _details(received)
    if in_clear:
        extra["in_clear"] = "yes"
    position = _position(message)
    return [
        _signal(received, event, f"/{index}" if index else "", extra, position, f"{peer[0]}:{peer[1]}")
        for index, event in enumerate(received.events)
    ]


def _signal(
    received: FrameReceived, event: PanelEvent, suffix: str, extra: dict[str, str], position: Position | None, peer: str
) -> Signal:
    message = received.message
    return Signal(
        channel=Channel.FIXED,
        source=SOURCE,
        account=message.account.upper(),
        receiver=message.receiver or "",
        line=message.line or "",
        sequence=message.sequence,
        code_system=event.code_system,
        code=event.code,
        qualifier=_QUALIFIERS[event.qualifier],
        partition=event.partition,
        zone=event.zone,
        text=" ".join(filter(None, (event.text, message.extension("I")))) if message.extended else event.text,
        device_time=(parse_timestamp(message.extension("H")) if message.extended else None) or message.timestamp,
        position=position,
        media_ref=message.extension("V") if message.extended else "",
        dedup_key=received.dedup_key + suffix,
        peer=peer,
        raw=received.raw,
        details={**_meaning(event.meaning), **extra} if extra else _meaning(event.meaning),
    )


_known: dict[int, tuple[Meaning, Mapping[str, str]]] = {}


def _words(meaning: Meaning) -> dict[str, str]:
    words = {"category": meaning.category, "kind": meaning.kind, "label": meaning.label, "number_is": meaning.number_is}
    if meaning.label_zh:
        words["label_zh"] = meaning.label_zh
    if meaning.restores:
        words["restores"] = ",".join(meaning.restores)
    return words


def _meaning(meaning: Meaning | None) -> Mapping[str, str]:
    """The meaning as details: of what the tables know one mapping for all its signals, which nobody can change. Found
    by identity (each is kept with its meaning), because telling two meanings apart by their fields takes longer."""
    if meaning is None:
        return {}
    if not meaning.known:  # not kept: a peer may invent as many of these as it likes
        return _words(meaning) | {"known": "no"}
    kept = _known.get(id(meaning))
    if kept is None:
        if len(_known) >= _KEPT_AT_MOST:
            _known.clear()
        kept = _known[id(meaning)] = (meaning, MappingProxyType(_words(meaning)))
    return kept[1]


def _details(received: FrameReceived) -> dict[str, str]:
    message = received.message
    extra = {}
    if message.extended:
        extra = {name: value for letter, name in _PLACES if (value := message.extension(letter))}
    if received.quirks:
        extra["quirks"] = ",".join(received.quirks)
    if received.clock_skew_seconds is not None and abs(received.clock_skew_seconds) >= 10:
        extra["clock_skew_seconds"] = f"{received.clock_skew_seconds:.0f}"
    return extra


def _position(message: Message) -> Position | None:
    if not message.extended:
        return None
    longitude, latitude = _decimal(message.extension("X"), "EW"), _decimal(message.extension("Y"), "NS")
    if longitude is None or latitude is None:
        return None
    try:
        return Position(longitude, latitude)
    except Invalid:
        return None


def _decimal(text: str, hemispheres: str) -> float | None:
    """`116E17.500`: degrees, hemisphere, minutes; panels write one, two or three digits of degrees."""
    match = _DEGREES.match(text.strip())
    if match is None or match[2] not in hemispheres:
        return None
    degrees = int(match[1]) + float(match[3]) / 60
    return -degrees if match[2] in "WS" else degrees
