"""docs/reference/performance.md from the newest result of each row."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.report.targets import TARGETS

_KNOWN = ("row", "unit", "ours", "peer", "ratio", "limit", "runs")
_STAMP = ("measured_at", "commit", "load")
"""Written by the runner, not by the script; rows of before it did so have none."""


def rendered(results: Iterable[Mapping[str, Any]]) -> str:
    results = list(results)
    lines = [
        "# Performance",
        "",
        "Made by `make bench`; each row runs ours and the peer in the same run, alternating, and is a median. Read the",
        "ratios: the machine is small, noisy, and was not idle (`load`: how many processes wanted its cores in the minute",
        "before a row began). How each row is measured stands in its script under `bench/`.",
        "",
        f"Machine: {_cpu()}, {os.cpu_count()} cores, {_memory_gib()} GiB; {platform.system()} {platform.release()},",
        f"Python {platform.python_version()}. A `+` behind a commit: with changes that were not committed yet.",
        "",
        "| row | unit | ours | peer | ratio | limit | runs | targets | measured (UTC) | commit | load |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        targets = "; ".join(target.told(result) for target in TARGETS.get(str(result["row"]), ()))
        cells = [_shown(result.get(name)) for name in _KNOWN] + [targets or "–"]
        lines.append(f"| {' | '.join(cells + [_shown(result.get(name)) for name in _STAMP])} |")
    lines += ["", "## What else each row says", ""]
    for result in results:
        more = {name: value for name, value in result.items() if name not in (*_KNOWN, *_STAMP)}
        told = "; ".join(f"{name}: {_shown(value)}" for name, value in more.items())
        lines.append(f"- **{result['row']}**: {told or '–'}")
    missing = sorted(set(TARGETS) - {str(result["row"]) for result in results})
    if missing:
        lines += ["", f"Not measured yet: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
