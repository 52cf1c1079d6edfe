"""How fast is aedile beside its peers? `python -m bench.run` prints one table, all of it from one run.

Every engine works on the same data, on one core, and every answer is compared.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from bench.measure import (
    BatchCell,
    Reference,
    RequestCell,
    batch_by_peer,
    measure_batch,
    measure_requests,
    requests_by_peer,
)
from bench.peers import PEERS, load_peer
from bench.peers.base import RequestPeer
from bench.report import NOTES, as_json, check_line, table_of
from bench.workload import make_cases, make_catalogue, make_requests

#: Read by the engines when they are first imported; none of them is before `main` runs.
ONE_THREAD = {
    "POLARS_MAX_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
SIZES = (10, 100, 1_000, 10_000)
REQUESTS = 502
OURS = "aedile"
ENGINES = (OURS, *PEERS)
PARTS = ("request", "batch", "details")
WIDTH = 120
"""Columns of the output where it is not a terminal's."""
DETAILS_AT = 1_000
"""The number of strategies the figures of ours alone are taken at."""


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 items, up to 1,000 strategies, 3 s a cell")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas: request, batch, details")
    parser.add_argument("--engines", help=f"engines, separated by commas: {', '.join(ENGINES)}; default: all")
    parser.add_argument("--sizes", help="numbers of strategies, separated by commas")
    parser.add_argument("--items", type=int, help="items in the catalogue")
    parser.add_argument("--budget", type=float, help="seconds a cell may take")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    options = parser.parse_args(argv)
    options.items = options.items or (100_000 if options.quick else 1_000_000)
    options.budget = options.budget or (3.0 if options.quick else 60.0)
    sizes = SIZES[:-1] if options.quick else SIZES
    options.sizes = [int(size) for size in options.sizes.split(",")] if options.sizes else list(sizes)
    options.only = _chosen(parser, options.only, PARTS)
    options.engines = _chosen(parser, options.engines or ",".join(ENGINES), ENGINES)
    return options


def _chosen(parser: argparse.ArgumentParser, text: str, known: Sequence[str]) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in known:
            parser.error(f"there is no {name!r}, but {', '.join(known)}")
    return names


def use_one_core() -> None:
    """One core and one thread for all; before any engine is imported."""
    os.environ.update(ONE_THREAD)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Run:
    """All cells of one run over one catalogue and one sequence of requests."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.catalogue = make_catalogue(options.items)
        self.requests = make_requests(REQUESTS, options.items)
        self.request_cells: dict[tuple[str, int], RequestCell] = {}
        self.batch_cells: dict[tuple[str, int], BatchCell] = {}
        self.details: Table | None = None
        self.log = Console(stderr=True)

    def size(self, size: int) -> None:
        """Every engine with this many strategies."""
        reference = Reference(make_cases(size), self.catalogue)
        for engine in self.options.engines:
            started = time.perf_counter()
            if engine == OURS:
                self._ours(size, reference)
            else:
                self._peer(engine, size, reference)
            self.log.print(f"{size:,} strategies, {engine}: {time.perf_counter() - started:.1f} s with preparation")

    def _peer(self, engine: str, size: int, reference: Reference) -> None:
        peer, cases, budget = load_peer(engine), reference.cases, self.options.budget
        if "request" in self.options.only and isinstance(peer, RequestPeer):
            answer = requests_by_peer(peer, cases, self.catalogue)
            cell = measure_requests(engine, answer, self.requests, reference, budget)
            self.request_cells[engine, size] = cell
        if "batch" in self.options.only:
            run = batch_by_peer(peer, cases, self.catalogue)
            self.batch_cells[engine, size] = measure_batch(engine, run, self.requests[0], reference, budget)

    def _ours(self, size: int, reference: Reference) -> None:
        from bench.ours import Ours

        ours, budget = Ours(reference.cases, self.catalogue), self.options.budget
        if "request" in self.options.only:
            self.request_cells[OURS, size] = measure_requests(OURS, ours.answer, self.requests, reference, budget)
        if "batch" in self.options.only:
            self.batch_cells[OURS, size] = measure_batch(OURS, ours.batch, self.requests[0], reference, budget)
        if "details" in self.options.only and size == DETAILS_AT:
            self.details = self._details(ours)

    def _details(self, ours: Any) -> Table:
        from bench.ours import details

        table = Table(title=f"aedile alone, {DETAILS_AT:,} strategies", title_justify="left")
        for heading in ("what", "figure", "target"):
            table.add_column(heading)
        for detail in details(ours, self.requests[:200]):
            table.add_row(detail.what, f"{detail.value:.3g} {detail.unit}", detail.target)
        return table


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    use_one_core()
    run = Run(options)
    for size in options.sizes:
        run.size(size)
    out = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    out.print(table_of(options.engines, options.sizes, run.request_cells, run.batch_cells, options.items, OURS))
    cells: list[RequestCell | BatchCell] = [*run.request_cells.values(), *run.batch_cells.values()]
    out.print(check_line(cells, len(options.engines)))
    for note in NOTES:
        out.print(f"  {note}")
    if run.details is not None:
        out.print(run.details)
    if options.json:
        options.json.write_text(json.dumps(as_json(run.request_cells, run.batch_cells), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
