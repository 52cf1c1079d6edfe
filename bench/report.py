"""How are the benchmark's figures shown?"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from bench.measure import BatchCell, RequestCell

SAMPLES_FOR_P99 = 100

NOTES = (
    "One core, one thread. A request has 500 candidates; shopper, time, market, channel, candidates are always fresh.",
    "aedile gets ids and does all the rest; peers are handed rows, programs and the strategies in scope ready-made.",
    "Engines in C++ and Rust get up to 200 conditions packed into one program, much faster than one call each.",
    "Batch: every item under one request, all strategies whatever their scope, matches counted by strategy.",
    "ours ×: how many times as fast aedile is.  ~: extrapolated from what was done within the budget.",
    f"p99 only from {SAMPLES_FOR_P99} requests on.",
)


def table_of(
    engines: Sequence[str],
    sizes: Sequence[int],
    requests: Mapping[tuple[str, int], RequestCell],
    batches: Mapping[tuple[str, int], BatchCell],
    items: int,
    ours: str,
) -> Table:
    """One row for each engine and number of strategies."""
    table = Table(title=f"Strategies over a catalogue of {items:,} items", title_justify="left")
    table.add_column("strategies", justify="right", no_wrap=True)
    table.add_column("engine", no_wrap=True)
    for heading in ("candidates/s", "p50 ms", "p99 ms", "ours ×", "batch s", "ours ×"):
        table.add_column(heading, justify="right", no_wrap=True)
    for size in sizes:
        for engine in engines:
            cells = _request_cells(requests.get((engine, size)), requests.get((ours, size)))
            cells += _batch_cells(batches.get((engine, size)), batches.get((ours, size)))
            style = "bold" if engine == ours else None
            table.add_row(f"{size:,}", engine, *cells, style=style, end_section=engine == engines[-1])
    return table


def _request_cells(cell: RequestCell | None, ours: RequestCell | None) -> list[str]:
    if cell is None:
        return ["–"] * 4
    mark = "~" if cell.cut_short else ""
    rate = cell.candidates_per_second
    p99 = f"{cell.percentile(0.99) * 1e3:,.3f}" if len(cell.seconds) >= SAMPLES_FOR_P99 else "–"
    p50 = f"{mark}{_figure(cell.percentile(0.5) * 1e3)}"
    return [f"{mark}{rate:,.0f}", p50, p99, _ratio(ours.candidates_per_second / rate if ours else None)]


def _batch_cells(cell: BatchCell | None, ours: BatchCell | None) -> list[str]:
    if cell is None:
        return ["–"] * 2
    mark = "~" if cell.cut_short else ""
    return [f"{mark}{_figure(cell.seconds)}", _ratio(cell.seconds / ours.seconds if ours else None)]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def check_line(cells: Sequence[RequestCell | BatchCell], engines: int) -> str:
    """Said only when nothing disagreed: the first wrong bit ends the run."""
    compared = sum(cell.compared for cell in cells)
    return f"Checked: {engines} engines agree in all {len(cells)} cells; {compared:,} verdict bits compared."


def as_json(
    requests: Mapping[tuple[str, int], RequestCell], batches: Mapping[tuple[str, int], BatchCell]
) -> dict[str, list[dict[str, Any]]]:
    """All figures, unrounded."""
    return {
        "requests": [
            {
                "engine": engine,
                "strategies": size,
                "requests": len(cell.seconds),
                "candidates_per_second": cell.candidates_per_second,
                "p50_seconds": cell.percentile(0.5),
                "p99_seconds": cell.percentile(0.99),
                "extrapolated": cell.cut_short,
                "bits_compared": cell.compared,
            }
            for (engine, size), cell in requests.items()
        ],
        "batches": [
            {"engine": engine, "of": size, **dataclasses.asdict(cell)} for (engine, size), cell in batches.items()
        ],
    }
