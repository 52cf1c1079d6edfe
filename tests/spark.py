"""A real Spark on this machine: a master and two workers from the PySpark package, once a test run.

The first test process that asks starts it; all others use the same. It is stopped, by its process ids, by whoever
leaves last.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyspark

HOME = Path(pyspark.__file__).parent
CLASS = "org.apache.spark.deploy"
DEADLINE = 60.0
#: Settings of a test process's session.
DRIVER = {
    "spark.cores.max": "2",
    "spark.executor.memory": "768m",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    # Executors live for a minute or two as well.
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
#: What this process started and has not stopped.
_STARTED: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Cluster:
    """pids: the master's, then the workers'."""

    url: str
    pids: tuple[int, ...]
    folder: Path


def environment() -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SPARK_")},
        "SPARK_HOME": str(HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PYSPARK_PYTHON": sys.executable,
    }


def start_cluster(folder: Path, workers: int = 2) -> Cluster:
    """A master and its workers; they write below the folder alone. Each says it has two cores, so that two drivers with
    `spark.cores.max` of 2 work at the same time, and both on every worker."""
    port = _free_port()
    url = f"spark://127.0.0.1:{port}"
    master = _daemon(folder, "master", f"{CLASS}.master.Master", "--port", str(port), "--webui-port", "0")
    started = [master.pid]
    try:
        _await(port, master)
        started += [start_worker(folder, url, number) for number in range(workers)]
        _await_workers(folder, workers)
    except BaseException:
        stop(started)
        raise
    return Cluster(url, tuple(started), folder)


def start_worker(folder: Path, url: str, number: int) -> int:
    """One more worker; returns its process id."""
    options = ("-c", "2", "-m", "4g", "--webui-port", "0", "--work-dir", str(folder / f"work-{number}"), url)
    return _daemon(folder, f"worker-{number}", f"{CLASS}.worker.Worker", *options).pid


def stop(pids: list[int]) -> None:
    """End processes that were started here, and whatever they started."""
    for pid in reversed(pids):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    for pid in pids:
        if pid in _STARTED:
            _STARTED.pop(pid).wait(DEADLINE)


def _daemon(folder: Path, name: str, *words: str) -> subprocess.Popen[bytes]:
    command = [str(HOME / "bin" / "spark-class"), words[0], "--host", "127.0.0.1", *words[1:]]
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    _STARTED[started.pid] = started
    return started


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert process.poll() is None, "the master ended at once"
        time.sleep(0.1)
    raise AssertionError("the master does not answer")


def _await_workers(folder: Path, workers: int) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if (folder / "master.log").read_text("utf-8", "replace").count("Registering worker") >= workers:
            return
        time.sleep(0.1)
    raise AssertionError("the workers do not reach their master")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


@contextmanager
def shared_cluster(run: Path):
    """The one cluster of a test run. run: a folder that all processes of the run share."""
    lock, told = run / "spark.lock", run / "spark.json"
    with _locked(lock):
        said = json.loads(told.read_text()) if told.exists() else _fresh()
        said["users"] += 1
        told.write_text(json.dumps(said))
    try:
        yield Cluster(said["url"], tuple(said["pids"]), Path(said["folder"]))
    finally:
        with _locked(lock):
            said = json.loads(told.read_text())
            said["users"] -= 1
            if said["users"]:
                told.write_text(json.dumps(said))
            else:
                told.unlink()
                stop(said["pids"])


def _fresh() -> dict:
    cluster = start_cluster(Path(tempfile.mkdtemp(prefix="aedile-spark-")))
    return {"url": cluster.url, "pids": list(cluster.pids), "folder": str(cluster.folder), "users": 0}


@contextmanager
def _locked(path: Path):
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
