"""Which values of several units at once make literals over all of them true?

Found by trial: combinations of the units' points, and, where a literal compares one feature with an expression,
the very value of the expression and its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.axes import Axis, Words
from aedile.engine.catalogue import concatenated
from aedile.engine.conflicts.points import COMPARISONS, RANGES
from aedile.engine.conflicts.space import Space
from aedile.engine.conflicts.units import Ints, bits_of
from aedile.language.columns import Column, column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.ir import Call, Const, Feature, Node
from aedile.language.types import BOOL, DOUBLE, DURATION, STRING, TIMESTAMP

#: Combinations tried for a clause or two; where there are more, so many are drawn.
ROWS_TRIED = 4096
#: Of these, rows in which a compared feature is set to what it is compared with.
ROWS_SOLVED = 1024
_SEED = 20_260_101


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Values of some units together; rows of `table` where all clauses asked for hold.

    units: whose features the table has. bits: uint64 (rows, words), clauses all of whose literals on these units hold.
    """

    units: tuple[int, ...]
    table: Table
    bits: Words

    def values(self, row: int) -> dict[str, Any]:
        return {name: column.take(np.array([row])).to_python()[0] for name, column in self.table.columns.items()}


class Joint:
    """Searches one space; what was found for a clause alone is kept."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._points: list[dict[str, Column]] = [
            {name: column_from_python(space.program.types[name], values) for name, values in unit.values.items()}
            for unit in space.units
        ]
        self._axes: dict[frozenset[int], list[Axis]] = {}
        self._alone: dict[tuple[int, int], list[Found] | None] = {}

    def units_across(self, clauses: Sequence[int]) -> list[frozenset[int]]:
        """The units that literals of these clauses bind together, as groups that do not touch."""
        groups: list[frozenset[int]] = []
        for across in self._space.across:
            if any(clause in across.literals for clause in clauses):
                joined = across.units
                for group in [group for group in groups if group & joined]:
                    groups.remove(group)
                    joined |= group
                groups.append(joined)
        return groups

    def alone(self, clause: int, mode: int) -> list[Found] | None:
        """Rows where the clause holds, one `Found` for each group of units; None where one group has none."""
        key = (clause, mode)
        if key not in self._alone:
            self._alone[key] = self.search((clause,), mode)
        return self._alone[key]

    def search(self, clauses: Sequence[int], mode: int) -> list[Found] | None:
        """Rows where all of the clauses hold together; None where some group of units was found to have none."""
        found = []
        for group in self.units_across(clauses):
            rows = self._search_group(tuple(sorted(group)), clauses, mode)
            if rows is None:
                return None
            found.append(rows)
        return found

    def _search_group(self, group: tuple[int, ...], clauses: Sequence[int], mode: int) -> Found | None:
        choices = [self._choices(number, clauses, mode) for number in group]
        if any(len(choice) == 0 for choice in choices):
            return None
        atoms = self._atoms(frozenset(group), clauses)
        mesh = _mesh(choices)
        columns = self._columns(group, mesh)
        parts = [columns, *self._equal_texts(group, choices, atoms)]
        parts += self._solved(columns, atoms)
        table = _stacked(parts)
        bits = bits_of(self._axes_within(frozenset(group)), table, self._space.program.words, self._space.lists)
        holds = np.ones(table.length, np.bool_)
        for clause in clauses:
            holds &= (bits[:, clause >> 6] >> np.uint64(clause & 63)) & np.uint64(1) == 1
        rows = np.flatnonzero(holds)
        if len(rows) == 0:
            return None
        return Found(group, Table({n: c.take(rows) for n, c in table.columns.items()}, len(rows)), bits[rows])

    def _choices(self, number: int, clauses: Sequence[int], mode: int) -> Ints:
        unit = self._space.units[number]
        allowed = unit.feasible[mode].copy()
        for clause in clauses:
            if unit.row[clause] >= 0:
                allowed &= unit.true[unit.row[clause]]
        return np.flatnonzero(allowed)

    def _atoms(self, group: frozenset[int], clauses: Sequence[int]) -> list[Node]:
        literals = (
            literal
            for across in self._space.across
            if across.units <= group
            for clause in clauses
            for literal in across.literals.get(clause, ())
        )
        return list(dict.fromkeys(atom for atom, _ in sorted(literals, key=repr)))

    def _axes_within(self, group: frozenset[int]) -> list[Axis]:
        if group not in self._axes:
            names = {name for number in group for name in self._space.units[number].features}
            self._axes[group] = [axis for axis in self._space.program.axes if axis.features and axis.features <= names]
        return self._axes[group]

    def _columns(self, group: Sequence[int], chosen: npt.NDArray[Any]) -> dict[str, Column]:
        return {
            name: column.take(chosen[place])
            for place, number in enumerate(group)
            for name, column in self._points[number].items()
        }

    def _equal_texts(
        self, group: tuple[int, ...], choices: Sequence[Ints], atoms: Sequence[Node]
    ) -> list[dict[str, Column]]:
        """Rows in which two text features that an atom compares have the same value."""
        parts = []
        for atom in atoms:
            if not (isinstance(atom, Call) and atom.function in COMPARISONS):
                continue
            left, right = atom.args
            if not (isinstance(left, Feature) and isinstance(right, Feature) and left.type == STRING):
                continue
            places = [group.index(self._space.unit_of[feature.name]) for feature in (left, right)]
            if places[0] == places[1]:
                continue
            values = [self._space.units[group[p]].values[f.name] for p, f in zip(places, (left, right), strict=True)]
            second: dict[str, int] = {values[1][i]: i for i in choices[places[1]] if values[1][i] is not None}
            pairs = [(i, second[values[0][i]]) for i in choices[places[0]] if values[0][i] in second][:ROWS_TRIED]
            if pairs:
                rng = np.random.default_rng(_SEED)
                chosen = np.stack([rng.choice(choice, len(pairs)) for choice in choices])
                chosen[places[0]], chosen[places[1]] = np.array(pairs).T
                parts.append(self._columns(group, chosen))
        return parts

    def _solved(self, columns: dict[str, Column], atoms: Sequence[Node]) -> list[dict[str, Column]]:
        """Some rows again, with a compared feature set to what it is compared with, and just beside."""
        parts = []
        some = {name: column.take(np.arange(min(len(column), ROWS_SOLVED))) for name, column in columns.items()}
        length = len(next(iter(some.values())))
        for atom in atoms:
            for feature, value in solutions(atom):
                if not self._is_free(feature):
                    continue
                wanted = evaluate(value, Table(some, length), self._space.lists)
                wanted = wanted if len(wanted) == length else wanted.take(np.zeros(length, np.int64))
                for near in _nudged(wanted):
                    kept = np.flatnonzero(near.known & some[feature.name].known)
                    if len(kept):
                        part = {name: column.take(kept) for name, column in some.items()}
                        parts.append({**part, feature.name: near.take(kept)})
        return parts

    def _is_free(self, feature: Feature) -> bool:
        """Whether the feature may have any value of its type: it is alone in its unit and no text or truth value."""
        unit = self._space.units[self._space.unit_of[feature.name]]
        return len(unit.features) == 1 and feature.type not in (STRING, BOOL) and feature.type.element is None


def _nudged(column: Column) -> list[Column]:
    """The values, the next ones above and the next ones below; unknown where the type ends."""
    if column.type == DOUBLE:
        shifted = [column.values, np.nextafter(column.values, np.inf), np.nextafter(column.values, -np.inf)]
        return [Column(DOUBLE, column.known, values) for values in shifted]
    least, most = RANGES[column.type]
    found = []
    for step in (0, 1, -1):
        inside = (column.values >= least - min(step, 0)) & (column.values <= most - max(step, 0))
        found.append(Column(column.type, column.known & inside, np.where(inside, column.values + step, 0)))
    return found


def solutions(atom: Node) -> list[tuple[Feature, Node]]:
    """Features of a comparison beside the expression each would have to equal for both sides to be equal."""
    if not (isinstance(atom, Call) and atom.function in COMPARISONS):
        return []
    found = []
    left, right = atom.args
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Feature) and one.type == other.type:
            found.append((one, other))
    if left.type == DURATION and isinstance(left, Call) and left.function == "-" and isinstance(right, Const):
        a, b = left.args
        if isinstance(a, Feature) and a.type == TIMESTAMP:
            found.append((a, Call(TIMESTAMP, "+", (b, right))))
        if isinstance(b, Feature) and b.type == TIMESTAMP:
            found.append((b, Call(TIMESTAMP, "-", (a, right))))
    return found


def _mesh(choices: Sequence[Ints]) -> npt.NDArray[Any]:
    """(units, rows): all combinations or, where they are many, some drawn at random."""
    count = 1
    for choice in choices:
        count *= len(choice)
    if count <= ROWS_TRIED:
        return np.stack([axis.ravel() for axis in np.meshgrid(*choices, indexing="ij")])
    rng = np.random.default_rng(_SEED)
    return np.stack([rng.choice(choice, ROWS_TRIED) for choice in choices])


def _stacked(parts: Sequence[dict[str, Column]]) -> Table:
    columns = {
        name: concatenated([part[name] for part in parts]) if len(parts) > 1 else parts[0][name] for name in parts[0]
    }
    return Table(columns, len(next(iter(columns.values()))))
