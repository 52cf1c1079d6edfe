"""For which pairs of strategies is there a candidate that fires both?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from aedile.engine.conflicts.joint import Found, Joint
from aedile.engine.conflicts.overlap import Overlaps
from aedile.engine.conflicts.space import Space
from aedile.engine.conflicts.units import Bools, Ints

#: Searches over several units for one pair of clauses, in one call.
SEARCHES = 2_000
_BLOCK = 256


@dataclass(slots=True, eq=False)
class Meetings:
    """Pairs of clauses that meet: clauses left[k] and right[k] in modes[k]. Strategies stand by their place.

    forced: k → the points that literals over several units leave, unit → point. open: pairs of strategies of which
    nothing was found and nothing speaks against.
    """

    first: list[int] = field(default_factory=list)
    second: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    modes: list[int] = field(default_factory=list)
    forced: dict[int, dict[int, int]] = field(default_factory=dict)
    open: list[tuple[int, int]] = field(default_factory=list)


class Matcher:
    """Finds meetings in one space."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.overlaps = Overlaps(space)
        self.joint = Joint(space)
        self._clauses: list[list[int]] = [[] for _ in space.program.strategies]
        for clause, owner in enumerate(space.program.clause_strategy.tolist()):
            self._clauses[owner].append(clause)

    def clauses_of(self, strategy: int) -> list[int]:
        return self._clauses[strategy]

    def meet(self, left: Sequence[int], right: Sequence[int], wanted: Bools) -> Meetings:
        """Meetings of strategies `left` with strategies `right`, of those pairs that are wanted, bool (left, right)."""
        found = Meetings()
        if not wanted.any():
            return found
        clauses_l, owner_l = self._flat(left)
        clauses_r, owner_r = self._flat(right)
        across = self.overlaps.across
        bound = across[clauses_l][:, None] | across[clauses_r][None, :]
        missing = wanted.copy()
        maybe = np.zeros_like(wanted)
        later: list[tuple[int, Ints, Ints]] = []
        for mode in range(len(self.space.modes)):
            overlap = self.overlaps.compare(clauses_l, clauses_r, mode)
            relevant = missing[owner_l][:, owner_r]
            rows, columns = np.nonzero(overlap.open & relevant)
            maybe[owner_l[rows], owner_r[columns]] = True
            rows, columns = np.nonzero(overlap.found & relevant & ~bound)
            _, first = np.unique(owner_l[rows] * len(right) + owner_r[columns], return_index=True)
            rows, columns = rows[first], columns[first]
            missing[owner_l[rows], owner_r[columns]] = False
            found.first += np.asarray(left)[owner_l[rows]].tolist()
            found.second += np.asarray(right)[owner_r[columns]].tolist()
            found.left += clauses_l[rows].tolist()
            found.right += clauses_r[columns].tolist()
            found.modes += [mode] * len(rows)
            rows, columns = np.nonzero(overlap.found & relevant & bound)
            later.append((mode, rows, columns))
        for mode, rows, columns in later:
            kept = missing[owner_l[rows], owner_r[columns]]
            rows, columns = rows[kept], columns[kept]
            pairs = _Bound(mode, clauses_l[rows], clauses_r[columns], owner_l[rows], owner_r[columns])
            self._meet_bound(pairs, missing, left, right, found)
        rows, columns = np.nonzero(missing & maybe)
        found.open += [(left[i], right[j]) for i, j in zip(rows.tolist(), columns.tolist(), strict=True)]
        return found

    def _flat(self, strategies: Sequence[int]) -> tuple[Ints, Ints]:
        """All clauses of the strategies, and for each the place of its strategy."""
        counts = [len(self._clauses[strategy]) for strategy in strategies]
        clauses = np.array([clause for strategy in strategies for clause in self._clauses[strategy]], np.int64)
        return clauses, np.repeat(np.arange(len(strategies)), counts)

    # ------------------------------------------------------------ literals over several units

    def _meet_bound(
        self, pairs: _Bound, missing: Bools, left: Sequence[int], right: Sequence[int], found: Meetings
    ) -> None:
        """Pairs of clauses that meet unit by unit, and of which one has a literal over several units."""
        searches = SEARCHES
        unmet: list[int] = []
        for chosen in pairs.by_bound_clause(self.overlaps.across):
            chosen = chosen[missing[pairs.owner_l[chosen], pairs.owner_r[chosen]]]
            if len(chosen) == 0:
                continue
            forced = self._by_known_rows(pairs, chosen)
            for place, points in zip(chosen.tolist(), forced, strict=True):
                pair = pairs.owner_l[place], pairs.owner_r[place]
                if points is None:
                    unmet.append(place)
                elif missing[pair]:
                    missing[pair] = False
                    self._keep(found, pairs, place, left, right, points)
        for place in unmet:
            pair = pairs.owner_l[place], pairs.owner_r[place]
            if not missing[pair] or searches == 0:
                continue
            searches -= 1
            groups = self.joint.search((int(pairs.left[place]), int(pairs.right[place])), pairs.mode)
            if groups is not None:
                missing[pair] = False
                points = {}
                for group in groups:
                    points |= self.points_at(group, 0)
                self._keep(found, pairs, place, left, right, points)

    def _keep(
        self,
        found: Meetings,
        pairs: _Bound,
        place: int,
        left: Sequence[int],
        right: Sequence[int],
        points: dict[int, int],
    ) -> None:
        found.forced[len(found.first)] = points
        found.first.append(left[pairs.owner_l[place]])
        found.second.append(right[pairs.owner_r[place]])
        found.left.append(int(pairs.left[place]))
        found.right.append(int(pairs.right[place]))
        found.modes.append(pairs.mode)

    def _by_known_rows(self, pairs: _Bound, chosen: Ints) -> list[dict[int, int] | None]:
        """For pairs that share a bound clause: points out of the rows found for each clause alone, if some fit both."""
        across = self.overlaps.across
        results: list[dict[int, int] | None] = [{} for _ in range(len(chosen))]
        for own, others in ((pairs.left[chosen], pairs.right[chosen]), (pairs.right[chosen], pairs.left[chosen])):
            for clause in np.unique(own[across[own]]).tolist():
                places = np.flatnonzero(own == clause)
                groups = self.joint.alone(clause, pairs.mode)
                if groups is None:
                    for place in places.tolist():
                        results[place] = None
                    continue
                taken = {unit for group in groups for unit in group.units}
                for group in groups:
                    rows = _first_rows(group, others[places])
                    for place, other, row in zip(places.tolist(), others[places].tolist(), rows, strict=True):
                        # Where both clauses bind the same units, rows of one alone do not settle the other.
                        if row < 0 or results[place] is None or self._binds(other, taken):
                            results[place] = None
                        else:
                            results[place] = {**(results[place] or {}), **self.points_at(group, row)}
        return results

    def _binds(self, clause: int, units: set[int]) -> bool:
        return bool(self.overlaps.across[clause]) and any(g & units for g in self.joint.units_across((clause,)))

    def points_at(self, group: Found, row: int) -> dict[int, int]:
        """The row's values as points of their units."""
        values = group.values(row)
        points = {}
        for number in group.units:
            unit = self.space.units[number]
            points[number] = unit.add({name: values[name] for name in unit.features})
        return points


