"""Which row of a ready-made table does a value have?

Tables serve features that literals compare with constants, each feature as it is: ordered ones by binary search,
texts and bools by look-up. Every row was found by evaluating the literals themselves on one value of its bucket.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.engine import kernel
from aedile.engine.axis_bits import Assignment, Use, Words, clause_bits, outcomes, spread, touched_by
from aedile.language.columns import Rows, column_from_python
from aedile.language.evaluation import Table
from aedile.language.ir import Call, Const, Node
from aedile.language.lists import Lists
from aedile.language.shapes import compact
from aedile.language.types import DOUBLE, INT_MAX, INT_MIN, STRING, Type


@dataclass(frozen=True, slots=True, eq=False)
class OrderedAxis:
    """An axis over one ordered feature: bucket i holds values v with boundaries[i - 1] <= v < boundaries[i].

    Two more rows follow the len(boundaries) + 1 buckets: NaN, then unknown.
    """

    feature: str
    type: Type
    boundaries: npt.NDArray[Any]
    bits: Words
    possible: Words
    atoms: tuple[Node, ...]
    uses: tuple[Use, ...]
    touched: Words

    @property
    def features(self) -> frozenset[str]:
        return frozenset((self.feature,))

    def assign(self, rows: Rows, _: Lists) -> list[Assignment]:
        column = rows.column(self.feature)
        codes = kernel.bucket(column.values, column.known, self.boundaries)
        return [Assignment(spread(codes, rows.length), self.bits, self.possible)]

    def row_of(self, value: Any) -> int:
        """The bucket of one Python value, None being unknown."""
        if value is None:
            return len(self.boundaries) + 2
        if value != value:
            return len(self.boundaries) + 1
        return bisect.bisect_right(self.boundaries, value)


@dataclass(frozen=True, slots=True, eq=False)
class ConstantAxis:
    """An axis over one string or bool feature that literals compare with constants.

    Row 0 is "none of the constants", row 1 + i is constant i, the last row is unknown.
    """

    feature: str
    type: Type
    constants: tuple[Any, ...]
    places: dict[Any, int]
    index: kernel.IdIndex
    bits: Words
    possible: Words
    atoms: tuple[Node, ...]
    uses: tuple[Use, ...]
    touched: Words

    @property
    def features(self) -> frozenset[str]:
        return frozenset((self.feature,))

    def assign(self, rows: Rows, _: Lists) -> list[Assignment]:
        column = rows.column(self.feature)
        unknown = len(self.constants) + 1
        if self.type == STRING:
            column = compact(column)
            assert column.dictionary is not None
            lookup = self.index.find_texts(column.dictionary) + np.int32(1)
            codes = kernel.choose(column.values, column.known, lookup, unknown)
        else:
            codes = kernel.choose(column.values.astype(np.int32), column.known, _OF_BOOL, unknown)
        return [Assignment(spread(codes, rows.length), self.bits, self.possible)]

    def row_of(self, value: Any) -> int:
        if value is None:
            return len(self.constants) + 1
        return self.places.get(value, 0)


_OF_BOOL = np.array([1, 2], np.int32)


def constants_of(atoms: Iterable[Node]) -> Iterable[tuple[str, Any]]:
    """Every (function, constant) the atoms compare their feature with; membership counts as many `==`."""
    for atom in atoms:
        if isinstance(atom, Call):
            constant = atom.args[1]
            assert isinstance(constant, Const)
            if atom.function == "in":
                yield from (("==", value) for value in constant.value)
            else:
                yield atom.function, constant.value


def ordered_axis(name: str, type_: Type, atoms: list[Node], uses: tuple[Use, ...], words: int) -> OrderedAxis:
    """The table of an ordered feature's literals; words: of a row."""
    cuts = sorted({cut for function, value in constants_of(atoms) for cut in _cuts(function, value, type_)})
    boundaries = np.array(cuts, np.float64 if type_ == DOUBLE else np.int64)
    lowest = -math.inf if type_ == DOUBLE else INT_MIN
    nan = math.nan if type_ == DOUBLE else lowest
    values = [lowest, *cuts, nan, None]
    table = Table({name: column_from_python(type_, values)}, len(values))
    bits, possible = clause_bits(np.stack([outcomes(atom, table, {}) for atom in atoms]), uses, words)
    return OrderedAxis(name, type_, boundaries, bits, possible, tuple(atoms), uses, touched_by(uses, words))


def _cuts(function: str, value: Any, type_: Type) -> list[Any]:
    """The values at which `v function value` changes, as first values of the upper side."""
    if value != value:
        return []  # nothing compares with NaN
    if type_ == DOUBLE:
        at = _least_double(value)
        above = at if at != value else math.nextafter(at, math.inf)
        cuts = {"<": [at], ">=": [at], ">": [above], "<=": [above]}.get(function, [at, above])
        return [cut + 0.0 for cut in cuts]  # -0.0 + 0.0 is 0.0: one cut for both zeros
    if math.isinf(value):
        return []
    at, above = math.ceil(value), math.floor(value) + 1
    cuts = {"<": [at], ">=": [at], ">": [above], "<=": [above]}.get(function, [at, above])
    return [cut for cut in cuts if INT_MIN <= cut <= INT_MAX]


def _least_double(value: Any) -> float:
    """The least double that is not less than the value, which may be an int no double holds."""
    nearest = float(value)
    if isinstance(value, int) and Fraction(nearest) < value:
        return math.nextafter(nearest, math.inf)
    return nearest


def constant_axis(name: str, type_: Type, atoms: list[Node], uses: tuple[Use, ...], words: int) -> ConstantAxis:
    """The table of a string or bool feature's literals; words: of a row."""
    constants: list[Any] = [False, True]
    other: Any = False
    texts: list[str] = []
    if type_ == STRING:
        texts = constants = list(dict.fromkeys(value for _, value in constants_of(atoms)))
        other = "*" * (max((len(text) for text in texts), default=0) + 1)  # longer than any: none of them
    values = [other, *constants, None]
    table = Table({name: column_from_python(type_, values)}, len(values))
    bits, possible = clause_bits(np.stack([outcomes(atom, table, {}) for atom in atoms]), uses, words)
    return ConstantAxis(
        name,
        type_,
        tuple(constants),
        {value: i + 1 for i, value in enumerate(constants)},
        kernel.IdIndex(pa.array(texts, pa.large_string())),
        bits,
        possible,
        tuple(atoms),
        uses,
        touched_by(uses, words),
    )
