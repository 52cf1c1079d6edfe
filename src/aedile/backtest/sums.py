"""What is counted of requests, of strategies, and of what is not known?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.backtest.change import Changed
from aedile.backtest.logged import Logged
from aedile.backtest.marginal import WITHOUT, WITHOUT_SUMS, CloseLook
from aedile.backtest.outcomes import Followed
from aedile.engine.engine import Engine
from aedile.engine.kernel import count_numbers
from aedile.engine.many import Decided

Numbers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

#: Of a market and channel: requests; of them, those with a place changed, with another set of candidates answered, with
#: another first candidate; places by which candidates moved that are in both slates; those with
#: something in the first places on both sides.
OF_REQUESTS = (
    "requests", "requests_changed", "answers_changed", "first_changed", "moved_places", "compared"
)  # fmt: skip
#: The share of the first places that is the same, summed over requests; the squares of what the estimate of clicks
#: differs by in each request, and those differences, for its standard error.
OF_REQUESTS_SUMS = ("overlap", "clicks_difference", "clicks_difference2")
#: Of a strategy over all candidates: it fired before, after; it acted; it excluded.
FIRED = ("fired_before", "fired_after", "acted_before", "acted_after", "excluded_before", "excluded_after")


@dataclass(slots=True, eq=False)
class Sums:
    """Counts over requests added so far."""

    places: dict[tuple[str, str], tuple[Numbers, Doubles]] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    fired: Numbers = field(default_factory=lambda: np.zeros((len(FIRED), 0), np.int64))
    close: tuple[Numbers, Doubles] = field(
        default_factory=lambda: (np.zeros((len(WITHOUT), 0), np.int64), np.zeros((len(WITHOUT_SUMS), 0)))
    )
    together: Numbers | None = None
    _rows: dict[int, Numbers] = field(default_factory=dict)

    def limit(self, what: str, count: int) -> None:
        self.limits[what] = self.limits.get(what, 0) + count

    # ------------------------------------------------------------ requests

    def add_requests(
        self, logged: Logged, changed: Changed, outcome: Followed, weights: tuple[Doubles, Doubles], in_full: int,
        first_places: int,
    ) -> None:  # fmt: skip
        """Count the slates of a batch."""
        owner, m = logged.requests.owner, len(logged)
        before, after = changed.before, changed.after
        moved = before.rank != after.rank
        both = (before.rank > 0) & (after.rank > 0)
        swapped = before.shown != after.shown
        distance = np.where(both, np.abs(before.rank - after.rank), 0)
        top = (before.rank > 0) & (before.rank <= first_places), (after.rank > 0) & (after.rank <= first_places)
        size = np.maximum(np.bincount(owner[top[0]], minlength=m), np.bincount(owner[top[1]], minlength=m))
        shared = np.bincount(owner[top[0] & top[1]], minlength=m)
        first = (before.rank == 1) != (after.rank == 1)
        seen = outcome.exposures > 0
        difference = np.bincount(owner, (weights[1] - weights[0]) * np.where(seen, outcome.clicks, 0), m)
        counts = np.stack(
            [
                np.ones(m, np.int64), np.bincount(owner[moved], minlength=m) > 0,
                np.bincount(owner[swapped], minlength=m) > 0, np.bincount(owner[first], minlength=m) > 0,
                np.bincount(owner, distance, m).astype(np.int64), size > 0,
            ]
        ).astype(np.int64)  # fmt: skip
        sums = np.stack([np.where(size > 0, shared / np.maximum(size, 1), 0.0), difference, difference**2])
        features = logged.requests.features
        market, channel = features["request.market"], features["request.channel"]
        assert market.dictionary is not None
        assert channel.dictionary is not None
        joint = market.values.astype(np.int64) * len(channel.dictionary) + channel.values
        for key in np.unique(joint).tolist():
            mine = joint == key
            place = (
                market.dictionary[key // len(channel.dictionary)].as_py(),
                channel.dictionary[key % len(channel.dictionary)].as_py(),
            )
            old = self.places.get(place, (np.zeros(len(counts), np.int64), np.zeros(len(sums))))
            self.places[place] = old[0] + counts[:, mine].sum(axis=1), old[1] + sums[:, mine].sum(axis=1)
        self.limit("in_full", in_full)

    def add_limits(self, logged: Logged, outcome: Followed, lacking: int, agreeing: tuple[int, int]) -> None:
        """Count what is not known."""
        self.limit("requests", len(logged))
        self.limit("candidates", len(logged.requests.ids))
        self.limit("not_in_catalogue", lacking)
        self.limit("strangers", outcome.strangers)
        self.limit("compared_with_log", agreeing[0])
        self.limit("as_logged", agreeing[1])
        self.limit("without_candidates", int((np.diff(logged.requests.starts) == 0).sum()))

    # ------------------------------------------------------------ strategies

    def add_fired(self, sides: tuple[Decided | None, Decided], engines: tuple[Engine | None, Engine]) -> None:
        """Count what fired; strategies are told by id, whatever version of them a side has."""
        for place, (side, engine) in enumerate(zip(sides, engines, strict=True)):
            if side is None or engine is None:
                continue
            rows = self._strategy_rows(engine)
            verdicts, count = side.verdicts, len(engine.strategies)
            fired, acted = count_numbers(verdicts.fired, verdicts.acts, count)
            excluded, _ = count_numbers(verdicts.excluded_by, verdicts.excluded_by >= 0, count)
            for row, numbers in enumerate((fired, acted, excluded)):
                np.add.at(self.fired[2 * row + place], rows, numbers)

    def _strategy_rows(self, engine: Engine) -> Numbers:
        """The row of each strategy of an engine."""
        known = self._rows.get(id(engine))
        if known is None:
            for strategy in engine.strategies:
                self.ids.setdefault(strategy.id, len(self.ids))
            known = np.array([self.ids[strategy.id] for strategy in engine.strategies], np.int64)
            self._rows[id(engine)] = known
            self.fired = _grown(self.fired, len(self.ids))
            self.close = _grown(self.close[0], len(self.ids)), _grown(self.close[1], len(self.ids))
        return known

    def add_close(self, found: tuple[Numbers, Doubles], look: CloseLook, engine: Engine) -> None:
        """Count what each strategy left out would change."""
        rows = self._strategy_rows(engine)
        for mine, counts in zip(self.close, found, strict=True):
            np.add.at(mine.T, rows, counts)
        self.limit("looked_at_closely", len(look.requests))

    def add_pairs(self, found: Numbers) -> None:
        self.together = found if self.together is None else self.together + found

    # ------------------------------------------------------------ tables

    def tables(self, engine: Engine) -> dict[str, pa.Table]:
        """What was counted, by the names of `partial.KEYS`. engine: that of the strategies after."""
        found = {"limits": _limits(self.limits)}
        if self.places:
            found["requests"] = self._requests()
        if self.ids:
            found["strategies"] = self._strategies()
        if self.together is not None:
            found["pairs"] = self._pairs(engine)
        return found

    def _requests(self) -> pa.Table:
        keys, rows = list(self.places), list(self.places.values())
        counts, sums = np.stack([c for c, _ in rows]), np.stack([s for _, s in rows])
        return pa.table(
            [
                pa.array([market for market, _ in keys]), pa.array([channel for _, channel in keys]),
                *(pa.array(counts[:, column]) for column in range(len(OF_REQUESTS))),
                *(pa.array(sums[:, column]) for column in range(len(OF_REQUESTS_SUMS))),
            ],
            names=["market", "channel", *OF_REQUESTS, *OF_REQUESTS_SUMS],
        )  # fmt: skip

    def _strategies(self) -> pa.Table:
        counts, sums = self.close
        return pa.table(
            [
                pa.array(list(self.ids), pa.string()), *(pa.array(row) for row in self.fired),
                *(pa.array(row) for row in counts), *(pa.array(row) for row in sums),
            ],
            names=["strategy", *FIRED, *WITHOUT, *WITHOUT_SUMS],
        )  # fmt: skip

    def _pairs(self, engine: Engine) -> pa.Table:
        assert self.together is not None
        ids = [strategy.id for strategy in engine.strategies]
        one, other = np.nonzero(self.together)
        return pa.table(
            [
                pa.array([ids[number] for number in one.tolist()], pa.string()),
                pa.array([ids[number] for number in other.tolist()], pa.string()),
                pa.array(self.together[one, other]),
            ],
            names=["one", "other", "candidates"],
        )


def _grown(rows: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    grown = np.zeros((rows.shape[0], width), rows.dtype)
    grown[:, : rows.shape[1]] = rows
    return grown


def _limits(counts: dict[str, int]) -> pa.Table:
    return pa.table(
        [pa.array(list(counts), pa.string()), pa.array(list(counts.values()), pa.int64())], names=["what", "count"]
    )
