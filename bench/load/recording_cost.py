"""What a side costs, by the kernel's accounting over its whole process tree: CPU seconds and PSS."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def process_trees(roots: Iterable[int]) -> list[int]:
    """These processes and all that descend from them."""
    children: dict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children[int(fields[1])].append(int(status.parent.name))
    found = list(roots)
    for process in found:
        found += children[process]
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time, that of ended and reaped children included (proc(5): utime, stime, cutime, cstime)."""
    ticks = 0
    for process in process_trees(roots):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS_PER_SECOND


def pss_mib(roots: Iterable[int]) -> float:
    """Memory, what is shared counted by its share."""
    kib = 0
    for process in process_trees(roots):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return kib / 1024


def udp_drops(ports: range) -> int:
    """Datagrams that the kernel has dropped at sockets bound to these ports, because their buffer was full."""
    drops = 0
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) in ports:
            drops += int(fields[12])
    return drops
