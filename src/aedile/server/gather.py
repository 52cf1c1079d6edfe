"""How does the whole server stand? Gathered from what its processes wrote down of themselves."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aedile.server.stats import OF_STRATEGY, STALE, quantile
from aedile.store.board import read_board

SUFFIX = ".board"


def files_of_workers(folder: Path) -> list[dict[str, Any]]:
    """What each worker that is alive last wrote, by number."""
    found = []
    for path in folder.glob(f"[0-9]*{SUFFIX}"):
        told = read_board(path)
        if told is not None and time.time() - told["at"] <= STALE:
            found.append(told)
    return sorted(found, key=lambda told: int(told["worker"]))


def keeper_file(folder: Path) -> dict[str, Any] | None:
    """What the keeper last wrote; None where there is none."""
    return read_board(board_of(folder, "keeper"))


def board_of(folder: Path, process: int | str) -> Path:
    """Where a worker, by its number, or the keeper says how it stands."""
    return folder / f"{process}{SUFFIX}"


def gathered(folder: Path) -> dict[str, Any]:
    """All workers' counts together, beside each worker's standing: what the page shows.

    requests, candidates, excluded: since the workers started. rates: [time, requests a second, candidates a second] of
    the last minute. p50_ms, p99_ms: of the last ten seconds, null without decisions. strategies: id → counts, in the
    order of `columns`.
    """
    workers, keeper = files_of_workers(folder), keeper_file(folder)
    recent = _added(worker["recent"] for worker in workers)
    p50, p99 = quantile(recent, 0.5), quantile(recent, 0.99)
    newest = max(workers, key=lambda worker: (worker["release"] or {}).get("number", 0), default={})
    return {
        "at": time.time(),
        "release": newest.get("release"),
        "requests": sum(worker["requests"] for worker in workers),
        "candidates": sum(worker["candidates"] for worker in workers),
        "excluded": sum(worker["excluded"] for worker in workers),
        "rates": _rates(workers),
        "p50_ms": None if p50 is None else round(1000 * p50, 3),
        "p99_ms": None if p99 is None else round(1000 * p99, 3),
        "columns": list(OF_STRATEGY),
        "strategies": _strategies(workers),
        "refusals": _summed(worker["refusals"] for worker in workers),
        "unknown": _pairs(worker["unknown"] for worker in workers),
        "places": _pairs(worker["places"] for worker in workers),
        "muted": newest.get("muted", {}),
        "alerts": newest.get("alerts", []),
        "killed": newest.get("killed"),
        "described": newest.get("described", {}),
        "log": _summed([*(worker["log"] for worker in workers), (keeper or {}).get("log", {})]),
        "workers": [_standing(worker) for worker in workers],
        "keeper": keeper,
    }


def _standing(worker: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "worker",
        "pid",
        "at",
        "started",
        "requests",
        "release",
        "refused",
        "log",
        "entities",
        "resident",
        "trouble",
    )
    return {name: worker.get(name) for name in names}


def _added(rows: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


def _summed(counts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in counts:
        for name, count in one.items():
            found[name] = found.get(name, 0) + count
    return found


def _pairs(lists: Iterable[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """[a, b, count] of all lists, summed by (a, b), the most first."""
    found: dict[tuple[str, str], int] = {}
    for entries in lists:
        for first, second, count in entries:
            found[first, second] = found.get((first, second), 0) + count
    return [[*pair, count] for pair, count in sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))]


def _strategies(workers: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for worker in workers:
        for id_, counts in worker["strategies"].items():
            found[id_] = _added((found[id_], counts)) if id_ in found else counts
    return found


def _rates(workers: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """The workers' rates second by second, added up: each writes once a second, at its own moment of it."""
    seconds: dict[int, list[float]] = {}
    for worker in workers:
        for at, requests, candidates in worker["rates"]:
            entry = seconds.setdefault(int(at), [int(at), 0.0, 0.0])
            entry[1] += requests
            entry[2] += candidates
    return [seconds[second] for second in sorted(seconds)][-60:]
