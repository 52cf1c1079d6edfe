"""On which candidates does a strategy act, or would it in shadow, and which others act on the same ones?

Looked up in the newest decisions in which it played a part, as far as the time allows; pieces of the log that cannot
hold one are passed over by their index. The answer says how many candidates it saw, and since when.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from aedile.store.decision_bloom import hashes_of
from aedile.store.decision_flat import Flat, Part, key_of_part, leaves
from aedile.store.decision_search import newest_first, rows_within
from aedile.store.decision_units import Moved, Units, Unreadable, Within
from aedile.store.home import Home

SECONDS, ENOUGH = 0.4, 50_000
_TRIES = 5
_COLUMNS = [
    *("decided_at", "request_id", "release", "market", "channel"),
    *leaves("id", "kind", "fired", "exempted", "shadow_fired"),
]


@dataclass(frozen=True, slots=True)
class Agreement:
    """candidates: those seen that it acts on, or would. alone: of them, nothing else acts on. others: strategy and
    candidates of these that it acts on, the most first. since: everything after was looked at (microseconds since
    1970), None where the whole span was."""

    candidates: int
    alone: int
    others: tuple[tuple[str, int], ...]
    since: int | None = None

    @property
    def shares(self) -> list[tuple[str, int, float]]:
        """Others with the share of the candidates seen."""
        return [(name, count, count / self.candidates) for name, count in self.others]


def agreement_of(
    home: Home,
    strategy: str,
    part: Part,
    within: Within,
    *,
    seconds: float = SECONDS,
    enough: int = ENOUGH,
    clock: Callable[[], float] = time.monotonic,
) -> Agreement:
    """Which strategies act on the candidates for which this one plays a part (`acted` or `shadow`)."""
    end = clock() + seconds
    for _ in range(_TRIES):
        try:
            return _look(home, strategy, part, within, end, enough, clock)
        except Moved:
            continue
    return Agreement(0, 0, (), within.until)


def _look(
    home: Home, strategy: str, part: Part, within: Within, end: float, enough: int, clock: Callable[[], float]
) -> Agreement:
    seen = alone = 0
    others: Counter[str] = Counter()
    since = None
    wanted = [hashes_of([key_of_part(part, strategy)])]
    with closing(Units(home, within)) as units:
        for unit in newest_first(units):
            if clock() > end or seen >= enough:
                since = unit.last + 1
                break
            if not unit.may_hold(wanted):
                continue
            try:
                table = unit.read(_COLUMNS)
            except Unreadable:
                continue  # the search tells of it
            rows = rows_within(table, within)
            if len(rows):
                mine, lonely = _count(Flat(table.take(rows)), strategy, part, others)
                seen, alone = seen + mine, alone + lonely
    return Agreement(seen, alone, tuple(others.most_common(12)), since)


def _count(flat: Flat, strategy: str, part: Part, others: Counter[str]) -> tuple[int, int]:
    """Add who else acts; candidates that are its own, and those where nobody else acts."""
    mine = flat.is_part(part, strategy)
    if not mine.any():
        return 0, 0
    candidates, numbers, names = flat.acting()
    own = names.index(strategy).as_py()
    together = mine[candidates] & (numbers != own)
    found = np.bincount(numbers[together], minlength=len(names))
    others.update({names[int(number)].as_py(): int(found[number]) for number in np.flatnonzero(found)})
    return int(mine.sum()), int(mine.sum() - len(np.unique(candidates[together])))
