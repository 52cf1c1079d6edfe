"""How many facts a second does one core take in, from the body of a post to the sealed file?

`python -m bench.facts_intake [--facts N]`. One worker and the keeper share one core; what sends is on another. Counted
is everything that they do: HTTP, reading, checking, pseudonyms, local days, the journal on disk, ids looked up and
noted, Parquet written, digests, all of it flushed. The clock stops when every fact is in a sealed file. The figure that
is compared is facts a second of CPU time, which others on the machine hardly change; the wall's stands beside it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from aedile.store.fact_seal import told_of
from aedile.store.home import Home
from bench.serving.processes import free_port, until

ARROW, NDJSON = "application/vnd.apache.arrow.stream", "application/x-ndjson"
#: Facts in one post.
BATCH = {ARROW: 20_000, NDJSON: 5_000}
#: Facts a second and core that are promised.
FLOOR = {ARROW: 50_000, NDJSON: 15_000}
PAGE = 20
MARKETS = np.array(["ID", "SG", "TH", "VN", "MY", "PH"])
_TICKS = os.sysconf("SC_CLK_TCK")


def exposures(count: int, seed: int) -> pa.Table:
    """Pages of 20 places, each of one shopper: the commonest kind of fact there is."""
    drawn = np.random.default_rng(seed)
    pages = -(-count // PAGE)
    page = np.repeat(np.arange(pages), PAGE)[:count]
    start = int((datetime.now(UTC) - timedelta(hours=3)).timestamp() * 1e6)
    at = start + np.sort(drawn.integers(0, 3_600_000_000, pages))[page]

    def named(prefix: str, numbers: Any) -> pa.Array:
        return pa.array([f"{prefix}-{number}" for number in numbers.tolist()])

    sessions = drawn.integers(0, 10**9, pages)
    columns = {
        "id": pa.array([f"{seed:x}-{number:010d}" for number in range(count)]),
        "at": pa.array(at, pa.int64()).cast(pa.timestamp("us", "UTC")),
        "market": pa.array(MARKETS[drawn.integers(0, len(MARKETS), pages)][page]),
        "channel": pa.array(["search"] * count),
        "shopper": named("shopper", sessions[page] // 3),
        "session_id": named("session", sessions[page]),
        "request_id": named(f"request-{seed:x}", page),
        "kind": pa.array(["item"] * count),
        "entity": named("item", np.minimum(drawn.zipf(1.2, count), 10**6)),
        "position": pa.array(np.arange(count) % PAGE + 1),
    }
    return pa.table(columns)


def bodies(count: int, media: str) -> Iterator[bytes]:
    seed = int(time.time())
    for number in range(-(-count // BATCH[media])):
        table = exposures(BATCH[media], seed * 1000 + number)
        if media == ARROW:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table)
            yield bytes(sink.getvalue())
        else:
            rows = table.set_column(1, "at", table["at"].cast(pa.string())).to_pylist()
            yield b"\n".join(msgspec.json.encode({**row, "at": row["at"].replace(" ", "T")}) for row in rows)


class Running:
    """A worker and the keeper on one core."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home").prepare()
        self.port = free_port()
        environment = {
            **os.environ, "AEDILE_HOME": str(self.home.root), "AEDILE_SERVER_PORT": str(self.port),
            "AEDILE_SERVER_OPEN": "true", "AEDILE_DATABASE_URL": "postgresql://127.0.0.1:1/none",
        }  # fmt: skip
        core = min(os.sched_getaffinity(0))
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"aedile.server.{name}", *more], env=environment, stderr=subprocess.DEVNULL
            )
            for name, more in (("worker", ["1"]), ("keeper", []))
        ]
        for process in self.processes:
            os.sched_setaffinity(process.pid, {core})
        until(self.answers, "the worker to answer")

    def answers(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def cpu_seconds(self) -> float:
        total = 0
        for process in self.processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def sealed(self) -> int:
        counts = told_of(self.home)["counts"]
        return sum(count for _, what, count in counts if what == "sealed")

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def post(port: int, media: str, body: bytes) -> float:
    """Send one; tries again while the worker has too much to do. Seconds of the try that was taken."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while True:
        began = time.perf_counter()
        connection.request("POST", "/v1/facts/exposures", body, {"content-type": media})
        answer = connection.getresponse()
        told = answer.read()
        if answer.status == 202:
            if json.loads(told)["dead"]:
                raise RuntimeError(told[:500])
            return time.perf_counter() - began
        if answer.status != 429:
            raise RuntimeError(f"{answer.status}: {told[:500]!r}")
        time.sleep(0.05)


def measure(running: Running, media: str, count: int) -> dict[str, Any]:
    """Send so many, and wait until they are sealed."""
    made = list(bodies(count, media))
    count = len(made) * BATCH[media]
    before, cpu, began = running.sealed(), running.cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(2) as senders:
        seconds = sorted(senders.map(lambda body: post(running.port, media, body), made))
    taken = time.perf_counter() - began
    until(lambda: running.sealed() >= before + count, "all to be sealed", 300)
    wall, spent = time.perf_counter() - began, running.cpu_seconds() - cpu
    return {
        "format": "Arrow" if media == ARROW else "NDJSON", "facts": count,
        "bytes a fact": round(sum(map(len, made)) / count),
        "facts a CPU second": round(count / spent), "facts a second, acknowledged": round(count / taken),
        "facts a second, sealed": round(count / wall), "a post, median ms": round(1000 * seconds[len(seconds) // 2], 1),
        "promised": FLOOR[media], "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aedile-") as root:
        running = Running(Path(root))
        try:
            for media in (ARROW, NDJSON):
                post(running.port, media, next(bodies(1, media)))  # what is slow once is not counted
                until(lambda: told_of(running.home)["waiting"] == 0, "the first to be sealed")
                print(json.dumps(measure(running, media, asked.facts // (1 if media == ARROW else 4))), flush=True)
        finally:
            running.stop()


if __name__ == "__main__":
    main()
