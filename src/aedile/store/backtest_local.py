"""How does a backtest run on this machine? Two processes, piece after piece, in bounded memory.

Both sides are compiled once; each process keeps its sums, and writes them aside when it is done, or when tables grow
too large. Whatever happens, the scratch folder goes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from aedile.backtest import Partial, Plan, Result, Worker, write_catalogue
from aedile.backtest.plan import Side
from aedile.backtest.timeline import bad_updates
from aedile.engine.entities import Entities
from aedile.errors import define
from aedile.store.backtest_crew import crew
from aedile.store.backtest_details import details as read_details
from aedile.store.backtest_facts import batches_of, examination, updates
from aedile.store.backtest_tasks import Piece, count_candidates, pieces
from aedile.store.home import Home

CANCELLED = define("AED-DATA-123", "A backtest was stopped before it was done.", "Ctrl-C during `aedile backtest`")

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


def pieces_of(home: Home, asked: Asked, scratch: Path) -> list[Piece]:
    """What is to be read."""
    return pieces(home, scratch, since=asked.since, until=asked.until, markets=asked.markets)


def prepare(home: Home, asked: Asked, entities: Iterable[Entities], scratch: Path, found: Sequence[Piece]) -> Prepared:
    """All else that the work needs, written into the scratch folder or read. found: what `pieces_of` says."""
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
    """The result, worked out on this machine. entities: an iterator is not held while the work is done."""
    with scratch_folder(home) as scratch:
        found = pieces_of(home, asked, scratch)
        if processes == 1 or len(found) < 2 or sum(piece.candidates for piece in found) < FEW:
            prepared = prepare(home, asked, entities, scratch, found)
            step(0, prepared.candidates)
            return Result.of(prepared.plan, work_alone(home, prepared, found, step))
        with crew(scratch, processes) as others:
            prepared = prepare(home, asked, entities, scratch, found)
            step(0, prepared.candidates)
            done = 0
            for count in others.work(home, prepared.plan, prepared.details, found):
                done += count
                step(done, prepared.candidates)
            most = prepared.plan.sample
            return Result.of(prepared.plan, Partial(most).merge(others.partials(most)))


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
