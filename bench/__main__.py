"""Runs every benchmark and renders docs/reference/performance.md: `make bench`, or `python -m bench dc09` for one.
`python -m bench --render` only renders again."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report.page import rendered

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/reference/performance.md"
RESULTS = HERE.parent / "build/bench.json"


def main(wanted: list[str]) -> int:
    if wanted == ["--render"]:
        keep({})
        return 0
    failed = False
    for row in wanted or sorted(script.stem for script in HERE.glob("[a-z]*.py")):
        print(f"== {row}", flush=True)
        stamp = {"measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "commit": commit()}
        stamp["load"] = f"{os.getloadavg()[0]:.1f}"
        run = subprocess.run([sys.executable, "-m", f"bench.{row}"], stdout=subprocess.PIPE, text=True, check=False)
        print(run.stdout, end="", flush=True)
        lines = run.stdout.strip().splitlines()
        if run.returncode != 0 or not lines:
            print(f"{row} failed with exit status {run.returncode}", file=sys.stderr)
            failed = True
            continue
        keep({row: json.loads(lines[-1]) | stamp})
    return 1 if failed else 0


def keep(measured: Mapping[str, Any]) -> None:
    """At once, and under a lock: another run may be measuring another row, and a later one may fail."""
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        results: dict[str, Any] = json.loads(file.read() or "{}") | measured
        file.truncate(0)
        file.write(json.dumps(results, indent=1, ensure_ascii=False))
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(rendered(results.values()))


def commit() -> str:
    """Of the tree that is measured; `+` when src, native kernels or scripts differ from it. Empty outside a repository."""

    def git(*asked: str) -> str:
        return subprocess.run(["git", *asked], cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--", "../src", ".") else "")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
