"""A server to measure: a home with strategies and items of the workload, and the processes that serve it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa

from bench.workload import make_catalogue, make_requests, make_schema, make_strategies

AEDILE = [str(Path(sys.executable).with_name("aedile"))]
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
ROWS_AT_ONCE = 10_000


@dataclass(slots=True)
class Stage:
    """A running server, its key, and the file of requests to send."""

    root: Path
    port: int
    key: str
    bodies: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def status(self) -> dict[str, Any]:
        """What the server says of itself."""
        headers = {"authorization": f"Bearer {self.key}"}
        found: dict[str, Any] = httpx.get(f"{self.url}/v1/stats", headers=headers, timeout=5).json()
        return found

    def processes(self) -> list[int]:
        """The pids of the supervisor and all its descendants."""
        found, open_ = [], [self.process.pid]
        while open_:
            pid = open_.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                open_ += map(int, task.read_text().split())
        return found

    def cpu_seconds(self) -> float:
        """CPU time of all processes so far, user's and system's."""
        total = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def resident(self) -> dict[str, int]:
        """Resident bytes of each worker, by its number."""
        found = {}
        for pid in self.processes():
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            if "aedile.server.worker" in words:
                number = words[words.index("aedile.server.worker") + 1]
                found[number] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        return found

    def run(self, *words: str) -> str:
        """A verb on this server's home; what it wrote to stdout."""
        done = subprocess.run(
            [*AEDILE, *words], env=self.environment, check=True, stdout=subprocess.PIPE, text=True, timeout=120
        )
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_world(root: Path, strategies: int) -> tuple[Path, Path]:
    """The workload's schema and strategies as files; JSON is YAML."""
    schema, folder = root / "schema.yaml", root / "strategies"
    folder.mkdir(parents=True)
    schema.write_text(json.dumps(make_schema()))
    for strategy in make_strategies(strategies):
        (folder / f"{strategy['id']}.yaml").write_text(json.dumps(strategy))
    return schema, folder


@contextmanager
def stage(
    root: Path, *, strategies: int, items: int, workers: int, candidates: int, settings: dict[str, str]
) -> Iterator[Stage]:
    """A server over the workload that is ready to decide; everything is gone afterwards."""
    root.mkdir(parents=True)
    schema, folder = write_world(root, strategies)
    bodies = root / "bodies.ndjson"
    requests = make_requests(500, items, seed=5, candidates=candidates)
    bodies.write_text("".join(f"{json.dumps(request.to_dict())}\n" for request in requests))
    port = free_port()
    environment = {
        **os.environ, "AEDILE_HOME": str(root / "home"), "AEDILE_SERVER_PORT": str(port),
        "AEDILE_SERVER_WORKERS": str(workers), **settings,
    }  # fmt: skip
    process = subprocess.Popen([*AEDILE, "serve"], env=environment)
    running = Stage(root, port, "", bodies, process, environment)
    try:
        made = running.run("key", "create", *_scopes("decide", "explain", "entities", "observe"), "--expires", "1d")
        running.key = made.strip()
        running.run("release", "publish", "--schema", str(schema), "--strategies", str(folder), "--by", "bench")
        _until(lambda: _ready(running), "the server to be ready")
        put_items(running, items)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(root)


def _scopes(*names: str) -> list[str]:
    return [word for name in names for word in ("--scope", name)]


def _ready(running: Stage) -> bool:
    try:
        return httpx.get(f"{running.url}/ready", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


def _until(holds: Any, what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


def put_items(running: Stage, items: int) -> None:
    """The workload's items, put as any service would, and applied by every worker."""
    catalogue = make_catalogue(items)
    table = pa.table({name.removeprefix("item."): column for name, column in catalogue.items()})
    headers = {"authorization": f"Bearer {running.key}", "content-type": "application/vnd.apache.arrow.stream"}
    sequence = 0
    with httpx.Client(base_url=running.url, headers=headers, timeout=30) as client:
        for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as stream:
                stream.write_batch(batch)
            answer = client.put("/v1/entities/item", content=sink.getvalue().to_pybytes())
            if answer.status_code != 202:
                raise RuntimeError(answer.text)
            sequence = answer.json()["sequence"]
    _until(lambda: _applied(running, sequence), "all workers to apply the items", 120)


def _applied(running: Stage, sequence: int) -> bool:
    workers = running.status()["workers"]
    return bool(workers) and all(worker["entities"]["position"] >= sequence for worker in workers)
