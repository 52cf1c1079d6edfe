"""Does one strategy fire wherever another does?

Screened by samples: only where one fires for every sample of the other, the other's clauses are taken apart, box by
box, to see whether anything of them is left uncovered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aedile.engine.conflicts.meetings import Matcher
from aedile.engine.conflicts.space import Space
from aedile.engine.conflicts.units import Bools, Ints, Literal, Unit, bits_of
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table

#: Samples of each clause.
SAMPLES = 4
#: Boxes a clause may fall into while it is taken apart; past them it counts as not covered.
BOXES = 256
_SEED = 20_260_102

Box = dict[int, Bools]


class Covers:
    """Answers for the strategies of one space, which stand by their place."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._space: Space = matcher.space
        self._across: dict[int, frozenset[Literal]] = {}
        for across in self._space.across:
            for clause, literals in across.literals.items():
                self._across[clause] = self._across.get(clause, frozenset()) | literals
        self._units_of: dict[int, list[int]] = {}
        for number, unit in enumerate(self._space.units):
            for clause in unit.clauses.tolist():
                self._units_of.setdefault(clause, []).append(number)

    @cached_property
    def may_cover(self) -> Bools:
        """bool (strategies, strategies): the first fires for all samples of the second; true where there are none."""
        space = self._space
        count = len(space.program.strategies)
        table, owners = self._samples()
        covers = np.ones((count, count), np.bool_)
        if table.length == 0:
            return covers
        words = space.program.words
        holds = bits_of([a for a in space.program.axes if a.features], table, words, space.lists) & space.alive
        flags = np.unpackbits(holds.view(np.uint8), axis=1, bitorder="little", count=space.program.clause_count)
        starts = np.searchsorted(space.program.clause_strategy, np.arange(count))
        has_clauses = np.diff(np.append(starts, space.program.clause_count)) > 0
        fires = np.zeros((table.length, count), np.bool_)
        fires[:, has_clauses] = np.logical_or.reduceat(flags, starts[has_clauses], axis=1)
        sampled, first = np.unique(owners, return_index=True)
        covers[:, sampled] = np.logical_and.reduceat(fires, first, axis=0).T
        return covers

    def _samples(self) -> tuple[Table, Ints]:
        """Random rows where some clause holds, by rising strategy; and the strategy of each."""
        space = self._space
        clauses, modes = self._sampled_clauses()
        bound = self._matcher.overlaps.across
        rng = np.random.default_rng(_SEED)
        picks = [np.zeros(len(clauses), np.int64) for _ in space.units]
        for number, unit in enumerate(space.units):
            for mode in np.unique(modes).tolist():
                rows = np.flatnonzero(modes == mode)
                picks[number][rows] = _random_points(unit, mode, clauses[rows], rng)
        kept = np.ones(len(clauses), np.bool_)
        for row in np.flatnonzero(bound[clauses]).tolist():
            groups = self._matcher.joint.alone(int(clauses[row]), int(modes[row]))
            if groups is None:
                kept[row] = False
                continue
            for group in groups:
                points = self._matcher.points_at(group, int(rng.integers(group.table.length)))
                for number, point in points.items():
                    picks[number][row] = point
        columns = {
            name: column_from_python(space.program.types[name], unit.values[name]).take(pick[kept])
            for unit, pick in zip(space.units, picks, strict=True)
            for name in unit.features
        }
        return Table(columns, int(kept.sum())), space.program.clause_strategy[clauses[kept]].astype(np.int64)

    def _sampled_clauses(self) -> tuple[Ints, Ints]:
        """Every clause several times, in the first mode in which it can hold; one that cannot is left out."""
        count = self._space.program.clause_count
        first = np.full(count, -1, np.int64)
        for mode in reversed(range(len(self._space.modes))):
            first[self._matcher.overlaps.viable(mode).found] = mode
        clauses = np.repeat(np.flatnonzero(first >= 0), SAMPLES)
        return clauses, first[clauses]

    def covers(self, first: int, second: int) -> bool:
        """Whether the first strategy fires wherever the second does, beyond doubt. False is no proof of a gap."""
        alive = self._matcher.overlaps
        for mode in range(len(self._space.modes)):
            viable = alive.viable(mode).open
            mine = [clause for clause in self._matcher.clauses_of(first) if viable[clause]]
            for clause in self._matcher.clauses_of(second):
                if viable[clause] and not self._covered(clause, mine, mode):
                    return False
        return True

    def _covered(self, clause: int, covering: Sequence[int], mode: int) -> bool:
        usable = [c for c in covering if self._across.get(c, frozenset()) <= self._across.get(clause, frozenset())]
        touched = sorted({number for c in (clause, *usable) for number in self._units_of.get(c, ())})
        rest = [{number: self._region(clause, number, mode) for number in touched}]
        guessed: set[int] = set()
        for other in usable:
            regions = self._regions(other, clause, mode, guessed)
            if regions is None:
                continue
            rest = [piece for box in rest for piece in _without(box, regions)]
            if not rest:
                return True
            if len(rest) > BOXES:
                return False
        return not rest

    def _region(self, clause: int, number: int, mode: int) -> Bools:
        """The unit's points where the clause may hold."""
        unit = self._space.units[number]
        feasible: Bools = unit.feasible[mode]
        row = int(unit.row[clause])
        if row < 0:
            return feasible
        settled = bool(unit.finite[row]) or not bool(unit.inexact[row])
        holds: Bools = (unit.true if settled else unit.table)[row]
        return np.asarray(feasible & holds)

    def _regions(self, other: int, clause: int, mode: int, guessed: set[int]) -> Box | None:
        """The units' points where `other` surely holds for whatever `clause` holds for; None where that is not known.

        guessed: units where texts were joined for one pair of clauses; a second such pair would need others.
        """
        regions: Box = {}
        beyond: set[int] = set()
        for number in self._units_of.get(other, ()):
            unit = self._space.units[number]
            row, own = int(unit.row[other]), int(unit.row[clause])
            literals = unit.beyond.get(other, frozenset())
            if literals <= unit.beyond.get(clause, frozenset()):
                regions[number] = unit.table[row] & unit.feasible[mode]
                continue
            if own >= 0 and unit.finite[own]:
                regions[number] = unit.true[row] & unit.feasible[mode]
                continue
            if unit.inexact[row] or (own >= 0 and unit.inexact[own]) or number in guessed:
                return None
            beyond.add(number)
            regions[number] = unit.true[row] & unit.feasible[mode]
        guessed |= beyond
        return regions


def _without(box: Box, regions: Box) -> list[Box]:
    """What is left of a box when all that lies in every region is taken out."""
    pieces: list[Box] = []
    inside = dict(box)
    for number, region in regions.items():
        outside = inside[number] & ~region
        if outside.any():
            pieces.append({**inside, number: outside})
        inside[number] = inside[number] & region
        if not inside[number].any():
            return [box]
    return pieces


def _random_points(unit: Unit, mode: int, clauses: Ints, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """For each clause a random point of the unit where its literals hold."""
    feasible = np.flatnonzero(unit.feasible[mode])
    picks = rng.choice(feasible, len(clauses))
    rows = unit.row[clauses]
    for turn in range(SAMPLES):
        # The samples of a clause follow one another, so each turn gives every clause one of them.
        mine = np.arange(turn, len(clauses), SAMPLES)
        mine = mine[rows[mine] >= 0]
        order = rng.permutation(feasible)
        held = unit.true[rows[mine]][:, order] if len(mine) else np.zeros((0, len(order)), np.bool_)
        picks[mine] = order[held.argmax(axis=1)] if len(mine) else picks[mine]
    return picks
