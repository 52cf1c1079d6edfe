"""How much of what is different falls on whom? Sums by market and channel, by entity, by any feature asked for.

Every number of a row is a sum over candidates, so that rows of other batches add to it. Two methods stand side by side
and are never mixed:

- *replay* counts what happened to candidates that would not have been shown (`…_at_stake`): what is lost if
  nobody looks at anything else instead;
- *off-policy* weighs what happened by how likely the new place is looked at against the old one (inverse propensity
  under the position-based model of `examination.py`; Li, Abbasi-Yadkori, Kveton et al., KDD 2018, section 4), weights
  clipped. Candidates that were never shown have no weight: they are counted as gained, and not covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.backtest.change import BOOSTED, DEMOTED, FREED, MOVED, NEWLY_EXCLUDED, Changed
from aedile.backtest.outcomes import Followed
from aedile.engine.kernel import IdIndex

Numbers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

#: Whole numbers of a row.
COUNTS = (
    "candidates", "newly_excluded", "freed", "demoted", "boosted", "moved", "shown_before", "shown_after", "lost",
    "gained", "exposures", "exposures_at_stake", "clicks", "clicks_at_stake", "orders", "orders_at_stake",
)  # fmt: skip
#: Sums of doubles: attention is how likely places are looked at, summed over what is shown; relevance the share of a
#: candidate's score in its request; of the off-policy weights their sum, their squares, and what they weigh.
SUMS = (
    "attention_before", "attention_after", "relevance", "weight_before", "weight2_before", "weight_after",
    "weight2_after", "clicks_before", "clicks_after", "orders_before", "orders_after",
)  # fmt: skip
MONEY_COUNTS = ("gmv", "gmv_at_stake")
MONEY_SUMS = ("gmv_before", "gmv_after")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What is summed, by candidate: sparse, each as (candidates, values); values None where each counts one."""

    counts: dict[str, tuple[Numbers | None, Numbers | None]]
    sums: dict[str, tuple[Numbers | None, Doubles]]
    paid: Numbers
    money: dict[str, npt.NDArray[Any]]
    #: Which of the outcomes with money are in it.
    kept: Any = field(default_factory=lambda: slice(None))

    def only(self, mine: npt.NDArray[np.bool_]) -> Measured:
        """The same for some candidates; places stay those of all."""
        everyone = np.arange(len(mine))

        def part(where: Numbers | None, values: npt.NDArray[Any] | None) -> tuple[Numbers, Any]:
            places = everyone if where is None else where
            chosen = mine[places]
            return places[chosen], values[chosen] if values is not None else None

        kept = mine[self.paid]
        return Measured(
            {name: part(*pair) for name, pair in self.counts.items()},
            {name: part(*pair) for name, pair in self.sums.items()},
            self.paid[kept], {name: values[kept] for name, values in self.money.items()}, kept,
        )  # fmt: skip


def measured(
    changed: Changed,
    followed: Followed,
    attention: tuple[Doubles, Doubles],
    weights: tuple[Doubles, Doubles],
    relevance: Doubles,
) -> Measured:
    """What every candidate brings. attention, weights: before and after, (n,) each; weights are of an exposure."""
    before, after = changed.before.shown, changed.after.shown
    lost, gained = before & ~after, after & ~before
    counts: dict[str, tuple[Numbers | None, Numbers | None]] = {"candidates": (None, None)}
    kinds = (("newly_excluded", NEWLY_EXCLUDED), ("freed", FREED), ("demoted", DEMOTED), ("boosted", BOOSTED))
    for name, number in (*kinds, ("moved", MOVED)):
        counts[name] = np.flatnonzero(changed.kind == number), None
    for name, flags in (("shown_before", before), ("shown_after", after), ("lost", lost), ("gained", gained)):
        counts[name] = np.flatnonzero(flags), None
    for name, values in (
        ("exposures", followed.exposures), ("clicks", followed.clicks), ("orders", followed.orders)
    ):  # fmt: skip
        there = np.flatnonzero(values)
        counts[name] = there, values[there]
        gone = there[lost[there]]
        counts[f"{name}_at_stake"] = gone, values[gone]
    seen = np.flatnonzero(followed.exposures)
    sums: dict[str, tuple[Numbers | None, Doubles]] = {"relevance": (None, relevance)}
    for side, light, weight in (("before", attention[0], weights[0]), ("after", attention[1], weights[1])):
        shown = np.flatnonzero(light)
        sums[f"attention_{side}"] = shown, light[shown]
        times = followed.exposures[seen].astype(np.float64)
        sums[f"weight_{side}"] = seen, weight[seen] * times
        sums[f"weight2_{side}"] = seen, weight[seen] ** 2 * times
        for name, values in (("clicks", followed.clicks), ("orders", followed.orders)):
            there = np.flatnonzero(values * (followed.exposures > 0))
            sums[f"{name}_{side}"] = there, weight[there] * values[there]
    paid, amount = followed.paid_candidate, followed.paid
    is_seen = followed.exposures[paid] > 0
    money: dict[str, npt.NDArray[Any]] = {
        "gmv": amount,
        "gmv_at_stake": np.where(lost[paid], amount, 0),
        "gmv_before": np.where(is_seen, weights[0][paid] * amount, 0.0),
        "gmv_after": np.where(is_seen, weights[1][paid] * amount, 0.0),
    }
    return Measured(counts, sums, paid, money)


