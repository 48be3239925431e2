"""What each row is to reach. A target that a result does not speak of is "not measured", never "met"."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {"≤": operator.le, "≥": operator.ge, "=": operator.eq}


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    """of the result's field; of a table in it, "field.key" """
    sign: str
    figure: float
    called: str = ""

    def told(self, result: Mapping[str, Any]) -> str:
        value: Any = result
        for part in self.name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        asked = f"{self.called or self.name} {self.sign} {self.figure:,g}"
        if value is None:
            return f"{asked}: not measured"
        return f"{asked}: {'met' if _COMPARED[self.sign](value, self.figure) else f'**missed** ({value:,g})'}"


TARGETS: Mapping[str, Sequence[Target]] = {
    "sip_keepalive": (Target("ratio", "≥", 0.8),),
    "sip_register": (Target("ratio", "≥", 0.8), Target("storm_s", "≤", 20)),
    "dc09": (Target("ratio", "≥", 0.9), Target("ratio_at_500", "≥", 1.5)),
    "recording": (
        Target("ratio", "≤", 0.65),
        Target("memory_ratio", "≤", 0.35),
        *(Target(f"lost.{cell}", "=", 0, f"lost at {cell}") for cell in ("udp16", "tcp16", "tcp100")),
    ),
    "first_picture": (Target("ours", "≤", 300), Target("cold", "≤", 1500)),
    "alarm_to_console": (Target("ours", "≤", 300),),
    "points": (
        Target("ours", "≤", 20, "box p99 ms"),
        Target("search_p99", "≤", 30),
        Target("import_s", "≤", 60),
    ),
    "decisions": (Target("ours", "≥", 200_000), Target("ratio", "≥", 1, "above casbin: ratio")),
    "audit": (Target("ours", "≥", 10_000),),
    "revoke": (Target("ours", "≤", 5),),
}
