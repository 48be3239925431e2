"""What the data of a message reports: DC-03 blocks (`SIA-DCS`) and Contact ID (`ADM-CID`), as events in one form.

Never refuses: data that cannot be read becomes one event without a code, which is kept and shown as unmapped. Codes and
their meanings come from `protocols.contact_id`; what a centre does about them is not known here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from fengtai.protocols.contact_id import Meaning, contact_id_meaning, sia_meaning

_CID = re.compile(r"\s*([136])\s*([0-9A-Fa-f]{3})\s+([0-9A-Fa-f]{1,2})\s+([0-9A-Fa-f]{1,3})\s*(.*)", re.DOTALL)
_MODIFIER = re.compile(r"(ti|id|ri|pi|ai|ph|lv|va|pt|da|ta)([^/|A-Z*^]*)/?")
_CODE = re.compile(r"([A-Z]{2})([0-9A-F]{0,8})")
_TEXT = re.compile(
    r"\*\"?(?P<star>[^*]*?)\"?\*(?:\"?NM)?\"?|\^(?P<caret>[^^]*)\^|\|A(?P<bar>[^|/]*)|\*\"(?P<quote>[^\"]*)\"NM"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelEvent:
    """One event of a message. `qualifier` is "new", "restore" or "status"; numbers are without leading zeros."""

    code_system: str
    code: str
    qualifier: str
    partition: str = ""
    zone: str = ""
    """zone, user, area or door, as `meaning.number_is` tells"""
    text: str = ""
    meaning: Meaning | None = None
    """None: the data could not be read"""


@lru_cache(maxsize=4096)  # a site has few codes and zones, and they come again and again
def events_of(form: str, content: str) -> tuple[PanelEvent, ...]:
    """The events of this data, in order; never empty."""
    events = _contact_id(content) if form == "ADM-CID" else _dc03(content)
    return events or (PanelEvent(code_system="", code="", qualifier="new", text=content),)


def _contact_id(content: str) -> tuple[PanelEvent, ...]:
    match = _CID.match(content)
    if match is None:
        return ()
    qualifier, code = int(match[1]), match[2].upper()
    meaning = contact_id_meaning(code, qualifier)
    return (
        PanelEvent(
            code_system="contact-id",
            code=code,
            qualifier=_qualifier(meaning, still_present=qualifier == 6),
            partition=number(match[3]),
            zone=number(match[4]),
            text=match[5],
            meaning=meaning,
        ),
    )


def _dc03(content: str) -> tuple[PanelEvent, ...]:
    events: list[PanelEvent] = []
    area, at = "", 1 if content[:1] in ("N", "O") else 0
    while at < len(content):
        if content[at] == "/":
            at += 1
        elif modifier := _MODIFIER.match(content, at):
            area = number(modifier[2]) if modifier[1] == "ri" else area
            at = modifier.end()
        elif code := _CODE.match(content, at):
            events.append(_dc03_event(code[1], code[2], area))
            at = code.end()
        elif text := _TEXT.match(content, at):
            words = (text["star"] or text["caret"] or text["bar"] or text["quote"] or "").strip('"')
            events = [*events[:-1], _with_text(events[-1], words)] if events else events
            at = text.end()
        else:
            rest = content[at:]
            events = [*events[:-1], _with_text(events[-1], rest)] if events else events
            break
    return tuple(events)


def _dc03_event(code: str, digits: str, area: str) -> PanelEvent:
    meaning = sia_meaning(code)
    return PanelEvent(
        code_system="sia-dc03",
        code=code,
        qualifier=_qualifier(meaning),
        partition=number(digits) if meaning.number_is == "area" and digits else area,
        zone="" if meaning.number_is == "area" else number(digits),
        meaning=meaning,
    )


def _with_text(event: PanelEvent, text: str) -> PanelEvent:
    return PanelEvent(
        code_system=event.code_system,
        code=event.code,
        qualifier=event.qualifier,
        partition=event.partition,
        zone=event.zone,
        text=f"{event.text} {text}".strip(),
        meaning=event.meaning,
    )


def _qualifier(meaning: Meaning, *, still_present: bool = False) -> str:
    if meaning.kind == "restore":
        return "restore"
    return "status" if still_present or meaning.kind == "status" else "new"


def number(digits: str) -> str:
    """A zone, user or partition as the register keeps it: without leading zeros; "0" is the whole system."""
    return (digits.lstrip("0") or "0") if digits else ""
