"""How does a backtest run on this machine? Two processes, piece after piece, in bounded memory.

Each process compiles both sides once and keeps its sums; what it has summed is written aside when it is done, or when
tables grow too large. Whatever happens, the scratch folder goes.
"""

from __future__ import annotations

import multiprocessing
import pickle
import queue
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aedile.backtest import PARTIALS, Partial, Plan, Result, Worker, from_table, write_catalogue
from aedile.backtest.plan import Side
from aedile.backtest.timeline import bad_updates
from aedile.engine.entities import Entities
from aedile.errors import AedileError, DataError, define
from aedile.store.backtest_details import details as read_details
from aedile.store.backtest_facts import examination, outcomes, updates, with_outcomes
from aedile.store.backtest_tasks import Piece, pieces, read_piece
from aedile.store.home import Home

CANCELLED = define("AED-DATA-123", "A backtest was stopped before it was done.", "Ctrl-C during `aedile backtest`")
DIED = define("AED-DATA-124", "A process of a backtest ended before it was done.", "a process that the system killed")

#: Processes that work.
PROCESSES = 2
#: Strategies are left out one by one for so many candidates times strategies: some seconds of work.
CLOSE_LOOK = 20_000_000
#: A request's time is off by less than a day from when it is decided, in microseconds.
_DAY = 86_400_000_000
#: Candidates up to which one process is quicker than two, which must be started.
FEW = 200_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a backtest is asked for. before: None for what was decided at the time. steepness: of the examination that
    is assumed, 1 / place ** steepness."""

    before: Side | None
    after: Side
    by: tuple[str, ...] = ()
    markets: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None
    sample: int = 20
    seed: int = 1
    at_the_time: bool = True
    steepness: float = 1.0
    close_look: int = CLOSE_LOOK


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan and the pieces it is for."""

    plan: Plan
    pieces: Sequence[Piece]
    details: pa.Table

    @property
    def candidates(self) -> int:
        return sum(piece.candidates for piece in self.pieces)


#: Told while it runs: (candidates done, candidates in all). It may raise to stop.
Step = Callable[[int, int], None]


@contextmanager
def scratch_folder(home: Home) -> Iterator[Path]:
    """A folder that is gone afterwards, whatever happens."""
    root = home.root / "backtests"
    root.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix="run-") as folder:
        yield Path(folder)


def prepare(home: Home, asked: Asked, entities: Iterable[Entities], scratch: Path) -> Prepared:
    """All that the work needs, written into the scratch folder or read."""
    found = pieces(home, scratch, since=asked.since, until=asked.until, markets=asked.markets)
    known = scratch / "catalogue"
    known.mkdir()
    changed = updates(home, asked.until) if asked.at_the_time else None
    bad = bad_updates(changed, asked.after.schema) if changed is not None else 0
    candidates = sum(piece.candidates for piece in found)
    plan = Plan(
        before=asked.before, after=asked.after, catalogue=write_catalogue(known, entities, changed), by=asked.by,
        markets=asked.markets, channels=asked.channels, since=asked.since, until=asked.until,
        examination=examination(home, asked.since, asked.until, asked.markets, asked.steepness),
        close_look=min(1.0, asked.close_look / max(candidates * len(asked.after.strategies), 1)),
        sample=asked.sample, seed=asked.seed,
        at_the_time=asked.at_the_time, bad_updates=bad,
        earliest=min((piece.first for piece in found), default=0) - _DAY,
    )  # fmt: skip
    return Prepared(plan, found, read_details(home, asked.since, asked.until))


def run_local(
    home: Home, asked: Asked, entities: Iterable[Entities], step: Step = lambda *_: None, processes: int = PROCESSES
) -> Result:
    """The result, worked out on this machine."""
    with scratch_folder(home) as scratch:
        prepared = prepare(home, asked, entities, scratch)
        step(0, prepared.candidates)
        if processes == 1 or len(prepared.pieces) < 2 or prepared.candidates < FEW:
            return Result.of(prepared.plan, work_alone(home, prepared, prepared.pieces, step))
        return _together(home, prepared, scratch, step, processes)


def batches_of(home: Home, piece: Piece) -> Iterator[pa.Table]:
    """The decisions of a piece, batch by batch, with what followed them."""
    for table in read_piece(piece):
        yield followed_up(home, table)


