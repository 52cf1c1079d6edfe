"""What does Prometheus get to see? Every worker's counts under its own label, so that a restart resets only its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from aedile.server.gather import files_of_workers, keeper_file
from aedile.server.stats import BOUNDS, OF_STRATEGY

EXPOSITION = CONTENT_TYPE_LATEST

#: Every metric: name → (kind, labels beside `worker`, what it says).
METRICS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "aedile_requests": ("counter", ("market", "channel"), "Requests decided."),
    "aedile_candidates": ("counter", (), "Candidates decided."),
    "aedile_excluded": ("counter", (), "Candidates excluded."),
    "aedile_refused": ("counter", ("code",), "Calls refused, by the code of their first error."),
    "aedile_decision_seconds": ("histogram", (), "Time from a request's body read to its answer sent."),
    "aedile_strategy": ("counter", ("strategy", "outcome"), "Candidates by strategy and by what it did to them."),
    "aedile_unknown": (
        "counter", ("strategy", "feature"),
        "Candidates for which a strategy was unknown while the feature was; of one decision every five seconds.",
    ),
    "aedile_release": ("gauge", (), "Number of the release that decides."),
    "aedile_muted": ("gauge", ("strategy", "why"), "1 for a strategy that is off: killed, or over its budget."),
    "aedile_budget_alerts": ("gauge", (), "Strategies over their budget now."),
    "aedile_log": ("counter", ("outcome",), "Decisions for the log, by what became of them."),
    "aedile_log_waiting": ("gauge", (), "Decisions that wait in memory to be logged."),
    "aedile_entities_position": ("gauge", (), "Place in the log of entities up to which the worker has applied it."),
    "aedile_entities": ("counter", ("outcome",), "Rows of entities by what became of them."),
    "aedile_facts": ("counter", ("kind", "outcome"), "Facts that were sent: accepted or refused."),
    "aedile_resident_bytes": ("gauge", (), "Resident memory of the worker."),
    "aedile_started_seconds": ("gauge", (), "When the worker started, in seconds since 1970."),
    "aedile_keeper_postgres_up": ("gauge", (), "1 while the keeper is connected to PostgreSQL."),
    "aedile_keeper_lost": ("counter", (), "Decisions for the log that were lost because their process died."),
    "aedile_keeper_facts": (
        "counter", ("kind", "outcome"),
        "Facts that were sealed ever, came again (duplicates), or became dead letters.",
    ),
    "aedile_keeper_facts_waiting": ("gauge", (), "Facts that are accepted and not sealed yet."),
    "aedile_keeper_dead_letters": ("gauge", ("kind", "code"), "Dead letters that wait to be mended or dropped."),
    "aedile_keeper_age_seconds": ("gauge", (), "Seconds since the keeper last said how it stands."),
}  # fmt: skip

_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}


class _Gathered(Collector):
    """Reads the files of the processes anew at each scrape."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        families = {name: self._family(name) for name in METRICS}
        for worker in files_of_workers(self._folder):
            _add(families, worker)
        keeper = keeper_file(self._folder)
        if keeper is not None:
            families["aedile_keeper_postgres_up"].add_metric([], float(keeper["postgres"] == "connected"))
            families["aedile_keeper_lost"].add_metric([], keeper["log"]["lost_crash"])
            _add_facts(families, keeper.get("facts") or {})
            families["aedile_keeper_age_seconds"].add_metric([], max(0.0, time.time() - keeper["at"]))
        yield from families.values()

    @staticmethod
    def _family(name: str) -> Any:
        kind, labels, text = METRICS[name]
        own = () if name.startswith("aedile_keeper") else ("worker",)
        return _FAMILIES[kind](name, text, labels=[*own, *labels])


def _add(families: Mapping[str, Any], worker: Mapping[str, Any]) -> None:
    own = str(worker["worker"])

    def put(name: str, value: float | None, *labels: str) -> None:
        if value is not None:
            families[name].add_metric([own, *labels], value)

    for market, channel, count in worker["places"]:
        put("aedile_requests", count, market, channel)
    put("aedile_candidates", worker["candidates"])
    put("aedile_excluded", worker["excluded"])
    for code, count in worker["refusals"].items():
        put("aedile_refused", count, code)
    families["aedile_decision_seconds"].add_metric([own], _buckets(worker["latency"]), sum_value=worker["seconds"])
    for strategy, counts in worker["strategies"].items():
        for outcome, count in zip(OF_STRATEGY, counts, strict=True):
            if count:  # most strategies can have one outcome alone
                put("aedile_strategy", count, strategy, outcome)
    for strategy, feature, count in worker["unknown"]:
        put("aedile_unknown", count, strategy, feature)
    put("aedile_release", (worker["release"] or {}).get("number"))
    for strategy, why in worker["muted"].items():
        put("aedile_muted", 1, strategy, why)
    put("aedile_budget_alerts", len(worker["alerts"]))
    for outcome, count in worker["log"].items():
        if outcome == "waiting":
            put("aedile_log_waiting", count)
        else:
            put("aedile_log", count, outcome)
    put("aedile_entities_position", worker["entities"]["position"])
    for outcome, count in worker["entities"]["rows"].items():
        put("aedile_entities", count, outcome)
    for kind, outcome, count in worker.get("facts", ()):  # an older one says nothing of them
        put("aedile_facts", count, kind, outcome)
    put("aedile_resident_bytes", worker["resident"])
    put("aedile_started_seconds", worker["started"])


def _add_facts(families: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    for kind, outcome, count in facts.get("counts", ()):
        families["aedile_keeper_facts"].add_metric([kind, outcome], count)
    for kind, code, count in facts.get("dead", ()):
        families["aedile_keeper_dead_letters"].add_metric([kind, code], count)
    if "waiting" in facts:
        families["aedile_keeper_facts_waiting"].add_metric([], facts["waiting"])


def _buckets(histogram: Sequence[int]) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], histogram, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def exposition(folder: Path) -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gathered(folder))
    return generate_latest(registry)
