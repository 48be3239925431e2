"""Meanings of the two-letter SIA event codes (DC-03): the table, and a pattern for codes that it lacks.

The first letter of a code names its family, the second its kind: so FZ is something about fire, and a code that nobody
listed is kept with a guess ("known" false) instead of being refused.
"""

import csv
from functools import cache
from importlib.resources import files

from fengtai.protocols.contact_id.contact_id_codes import chinese_labels
from fengtai.protocols.contact_id.meanings import Meaning

CODE_SYSTEM = "sia-dc03"

_CATEGORY_OF_LETTER = {
    "B": "burglary", "F": "fire", "G": "technical", "H": "hold-up", "K": "fire", "M": "medical", "P": "hold-up",
    "Q": "medical", "S": "fire", "T": "burglary", "U": "burglary", "W": "technical", "Z": "technical",
    "C": "open-close", "O": "open-close", "R": "test",
}  # fmt: skip
_KIND_OF_LETTER = {
    "A": "alarm", "B": "bypass", "C": "cancel", "H": "restore", "J": "restore", "M": "alarm", "R": "restore",
    "S": "supervisory", "T": "trouble", "U": "unbypass", "V": "verified", "X": "test",
}  # fmt: skip
_KIND_OF_DERIVED = {
    "alarm": "alarm", "trouble": "trouble", "restore": "restore", "supervisory": "supervisory", "bypass": "bypass",
    "unbypass": "unbypass", "cancel": "cancel", "test": "test", "status": "status", "exception": "exception",
    "open/close": "status",
}  # fmt: skip

_CATEGORY_OF_CODE = {
    "AA": "burglary", "BD": "trouble", "BE": "trouble", "BZ": "trouble", "CM": "burglary", "DF": "burglary",
    "DL": "burglary", "EA": "burglary", "EE": "open-close", "EZ": "burglary", "JA": "trouble", "NA": "trouble",
    "OH": "burglary", "OL": "burglary", "RA": "trouble", "RO": "trouble", "RC": "trouble", "RR": "trouble",
    "RT": "trouble", "RU": "trouble", "TC": "test", "TE": "test", "TP": "test", "TS": "test", "TX": "test",
    "TW": "test", "TZ": "test", "TT": "trouble", "TJ": "trouble", "XM": "burglary", "XX": "test", "VX": "test",
    "OU": "trouble", "OV": "trouble", "PF": "trouble", "PO": "trouble",
}  # fmt: skip
_KIND_OF_CODE = {
    "AF": "close", "BV": "verified", "BM": "verified", "FM": "verified", "OC": "cancel", "FL": "status",
    "YT": "battery", "YM": "battery", "XT": "battery", "TT": "tamper", "ES": "tamper", "XS": "tamper",
    "YC": "communication", "YS": "communication", "NT": "communication", "LT": "communication",
    "CD": "exception", "CJ": "exception", "CK": "exception", "OJ": "exception", "OK": "exception", "XX": "exception",
}  # fmt: skip
_RESTORES = {
    "AR": ("AT",), "BE": ("BD",), "DH": ("DL", "DM"), "DR": ("DF", "DJ", "DT"), "EJ": ("ES",), "EN": ("EM",),
    "ER": ("ET",), "FQ": ("FW",), "FV": ("FS",), "IR": ("IA",), "LR": ("LT",), "NR": ("NT",), "NS": ("NA",),
    "OV": ("OU",), "PO": ("PF",), "VR": ("VT",), "XC": ("SM", "PF"), "XH": ("XQ",), "XJ": ("XS",), "XR": ("XT",),
    "YE": ("YD",), "YH": ("YA",), "YJ": ("YI",), "YK": ("YC", "YS"), "YQ": ("YP",), "YR": ("YT", "YM"), "TJ": ("TT",),
    "TR": ("TA", "TT"), "YZ": ("YX",),
}  # fmt: skip
_NUMBERS = {"User number": "user", "User": "user", "Area number": "area", "Door number": "door", "Unused": "other"}
_SUGGESTED = {"fire": 1, "hold-up": 2, "medical": 3, "burglary": 4, "technical": 5, "trouble": 6, "open-close": 8}


def meaning_of(code: str) -> Meaning:
    """The meaning of this code; guessed from its two letters when the table lacks it."""
    return _table().get(code) or _guess(code)


@cache
def _table() -> dict[str, Meaning]:
    labels = chinese_labels(CODE_SYSTEM)
    text = files("fengtai.protocols.contact_id").joinpath("sia_codes.csv").read_text("utf-8")
    table = {}
    for row in csv.DictReader(text.splitlines()):
        code = row["code"]
        kind = _kind(code, row["kind(derived)"])
        table[code] = _meaning(code, kind, row["name"], labels.get(code, ""), _NUMBERS.get(row["number_field_means"]))
    return table


def _kind(code: str, derived: str) -> str:
    if code in _KIND_OF_CODE:
        return _KIND_OF_CODE[code]
    if derived == "open/close" and code[0] in "CNO":
        return "open" if code[0] == "O" else "close"
    if code[0] == "D" and derived in ("status", "open/close"):
        return "access"
    return _KIND_OF_DERIVED[derived]


def _meaning(code: str, kind: str, label: str, label_zh: str, number_is: str | None, *, known: bool = True) -> Meaning:
    category = _category(code, kind)
    return Meaning(
        code_system=CODE_SYSTEM,
        code=code,
        category=category,
        kind=kind,
        label=label,
        label_zh=label_zh,
        number_is=number_is or "zone",
        suggested_priority=_SUGGESTED.get(category, 9),
        restores=_restores(code, kind),
        known=known,
    )


def _category(code: str, kind: str) -> str:
    category = _CATEGORY_OF_CODE.get(code)
    if category is None:
        category = _CATEGORY_OF_LETTER.get(code[0], "open-close" if code[0] == "N" and kind == "close" else "trouble")
    if kind in ("trouble", "bypass", "unbypass", "tamper") and category not in ("open-close", "test"):
        return "trouble"
    if kind == "supervisory":
        return "technical" if category == "fire" else "trouble"
    if kind == "test":
        return "test"
    return category


def _restores(code: str, kind: str) -> tuple[str, ...]:
    if kind != "restore":
        return ()
    if code in _RESTORES:
        return _RESTORES[code]
    family, second = code[0], code[1]
    if second == "J":
        return (f"{family}T", f"{family}S")
    return (f"{family}A", f"{family}V", f"{family}M", f"{family}S", f"{family}T")


def _guess(code: str) -> Meaning:
    kind = _KIND_OF_LETTER.get(code[1:2], "status")
    return _meaning(code, kind, f"event {code}", "", None, known=False)
