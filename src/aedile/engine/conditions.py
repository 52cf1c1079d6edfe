"""Where does one condition hold, decided by the same tables a release is made of?

For conditions that belong to no strategy: those a person is typing, and tests of the tables themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aedile.engine.axes import FALSE, TRUE, UNKNOWN, Axis, build_axes, words_for
from aedile.language.columns import Rows
from aedile.language.ir import Node
from aedile.language.lists import Lists
from aedile.language.normal import clauses
from aedile.language.types import Type

Int8 = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class ConditionTables:
    """A bool condition as clauses over axes."""

    axes: tuple[Axis, ...]
    words: int
    never: tuple[bool, ...]
    """For each clause whether it holds an atom and its negation: it may be unknown, and is never true."""


def compile_tables(condition: Node, types: Mapping[str, Type], lists: Lists) -> ConditionTables:
    """The tables of a condition whose features have these types."""
    found = clauses(condition)
    uses: dict[Node, list[tuple[int, bool]]] = {}
    for number, clause in enumerate(found):
        for literal in clause:
            uses.setdefault(literal.atom, []).append((number, literal.negated))
    words = words_for(len(found))
    never = tuple(
        any((one.atom, not one.negated) in {(o.atom, o.negated) for o in clause} for one in clause) for clause in found
    )
    return ConditionTables(tuple(build_axes(uses, dict(types), words, lists)), words, never)


def decide(tables: ConditionTables, rows: Rows, lists: Lists) -> Int8:
    """The condition at each row: FALSE, UNKNOWN or TRUE; int8 (rows,)."""
    count = len(tables.never)
    full = np.full((rows.length, tables.words), ~np.uint64(0))
    true, possible = full, full.copy()
    for axis in tables.axes:
        for assignment in axis.assign(rows, lists):
            true &= assignment.bits[assignment.codes]
            possible &= assignment.possible[assignment.codes]
    is_true = _flags(true, count) & ~np.array(tables.never, np.bool_)
    return np.where(is_true.any(axis=1), TRUE, np.where(_flags(possible, count).any(axis=1), UNKNOWN, FALSE)).astype(
        np.int8
    )


def _flags(words: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.bool_]:
    return np.unpackbits(words.view(np.uint8), axis=1, bitorder="little", count=count).astype(np.bool_)
