"""How long does a marketplace of a million items and ten million exposures take to make up, and what does it hold?

`python -m bench.simulator [items] [exposures]` makes it by the command in a folder of its own, which then goes, and
prints seconds, CPU, the most memory that all its processes held together at a time, and what was written. With `--hold`
it ends with 1 where a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

#: What must hold of a million items, a hundred thousand sellers and ten million exposures, on two cores.
SECONDS, GIB = 180.0, 6.0
#: Seconds between two looks at memory.
LOOK = 0.25
PAGE = os.sysconf("SC_PAGE_SIZE")


def held(root: int) -> int:
    """Bytes in memory of a process and all below it; they share nothing but the libraries' pages, counted each."""
    parents: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            sizes[int(path.name)] = int((path / "statm").read_text().split()[1]) * PAGE
        except (FileNotFoundError, ProcessLookupError):
            continue
    mine = {root}
    while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(sizes.get(pid, 0) for pid in mine)


def measure(items: int, exposures: int, processes: int) -> dict[str, Any]:
    """The figures of one run."""
    folder = Path(tempfile.mkdtemp(prefix="aedile-bench-"))
    aedile = str(Path(sys.executable).with_name("aedile"))
    command = [aedile, "simulate", "marketplace", "--out", str(folder / "mall"), "--items", str(items), "--exposures",
               str(exposures), "--processes", str(processes), "--format", "json"]  # fmt: skip
    began, most = time.monotonic(), 0
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
            while running.poll() is None:
                most = max(most, held(running.pid))
                time.sleep(LOOK)
            assert running.stdout is not None
            told = json.loads(running.stdout.read())
        seconds = time.monotonic() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    finally:
        shutil.rmtree(folder)
    return {
        "items": told["entities"]["item"], "sellers": told["entities"]["seller"],
        "exposures": told["facts"]["exposures"], "decisions": told["decisions"], "candidates": told["candidates"],
        "seconds": round(seconds, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "gib": round(most / 2**30, 2), "mib_written": size >> 20,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.simulator", description=__doc__)
    parser.add_argument("items", type=int, nargs="?", default=1_000_000)
    parser.add_argument("exposures", type=int, nargs="?", default=10_500_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--hold", action="store_true", help="end with 1 where a bound is broken")
    asked = parser.parse_args()
    found = measure(asked.items, asked.exposures, asked.processes)
    print(json.dumps(found, indent=1))
    return int(asked.hold and (found["seconds"] > SECONDS or found["gib"] > GIB))


if __name__ == "__main__":
    sys.exit(main())
