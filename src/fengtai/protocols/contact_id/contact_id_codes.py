"""Meanings of Contact ID events (DC-05): the table, and what a qualifier makes of a code.

In the 4xx range a qualifier of 1 means opening (disarming) and 3 closing (arming): not a restore of anything.
"""

import csv
from functools import cache
from importlib.resources import files

from fengtai.protocols.contact_id.meanings import Meaning

CODE_SYSTEM = "contact-id"

_CATEGORY_OF_CLASS = {
    "medical": "medical",
    "fire": "fire",
    "panic/duress": "hold-up",
    "burglary": "burglary",
    "general alarm": "burglary",
    "24 h non-burglary/technical": "technical",
    "fire supervisory": "technical",
    "open/close": "open-close",
    "test/misc": "test",
}
"""Every other class (troubles, disables, bypasses, access, remote programming) is category "trouble"."""

_KIND_OF_CLASS = {
    "fire supervisory": "supervisory",
    "communication trouble": "communication",
    "open/close": "open",
    "access control": "access",
    "remote access": "status",
    "disable": "bypass",
    "bypass": "bypass",
    "test/misc": "test",
}

_KIND_OF_CODE = {
    "139": "verified",
    "302": "battery", "309": "battery", "311": "battery", "338": "battery", "384": "battery",
    "305": "status", "306": "status", "313": "status",
    "341": "tamper", "383": "tamper", "145": "tamper",
    "406": "cancel", "465": "cancel",
    "450": "exception", "451": "exception", "452": "exception", "453": "exception", "454": "exception",
    "455": "exception", "457": "exception", "461": "exception", "404": "exception",
    "423": "alarm",
    "458": "status", "462": "status", "464": "status", "466": "status",
    "531": "status", "532": "trouble", "616": "trouble", "626": "trouble", "641": "trouble", "654": "exception",
}  # fmt: skip

_CATEGORY_OF_CODE = {
    "162": "fire",  # carbon monoxide kills as fire does, and is handled with it
    "145": "trouble",
    "423": "burglary",
    "605": "other", "606": "other", "609": "other",
    "616": "trouble", "626": "trouble", "641": "medical", "642": "medical", "654": "trouble",
}  # fmt: skip


def meaning_of(code: str, qualifier: int = 1) -> Meaning:
    """The meaning of this event under this qualifier; `known` is false when the table lacks the code."""
    entry = _table().get(code)
    if entry is None:
        return Meaning(
            code_system=CODE_SYSTEM, code=code, category="other", kind="status", label=f"event {code}", known=False
        )
    return entry[1] if qualifier == 3 else entry[0]


def is_opening_or_closing(code: str) -> bool:
    """Events whose qualifier tells opening from closing instead of new from restored."""
    return code[:1] == "4" and _table().get(code, (None,))[0] is not None and meaning_of(code).category == "open-close"


@cache
def _table() -> dict[str, tuple[Meaning, Meaning]]:
    """code → (meaning with qualifier 1 or 6, meaning with qualifier 3)"""
    labels = chinese_labels(CODE_SYSTEM)
    text = files("fengtai.protocols.contact_id").joinpath("contact_id.csv").read_text("utf-8")
    table = {}
    for row in csv.DictReader(text.splitlines()):
        code, group = row["code"], row["class"]
        category = _CATEGORY_OF_CODE.get(code) or _CATEGORY_OF_CLASS.get(group, "trouble")
        kind = _KIND_OF_CODE.get(code) or _KIND_OF_CLASS.get(group)
        if kind is None:
            kind = "trouble" if category == "trouble" else "alarm"
        new = Meaning(
            code_system=CODE_SYSTEM,
            code=code,
            category=category,
            kind=kind,
            label=row["meaning"],
            label_zh=labels.get(code, ""),
            number_is="user" if row["zzz_is(Z=zone,U=user)"] == "U" else "zone",
            suggested_priority=int(row["suggested_priority(ours)"]),
        )
        table[code] = (new, _with_qualifier_3(new))
    return table


def _with_qualifier_3(new: Meaning) -> Meaning:
    kind = "restore"
    restores: tuple[str, ...] = (new.code,)
    if new.category == "open-close":
        kind, restores = ("close" if new.kind == "open" else new.kind), ()
    elif new.category == "test":
        kind, restores = new.kind, ()
    return Meaning(
        code_system=new.code_system,
        code=new.code,
        category=new.category,
        kind=kind,
        label=new.label,
        label_zh=new.label_zh,
        number_is=new.number_is,
        suggested_priority=new.suggested_priority,
        restores=restores,
    )


def chinese_labels(code_system: str) -> dict[str, str]:
    """code → Chinese label, as far as there is one"""
    text = files("fengtai.protocols.contact_id").joinpath("labels_zh.csv").read_text("utf-8")
    return {row["code"]: row["label_zh"] for row in csv.DictReader(text.splitlines()) if row["system"] == code_system}
