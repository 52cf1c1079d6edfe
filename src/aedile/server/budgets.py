"""Which strategies touch more than their owners meant them to?

A budget (`{exposures: 0.02, seller: 0.5}`) is judged by the UTC day of the server's clock, once a second:

- *Offered* are all candidates of all requests decided that day, excluded ones too.
- *Touched* are those for which the strategy fires (live or canary) and acts; counted since it has a budget.
- `exposures`: touched ÷ offered, judged once `floor` candidates were offered that day.
- `seller`: the same among the candidates of one seller (by the join to `seller`, or the candidate itself), judged for
  each seller of whom a tenth of `floor` was offered. A candidate whose seller is unknown is no seller's.

A share above its limit is over. From then on, and until the UTC day ends, strategies of tiers legal and safety alert
their owner and go on; all others alert and pause: they are evaluated and logged, and touch nothing. A release that
gives the strategy another limit has it judged anew by that one.

All workers find the same, a second apart at most, and a worker that starts again knows what was found before. What is
touched until a budget is found exceeded is a second's or two's worth beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine.actions import Tier
from aedile.engine.decide import Decision
from aedile.engine.engine import Engine
from aedile.engine.requests import Candidates
from aedile.engine.strategy import Strategy
from aedile.store.exposure_counts import DAY, Day, Limit, Over

#: Sellers counted a day at most; more of them are passed over, so that invented ids cannot fill the memory.
MAX_SELLERS = 500_000

_SELLER = "seller"


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What budgets ask of an engine's decisions.

    has_budget, by_seller: bool (k,), the strategies with any budget, and with one by seller.
    seller_of: for each kind of candidate that has one, the feature with its seller's id; empty where nobody asks.
    """

    engine: Engine
    has_budget: npt.NDArray[np.bool_]
    by_seller: npt.NDArray[np.bool_]
    seller_of: Mapping[str, str]

    @classmethod
    def of(cls, engine: Engine) -> Watch:
        budgets = [strategy.budget for strategy in engine.strategies]
        has_budget = np.array([budget is not None for budget in budgets], np.bool_)
        by_seller = np.array([budget is not None and budget.seller is not None for budget in budgets], np.bool_)
        return cls(engine, has_budget, by_seller, _seller_features(engine) if by_seller.any() else {})


def _seller_features(engine: Engine) -> dict[str, str]:
    paths = {kind: engine.schema.paths(kind).get(_SELLER) for kind in engine.schema.kinds}
    return {kind: path[-1] for kind, path in paths.items() if path} | {_SELLER: f"{_SELLER}.id"}


@dataclass(slots=True)
class _Sellers:
    """Candidates by their seller's place in one dictionary, as they come; `tally` adds them up."""

    dictionary: pa.LargeStringArray
    offered: list[npt.NDArray[np.int32]] = field(default_factory=list)
    touched: list[npt.NDArray[np.int64]] = field(default_factory=list)  # strategy × len(dictionary) + seller

    def tally(self, day: Day, strategies: tuple[Strategy, ...], known: Mapping[str, int]) -> None:
        """Count into a day; sellers that are not among the known ones as far as there is room."""
        counts = np.bincount(np.concatenate(self.offered), minlength=len(self.dictionary))
        places = counts.nonzero()[0]
        names = dict(zip(places.tolist(), self.dictionary.take(places).to_pylist(), strict=True))
        for place, count in zip(names, counts[places].tolist(), strict=True):
            name = names[place]
            if name in known or name in day.sellers or len(known) + len(day.sellers) < MAX_SELLERS:
                day.sellers[name] = day.sellers.get(name, 0) + count
        pairs, touched = np.unique(np.concatenate(self.touched), return_counts=True)
        for pair, count in zip(pairs.tolist(), touched.tolist(), strict=True):
            number, place = divmod(pair, len(self.dictionary))
            if names[place] in day.sellers:
                mine = day.touched_sellers.setdefault(strategies[number].id, {})
                mine[names[place]] = mine.get(names[place], 0) + count


