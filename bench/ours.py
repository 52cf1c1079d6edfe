"""How fast is aedile itself? All that the benchmark asks of the engine stands here."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine.arrow_columns import to_column
from aedile.engine.conflicts import find_conflicts
from aedile.engine.engine import Engine
from aedile.engine.entity_layout import Target
from aedile.engine.requests import parse_request
from aedile.engine.slate import build_slate
from aedile.engine.slate_plan import CAP, SlatePlan
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import parse_strategy
from aedile.engine.verdicts import Verdicts
from aedile.language.columns import Column
from aedile.language.schema import Schema, parse_schema
from bench.features import ITEM_FEATURES
from bench.measure import Answer, settled_heap
from bench.peers.base import Clock, Counts
from bench.strategies import BenchStrategy, unscoped
from bench.workload import BenchRequest, Catalogue, make_schema

NAME = "aedile"
KIND = "item"
BLOCK = 32_768
"""Rows of a batch that are classified at a time."""


def bench_schema(*, sent: bool = False) -> Schema:
    """The workload's schema; `sent`: the items' features come with the request instead of from the catalogue."""
    described = make_schema()
    if sent:
        for feature in described["entities"][KIND]["features"].values():
            feature["source"] = "request"
    return parse_schema(json.dumps(described), "bench")


def read_cases(cases: Sequence[BenchStrategy], schema: Schema) -> list[Strategy]:
    """The strategies as the engine takes them, in the order of the cases."""
    return [parse_strategy(json.dumps(case.strategy), schema, f"{case.id}.yaml") for case in cases]


def read_columns(catalogue: Catalogue, schema: Schema) -> dict[str, Column]:
    """The items' features as the engine takes them."""
    return {
        feature.name: to_column(
            pa.chunked_array([catalogue[feature.name]]),
            Target("bench", feature.name, feature.name, schema.features[feature.name].type),
        )
        for feature in ITEM_FEATURES
    }


def request_values(engine: Engine, request: BenchRequest) -> dict[str, Any]:
    return engine.values(
        request.market,
        request.channel,
        request.time,
        id=request.id,
        shopper=request.shopper,
        context=request.context,
    )


class Ours:
    """An engine over the cases with the catalogue loaded."""

    def __init__(self, cases: Sequence[BenchStrategy], catalogue: Catalogue) -> None:
        self.cases = cases
        self.catalogue = catalogue
        self.schema = bench_schema()
        self.strategies = read_cases(cases, self.schema)
        self.columns = read_columns(catalogue, self.schema)
        started = time.perf_counter()
        self.engine = Engine(self.schema, self.strategies)
        self.compile_seconds = time.perf_counter() - started
        self.engine.load(KIND, catalogue["id"], self.columns)

    def classify(self, request: BenchRequest) -> Verdicts:
        """Ids in, verdict arrays out: what the request cell measures."""
        return self.engine.classify(KIND, request.ids, request_values(self.engine, request))

    def answer(self, request: BenchRequest, clock: Clock) -> Answer:
        with clock.running():
            verdicts = self.classify(request)
        given = partial(fired_bits, verdicts, self.engine, self.cases)
        return Answer(given, np.arange(len(self.cases)), 1.0)

    def batch(self, request: BenchRequest, clock: Clock) -> Counts:
        """Entities that the engine has not seen, in columns; it is compiled ahead, without scopes."""
        schema = bench_schema(sent=True)
        engine = Engine(schema, read_cases([unscoped(case) for case in self.cases], schema))
        values = request_values(engine, request)
        total = len(self.catalogue["id"])
        ids = self.catalogue["id"].to_pylist()
        counts = np.zeros(len(self.cases), np.int64)
        for start in range(0, total, BLOCK):
            stop = min(start + BLOCK, total)
            sent = read_columns({k: v.slice(start, stop - start) for k, v in self.catalogue.items()}, schema)
            with clock.running():
                fired = engine.fire(KIND, ids[start:stop], values, sent)
            counts += _in_order(_count_bits(fired), engine, self.cases)
            if clock.is_over:
                return Counts(counts, stop)
        return Counts(counts, total)


def fired_bits(verdicts: Verdicts, engine: Engine, cases: Sequence[BenchStrategy]) -> npt.NDArray[np.bool_]:
    """bool (n, cases): live, canary and shadow strategies alike."""
    bits = np.zeros((len(verdicts), len(engine.strategies)), np.bool_)
    for offsets, numbers in (
        (verdicts.fired_offsets, verdicts.fired),
        (verdicts.shadow_offsets, verdicts.shadow),
    ):
        bits[np.repeat(np.arange(len(verdicts)), np.diff(offsets)), numbers] = True
    return bits[:, _places(engine, cases)]


def _places(engine: Engine, cases: Sequence[BenchStrategy]) -> npt.NDArray[np.int64]:
    """The engine's number of each case."""
    number = {strategy.id: place for place, strategy in enumerate(engine.strategies)}
    return np.array([number[case.id] for case in cases])


def _in_order(counts: npt.NDArray[np.int64], engine: Engine, cases: Sequence[BenchStrategy]) -> npt.NDArray[np.int64]:
    return counts[_places(engine, cases)]


