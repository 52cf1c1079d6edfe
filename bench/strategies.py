"""Which strategies does the benchmark run?

Conjunctions of about 4.5 literals, one in five with a choice inside, one in twenty with a literal that mixes item and
request. Constants are quantiles of the catalogue, so that a candidate fires about one strategy in a hundred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import features as f
from bench.catalogue import DAY, NOW, make_catalogue
from bench.conditions import (
    Choice,
    Compare,
    Flag,
    Holds,
    Literal,
    Member,
    Mixed,
    Param,
    Prefix,
    Present,
    Since,
    Term,
    literals_of,
)
from bench.dialect import Cel

MIXED_EACH = 20
"""Every twentieth strategy mixes item and request: 5 %."""
SAMPLE = 20_000
"""Items whose values give the quantiles."""
DIFFERING = ("item.price", "item.counterfeit_score")
"""The features whose thresholds may be parameters that differ between the markets."""
TIERS = ("legal", "safety", "quality", "experience", "growth")


@dataclass(frozen=True, slots=True)
class BenchStrategy:
    """A strategy as its YAML says it, with its condition in neutral terms for the peers."""

    strategy: dict[str, Any]
    terms: tuple[Term, ...]
    starts: int | None
    expires: int | None

    @property
    def id(self) -> str:
        return str(self.strategy["id"])

    def is_for(self, market: str, channel: str, time: int, shopper: str) -> bool:
        """Whether a request of this market, channel, moment and shopper is in the strategy's scope."""
        scope = self.strategy
        if scope["markets"] != ["all"] and market not in scope["markets"]:
            return False
        if scope["channels"] != ["all"] and channel not in scope["channels"]:
            return False
        if (self.starts is not None and time < self.starts) or (self.expires is not None and time >= self.expires):
            return False
        return scope["stage"] != "canary" or _draw(self.id, shopper) < float(scope["canary"]["share"]) * 2**64


def unscoped(case: BenchStrategy) -> BenchStrategy:
    """The same condition for every market, channel, moment and shopper, for runs over the whole catalogue."""
    dropped = ("starts", "expires", "canary")
    strategy = {key: value for key, value in case.strategy.items() if key not in dropped}
    strategy |= {"markets": ["all"], "channels": ["all"], "stage": "live"}
    params = _params(case.terms, ["all"])
    return BenchStrategy(strategy | ({"params": params} if params else {}), case.terms, None, None)


