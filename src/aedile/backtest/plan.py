"""What is compared with what, and how is it counted?

A `Plan` is all that a backtest needs beside the logged requests: it is small, and it is sent to wherever batches are
worked on. What is large (the catalogue, its changes) is named by folder and read there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aedile.backtest.examination import Examination
from aedile.engine.release import Release
from aedile.engine.strategy import Strategy
from aedile.errors import DataError, define
from aedile.fields import listing, suggestion
from aedile.language.lists import NamedList
from aedile.language.schema import Schema

NO_SUCH_FEATURE = define(
    "AED-DATA-120", "A backtest is to be told apart by a feature that its candidates do not have.", "--by item.colour"
)

#: How a request's own release, as it was logged, is named where a release is.
LOGGED = "logged"
#: Requests are compared on their first places: so many.
FIRST_PLACES = 10
#: A weight of the off-policy estimate is at most this, so that a few exposures do not decide all.
CLIP = 10.0
#: Below this effective sample size nothing is estimated: the interval would mean little.
LEAST_EFFECTIVE = 100.0
#: Rows of a table that tells features apart, before it is handed on and begun anew.
MOST_KEYS = 2_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """Strategies that decide. name: as people know it, "release 7" or "draft"."""

    name: str
    schema: Schema
    strategies: tuple[Strategy, ...]
    lists: Mapping[str, NamedList]
    release: int | None = None

    @classmethod
    def of(cls, release: Release) -> Side:
        number = release.manifest.number
        return cls(f"release {number}", release.schema, release.strategies, release.lists, number)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared, and how.

    before: None for what was decided at the time. catalogue: the folder that `catalogues.py` writes. by: the features
    that candidates are told apart by. markets, channels: those that count, all where empty. since, until: when
    decisions were made, in microseconds since 1970, the end exclusive. examination: how likely places are looked at.
    close_look: the share of requests on which strategies are left out one by one and counted in pairs, drawn by a hash
    of the request's id. sample: changed candidates, and changed requests, to be shown, of each kind of change.
    at_the_time: whether features must have been known before the request, or are taken as the catalogue has them now.
    earliest: no request is older. bad_updates: changes of features that say nothing that could be.
    """

    before: Side | None
    after: Side
    catalogue: str | None = None
    by: tuple[str, ...] = ()
    markets: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None
    examination: Examination = field(default_factory=Examination.assumed)
    first_places: int = FIRST_PLACES
    clip: float = CLIP
    close_look: float = 1.0
    sample: int = 20
    seed: int = 1
    at_the_time: bool = True
    earliest: int | None = None
    bad_updates: int = 0
    most_keys: int = MOST_KEYS

    def __post_init__(self) -> None:
        known = candidate_features(self.after.schema)
        for name in self.by:
            if name not in known:
                raise DataError(
                    NO_SUCH_FEATURE,
                    f"`{name}` is not a feature that candidates can be told apart by",
                    hint=suggestion(name, known) or f"such are {listing(sorted(known))}",
                    fix="name a feature of the catalogue",
                )


def candidate_features(schema: Schema) -> list[str]:
    """Features of the catalogue whose values tell candidates apart: texts, and yes or no."""
    return [
        spec.name
        for spec in schema.features.values()
        if spec.source == "entity" and spec.kind != "query" and str(spec.type) in ("string", "bool")
    ]


def usual_features(schema: Schema) -> tuple[str, ...]:
    """Who sells it, who made it, and what it is: the features that joins start from, and categories."""
    joined = [join.source for join in schema.joins if join.to in ("seller", "creator")]
    named = [name for name in candidate_features(schema) if name.rpartition(".")[2] == "category"]
    return tuple(dict.fromkeys((*joined, *named)))
