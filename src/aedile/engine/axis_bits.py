"""How do outcomes of atoms become rows of clause bits?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aedile.engine.draw import Draw, draw_column
from aedile.language.columns import Rows
from aedile.language.evaluation import evaluate
from aedile.language.ir import Node
from aedile.language.lists import Lists

Words = npt.NDArray[np.uint64]
Outcomes = npt.NDArray[np.int8]

FALSE, UNKNOWN, TRUE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Use:
    """A literal of a clause: `atom` is the place of its atom among the axis' atoms."""

    atom: int
    negated: bool
    clause: int


def words_for(clause_count: int) -> int:
    return max(1, -(-clause_count // 64))


def outcomes(atom: Node, rows: Rows, lists: Lists) -> Outcomes:
    """The atom's value for each row as FALSE, UNKNOWN or TRUE; int8, one for each row."""
    column = draw_column(atom, rows.column(atom.unit.name)) if isinstance(atom, Draw) else evaluate(atom, rows, lists)
    values = np.where(column.known, column.values.astype(np.int8) * TRUE, UNKNOWN).astype(np.int8)
    return values if len(values) == rows.length else np.broadcast_to(values, rows.length)


def clause_bits(found: Outcomes, uses: Sequence[Use], words: int) -> tuple[Words, Words]:
    """Rows of clause bits for buckets whose atoms came out as `found`, int8 (atoms, buckets).

    Returns two arrays (buckets, words): clauses all of whose literals here are true, and clauses none of whose
    literals here is false. A clause without a literal here has its bit set in both.
    """
    buckets = found.shape[1]
    clauses = np.fromiter((use.clause for use in uses), np.int64, len(uses))
    touched, place = np.unique(clauses, return_inverse=True)
    values = found[[use.atom for use in uses]]
    negated = np.fromiter((use.negated for use in uses), np.bool_, len(uses))
    values = np.where(negated[:, None], TRUE - values, values)
    lowest = np.full((len(touched), buckets), TRUE, np.int8)
    np.minimum.at(lowest, place, values)
    return _pack(lowest == TRUE, touched, words), _pack(lowest >= UNKNOWN, touched, words)


def pack_bits(places: Collection[int] | npt.NDArray[np.int64], words: int) -> Words:
    """uint64 (words,) with the bits at these places set."""
    flags = np.zeros(words * 64, np.uint8)
    flags[np.fromiter(places, np.int64, len(places))] = 1
    return np.packbits(flags, bitorder="little").view(np.uint64)


def touched_by(uses: Sequence[Use], words: int) -> Words:
    """The clauses that have a literal on the axis; uint64 (words,)."""
    return pack_bits({use.clause for use in uses}, words)


def _pack(kept: npt.NDArray[np.bool_], clauses: npt.NDArray[np.int64], words: int) -> Words:
    bits = np.ones((kept.shape[1], words * 64), np.uint8)
    bits[:, clauses] = kept.T
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """Rows of an axis chosen for n values: value i has the clauses `bits[codes[i]]`.

    `possible[codes[i]]` is the row of clauses not ruled out, which differs where something is unknown.
    """

    codes: npt.NDArray[np.int32]
    bits: Words
    possible: Words


def spread(codes: npt.NDArray[np.int32], length: int) -> npt.NDArray[np.int32]:
    """Codes for `length` rows, where one code may stand for all of them."""
    return codes if len(codes) == length else np.full(length, codes[0], np.int32)
