"""What do the engines of the benchmark work on?

A catalogue of items, strategies over 25 features, and fresh requests of 500 candidates: all from seeds.
`make_strategies(n)` is a prefix of `make_strategies(m)` for n < m, and `make_catalogue(n)` holds the ids
`item-000000000` to `item-<n - 1>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import features as f
from bench.catalogue import NOW, Catalogue, item_ids, make_catalogue
from bench.strategies import BenchStrategy, make_cases

CANDIDATES = 500

__all__ = [
    "CANDIDATES",
    "NOW",
    "BenchRequest",
    "BenchStrategy",
    "Catalogue",
    "make_cases",
    "make_catalogue",
    "make_requests",
    "make_schema",
    "make_strategies",
]


def make_strategies(n: int, seed: int = 1) -> list[dict[str, Any]]:
    """n strategies in the shape of the project's YAML files."""
    return [case.strategy for case in make_cases(n, seed)]


def make_schema() -> dict[str, Any]:
    """The features in the shape of `schema.yaml`."""
    item = {"meaning": "A product listing.", "features": _described("item")}
    return {"entities": {"item": item, "request": {"features": _described("request")}}}


def _described(entity: str) -> dict[str, dict[str, str]]:
    features: dict[str, dict[str, str]] = {}
    for feature in f.FEATURES:
        if feature.entity == entity:
            described = {"type": feature.type, "meaning": feature.meaning}
            described["missing"] = "allowed" if feature.missing else "never"
            if feature.unit is not None:
                described["unit"] = feature.unit
            features[feature.name.partition(".")[2]] = described
    return features


@dataclass(frozen=True, slots=True, eq=False)
class BenchRequest:
    """One request: a shopper, a moment, and the candidates' ids with scores.

    time: microseconds since 1970 in UTC. context: the request's features by full name, without those that are missing.
    rows: the candidates' positions in the catalogue, for peers that know no ids.
    """

    id: str
    market: str
    channel: str
    time: int
    shopper: str
    context: Mapping[str, Any]
    ids: list[str]
    scores: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """The request as JSON, one line of a requests file."""
        moment = datetime.fromtimestamp(self.time / 1_000_000, UTC)
        return {
            "id": self.id,
            "market": self.market,
            "channel": self.channel,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "shopper": self.shopper,
            "context": dict(self.context),
            "candidates": [{"id": i, "score": s} for i, s in zip(self.ids, self.scores.tolist(), strict=True)],
        }

    def values(self) -> dict[str, Any]:
        """What a condition may read of the request: context and built-ins; what is missing is None."""
        missing = {feature.name: None for feature in f.REQUEST_FEATURES}
        built_in = {"request.market": self.market, "request.channel": self.channel, "request.time": self.time}
        return missing | dict(self.context) | built_in


def make_requests(k: int, items: int, seed: int = 3, candidates: int = CANDIDATES) -> list[BenchRequest]:
    """k requests, each with fresh shopper, moment, market, channel and distinct candidates out of `items` items."""
    rng = np.random.default_rng([seed, 1])
    return [_make_request(rng, number, items, candidates) for number in range(k)]


def _make_request(rng: np.random.Generator, number: int, items: int, candidates: int) -> BenchRequest:
    rows = rng.choice(items, min(candidates, items), replace=False)
    context: dict[str, Any] = {
        "request.budget": float(round(rng.lognormal(3.5, 0.9))),
        "request.max_days": int(rng.integers(1, 15)),
        "request.segment": str(rng.choice(f.SEGMENTS)),
        "request.favourite_brand": f.BRANDS[int(rng.integers(0, 40))],
        "request.returning": bool(rng.random() < 0.6),
    }
    for feature in f.REQUEST_FEATURES:
        if rng.random() < feature.missing:
            del context[feature.name]
    return BenchRequest(
        id=f"request-{number:06d}",
        market=str(rng.choice(f.MARKETS)),
        channel=str(rng.choice(f.CHANNELS)),
        time=NOW + int(rng.integers(0, 30 * 86_400)) * 1_000_000,
        shopper=f"shopper-{int(rng.integers(0, 10**9)):09d}",
        context=context,
        ids=item_ids(rows).to_pylist(),
        scores=np.round(rng.gamma(2.0, 1.5, len(rows)), 4),
        rows=rows,
    )
