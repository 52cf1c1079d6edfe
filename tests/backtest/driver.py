"""A backtest on a cluster, in a process of its own; its first tasks wait, so that a worker can be killed amid."""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

from aedile.store import backtest_spark
from aedile.store.backtest_spark import SETTINGS, run_in_session
from aedile.store.home import Home
from aedile.store.warehouse_spark import session_at
from tests.spark import DRIVER


def slowly(folder, work, batches):
    """The work of a task, after it was told that it has begun, and a worker was killed."""
    (Path(folder) / "begun").touch()
    end = time.monotonic() + 30
    while not (Path(folder) / "killed").exists():
        assert time.monotonic() < end, "no worker was killed"
        time.sleep(0.02)
    yield from work(batches)


def main() -> None:
    from functools import partial

    job, url, out = sys.argv[1:]
    root, asked, entities = pickle.loads(Path(job).read_bytes())
    made = backtest_spark._work_of
    backtest_spark._work_of = lambda *given: partial(slowly, str(Path(job).parent), made(*given))
    session = session_at(url, {**DRIVER, **SETTINGS, "spark.sql.files.maxPartitionBytes": "64k"})
    result = run_in_session(Home(root), asked, entities, session)
    Path(out).write_bytes(pickle.dumps(result))
    session.stop()


if __name__ == "__main__":
    main()