class _Fresh:
    """What decisions of one engine touched on one day, in arrays, until it is added up."""

    def __init__(self, watch: Watch, day: int) -> None:
        self.watch = watch
        self.day = day
        self.offered = 0
        self.touched = np.zeros(len(watch.has_budget), np.int64)
        self.sellers: dict[int, _Sellers] = {}

    def add(self, decision: Decision) -> None:
        watch, verdicts = self.watch, decision.verdicts
        self.offered += len(verdicts)
        entries = watch.has_budget.take(verdicts.fired).nonzero()[0]
        entries = entries[verdicts.acts[entries]]
        if len(entries):
            self.touched += np.bincount(verdicts.fired[entries], minlength=len(self.touched))
        if watch.seller_of:
            entries = entries[watch.by_seller[verdicts.fired[entries]]]
            candidates = verdicts.fired_offsets.searchsorted(entries, "right") - 1
            self._add_sellers(decision, verdicts.fired[entries].astype(np.int64), candidates)

    def _add_sellers(
        self, decision: Decision, numbers: npt.NDArray[np.int64], candidates: npt.NDArray[np.int64]
    ) -> None:
        """numbers, candidates: the pairs of a strategy with a budget by seller and a candidate it touches."""
        for kind, feature in self.watch.seller_of.items():
            codes, dictionary = self._codes(decision.request.candidates, kind, feature)
            if dictionary is not None:
                # The dictionary is held here, so that no other can get its id.
                sellers = self.sellers.setdefault(id(dictionary), _Sellers(dictionary))
                theirs = codes[candidates]
                sellers.offered.append(codes[codes >= 0])
                sellers.touched.append((numbers * len(dictionary) + theirs)[theirs >= 0])

    def _codes(
        self, asked: Candidates, kind: str, feature: str
    ) -> tuple[npt.NDArray[np.int32], pa.LargeStringArray | None]:
        """For each candidate its seller's place in the dictionary; -1 where unknown, and for those of other kinds."""
        count = asked.kinds.count(kind)
        if count == 0:
            return np.full(len(asked), -1, np.int32), None
        ids, sent = asked.ids, asked.features.get(feature)
        if count < len(asked):
            places = np.flatnonzero([one == kind for one in asked.kinds])
            ids = [ids[place] for place in places.tolist()]
            sent = sent.take(places) if sent is not None else None
        found = {feature: sent} if sent is not None else {}
        column = self.watch.engine.candidate_rows(kind, ids, {}, found).column(feature)
        codes = np.where(column.known, column.values, np.int32(-1))
        if count < len(asked):
            mine, codes = codes, np.full(len(asked), -1, np.int32)
            codes[places] = mine
        return codes, column.dictionary

    def added_up(self, known: Mapping[str, int]) -> Day:
        strategies = self.watch.engine.strategies
        touched = {strategies[number].id: int(self.touched[number]) for number in self.touched.nonzero()[0].tolist()}
        day = Day(self.offered, touched)
        for sellers in self.sellers.values():
            sellers.tally(day, strategies, known)
        return day


