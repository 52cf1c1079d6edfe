"""How does a backtest run on Spark? The same work on batches, in executors; what they give is put together here.

Every executor must reach the installation's folders by the same path and run the same Python with aedile in it, as the
warehouse asks. A process of an executor compiles both sides once and works on what it is given; a task that is done
again begins anew, so that a worker that dies changes nothing. What is not sealed yet is worked on here.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from aedile.backtest import PARTIALS, Partial, Result, Worker, from_table
from aedile.engine.entities import Entities
from aedile.store.backtest_facts import followed_up
from aedile.store.backtest_local import (
    Asked,
    Prepared,
    Step,
    pieces_of,
    prepare,
    scratch_folder,
    work_alone,
)
from aedile.store.backtest_tasks import in_batches
from aedile.store.home import Home
from aedile.store.seal import BRIEF

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Of Spark: decisions in a batch; what the driver takes from all tasks; the bytes of a file that one task reads.
SETTINGS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
    "spark.driver.maxResultSize": "4g",
    "spark.sql.files.maxPartitionBytes": "64m",
}
_COLUMNS = (
    "request_id", "decided_at", "release", "market", "channel", "time", "shopper", "query", "page", "candidates"
)  # fmt: skip


def run_on_spark(
    home: Home, asked: Asked, entities: Iterable[Entities], master: str, step: Step = lambda *_: None
) -> Result:
    """The result, worked out by the cluster of this master."""
    from aedile.store.warehouse_spark import session_at

    session = session_at(master, SETTINGS)
    try:
        return run_in_session(home, asked, entities, session, step)
    finally:
        session.stop()


def run_in_session(
    home: Home, asked: Asked, entities: Iterable[Entities], session: SparkSession, step: Step = lambda *_: None
) -> Result:
    """The same in a session that there is."""
    from aedile.store.warehouse_spark import SparkWarehouse

    with scratch_folder(home) as scratch:
        prepared = prepare(home, asked, entities, scratch, pieces_of(home, asked, scratch))
        step(0, prepared.candidates)
        sealed_below = str(home.decisions / BRIEF)
        sealed = sorted({piece.path for piece in prepared.pieces if piece.path.startswith(sealed_below)})
        rest = [piece for piece in prepared.pieces if not piece.path.startswith(sealed_below)]
        parts = [work_alone(home, prepared, rest, lambda *_: None)] if rest or not sealed else []
        if sealed:
            warehouse = SparkWarehouse(home, session, files=lambda _: [Path(path) for path in sealed])
            told = warehouse.map_batches(_select(), _work_of(home, prepared), PARTIALS)
            parts += from_table(told, prepared.plan.sample)
        step(prepared.candidates, prepared.candidates)
        return Result.of(prepared.plan, Partial(prepared.plan.sample).merge(parts))


def _select() -> exp.Select:
    return exp.select(*(exp.column(name) for name in _COLUMNS)).from_(exp.to_table("decisions"))


def _work_of(home: Home, prepared: Prepared) -> partial[Iterator[pa.RecordBatch]]:
    job = pickle.dumps((home.root, prepared.plan, prepared.details))
    return partial(_work, job, hashlib.sha256(job).hexdigest())


#: The worker of this process, by its job: another job takes its place.
_WORKERS: dict[str, Worker] = {}


def _work(job: bytes, digest: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What a task does with the batches it is given."""
    root, plan, details = pickle.loads(job)  # noqa: S301  made by our own driver
    home = Home(root)
    if digest not in _WORKERS:
        _WORKERS.clear()
        _WORKERS[digest] = Worker(plan, details)
    worker = _WORKERS[digest]
    worker.begin()
    for batch in batches:
        for table in in_batches(pa.Table.from_batches([batch])):
            worker.add(followed_up(home, table))
            for found in worker.overflow():
                yield from found.to_batches()
    yield from worker.taken().to_batches()
