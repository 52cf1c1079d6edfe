"""What else acted on the candidates for which a strategy fired, or would have? From the newest decisions on.

It tells whether a strategy in shadow or canary agrees with what runs: what it would exclude may be excluded by others
already, and what it would demote may be what another boosts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from aedile.store.decision_bloom import hashes_of
from aedile.store.decision_flat import Flat, Part, columns_for, key_of_part, leaves
from aedile.store.decision_search import read_newest
from aedile.store.decision_units import Damaged, Moved, Units, Within
from aedile.store.home import Home

SECONDS = 0.25
_TRIES = 5
_ONCE = ("decided_at", "release", "market", "channel")


@dataclass(frozen=True, slots=True)
class Company:
    """candidates: for which the strategy played its part; alone: of these, on which nothing else acted; absent: of
    these, which were not in the slate. others: the strategies that acted on them, for how many of them, the most first.
    since: everything from then on was counted, None where the whole span was."""

    candidates: int = 0
    alone: int = 0
    absent: int = 0
    others: tuple[tuple[str, int], ...] = ()
    since: int | None = None
    damaged: tuple[Damaged, ...] = ()


def company_of(
    home: Home,
    strategy: str,
    part: Part,
    within: Within,
    *,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Company:
    """Among which others one played its part in a span. Cost ∝ the pieces of the log that hold it, within a time."""
    end = clock() + seconds
    for _ in range(_TRIES):
        try:
            return _company(home, strategy, part, within, end, clock)
        except Moved:
            continue
    return Company(since=within.until)


def _company(home: Home, strategy: str, part: Part, within: Within, end: float, clock: Callable[[], float]) -> Company:
    keys = [hashes_of([key_of_part(part, strategy)])]
    columns = [*_ONCE, *leaves("id", "rank_after", *dict.fromkeys((*columns_for(part), "fired", "exempted")))]
    sums, others = np.zeros(3, np.int64), Counter[str]()
    with closing(Units(home, within)) as units:
        since = read_newest(units, keys, columns, end, clock, lambda flat: _add(flat, strategy, part, sums, others))
        damaged = tuple(dict.fromkeys(units.damaged))
    candidates, alone, absent = sums.tolist()
    return Company(candidates, alone, absent, tuple(others.most_common()), since, damaged)


def _add(flat: Flat, strategy: str, part: Part, sums: np.typing.NDArray[np.int64], others: Counter[str]) -> None:
    mine = flat.is_part(part, strategy)
    if not mine.any():
        return
    candidates, numbers, names = flat.acting()
    number = names.index(strategy).as_py()
    beside = mine[candidates] & (numbers != number)
    accompanied = np.zeros(len(mine), np.bool_)
    accompanied[candidates[beside]] = True
    absent = np.asarray(flat.field("rank_after").is_null().to_numpy(zero_copy_only=False), np.bool_)
    sums += (mine.sum(), (mine & ~accompanied).sum(), (mine & absent).sum())
    found = np.bincount(numbers[beside], minlength=len(names))
    others.update({names[place].as_py(): int(found[place]) for place in np.flatnonzero(found).tolist()})