def _draw(strategy: str, unit: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{strategy}\0{unit}".encode()).digest()[:8], "big")


def make_cases(n: int, seed: int = 1) -> list[BenchStrategy]:
    """n strategies; fewer are a prefix of more."""
    return [_make_case(np.random.default_rng([seed, number]), number) for number in range(n)]


def _make_case(rng: np.random.Generator, number: int) -> BenchStrategy:
    terms = _terms(rng, mixed=number % MIXED_EACH == 7)
    name, parameters, tiers = _action(rng)
    tier = str(rng.choice(tiers))
    strategy: dict[str, Any] = {
        "id": f"{name}-{number:05d}",
        "title": f"Strategy {number} of the benchmark",
        "why": "To measure how fast strategies are decided.",
        "owner": "benchmark",
        "tier": tier,
        "rank": int(rng.integers(0, 10)),
        "applies_to": "item",
        "markets": _some_of(rng, f.MARKETS, 0.7),
        "channels": _some_of(rng, f.CHANNELS, 0.75),
        "condition": Cel().condition(terms),
        "action": {name: parameters},
    }
    if tier in ("legal", "safety"):
        strategy["policy"] = f"BEN-{number % 40:02d}"
    params = _params(terms, strategy["markets"])
    if params:
        strategy["params"] = params
    strategy["stage"] = str(rng.choice(("live", "canary", "shadow"), p=(0.92, 0.04, 0.04)))
    if strategy["stage"] == "canary":
        strategy["canary"] = {"share": round(float(rng.uniform(0.1, 0.9)), 2), "unit": "shopper"}
    starts, expires = _window(rng)
    for key, moment in (("starts", starts), ("expires", expires)):
        if moment is not None:
            strategy[key] = datetime.fromtimestamp(moment / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return BenchStrategy(strategy, terms, starts, expires)


def _some_of(rng: np.random.Generator, values: tuple[str, ...], share_of_all: float) -> list[str]:
    if rng.random() < share_of_all:
        return ["all"]
    count = int(rng.integers(1, len(values)))
    return sorted(str(value) for value in rng.choice(values, count, replace=False))


def _window(rng: np.random.Generator) -> tuple[int | None, int | None]:
    # One in ten begins or ends within the month the requests fall into.
    inside = NOW + int(rng.integers(1, 30)) * DAY
    drawn = rng.random()
    if drawn < 0.05:
        return inside, None
    return (None, inside) if drawn < 0.1 else (None, None)


def _action(rng: np.random.Generator) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    kinds = ("demote", "boost", "exclude", "badge", "refer", "cap", "reserve", "pin")
    kind = str(rng.choice(kinds, p=(0.3, 0.2, 0.2, 0.15, 0.06, 0.05, 0.03, 0.01)))
    strict, kind_hearted = TIERS[:4], TIERS[2:]
    parameters: dict[str, dict[str, Any]] = {
        "demote": {"factor": round(float(rng.uniform(0.1, 0.9)), 2)},
        "boost": {"factor": round(float(rng.uniform(1.05, 3)), 2)},
        "exclude": {},
        "badge": {"key": f"badge-{int(rng.integers(0, 30)):02d}"},
        "refer": {"queue": f"queue-{int(rng.integers(0, 5))}", "share": round(float(rng.uniform(0.01, 0.2)), 2)},
        "cap": {"key": "item.brand", "max": int(rng.integers(1, 6)), "first_n": int(rng.choice((10, 20, 50)))},
        "reserve": {"min": int(rng.integers(1, 4)), "first_n": int(rng.choice((10, 20, 50)))},
        "pin": {"position": int(rng.integers(1, 21))},
    }
    return kind, parameters[kind], strict if kind in ("demote", "exclude", "refer") else kind_hearted


def _terms(rng: np.random.Generator, *, mixed: bool) -> tuple[Term, ...]:
    count = int(rng.choice((3, 4, 5, 6, 7), p=(0.2, 0.35, 0.25, 0.15, 0.05)))
    makers = list(_MAKERS)
    weights = np.array([_MAKERS[maker] for maker in makers], float)
    chosen = rng.choice(len(makers), count, replace=False, p=weights / weights.sum())
    literals: list[Literal] = [makers[i](rng) for i in chosen]
    if mixed:
        literals[0] = _mixed(rng)
    if rng.random() >= 0.2:
        return tuple(literals)
    return (*literals[:-2], Choice(tuple(literals[-2:])))


def _params(terms: tuple[Term, ...], markets: list[str]) -> dict[str, dict[str, Any]]:
    # The first market's value is the default; the others override it where they differ.
    params: dict[str, dict[str, Any]] = {}
    for literal in literals_of(terms):
        if isinstance(literal, Compare) and isinstance(literal.value, Param):
            name, ((_, default), *others) = literal.value.name, literal.value.by_market
            params.setdefault("default", {})[name] = default
            for market, value in others:
                if value != default and (markets == ["all"] or market in markets):
                    params.setdefault(market, {})[name] = value
    return params


@cache
def _sorted_values(feature: str) -> npt.NDArray[Any]:
    values = _sample()[feature].drop_null()
    if f.TYPES[feature] in ("timestamp", "duration"):
        values = values.cast("int64")
    return np.sort(values.to_numpy())


@cache
def _sample() -> Mapping[str, Any]:
    return make_catalogue(SAMPLE)


def _quantile(feature: str, share: float) -> float | int:
    """The feature's value at this share of the catalogue, as a person would round it."""
    ordered = _sorted_values(feature)
    value = ordered[min(int(share * len(ordered)), len(ordered) - 1)]
    if f.TYPES[feature] == "double":
        return float(f"{float(value):.3g}")
    if f.TYPES[feature] in ("timestamp", "duration"):
        return int(value) // DAY * DAY
    return int(value)


def _threshold(feature: str) -> Callable[[np.random.Generator], Compare]:
    def make(rng: np.random.Generator) -> Compare:
        share = float(rng.uniform(0.08, 0.5))
        upper = bool(rng.random() < 0.5)
        op = str(rng.choice((">", ">="))) if upper else str(rng.choice(("<", "<=")))
        at = 1 - share if upper else share
        first = _quantile(feature, at)
        if feature not in DIFFERING or rng.random() < 0.5:
            return Compare(feature, op, first)
        name = feature.split(".")[1]
        nudged = (_quantile(feature, min(max(at + shift, 0.02), 0.98)) for shift in (0.05, -0.05))
        return Compare(feature, op, Param(name, tuple(zip(f.MARKETS, (first, *nudged), strict=True))))

    return make


def _member(feature: str, values: tuple[str, ...], most: int) -> Callable[[np.random.Generator], Literal]:
    def make(rng: np.random.Generator) -> Literal:
        count = int(rng.integers(1, most + 1))
        # Squared: strategies speak of common values more often than of rare ones.
        picks = {values[int(len(values) * rng.random() ** 2)] for _ in range(count)}
        if len(picks) == 1:
            return Compare(feature, "==", picks.pop())
        return Member(feature, tuple(sorted(picks)), negated=bool(rng.random() < 0.15))

    return make


def _flag(feature: str) -> Callable[[np.random.Generator], Literal]:
    return lambda rng: Flag(feature, bool(rng.random() < 0.5))


def _prefix(rng: np.random.Generator) -> Literal:
    feature, choices = [
        ("item.brand", ("acme-0", "bor", "corvus-00", "dunlin")),
        ("item.category", ("bags", "shoes-0", "phones", "beauty")),
    ][int(rng.integers(0, 2))]
    return Prefix(feature, str(rng.choice(choices)))


def _present(rng: np.random.Generator) -> Literal:
    return Present(
        str(rng.choice(("item.rating", "item.brand", "item.colour", "item.warranty"))), bool(rng.random() < 0.6)
    )


def _holds(rng: np.random.Generator) -> Literal:
    return Holds("item.tags", f.TAGS[int(rng.integers(0, 12))])


def _segment(rng: np.random.Generator) -> Literal:
    return Member("request.segment", tuple(sorted(rng.choice(f.SEGMENTS, 3, replace=False).tolist())))


def _budget(rng: np.random.Generator) -> Literal:
    return Compare("request.budget", str(rng.choice((">", "<"))), float(rng.integers(10, 80)))


def _mixed(rng: np.random.Generator) -> Literal:
    op = str(rng.choice(("<", ">")))
    return (
        Mixed("item.price", op, "request.budget", float(rng.integers(2, 9)) / 4),
        Mixed("item.brand", "==", "request.favourite_brand"),
        Mixed("item.ship_days", "<=" if op == "<" else ">", "request.max_days"),
        Since("item.listed_at", op, int(rng.integers(7, 400)) * DAY),
    )[int(rng.integers(0, 4))]


_MAKERS: dict[Callable[[np.random.Generator], Literal], float] = {
    _threshold("item.price"): 3,
    _threshold("item.discount"): 1.5,
    _threshold("item.rating"): 2,
    _threshold("item.counterfeit_score"): 2,
    _threshold("item.return_rate"): 1.5,
    _threshold("item.late_rate"): 1.5,
    _threshold("item.quality"): 1.5,
    _threshold("item.stock"): 1,
    _threshold("item.reviews"): 1.5,
    _threshold("item.ship_days"): 1,
    _threshold("item.listed_at"): 1,
    _threshold("item.warranty"): 0.5,
    _budget: 0.3,
    _member("item.category", f.CATEGORIES, 8): 4,
    _member("item.brand", f.BRANDS[:200], 6): 2,
    _member("item.colour", f.COLOURS, 4): 1.5,
    _member("item.country", f.COUNTRIES, 4): 1.5,
    _member("item.condition", f.CONDITIONS, 2): 1.5,
    _flag("item.official"): 1.5,
    _flag("item.video"): 1,
    _flag("request.returning"): 0.3,
    _prefix: 0.6,
    _present: 0.8,
    _holds: 0.6,
    _segment: 0.3,
}