class Budgets:
    """The days' exposures, this worker's and the others', and what was found of them."""

    def __init__(self, floor: int) -> None:
        self._floor = floor
        self._strategies: tuple[Strategy, ...] = ()
        self._days: dict[int, Day] = {}
        self._today = 0
        self._fresh: _Fresh | None = None
        self._untold: dict[int, Day] = {}
        self._changed: set[str] = set()

    def configure(self, engine: Engine) -> Watch:
        """Judge the budgets of these strategies from now on; returns what to count of the engine's decisions."""
        self._strategies = tuple(strategy for strategy in engine.strategies if strategy.budget is not None)
        for day in self._days.values():  # a limit may be new: each seller is judged by it
            self._changed.update(day.sellers)
        return Watch.of(engine)

    def add(self, decision: Decision, watch: Watch, now: int) -> None:
        """Count a decision of the watched engine."""
        fresh, day = self._fresh, now // DAY
        if fresh is None or fresh.watch is not watch or fresh.day != day:
            self._add_up()
            fresh = self._fresh = _Fresh(watch, day)
        fresh.add(decision)

    def _add_up(self) -> None:
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            known = self._days[fresh.day].sellers if fresh.day in self._days else {}
            self._tell(fresh.day, fresh.added_up(known))

    def _tell(self, day: int, counted: Day) -> None:
        self._untold.setdefault(day, Day()).add(counted)
        self.merge({day: counted})

    def delta(self) -> dict[int, Day]:
        """What was counted and found here since the last call."""
        self._add_up()
        untold, self._untold = self._untold, {}
        return untold

    def merge(self, days: Mapping[int, Day]) -> None:
        """Count what was counted elsewhere, or before."""
        for day, counted in days.items():
            self._days.setdefault(day, Day()).add(counted)
            self._changed.update(counted.sellers)

    def forget(self) -> None:
        """Start over; what was not added up yet stays."""
        self._days = {}

    def judge(self, now: int) -> None:
        """Find what is over its budget now; days that are over are forgotten, but yesterday, should the clock step."""
        self._add_up()
        today = self._today = now // DAY
        self._days = {day: counted for day, counted in self._days.items() if abs(day - today) <= 1}
        changed, self._changed = self._changed, set()
        counted = self._days.get(today)
        if counted is None:
            return
        found = {}
        for strategy in self._strategies:
            for limit in _limits(strategy):
                if limit not in counted.over:
                    over = self._over(counted, limit, changed, now)
                    if over is not None:
                        found[limit] = over
        if found:
            self._tell(today, Day(over=found))

    def _over(self, day: Day, limit: Limit, changed: set[str], now: int) -> Over | None:
        strategy, what, share = limit
        if what == "exposures":
            is_over = day.offered >= self._floor and day.touched.get(strategy, 0) > share * day.offered
            return Over(now) if is_over else None
        touched = day.touched_sellers.get(strategy, {})
        floor = self._floor / 10
        over = [
            seller
            for seller in touched.keys() & changed
            if day.sellers[seller] >= floor and touched[seller] > share * day.sellers[seller]
        ]
        return Over(now, min(over)) if over else None

    def muted(self) -> frozenset[str]:
        """The ids of the strategies that pause."""
        return frozenset(strategy.id for strategy, _, _ in self._found() if _pauses(strategy))

    def alerts(self) -> list[dict[str, Any]]:
        """What owners are to know: one entry for each budget exceeded today."""
        day = self._days.get(self._today, Day())
        told = []
        for strategy, limit, over in self._found():
            what, touched, offered = "exposures", day.touched.get(strategy.id, 0), day.offered
            if over.seller:
                what = f"exposures of seller {over.seller}"
                touched = day.touched_sellers.get(strategy.id, {}).get(over.seller, 0)
                offered = day.sellers.get(over.seller, 0)
            told.append(
                {
                    "strategy": strategy.id,
                    "owner": strategy.owner,
                    "budget": limit[1],
                    "what": what,
                    "share": touched / max(offered, 1),
                    "limit": limit[2],
                    "since": over.at / 1_000_000,
                    "paused": _pauses(strategy),
                }
            )
        return told

    def _found(self) -> list[tuple[Strategy, Limit, Over]]:
        day = self._days.get(self._today)
        if day is None:
            return []
        return [
            (strategy, limit, day.over[limit])
            for strategy in self._strategies
            for limit in _limits(strategy)
            if limit in day.over
        ]


def _limits(strategy: Strategy) -> list[Limit]:
    assert strategy.budget is not None
    shares = (("exposures", strategy.budget.exposures), (_SELLER, strategy.budget.seller))
    return [(strategy.id, what, share) for what, share in shares if share is not None]


def _pauses(strategy: Strategy) -> bool:
    return strategy.tier > Tier.SAFETY