def followed_up(home: Home, table: pa.Table) -> pa.Table:
    """Decisions with what followed them."""
    if not len(table):
        return table
    span = pc.min_max(table["decided_at"].cast(pa.timestamp("us")).cast(pa.int64())).as_py()
    markets = pc.unique(table["market"]).to_pylist()
    ids = table["request_id"].combine_chunks()
    return with_outcomes(table, outcomes(home, ids, span["min"], span["max"] + 1, markets))


def work_alone(home: Home, prepared: Prepared, found: Sequence[Piece], step: Step) -> Partial:
    """What comes of some pieces, in this process."""
    worker, done, parts = Worker(prepared.plan, prepared.details), 0, []
    for piece in found:
        for table in batches_of(home, piece):
            worker.add(table)
            done += count_candidates(table)
            step(done, prepared.candidates)
            parts += list(worker.overflow())
    return Partial(prepared.plan.sample).merge([*parts, worker.taken()])


# ---------------------------------------------------------------- two processes


def _together(home: Home, prepared: Prepared, scratch: Path, step: Step, processes: int) -> Result:
    context = multiprocessing.get_context("spawn")
    tasks, told = context.Queue(), context.Queue()
    order = sorted(prepared.pieces, key=lambda piece: -piece.candidates)  # the large ones first: all end together
    for piece in order:
        tasks.put(piece)
    for _ in range(processes):
        tasks.put(None)
    job = pickle.dumps((home.root, prepared.plan, prepared.details))
    workers = [
        context.Process(target=_work, args=(job, tasks, told, str(scratch), number), daemon=True)
        for number in range(processes)
    ]
    try:
        for worker in workers:
            worker.start()
        _follow(workers, told, prepared.candidates, step)
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
        for worker in workers:
            if worker.pid is not None:
                worker.join()
        for channel in (tasks, told):
            channel.cancel_join_thread()
            channel.close()
    files = sorted(scratch.glob("partial-*.arrow"))
    return Result.of(prepared.plan, Partial(prepared.plan.sample).merge(_read_partial(f, prepared.plan) for f in files))


def _follow(workers: Sequence[BaseProcess], told: Any, candidates: int, step: Step) -> None:
    """Tell how it goes until every process is done; raises what stopped one of them."""
    done, working = 0, len(workers)
    while working:
        try:
            message = told.get(timeout=1.0)
        except queue.Empty:
            step(done, candidates)
            if any(worker.exitcode not in (None, 0) for worker in workers):
                raise DataError(
                    DIED, "a process of the backtest ended before it was done",
                    hint="maybe the system killed it for want of memory", fix="run it again, for a shorter time",
                ) from None  # fmt: skip
            continue
        if isinstance(message, Exception):
            raise message
        if message is None:
            working -= 1
        else:
            done += message
            step(done, candidates)


def _work(job: bytes, tasks: Any, told: Any, scratch: str, number: int) -> None:
    """What one process does."""
    try:
        root, plan, details = pickle.loads(job)  # noqa: S301  written by our own parent
        home, worker, written = Home(root), Worker(plan, details), 0
        pa.set_cpu_count(1)
        while (piece := tasks.get()) is not None:
            for table in batches_of(home, piece):
                worker.add(table)
                told.put(count_candidates(table))
                for partial in worker.overflow():
                    _write_partial(partial, Path(scratch) / f"partial-{number}-{written:06d}.arrow")
                    written += 1
        _write_partial(worker.taken(), Path(scratch) / f"partial-{number}-{written:06d}.arrow")
        told.put(None)
    except AedileError as error:
        told.put(error)
    except KeyboardInterrupt:  # the parent is stopped as well, and ends this process
        time.sleep(60)


def count_candidates(table: pa.Table) -> int:
    """Candidates of logged decisions."""
    lists = table["candidates"]
    return sum(len(chunk.flatten()) for chunk in lists.chunks)


def _write_partial(partial: Partial, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, PARTIALS) as writer:
        for batch in partial.to_batches():
            writer.write_batch(batch)


def _read_partial(path: Path, plan: Plan) -> Partial:
    with pa.memory_map(str(path)) as file:
        return from_table(pa.ipc.open_file(file).read_all(), plan.sample)