def _count_bits(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """How many rows have each bit: (n, words) → (64 × words,). Adds a few rows at a time as bytes."""
    counts = np.zeros(words.shape[1] * 64, np.int64)
    for start in range(0, len(words), 255):
        bits = np.unpackbits(words[start : start + 255].view(np.uint8), axis=1, bitorder="little")
        counts += bits.sum(axis=0, dtype=np.uint8)
    return counts


@dataclass(frozen=True, slots=True)
class Detail:
    """A figure of ours alone, in its unit, beside its target."""

    what: str
    value: float
    unit: str
    target: str


def details(ours: Ours, requests: Sequence[BenchRequest]) -> Iterator[Detail]:
    """Everything the table of peers does not show."""
    yield Detail("compile all strategies", ours.compile_seconds, "s", "≤ 1 s at 1,000")
    yield Detail(
        "take one strategy out", _best(lambda: ours.engine.replace(ours.strategies[1:])) * 1e3, "ms", "≤ 50 ms"
    )
    smaller = ours.engine.replace(ours.strategies[:-1])
    yield Detail("add one strategy", _best(lambda: smaller.replace(ours.strategies)) * 1e3, "ms", "≤ 50 ms")
    yield Detail("refresh 1,000 items", _refresh_seconds(ours) * 1e3, "ms", "≤ 5 ms")
    yield Detail("beside its features, an item takes", ours.engine.nbytes / len(ours.catalogue["id"]), "bytes", "≤ 60")
    one = [_timed(_classify_one, ours, request) for request in requests]
    yield Detail("one entity, p99", _percentile(one, 0.99) * 1e3, "ms", "≤ 0.3 ms")
    yield Detail("conflicts of all pairs", _timed(find_conflicts, ours.strategies, ours.schema), "s", "≤ 2 s at 1,000")
    yield from _slates(ours, requests)
    yield from _sent(ours, requests)


def _classify_one(ours: Ours, request: BenchRequest) -> Verdicts:
    return ours.engine.classify(KIND, request.ids[:1], request_values(ours.engine, request))


def _refresh_seconds(ours: Ours) -> float:
    """New values for 1,000 items, every time others: the 1,000 after them, taken as theirs."""
    times = []
    for start in range(0, len(ours.catalogue["id"]) - 2_000, max(len(ours.catalogue["id"]) // 10, 1)):
        part = {name: column.slice(start + 1_000, 1_000) for name, column in ours.catalogue.items()}
        ids, columns = ours.catalogue["id"].slice(start, 1_000), read_columns(part, ours.schema)
        times.append(_timed(ours.engine.put, KIND, ids, columns))
    return _percentile(times, 0.5)


def _slates(ours: Ours, requests: Sequence[BenchRequest]) -> Iterator[Detail]:
    actions = [strategy.action for strategy in ours.engine.strategies]
    plan = SlatePlan.of(actions)
    caps = np.flatnonzero(plan.kind == CAP)
    jobs = []
    for request in requests:
        brands = ours.catalogue["item.brand"].take(pa.array(request.rows)).indices.fill_null(-1).to_numpy()
        keys = dict.fromkeys(caps.tolist(), brands.astype(np.int64))
        jobs.append((partial(build_slate, keys=keys), request.scores, request.ids, ours.classify(request), plan))
    with settled_heap():
        times = [_timed(*job) for job in jobs]
    yield Detail("slate of 500 on top, p50", _percentile(times, 0.5) * 1e3, "ms", "≤ 0.3 ms")
    yield Detail("slate of 500 on top, p99", _percentile(times, 0.99) * 1e3, "ms", "")


def _sent(ours: Ours, requests: Sequence[BenchRequest]) -> Iterator[Detail]:
    """Features that come with the request: as Arrow, and inside the request's JSON."""
    schema = bench_schema(sent=True)
    engine = Engine(schema, read_cases(ours.cases, schema))
    parts = [
        {name: column.take(pa.array(request.rows)) for name, column in ours.catalogue.items()} for request in requests
    ]
    lines = [json.dumps(_with_features(request, part)) for request, part in zip(requests, parts, strict=True)]
    size = sum(len(request.ids) for request in requests)
    with settled_heap():
        arrow = sum(
            _timed(_classify_arrow, engine, request, request_values(engine, request), part, schema)
            for request, part in zip(requests, parts, strict=True)
        )
        parsed = sum(_timed(_classify_json, engine, line, schema) for line in lines)
    yield Detail("features sent as Arrow", size / arrow / 1e6, "M candidates/s", "≥ 1.5 M/s")
    yield Detail("features sent as JSON", size / parsed / 1e6, "M candidates/s", "reported")


def _classify_arrow(
    engine: Engine, request: BenchRequest, values: Mapping[str, Any], part: Catalogue, schema: Schema
) -> Verdicts:
    return engine.classify(KIND, request.ids, values, read_columns(part, schema))


def _with_features(request: BenchRequest, part: Mapping[str, pa.Array]) -> dict[str, Any]:
    """The request as JSON with all features of its candidates; times as the language's text."""
    data = request.to_dict()
    columns = {name: _as_json(column) for name, column in part.items() if name != "id"}
    for place, candidate in enumerate(data["candidates"]):
        candidate["features"] = {name: values[place] for name, values in columns.items() if values[place] is not None}
    return data


def _as_json(column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        return [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in column.to_pylist()]
    if pa.types.is_duration(column.type):
        return [None if span is None else f"{int(span.total_seconds())}s" for span in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values


def _classify_json(engine: Engine, line: str, schema: Schema) -> Verdicts:
    request = parse_request(line, schema)
    values = engine.values(
        request.market,
        request.channel,
        request.time,
        id=request.id,
        shopper=request.shopper,
        context=request.context,
    )
    return engine.classify(KIND, request.candidates.ids, values, request.candidates.features)


def _timed(run: Callable[..., object], *arguments: Any) -> float:
    started = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - started


def _best(run: Callable[[], object], times: int = 5) -> float:
    gc.collect()
    return min(_timed(run) for _ in range(times))


def _percentile(times: Sequence[float], share: float) -> float:
    return float(np.quantile(times, share))