@dataclass(frozen=True, slots=True, eq=False)
class _Bound:
    """Pairs of clauses in one mode with the places of their strategies."""

    mode: int
    left: Ints
    right: Ints
    owner_l: Ints
    owner_r: Ints

    def by_bound_clause(self, across: Bools) -> list[Ints]:
        """The pairs in groups that share a clause with a literal over several units."""
        shared = np.where(across[self.left], self.left, -1 - self.right)
        order = np.argsort(shared, kind="stable")
        cuts = np.flatnonzero(np.diff(shared[order])) + 1
        return [group for group in np.split(order, cuts) if len(group)]


def _first_rows(group: Found, clauses: Ints) -> list[int]:
    """For each clause the first row where its literals hold, -1 where there is none."""
    rows = np.full(len(clauses), -1, np.int64)
    open_ = np.arange(len(clauses))
    for start in range(0, len(group.bits), _BLOCK):
        block = group.bits[start : start + _BLOCK]
        asked = clauses[open_]
        flags: npt.NDArray[np.uint64] = (block[:, asked >> 6] >> (asked & 63).astype(np.uint64)) & np.uint64(1)
        first = flags.argmax(axis=0)
        met = flags[first, np.arange(len(asked))] == 1
        rows[open_[met]] = start + first[met]
        open_ = open_[~met]
        if len(open_) == 0:
            break
    return rows.tolist()