@dataclass(slots=True, eq=False)
class Tally:
    """Sums by the values of one feature. by: what it is called. Values are texts, numbered as they come; or, where
    `known` has them, by their places in it."""

    by: str
    known: pa.LargeStringArray | None = None
    index: IdIndex = field(default_factory=lambda: IdIndex(pa.array([], pa.large_string())))
    counts: Numbers = field(default_factory=lambda: np.zeros((len(COUNTS), 0), np.int64))
    sums: Doubles = field(default_factory=lambda: np.zeros((len(SUMS), 0), np.float64))
    money: dict[tuple[int, str], list[float]] = field(default_factory=dict)
    _last: tuple[pa.Array | None, Numbers] = field(default_factory=lambda: (None, np.zeros(0, np.int64)))

    def __len__(self) -> int:
        """How many values may have been counted, beside those known beforehand."""
        return len(self.index) if self.known is None else 0

    @property
    def texts(self) -> pa.LargeStringArray:
        """The values by number."""
        return self.index.ids if self.known is None else self.known

    def numbered(self, text: str) -> int:
        """The number of one value."""
        return int(self._numbered(pa.array([text], pa.large_string()))[0])

    def numbers(self, texts: pa.LargeStringArray, codes: npt.NDArray[np.integer]) -> Numbers:
        """The number of each value. texts: distinct ones, by the code of which each value is told; -1 is unknown."""
        held, lookup = self._last
        if held is not texts:
            lookup = np.full(len(texts) + 1, _UNSEEN)
            lookup[-1] = self._numbered(pa.array([UNKNOWN], pa.large_string()))[0]
            self._last = texts, lookup
        found: Numbers = lookup[codes]
        if len(found) and found.min() == _UNSEEN:
            new = np.unique(codes[found == _UNSEEN])
            lookup[new] = self._numbered(texts.take(pa.array(new)))
            found = lookup[codes]
        return found

    def _numbered(self, texts: pa.LargeStringArray) -> Numbers:
        found = self.index.find_texts(texts)
        if len(found) and found.min() < 0:
            self.index.extended(texts.filter(pa.array(found < 0)))
            found = self.index.find_texts(texts)
        numbers: Numbers = found.astype(np.int64)
        return numbers

    def add(self, numbers: Numbers, m: Measured, currency: Sequence[str], paid_currency: Numbers) -> None:
        """Count candidates, each under its number."""
        self.counts, self.sums = _wide(self.counts, len(self.texts)), _wide(self.sums, len(self.texts))
        for row, name in enumerate(COUNTS):
            where, values = m.counts[name]
            _add(self.counts[row], numbers if where is None else numbers[where], values)
        for row, name in enumerate(SUMS):
            place, weights = m.sums[name]
            _add(self.sums[row], numbers if place is None else numbers[place], weights)
        if not len(m.paid):
            return
        owners = numbers[m.paid] * len(currency) + paid_currency
        keys, places = np.unique(owners, return_inverse=True)
        totals = np.zeros((len(keys), 4))
        for column, name in enumerate((*MONEY_COUNTS, *MONEY_SUMS)):
            totals[:, column] = np.bincount(places, m.money[name].astype(np.float64), len(keys))
        for key, total in zip(keys.tolist(), totals.tolist(), strict=True):
            mine = self.money.setdefault((key // len(currency), currency[key % len(currency)]), [0.0] * 4)
            for column, value in enumerate(total):
                mine[column] += value

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """What was counted, as rows of `groups` and of `money`."""
        texts = self.texts
        counts, sums = _wide(self.counts, len(texts)), _wide(self.sums, len(texts))
        there = np.flatnonzero(counts[COUNTS.index("candidates"), : len(texts)])
        groups = pa.table(
            [
                pa.array([self.by] * len(there), pa.string()),
                texts.take(pa.array(there)).cast(pa.string()),
                *(pa.array(row[there]) for row in counts),
                *(pa.array(row[there]) for row in sums),
            ],
            names=["by", "key", *COUNTS, *SUMS],
        )
        entries = list(self.money.items())
        columns = list(zip(*(total for _, total in entries), strict=True)) or [()] * 4
        money = pa.table(
            [
                pa.array([self.by] * len(entries), pa.string()),
                texts.take(pa.array([n for (n, _), _ in entries], pa.int64())).cast(pa.string()),
                pa.array([currency for (_, currency), _ in entries], pa.string()),
                *(pa.array([round(value) for value in column], pa.int64()) for column in columns[:2]),
                *(pa.array(column, pa.float64()) for column in columns[2:]),
            ],
            names=["by", "key", "currency", *MONEY_COUNTS, *MONEY_SUMS],
        )
        return groups, money


#: The value of candidates of which the feature is not known.
UNKNOWN = ""
_UNSEEN = np.int64(-2)


def _wide(rows: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """The rows with room for so many values, twice as much as is needed where they have to grow."""
    if rows.shape[1] >= width:
        return rows
    grown = np.zeros((rows.shape[0], width if rows.shape[1] == 0 else 2 * width), rows.dtype)
    grown[:, : rows.shape[1]] = rows
    return grown


def _add(into: npt.NDArray[Any], places: Numbers, values: npt.NDArray[Any] | None) -> None:
    if not len(places):
        return
    if len(into) <= 4 * len(places):
        if values is None:
            into += np.bincount(places, minlength=len(into))
        elif values.dtype.kind == "f":
            into += np.bincount(places, values, len(into))
        else:
            np.add.at(into, places, values)
    else:
        np.add.at(into, places, 1 if values is None else values)
