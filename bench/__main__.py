"""Runs every benchmark and renders docs/reference/performance.md: `make bench`, or `python -m bench dc09` for one."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/reference/performance.md"
RESULTS = HERE.parent / "build/bench.json"


def main(wanted: list[str]) -> int:
    rows = wanted or sorted(script.stem for script in HERE.glob("[a-z]*.py"))
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    failed = False
    for row in rows:
        print(f"== {row}", flush=True)
        run = subprocess.run([sys.executable, "-m", f"bench.{row}"], stdout=subprocess.PIPE, text=True, check=False)
        print(run.stdout, end="", flush=True)
        lines = run.stdout.strip().splitlines()
        if run.returncode != 0 or not lines:
            print(f"{row} failed with exit status {run.returncode}", file=sys.stderr)
            failed = True
            continue
        results[row] = json.loads(lines[-1])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(rendered(results.values()))
    return 1 if failed else 0


def rendered(results: Iterable[dict[str, Any]]) -> str:
    lines = [
        "# Performance",
        "",
        "Made by `make bench`; each row runs ours and the peer in the same run, alternating, and is a median. Read the",
        "ratios: the machine is small and noisy. How each row is measured stands in its script under `bench/`.",
        "",
        f"Machine: {_cpu()}, {os.cpu_count()} cores, {_memory_gib()} GiB; {platform.system()} {platform.release()},",
        f"Python {platform.python_version()}. Rendered {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        "",
        "| row | unit | ours | peer | ratio | limit | runs | more |",
        "|---|---|---|---|---|---|---|---|",
    ]
    known = ("row", "unit", "ours", "peer", "ratio", "limit", "runs")
    for result in results:
        more = "; ".join(f"{name}: {value}" for name, value in result.items() if name not in known)
        lines.append("| " + " | ".join(_shown(result.get(name)) for name in known) + f" | {more} |")
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    return "–" if value is None else str(value)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
