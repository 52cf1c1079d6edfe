"""Which clauses can hold together for one candidate in one request?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aedile.engine.conflicts.opposites import opposites
from aedile.engine.conflicts.space import Space
from aedile.engine.conflicts.units import Bools, Ints, Literal

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """For left × right clauses: `found`, every unit has a point where both hold; `open`, nothing speaks against it.

    `found` does not look at literals over several units; `open` contains `found`.
    """

    found: Bools
    open: Bools


class Overlaps:
    """Compares clauses of a space, mode by mode."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._open_rows: dict[tuple[int, int], tuple[Floats, Floats]] = {}
        self._viable: dict[int, Overlap] = {}

    @cached_property
    def across(self) -> Bools:
        """bool (clauses,): has a literal over several units."""
        flags = np.zeros(self._space.program.clause_count, np.bool_)
        for across in self._space.across:
            flags[list(across.literals)] = True
        return flags

    @cached_property
    def _alive(self) -> Bools:
        bits = np.unpackbits(self._space.alive.view(np.uint8), bitorder="little")
        alive = bits[: self._space.program.clause_count].astype(np.bool_)
        for one, other in self._opposites:
            alive &= ~(one & other)
        return alive

    def viable(self, mode: int) -> Overlap:
        """bool (clauses,) each: the clause alone can hold; nothing is known that keeps it from holding."""
        if mode not in self._viable:
            found, open_ = self._alive.copy(), self._alive.copy()
            for unit in self._space.units:
                feasible = unit.feasible[mode]
                holds = unit.true[:, feasible].any(axis=1)
                unsure = unit.inexact & ~unit.finite & unit.table[:, feasible].any(axis=1)
                found[unit.clauses] &= holds
                open_[unit.clauses] &= holds | unsure
            self._viable[mode] = Overlap(found, open_)
        return self._viable[mode]

    def compare(self, left: Ints, right: Ints, mode: int) -> Overlap:
        """The clauses `left` against the clauses `right`."""
        alone = self.viable(mode)
        found = np.logical_and.outer(alone.found[left], alone.found[right])
        open_ = np.logical_and.outer(alone.open[left], alone.open[right])
        for number, unit in enumerate(self._space.units):
            rows, columns = np.flatnonzero(unit.row[left] >= 0), np.flatnonzero(unit.row[right] >= 0)
            if len(rows) and len(columns):
                met, maybe = self._meet(number, unit.row[left[rows]], unit.row[right[columns]], mode)
                here = np.ix_(rows, columns)
                found[here] &= met
                open_[here] &= maybe
        self._part_opposites(left, right, found, open_)
        return Overlap(found, open_)

    def _meet(self, number: int, left: Ints, right: Ints, mode: int) -> tuple[Bools, Bools]:
        unit = self._space.units[number]
        true, table = self._floats(number, mode)
        met = true[left] @ true[right].T > 0
        unsure = unit.inexact & ~unit.finite
        doubtful = unsure[left][:, None] & ~unit.finite[right] | unsure[right] & ~unit.finite[left][:, None]
        if not doubtful.any():
            return met, met
        return met, met | (doubtful & (table[left] @ table[right].T > 0))

    def _floats(self, number: int, mode: int) -> tuple[Floats, Floats]:
        key = (number, mode)
        if key not in self._open_rows:
            unit = self._space.units[number]
            feasible = unit.feasible[mode]
            true = unit.true[:, feasible].astype(np.float32)
            table = true if not unit.beyond else unit.table[:, feasible].astype(np.float32)
            self._open_rows[key] = (true, table)
        return self._open_rows[key]

    def _part_opposites(self, left: Ints, right: Ints, found: Bools, open_: Bools) -> None:
        """Two literals that are never both true keep their clauses apart, whatever is known of them."""
        for one, other in self._opposites:
            for first, second in ((one, other), (other, one)):
                rows, columns = np.flatnonzero(first[left]), np.flatnonzero(second[right])
                if len(rows) and len(columns):
                    apart = np.ix_(rows, columns)
                    found[apart] = False
                    open_[apart] = False

    @cached_property
    def _opposites(self) -> list[tuple[Bools, Bools]]:
        """Pairs of opposite literals, each as the clauses that have it, bool (clauses,)."""
        clauses: dict[Literal, Bools] = {}
        for literals in (*(unit.beyond for unit in self._space.units), *(a.literals for a in self._space.across)):
            for clause, used in literals.items():
                for literal in used:
                    if literal not in clauses:
                        clauses[literal] = np.zeros(self._space.program.clause_count, np.bool_)
                    clauses[literal][clause] = True
        return [(clauses[one], clauses[other]) for one, other in opposites(clauses)]
