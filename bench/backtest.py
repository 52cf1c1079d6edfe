"""How fast is a backtest? A made log of millions of candidates, decided by a thousand strategies before and after.

    python -m bench.backtest                      # 10 M candidates, 1,000 strategies, a catalogue of a million
    python -m bench.backtest --candidates 1000000 --profile

The log is written once into a folder and kept there; what is timed is the whole of `run_local`, from the files on disk
to the result, with the processes' start and the compiling of both sides told apart.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import json
import os
import pstats
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.backtest.plan import Side
from aedile.engine.entities import Entities
from aedile.store.backtest_facts import batches_of
from aedile.store.backtest_local import Asked, pieces_of, prepare, run_local, scratch_folder
from aedile.store.decision_batch import CANDIDATE, DECISIONS
from aedile.store.home import Home
from aedile.store.seal import _OPTIONS, BRIEF, _write
from bench import features as f
from bench.catalogue import item_ids
from bench.ours import bench_schema, read_cases, read_columns
from bench.workload import NOW, make_cases, make_catalogue

#: Candidates of a request, of whom so many are answered; requests of a file.
SIZE, PAGE, FILE = 200, 20, 5_000


def make_log(home: Home, candidates: int, items: int, seed: int = 5) -> None:
    """A sealed log of so many candidates, over three days and all markets."""
    rng, left, number = np.random.default_rng(seed), candidates // SIZE, 0
    while left > 0:
        count = min(FILE, left)
        day = number % 3
        market = str(f.MARKETS[number % len(f.MARKETS)])
        table = _decisions(rng, count, number, market, NOW + day * 86_400_000_000, items)
        date = time.strftime("%Y-%m-%d", time.gmtime((NOW + day * 86_400_000_000) / 1e6))
        path = (
            home.decisions / BRIEF / f"date={date}" / f"market={market}" / f"bench-{number:010d}-{number:010d}.parquet"
        )
        _write(table, path, _OPTIONS)
        left, number = left - count, number + 1


def _decisions(rng: np.random.Generator, count: int, number: int, market: str, start: int, items: int) -> pa.Table:
    n = count * SIZE
    # Distinct within a request: a random start and steps through the catalogue.
    rows = (
        rng.integers(0, items, count)[:, None] + np.cumsum(rng.integers(1, items // SIZE, (count, SIZE)), 1)
    ) % items
    scores = np.sort(np.round(rng.gamma(2.0, 1.5, (count, SIZE)), 4), axis=1)[:, ::-1]
    places = np.tile(np.arange(1, SIZE + 1, dtype=np.int32), count)
    times = np.sort(start + rng.integers(0, 86_000, count) * 1_000_000)
    none = pa.ListArray.from_arrays(pa.array(np.zeros(n + 1, np.int32)), pa.array([], pa.string()))
    values = {
        "kind": pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int8)), pa.array(["item"])),
        "id": item_ids(rows.reshape(-1)).cast(pa.string()),
        "rank_before": pa.array(places), "rank_after": pa.array(places),
        "score": pa.array(scores.reshape(-1)), "multiplier": pa.array(np.ones(n)), "badges": none,
    }  # fmt: skip
    fields = [
        values[field.name] if field.name in values
        else pa.nulls(n, field.type) if field.nullable
        else pa.ListArray.from_arrays(
            pa.array(np.zeros(n + 1, np.int32)),
            pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([""])),
        )
        for field in CANDIDATE
    ]  # fmt: skip
    lists = pa.ListArray.from_arrays(
        pa.array(np.arange(count + 1, dtype=np.int32) * SIZE),
        pa.StructArray.from_arrays(fields, fields=list(CANDIDATE)),
    )
    page = pa.ListArray.from_arrays(
        pa.array(np.arange(count + 1, dtype=np.int32) * PAGE), pa.array(np.tile(np.arange(PAGE, dtype=np.int32), count))
    )
    moments = pa.array(times).cast(pa.timestamp("us", "UTC"))
    channels = pa.array(rng.choice(f.CHANNELS, count))
    shoppers = pa.array([f"shopper-{one}" for one in rng.integers(0, 10**6, count)])
    columns = [
        pa.array([f"request-{number:05d}-{one:06d}" for one in range(count)]), moments,
        pa.array([1] * count, pa.int64()),
        pa.array([market] * count), channels, moments, shoppers, pa.nulls(count, pa.string()), page, lists,
    ]  # fmt: skip
    return pa.Table.from_arrays(
        [
            column.cast(field.type) if field.name != "candidates" else column
            for column, field in zip(columns, DECISIONS, strict=True)
        ],
        schema=DECISIONS,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=10_000_000)
    parser.add_argument("--strategies", type=int, default=1_000)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/aedile-bench-backtest"))
    parser.add_argument("--logged", action="store_true", help="compare with what was logged, not with a release")
    parser.add_argument("--profile", action="store_true", help="one process, and where its time goes")
    asked = parser.parse_args()
    home = Home(asked.folder / f"{asked.candidates}-{asked.items}")
    if not home.root.exists():
        make_log(home.prepare(), asked.candidates, asked.items)
    schema = bench_schema()
    strategies = read_cases(make_cases(asked.strategies, 1), schema)
    catalogue = make_catalogue(asked.items)
    entities = [Entities("item", item_ids(np.arange(asked.items)), read_columns(catalogue, schema))]
    del catalogue
    before = Side("before", schema, tuple(strategies), {}, 1)
    after = Side("draft", schema, (*strategies[:-2], replace(strategies[-2], tier=strategies[0].tier, rank=-1)), {})
    what = Asked(None if asked.logged else before, after, by=("item.brand", "item.category"))
    if asked.profile:
        _profiled(home, what, entities)
        return
    batches: list[float] = []

    def step(done: int, _total: int) -> None:
        if done:
            batches.append(time.perf_counter())

    before_it = _mib_of_all()
    began = time.perf_counter()
    with Watched() as watched:
        result = run_local(home, what, iter(entities), step, asked.processes)
    ended = time.perf_counter()
    count = result.to_json()["total"]["candidates"]
    print(json.dumps({
        "candidates": count, "strategies": asked.strategies, "items": asked.items, "processes": asked.processes,
        "seconds": round(ended - began, 2),
        "seconds_to_the_first_batch": round(batches[0] - began, 2),
        "seconds_from_the_first_batch_to_the_last": round(batches[-1] - batches[0], 2),
        "seconds_after_the_last_batch": round(ended - batches[-1], 2),
        "candidates_a_second": round(count / (ended - began)),
        "candidates_a_second_from_the_first_batch_to_the_last": round(count / (batches[-1] - batches[0])),
        "mib_before": round(before_it), "peak_mib_of_all_processes": round(watched.peak),
    }, indent=1))  # fmt: skip


def _mib_of_all() -> float:
    """Memory of this process and of all below it, what they share counted once."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    mine, kib = [os.getpid()], 0
    for pid in mine:
        mine += children.get(pid, [])
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            kib += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return kib / 1024


class Watched:
    """Looks at the memory of all processes twice a second."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.5):
            self.peak = max(self.peak, _mib_of_all())


def _profiled(home: Home, what: Asked, entities: list[Entities]) -> None:
    from aedile.backtest import Worker

    with scratch_folder(home) as scratch:
        prepared = prepare(home, what, entities, scratch, pieces_of(home, what, scratch))
        began = time.perf_counter()
        worker = Worker(prepared.plan, prepared.details)
        tables = [table for piece in prepared.pieces[:2][:2] for table in batches_of(home, piece)]
        worker.add(tables[0])
        print(f"ready after {time.perf_counter() - began:.1f} s, {len(tables)} batches")
        profile, began, count = cProfile.Profile(time.process_time), time.process_time(), 0
        profile.enable()
        for table in tables[1:]:
            worker.add(table)
            count += pc.sum(pc.list_value_length(table["candidates"])).as_py()
        profile.disable()
        seconds = time.process_time() - began
        print(f"{count:,} candidates in {seconds:.2f} CPU s: {count / seconds:,.0f} a second")
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
