"""How is a whole marketplace made at once? Market by market, in processes that share nothing, one file a day and kind.

Memory is that of one market's entities and of some thousand requests a process; cost is in proportion to items and
exposures. Nothing depends on how many processes there are.
"""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from aedile.errors import Place as Where
from aedile.errors import UsageError, define
from aedile.simulator import telling
from aedile.simulator.calendars import begin_of
from aedile.simulator.days import Folders, Life
from aedile.simulator.deciding import MakeLog
from aedile.simulator.known import COLUMNS, Known, as_table, campaigns_table, ids_of
from aedile.simulator.market import make_place
from aedile.simulator.naming import Pseudonyms
from aedile.simulator.parameters import World
from aedile.simulator.writing import merge, write_table

THERE = define(
    "AED-USE-066", "Where a marketplace would be written, there is one.", "simulate marketplace into a home, twice"
)


@dataclass(frozen=True, slots=True)
class Task:
    """All that a process needs to make one market."""

    world: World
    market: int
    seed: int
    folders: Folders
    catalogue: Path
    make_log: MakeLog
    pseudonyms: Pseudonyms


@dataclass(slots=True)
class Made:
    """What was made: facts by kind, entities by kind, decisions and their candidates."""

    facts: dict[str, int] = field(default_factory=dict)
    entities: dict[str, int] = field(default_factory=dict)
    decisions: int = 0
    candidates: int = 0
    incidents: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Made) -> None:
        for mine, others in ((self.facts, other.facts), (self.entities, other.entities)):
            for kind, count in others.items():
                mine[kind] = mine.get(kind, 0) + count
        self.decisions += other.decisions
        self.candidates += other.candidates
        self.incidents += other.incidents


def make_marketplace(
    world: World, seed: int, folders: Folders, catalogue: Path, *, make_log: MakeLog, pseudonyms: Pseudonyms,
    processes: int = 2, tell: Callable[[str], None] = lambda _: None,
) -> Made:  # fmt: skip
    """Make it all. tell: called with the code of each market that is done."""
    require_free(folders)
    for folder in (folders.facts, folders.decisions, folders.truth, catalogue):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tasks = [
        Task(world, number, seed, folders, catalogue, make_log, pseudonyms) for number in range(len(world.markets))
    ]
    found: dict[int, Made] = {}
    if processes == 1:
        for task in tasks:
            found[task.market] = live(task)
            tell(world.markets[task.market].code)
    else:
        largest = sorted(tasks, key=lambda task: -world.markets[task.market].share)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(processes, len(tasks)), context, initializer=_alone) as pool:
            running = {pool.submit(live, task): task.market for task in largest}
            for done in as_completed(running):
                found[running[done]] = done.result()
                tell(world.markets[running[done]].code)
    made = Made()
    for number in sorted(found):
        made.add(found[number])
    _gather(world, folders, catalogue)
    telling.write_world(folders.truth, world, seed, made.incidents)
    return made


def require_free(folders: Folders) -> None:
    """A `UsageError` where facts were simulated before: two marketplaces would become one."""
    for folder in (folders.facts, folders.decisions / "brief"):
        found = next(folder.rglob("sim-*.parquet"), None) if folder.is_dir() else None
        if found is not None:
            raise UsageError(
                THERE,
                "a simulated marketplace is there already",
                place=Where(str(found)),
                hint="two of them would be mixed up",
                fix="name another folder, or delete the files that begin with sim-",
            )


def _alone() -> None:
    """A process is one of several: it computes in one thread."""
    pa.set_cpu_count(1)


def live(task: Task) -> Made:
    """Make a market and live through its days."""
    place = make_place(task.world, task.world.markets[task.market], task.seed)
    made = Made(incidents=telling.incidents(place))
    known = Known.at_first(place)
    first = begin_of(task.world.start, place.market.zone)
    for kind in COLUMNS:
        rows = np.arange(len(ids_of(place, kind)))
        as_of = np.maximum(place.items.listed, first) if kind == "item" else np.full(len(rows), first)
        write_table(as_table(known, kind, rows, as_of), _aside(task.catalogue, kind, task.market))
        made.entities[kind] = len(rows)
    write_table(campaigns_table(place, first), _aside(task.catalogue, "campaign", task.market))
    made.entities["campaign"] = len(place.campaigns.names)
    for name, table in telling.TABLES.items():
        write_table(table(place), _aside(task.folders.truth, name, task.market))
    life = Life(place, task.folders, task.make_log, task.pseudonyms)
    for _ in life.days():
        pass
    made.facts, made.decisions, made.candidates = life.facts.counts, life.decisions, life.candidates
    return made


def _aside(folder: Path, name: str, market: int) -> Path:
    return folder / ".parts" / f"{name}-{market:03d}.parquet"


def _gather(world: World, folders: Folders, catalogue: Path) -> None:
    """One file a kind, its markets in the world's order."""
    markets = range(len(world.markets))
    for folder, names in ((catalogue, [*COLUMNS, "campaign"]), (folders.truth, list(telling.TABLES))):
        for name in names:
            merge([_aside(folder, name, market) for market in markets], folder / f"{name}.parquet")
        shutil.rmtree(folder / ".parts")
