"""How far would a strategy reach: which entities, how many exposures a day, how many sellers?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from aedile.console.strategies.exposed import Exposures, Shown
from aedile.console.strategies.live import Catalogue
from aedile.console.strategies.matching import OTHERS, Bools, Matches
from aedile.engine.catalogue import EntityRows
from aedile.engine.strategy import Strategy

#: Exposures a day below which a seller's share of them says nothing.
FEW = 20.0


@dataclass(frozen=True, slots=True)
class Reach:
    """What a strategy would touch. shown, touched: exposures a day of its kind in all markets and channels, and those
    it would touch; None without a log. sellers: of the entities it fires for, of all_sellers; None where the kind
    leads to none. most: the largest share of one seller's exposures that it would touch."""

    shown: float | None = None
    touched: float | None = None
    sellers: int | None = None
    all_sellers: int | None = None
    most: float | None = None

    @property
    def share(self) -> float | None:
        return self.touched / self.shown if self.shown and self.touched is not None else None

    def over_budget(self, strategy: Strategy) -> list[str]:
        """The names of the strategy's budgets that it would exceed."""
        budget = strategy.budget
        if budget is None:
            return []
        found = (("exposures", budget.exposures, self.share), ("seller", budget.seller, self.most))
        return [name for name, limit, share in found if limit is not None and share is not None and share > limit]


def find_reach(strategy: Strategy, matches: Matches, catalogue: Catalogue, exposures: Exposures | None) -> Reach:
    """The reach of what was matched in a catalogue, which is held. exposures: None where they are not counted yet."""
    sellers = _sellers_of(strategy.applies_to, catalogue)
    counted = _counted(sellers, matches.fires, catalogue.present(strategy.applies_to))
    if exposures is None or not exposures.is_enough:
        return Reach(sellers=counted[0], all_sellers=counted[1])
    shown = touched = 0.0
    size = int(sellers.max()) + 1 if sellers is not None and len(sellers) else 0
    by_seller, touched_by = np.zeros(size), np.zeros(size)
    for place in exposures.shown:
        if place.kind != strategy.applies_to:
            continue
        shown += float(place.a_day.sum())
        rows = catalogue.once(f"rows {place.kind} {place.market} {place.channel} {exposures.number}",
                              partial(_rows_of, place, catalogue))  # fmt: skip
        there = rows >= 0
        fires = _fires_in(matches, strategy, place)
        hit = np.zeros(len(rows), np.bool_)
        if fires is not None:
            hit[there] = fires[rows[there]]
        touched += float(place.a_day[hit].sum())
        if sellers is not None and size:
            _add(by_seller, sellers, rows, place.a_day, there)
            _add(touched_by, sellers, rows, place.a_day, hit)
    enough = by_seller >= FEW
    most = float((touched_by[enough] / by_seller[enough]).max()) if enough.any() else None
    return Reach(shown, touched, *counted, most)


def _rows_of(place: Shown, catalogue: Catalogue) -> npt.NDArray[np.int32]:
    return catalogue.engine.store.rows(place.kind, place.ids.to_pylist())


def _fires_in(matches: Matches, strategy: Strategy, place: Shown) -> Bools | None:
    """Where the strategy fires in a market and channel; None where it does not act there."""
    if not strategy.in_market(place.market) or not strategy.in_channel(place.channel):
        return None
    for pack in matches.packs:
        if place.market in pack.markets:
            return pack.fires
    return next((pack.fires for pack in matches.packs if OTHERS in pack.markets), None)


def _sellers_of(kind: str, catalogue: Catalogue) -> npt.NDArray[np.int64] | None:
    """For each row of a kind the number of its seller, -1 where none is known; None where the kind leads to none."""
    path = catalogue.schema.paths(kind).get("seller")
    if kind == "seller":
        return np.arange(len(catalogue.present(kind)))
    if path is None:
        return None

    def make() -> npt.NDArray[np.int64]:
        column = EntityRows(catalogue.engine.store, kind, None).column(path[-1])
        return np.where(column.known, column.values, -1).astype(np.int64)

    return catalogue.once(f"sellers {kind}", make)


def _counted(sellers: npt.NDArray[np.int64] | None, fires: Bools, present: Bools) -> tuple[int | None, int | None]:
    if sellers is None:
        return None, None
    known = present & (sellers >= 0)
    size = int(sellers.max()) + 1 if len(sellers) else 0
    if size <= 0:
        return 0, 0
    return tuple(  # type: ignore[return-value]  # two of them
        int(np.count_nonzero(np.bincount(sellers[mask], minlength=size))) for mask in (known & fires, known)
    )


def _add(
    sums: npt.NDArray[np.float64],
    sellers: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    a_day: npt.NDArray[np.float64],
    which: Bools,
) -> None:
    mine = sellers[rows[which]]
    known = mine >= 0
    sums += np.bincount(mine[known], a_day[which][known], minlength=len(sums))
