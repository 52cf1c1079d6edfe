"""What does a decision cost, how many are there a second, and how long does one take? `python -m bench.serving.run`.

The load comes from wrk, a native generator, in a process of its own on loopback. First as fast as answers come, then
at seven tenths of that with pauses drawn exponentially. CPU time is that of all processes of the server together:
workers, keeper and what they write; PostgreSQL is idle.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.serving.processes import Serving
from bench.serving.stage import bodies, stage

LOAD = Path(__file__).with_name("load.lua")
#: What must hold of a server over a thousand strategies, asked about 200 candidates, on two cores that also run the
#: generator: CPU a request in ms, requests a second, and p99 in ms at seven tenths of that.
CPU_MS, RATE, P99_MS = 0.7, 2_000.0, 10.0
#: Per cent by which a worker's resident memory may grow after the first tenth of a soak.
GROWTH = 5.0


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.serving.run", description=__doc__)
    parser.add_argument("--strategies", type=int, default=1_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each of the two loads")
    parser.add_argument("--soak", type=int, default=0, help="requests to go on with at seven tenths, watching memory")
    parser.add_argument("--hold", action="store_true", help="end with 1 where a bound is broken")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    return parser.parse_args(argv)


def load(running: Serving, connections: int, seconds: float, delay: float = 0.0) -> dict[str, Any]:
    """The figures of one load; `cpu_ms` is the server's CPU time a request."""
    environment = {
        **os.environ, "AEDILE_BODIES": str(bodies(running)), "AEDILE_KEY": running.key, "AEDILE_DELAY": str(delay),
    }  # fmt: skip
    before = running.cpu_seconds()
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(LOAD), running.url]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    spent = running.cpu_seconds() - before
    rate = figures["requests"] / figures["seconds"]
    return {**figures, "rate": round(rate, 1), "cpu_ms": round(1000 * spent / max(1, figures["requests"]), 4)}


def at_rate(running: Serving, connections: int, seconds: float, rate: float) -> dict[str, Any]:
    """The figures at about this many requests a second: the pauses are measured in, twice."""
    delay = 1000 * connections / rate
    for _ in range(3):
        found = load(running, connections, min(seconds, 4), delay)
        delay *= found["rate"] / rate
    return load(running, connections, seconds, delay)


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    if shutil.which("wrk") is None:
        print("wrk is not installed; on Debian: apt-get install wrk", file=sys.stderr)
        return 1
    with stage(
        strategies=options.strategies, items=options.items, workers=options.workers, candidates=options.candidates
    ) as running:
        load(running, options.connections, 3)
        fast = load(running, options.connections, options.seconds)
        print("as fast as answers come", json.dumps(fast))
        calm = at_rate(running, 64, options.seconds, 0.7 * fast["rate"])
        print("at seven tenths of that ", json.dumps(calm))
        found = {"options": vars(options) | {"json": None}, "fast": fast, "calm": calm, "log": running.status()["log"]}
        if options.soak:
            found["soak"] = soak(running, options.soak, 0.7 * fast["rate"])
        print("log", json.dumps(found["log"]))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    broken = [*too_slow(fast, calm), *grown(found.get("soak", ()))]
    for one in broken:
        print(f"broken: {one}", file=sys.stderr)
    return 1 if broken and options.hold else 0


def too_slow(fast: Mapping[str, Any], calm: Mapping[str, Any]) -> list[str]:
    """Which bounds the two loads break, in words."""
    told = [f"{count} calls failed" for load in (fast, calm) if (count := load["not_2xx"] + load["socket_errors"])]
    if fast["cpu_ms"] > CPU_MS:
        told.append(f"{fast['cpu_ms']} ms of CPU a request, at most {CPU_MS}")
    if fast["rate"] < RATE:
        told.append(f"{fast['rate']} requests a second, at least {RATE:g}")
    if calm["p99_ms"] > P99_MS:
        told.append(f"{calm['p99_ms']:.1f} ms at the 99th percentile, at most {P99_MS:g}")
    return told


def soak(running: Serving, requests: int, rate: float) -> list[dict[str, Any]]:
    """Resident memory of the workers after each tenth of so many requests, at about a rate."""
    tenths: list[dict[str, Any]] = []
    began = time.monotonic()
    for tenth in range(1, 11):
        figures = {"tenth": tenth, "requests": 0, "not_2xx": 0, "socket_errors": 0}
        while (left := requests / 10 - figures["requests"]) > 0:
            loaded = load(running, 64, max(1.0, left / rate), 1000 * 64 / rate)
            for name in ("requests", "not_2xx", "socket_errors"):
                figures[name] += loaded[name]
        tenths.append({**figures, "pids": running.named("aedile.server.worker"), "resident": running.resident()})
        growth = {number: round(growth_of(tenths, number), 2) for number in tenths[-1]["resident"]}
        print(f"{time.monotonic() - began:6.0f} s  {figures['requests']} requests  growth in per cent: {growth}")
    return tenths


def growth_of(tenths: Sequence[Mapping[str, Any]], number: str) -> float:
    """Per cent by which a worker's memory has grown since the first tenth."""
    return 100 * (float(tenths[-1]["resident"][number]) / tenths[0]["resident"][number] - 1)


def grown(tenths: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which bounds a soak breaks, in words."""
    told = []
    for place, tenth in enumerate(tenths):
        if failed := tenth["not_2xx"] + tenth["socket_errors"]:
            told.append(f"{failed} calls failed in tenth {tenth['tenth']}")
        if tenth["pids"] != tenths[0]["pids"]:
            told.append(f"a worker was started again by tenth {tenth['tenth']}: its memory says nothing")
            break
        growth = {number: growth_of(tenths[: place + 1], number) for number in tenth["resident"]}
        told += [
            f"worker {number} has grown by {one:.1f} per cent by tenth {tenth['tenth']}"
            for number, one in growth.items()
            if one > GROWTH
        ]
    return told


if __name__ == "__main__":
    sys.exit(main())
