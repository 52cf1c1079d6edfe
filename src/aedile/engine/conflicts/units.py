"""Which values are there to choose from for features that are chosen together, and where do clauses hold?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aedile.engine.axes import Axis, ConstantAxis, OrderedAxis, Words
from aedile.engine.catalogue import EntityRows, Store
from aedile.engine.conflicts.kinship import has_entities
from aedile.engine.conflicts.modes import Mode, fits
from aedile.engine.conflicts.points import UNKNOWN
from aedile.engine.conflicts.pools import ClauseLiterals, Pool, pool_for
from aedile.engine.program import Program
from aedile.language.columns import column_from_python
from aedile.language.evaluation import Table
from aedile.language.ir import Call, Const, Feature, Node, features_of, walk
from aedile.language.lists import Lists
from aedile.language.schema import Schema
from aedile.language.types import Type

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Literal = tuple[Node, bool]


@dataclass(slots=True, eq=False)
class Unit:
    """Features whose values are chosen together, and the n points there are to choose from.

    values: feature → n Python values. feasible: bool (modes, n). closed: bool (n,), see `Point`.
    clauses: those with a literal here; row: clause → its place among them, -1 for others.
    true, table: bool (clauses, n), where all literals of a clause on this unit hold, and where those in tables do.
    inexact: bool (clauses,), the clause has a literal here that the points may not settle; finite: bool (clauses,),
    all points where it may hold are here. beyond: clause → its literals here that stand in no table.
    """

    features: tuple[str, ...]
    values: dict[str, list[Any]]
    feasible: Bools
    closed: Bools
    clauses: Ints
    row: Ints
    true: Bools
    table: Bools
    inexact: Bools
    finite: Bools
    beyond: dict[int, frozenset[Literal]]

    def add(self, values: dict[str, Any]) -> int:
        """Keep values found elsewhere as a further point, for witnesses; its number."""
        for name in self.features:
            self.values[name].append(values[name])
        return len(self.values[self.features[0]]) - 1


@dataclass(slots=True, eq=False)
class Across:
    """An axis over several units; literals: clause → its literals there."""

    axis: Axis
    units: frozenset[int]
    literals: dict[int, frozenset[Literal]]


def literals_of(axes: Iterable[Axis]) -> dict[int, frozenset[Literal]]:
    """For each clause the literals it has on these axes."""
    found: dict[int, set[Literal]] = {}
    for axis in axes:
        for use in axis.uses:
            found.setdefault(use.clause, set()).add((axis.atoms[use.atom], use.negated))
    return {clause: frozenset(literals) for clause, literals in found.items()}


def bits_of(axes: Sequence[Axis], rows: Table, words: int, lists: Lists) -> Words:
    """The clauses whose literals on these axes hold, uint64 (rows, words)."""
    found = np.full((rows.length, words), ~np.uint64(0))
    for axis in axes:
        for assignment in axis.assign(rows, lists):
            found &= assignment.bits[assignment.codes]
    return found


@dataclass(eq=False)
class UnitMaker:
    """Makes units out of what is known of the whole space; see `build_space`."""

    program: Program
    schema: Schema
    lists: Lists
    store: Store | None
    modes: list[Mode]
    aliases: dict[str, str]
    texts: dict[str, set[str]]
    across: list[Across]
    bound: frozenset[str]

    def make(self, features: tuple[str, ...], axes: list[Axis]) -> Unit:
        tables = [axis for axis in axes if isinstance(axis, OrderedAxis | ConstantAxis)]
        others = [axis for axis in axes if not isinstance(axis, OrderedAxis | ConstantAxis)]
        rows, closed, only_absent, pools, from_catalogue = self._points(features, axes)
        values = {name: [row[name] for row in rows] for name in features}
        table = Table({n: column_from_python(self._type(n), values[n]) for n in features}, len(rows))
        known = self._known_for(features, values)
        clauses = np.array(sorted({*literals_of(axes), *known}), np.int64)
        row = np.full(self.program.clause_count, -1, np.int64)
        row[clauses] = np.arange(len(clauses))
        in_tables = bits_of(tables, table, self.program.words, self.lists)
        true = in_tables & bits_of(others, table, self.program.words, self.lists)
        beyond = literals_of(others)
        exact = set().union(*(pool.exact for pool in pools.values()))
        finite_atoms = set().union(*(pool.finite for pool in pools.values()))
        static, all_true = _flags(in_tables, clauses), _flags(true, clauses)
        for clause, points in known.items():
            static[row[clause]] &= points
            all_true[row[clause]] &= points
        finite = np.logical_not((static & ~closed).any(axis=1))
        inexact = np.zeros(len(clauses), np.bool_)
        for clause, literals in beyond.items():
            if from_catalogue:
                continue
            inexact[row[clause]] = any(atom not in exact for atom, _ in literals)
            finite[row[clause]] |= any(atom in finite_atoms and not negated for atom, negated in literals)
        feasible = np.array(
            [[self._fits(r, absent, mode) for r, absent in zip(rows, only_absent, strict=True)] for mode in self.modes]
        )
        return Unit(features, values, feasible, closed, clauses, row, all_true, static, inexact, finite, beyond)

    def _known_for(self, features: Sequence[str], values: dict[str, list[Any]]) -> dict[int, Bools]:
        """For clauses with a literal over several units that is unknown where a feature is: the points it leaves."""
        found: dict[int, Bools] = {}
        for across in self.across:
            for clause, literals in across.literals.items():
                for name in {n for atom, _ in literals if needs_all_known(atom) for n in features_of(atom)}:
                    if name in features:
                        points = np.array([value is not None for value in values[name]])
                        found[clause] = found.get(clause, points) & points
        return found

    def _type(self, name: str) -> Type:
        return self.program.types[name]

    def _points(
        self, features: tuple[str, ...], axes: list[Axis]
    ) -> tuple[list[dict[str, Any]], Bools, list[bool], dict[str, Pool], bool]:
        """The rows of values to try; which are closed; which hold only where the entity is not known."""
        group = [n for names in self.schema.dependencies for n in names if n in features]
        occurring: list[tuple[dict[str, Any], bool]] = [({}, True)]
        if group and len(features) > 1 and has_entities(self.store, group[0].partition(".")[0]):
            occurring = self._occurring(list(dict.fromkeys(group)), axes)
        pools: dict[str, Pool] = {}
        literals = literals_of(axis for axis in axes if not isinstance(axis, OrderedAxis | ConstantAxis))
        for name in features:
            if name in self.aliases or any(name in row for row, _ in occurring):
                continue
            pools[name] = self._pool(name, axes, literals)
            points = [*pools[name].points, UNKNOWN]
            occurring = [
                ({**row, name: point.value}, closed and point.closed) for row, closed in occurring for point in points
            ]
        rows: list[dict[str, Any]] = []
        closed: list[bool] = []
        for row, is_closed in occurring:
            for version in self._with_aliases(row, features):
                rows.append(version)
                closed.append(is_closed)
        only_absent = [False] * len(rows)
        nothing: dict[str, Any] = dict.fromkeys(features)
        if nothing not in rows:
            rows.append(nothing)
            closed.append(True)
            only_absent.append(True)
        return rows, np.array(closed), only_absent, pools, not pools and bool(group)

    def _pool(self, name: str, axes: list[Axis], literals: ClauseLiterals) -> Pool:
        table = next((a for a in axes if isinstance(a, OrderedAxis | ConstantAxis) and a.feature == name), None)
        return pool_for(
            name, self._type(name), table, literals, sorted(self.texts.get(name, ())), self.lists, name in self.bound
        )

    def _with_aliases(self, row: dict[str, Any], features: Sequence[str]) -> list[dict[str, Any]]:
        """The row with its aliases: each repeats its source or, where no such entity is known, is unknown."""
        versions = [row]
        for alias in (name for name in features if name in self.aliases):
            source = self.aliases[alias]
            versions = [{**v, alias: value} for v in versions for value in dict.fromkeys((v[source], None))]
        return versions

    def _occurring(self, group: list[str], axes: list[Axis]) -> list[tuple[dict[str, Any], bool]]:
        """The combinations of values that the catalogue holds, one for each that the literals can tell apart."""
        assert self.store is not None
        entities = EntityRows(self.store, group[0].partition(".")[0], None)
        codes = [
            assignment.codes
            for axis in axes
            if axis.features <= set(group)
            for assignment in axis.assign(entities, self.lists)
        ]
        known = np.zeros(entities.length, np.bool_)
        for name in group:
            known |= entities.column(name).known
        chosen = np.flatnonzero(known)
        if codes and len(chosen):
            _, first = np.unique(np.stack(codes)[:, chosen], axis=1, return_index=True)
            chosen = chosen[first]
        columns = [entities.column(name).take(chosen).to_python() for name in group]
        return [(dict(zip(group, row, strict=True)), True) for row in zip(*columns, strict=True)]

    def _fits(self, row: dict[str, Any], only_absent: bool, mode: Mode) -> bool:
        if only_absent and any(name.partition(".")[0] in mode.known for name in row):
            return False
        return fits(row, mode, self.program.kind, self.schema)


def needs_all_known(atom: Node) -> bool:
    """Whether the atom is unknown as soon as one of its features is: nothing in it decides over unknowns."""
    return all(isinstance(node, Call | Feature | Const) for node in walk(atom))


def _flags(words: Words, clauses: Ints) -> Bools:
    """bool (clauses, rows) out of uint64 (rows, words)."""
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    return np.ascontiguousarray(bits[:, clauses].T.astype(np.bool_))
