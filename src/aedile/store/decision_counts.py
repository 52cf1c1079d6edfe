"""How often did a strategy do what, and how often was an entity shown, by market, channel and hour?

A strategy's counts stand in the index of each day; what is not indexed yet is counted from the log. An entity's are
counted from the log, the newest pieces first, as far as the time allows: the answer says how far that was.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from aedile.store.decision_bloom import hashes_of
from aedile.store.decision_flat import Flat, Part, key_of_entity, leaves
from aedile.store.decision_index import HOUR, Count, counted
from aedile.store.decision_search import read_newest
from aedile.store.decision_units import Damaged, Moved, RowGroup, Unit, Units, Unreadable, Within
from aedile.store.home import Home

SECONDS = 0.25
_TRIES = 5
#: So many entities are looked up in filters; of more it is likely that every piece holds one.
MOST_LOOKED_UP = 200
_COLUMNS = [
    "decided_at", "request_id", "release", "market", "channel", "page", *leaves("kind", "id", "fired", "exempted")
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """counts: of the span, or, where it is partial, of what was counted in the time."""

    counts: tuple[Count, ...]
    is_partial: bool = False
    damaged: tuple[Damaged, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """Of an hour in a market and channel: decisions with one of the entities, how often they were candidates, how often
    shown on a page, and how often of those something had acted on them."""

    hour: int
    market: str
    channel: str
    decisions: int
    candidates: int
    shown: int
    touched: int


@dataclass(frozen=True, slots=True)
class Exposed:
    """shown: of all exposures of the entities counted; by_strategy: of these, how many each strategy acted on.
    since: everything from then on was counted, None where the whole span was."""

    cells: tuple[Cell, ...]
    by_strategy: dict[str, int]
    since: int | None = None
    damaged: tuple[Damaged, ...] = ()

    @property
    def shown(self) -> int:
        return sum(cell.shown for cell in self.cells)

    @property
    def touched(self) -> int:
        return sum(cell.touched for cell in self.cells)


def counts_of_strategy(
    home: Home, strategy: str, within: Within, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
) -> Counted:
    """What a strategy did in the hours of a span, in the markets and the channel asked for."""
    end = clock() + seconds
    for _ in range(_TRIES):
        try:
            return _counts(home, strategy, within, end, clock)
        except Moved:
            continue
    return Counted((), is_partial=True)


def exposures_of(
    home: Home,
    kind: str,
    ids: Collection[str],
    within: Within,
    *,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Exposed:
    """How often these entities were shown, and what acted on them when they were; the newest decisions first."""
    end = clock() + seconds
    for _ in range(_TRIES):
        try:
            return _exposures(home, kind, ids, within, end, clock)
        except Moved:
            continue
    return Exposed((), {}, since=within.until)


def _counts(home: Home, strategy: str, within: Within, end: float, clock: Callable[[], float]) -> Counted:
    found: list[Count] = []
    is_partial = False
    with closing(Units(home, within)) as units:
        batches = units.batches()
        for day in units.days():
            pieces = list(units.of_day(day))
            index = units.index_of(day)
            found += index.counts(strategy, within.since, within.until) if index is not None else []
            for piece in pieces:
                if isinstance(piece, RowGroup) and piece.index is None:
                    is_partial = is_partial or clock() > end
                    found += _of_piece(units, piece, strategy) if not is_partial else []
        for batch in batches:
            if not units.is_sealed(batch):
                is_partial = is_partial or clock() > end
                found += _of_piece(units, batch, strategy) if not is_partial else []
        return Counted(_summed(found, within), is_partial, tuple(dict.fromkeys(units.damaged)))


def _of_piece(units: Units, piece: Unit, strategy: str) -> list[Count]:
    try:
        flat = Flat(piece.read())
    except Unreadable as error:
        units.damaged.append(error.damaged)
        return []
    return [count for count in counted(flat) if count.strategy == strategy]


def _summed(counts: list[Count], within: Within) -> tuple[Count, ...]:
    """One count an hour, place and part, in that order."""
    decisions: Counter[tuple[str, Part, int, str, str]] = Counter()
    candidates: Counter[tuple[str, Part, int, str, str]] = Counter()
    for one in counts:
        if (
            within.since // HOUR * HOUR <= one.hour < within.until
            and (within.markets is None or one.market in within.markets)
            and within.channel in (None, one.channel)
        ):
            key = (one.strategy, one.part, one.hour, one.market, one.channel)
            decisions[key] += one.decisions
            candidates[key] += one.candidates
    keys = sorted(decisions, key=lambda key: (key[2], *key))
    return tuple(Count(*key, decisions[key], candidates[key]) for key in keys)


def _exposures(
    home: Home, kind: str, ids: Collection[str], within: Within, end: float, clock: Callable[[], float]
) -> Exposed:
    cells: dict[tuple[int, str, str], list[int]] = {}
    by_strategy: Counter[str] = Counter()
    since = None
    keys = [hashes_of([key_of_entity(kind, id_) for id_ in ids])] if 0 < len(ids) <= MOST_LOOKED_UP else []
    with closing(Units(home, within)) as units:
        if ids:
            since = read_newest(
                units, keys, _COLUMNS, end, clock, lambda flat: _expose(flat, kind, ids, cells, by_strategy)
            )
        damaged = tuple(dict.fromkeys(units.damaged))
    told = tuple(Cell(*key, *cells[key]) for key in sorted(cells))
    return Exposed(told, dict(by_strategy.most_common()), since, damaged)


def _expose(
    flat: Flat,
    kind: str,
    ids: Collection[str],
    cells: dict[tuple[int, str, str], list[int]],
    by_strategy: Counter[str],
) -> None:
    """Add what is in one piece."""
    mine = flat.is_entity(kind, ids)
    if not mine.any():
        return
    candidates, numbers, names = flat.acting()
    acted = np.zeros(len(mine), np.bool_)
    acted[candidates] = True
    shown = mine & flat.is_shown()
    found = np.bincount(numbers[shown[candidates]], minlength=len(names))
    by_strategy.update({names[int(number)].as_py(): int(found[number]) for number in np.flatnonzero(found)})
    once = zip(
        np.asarray(flat.table["decided_at"].cast(pa.int64())).tolist(), flat.table["market"].to_pylist(),
        flat.table["channel"].to_pylist(), strict=True,
    )  # fmt: skip
    sums = [np.bincount(flat.rows[mask], minlength=len(flat.counts)) for mask in (mine, shown, shown & acted)]
    for row, (at, market, channel) in enumerate(once):
        if sums[0][row]:
            cell = cells.setdefault((at // HOUR * HOUR, market, channel), [0, 0, 0, 0])
            for place, count in enumerate((1, *(int(total[row]) for total in sums))):
                cell[place] += count
