"""Which strategies of a program fire for the candidates of one request?

A `Layer` is a program, its index over the catalogue, and the numbers its strategies have in one release. A release is
one large layer and, for strategies added since, a few small ones; a request goes through all of them.
"""

from __future__ import annotations

import bisect
import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.engine import kernel
from aedile.engine.axes import FALSE, TRUE, Axis, ConstantAxis, OrderedAxis, OutcomeAxis, Words, clause_bits
from aedile.engine.axis_bits import pack_bits
from aedile.engine.catalogue import CandidateRows
from aedile.engine.draw import Draw, least_outside, prefix
from aedile.engine.index import Index, pairs_of
from aedile.engine.kernel import Late, LateColumn, Pair, pack_known
from aedile.engine.late import Values, clamp_to_int64, value_finder
from aedile.engine.verdicts import Verdicts
from aedile.language.columns import Column, Rows, column_from_python
from aedile.language.evaluation import Table, evaluate
from aedile.language.ir import Node
from aedile.language.lists import Lists
from aedile.language.types import DOUBLE, INT_MAX, INT_MIN, STRING

Int32 = npt.NDArray[np.int32]

#: Remembered outcomes of request atoms that are not looked up in a table.
MEMO_LIMIT = 4096
_NONE = np.zeros(0, np.int32)


class Layer:
    """`numbers` maps the program's strategies to the release's numbers; -1 takes one out."""

    def __init__(self, index: Index, numbers: Int32, lists: Lists) -> None:
        self.index = index
        self.program = index.program
        self.lists = lists
        drawn = [axis for axis in self.program.request_axes if isinstance(axis.atoms[0], Draw)]
        self._draws = [_Draws(axis) for axis in drawn]
        axes = [axis for axis in self.program.request_axes if axis not in drawn]
        self._lookups = [(axis.bits, axis.feature, _lookup(axis)) for axis in axes if _has_rows(axis)]
        self._others = [axis for axis in axes if not _has_rows(axis)]
        self._late = _LateReader(index) if self.program.late else None
        self._with_late = pack_bits({atom.clause for atom in self.program.late}, self.program.words)
        self._free = self.program.alive & ~self.program.with_catalogue & ~self.program.with_sent
        self._has_free = bool(self._free.any())
        self._reads_id = any(f"{self.program.kind}.id" in axis.features for axis in self.program.catalogue_axes)
        program = self.program
        self._is_listed = not (self._has_free or self._reads_id or program.sent_axes or program.mixed_axes) and not any(
            index.reads_sent(atom.feature.name) for atom in program.late
        )
        self._number(numbers)

    def _number(self, numbers: Int32) -> None:
        self.numbers = numbers
        self.clause_numbers = numbers[self.program.clause_strategy].astype(np.int32)
        gone = pack_bits(np.flatnonzero(self.clause_numbers < 0), self.program.words)
        self._base = self.program.alive & ~gone
        self._memo: dict[tuple[int, tuple[Any, ...]], Words] = {}

    def renumbered(self, numbers: Int32, lists: Lists) -> Layer:
        """The same layer in another release: tables and index are shared, numbers are not."""
        other = copy.copy(self)
        other.lists = lists
        other._number(numbers)
        return other

    def mask(self, values: Values) -> Words:
        """The clauses that the request leaves possible; uint64 (words,)."""
        mask = self._base.copy()
        for bits, feature, lookup in self._lookups:
            mask &= bits[lookup(values.get(feature))]
        for place, axis in enumerate(self._others):
            mask &= self._evaluated(place, axis, values)
        for draws in self._draws:
            draws.narrow(mask, values)
        return mask

    def _evaluated(self, place: int, axis: Axis, values: Values) -> Words:
        names = sorted(axis.features)
        key = (place, tuple(_hashable(values.get(name)) for name in names))
        if key not in self._memo:
            if len(self._memo) >= MEMO_LIMIT:
                self._memo.clear()
            row = Table({n: column_from_python(self.program.types[n], [values.get(n)]) for n in names}, 1)
            bits = np.full(self.program.words, ~np.uint64(0))
            for assignment in axis.assign(row, self.lists):
                bits &= assignment.bits[assignment.codes[0]]
            self._memo[key] = bits
        return self._memo[key]

    def fire(
        self, values: Values, candidates: CandidateRows, rows: Int32, sent: Mapping[str, Column], out: Words
    ) -> None:
        """Set the bits of the strategies that fire for the candidates in `out`, uint64 (n, release's words).

        rows: the candidates' rows of the catalogue, -1 for those it lacks.
        """
        program, n = self.program, len(rows)
        mask = self.mask(values)
        late = self._late.read(values, sent) if self._late else None
        pairs = self._sent_pairs(candidates, mask)
        combined = kernel.combine(pairs, mask, n) if pairs and (mask & program.bound_sent).any() else None
        free = _places(mask & self._free) if self._has_free else _NONE
        if len(free) or (mask & program.with_catalogue).any():
            kernel.gather(rows, self.index.postings, mask, combined, free, self.clause_numbers, late, out)
        if pairs and (own := mask & program.with_sent).any():
            kernel.scatter(kernel.combine(pairs, own, n), own, self.clause_numbers, late, rows, out)
        if self._reads_id and (rows < 0).any():
            # Nothing is known of candidates the catalogue lacks, but their id.
            listed = mask & program.with_catalogue
            bits = kernel.combine(pairs_of(program.catalogue_axes, candidates, self.lists), listed, n)
            bits[rows >= 0] = 0
            kernel.scatter(bits if combined is None else bits & combined, listed, self.clause_numbers, late, rows, out)

    @property
    def is_listed(self) -> bool:
        """Whether posting lists and late literals say all there is: nothing is sent, and the id alone says nothing."""
        return self._is_listed

    def decide(self, values: Values, rows: Int32, book: kernel.ActionBook) -> Verdicts:
        """The verdicts of the candidates in these rows, for a release of this layer alone that `is_listed`."""
        late = self._late.read(values, {}) if self._late else None
        return kernel.decide(rows, self.index.postings, self.mask(values), self.clause_numbers, late, book)

    def fire_many(
        self, requests: Rows, starts: npt.NDArray[np.int64], candidates: Rows, rows: Int32, out: Words
    ) -> None:
        """What `fire` does for the candidates of m requests at once, of whom nothing was sent along but their ids.

        requests: the features of the m requests. starts: int64 (m + 1,), where the candidates of each begin.
        candidates: their features, those of their requests included, n rows. rows: as in `fire`.
        """
        program, m, n = self.program, requests.length, len(rows)
        axes = [axis for axis in program.request_axes if not isinstance(axis.atoms[0], Draw)]
        masks = kernel.combine(pairs_of(axes, requests, self.lists), self._base, m)
        for draws in self._draws:
            draws.narrow_many(masks, requests)
        any_mask = np.bitwise_or.reduce(masks, axis=0) if m else self._base
        late = self._late.read_many(requests, self.lists) if self._late else None
        sent = [axis for axis in (*program.sent_axes, *program.mixed_axes) if (axis.touched & any_mask).any()]
        everything = np.full(program.words, ~np.uint64(0))
        own = kernel.combine(pairs_of(sent, candidates, self.lists), everything, n) if sent else None
        opened = self._free | program.with_sent
        kernel.gather_many(
            rows, starts, self.index.postings, masks, own, opened, self.clause_numbers, late, out
        )  # fmt: skip
        lacking = np.flatnonzero((rows < 0) & self._reads_id).astype(np.int64)
        if len(lacking):
            # Nothing is known of candidates the catalogue lacks, but their id; of late literals none holds.
            owner = np.searchsorted(starts, lacking, side="right") - 1
            bits = kernel.combine(
                pairs_of(program.catalogue_axes, Chosen(candidates, lacking), self.lists),
                program.with_catalogue & ~self._with_late, len(lacking),
            )  # fmt: skip
            bits &= masks[owner]
            if own is not None:
                bits &= own[lacking]
            found = out[lacking]
            kernel.scatter(bits, everything, self.clause_numbers, None, rows[lacking], found)
            out[lacking] = found

    def _sent_pairs(self, candidates: CandidateRows, mask: Words) -> list[Pair]:
        axes = [axis for axis in (*self.program.sent_axes, *self.program.mixed_axes) if (axis.touched & mask).any()]
        return pairs_of(axes, candidates, self.lists)

    def decide_fully(self, candidates: Rows) -> tuple[Words, Words]:
        """Every clause for every candidate without posting lists: (true, not false), uint64 (n, words) each.

        The slow way to the same answer: for unknowns, for scans, and as a check on the fast way.
        """
        found = [each for axis in self.program.axes for each in axis.assign(candidates, self.lists)]
        true = kernel.combine([(each.codes, each.bits) for each in found], self._base, candidates.length)
        open_ = [(each.codes, each.possible) for each in found]
        return true, kernel.combine(open_, self._base | ~self.program.alive, candidates.length)


class _Draws:
    """The canaries drawn by one of the request's ids: a shopper is seldom the one before."""

    def __init__(self, axis: Axis) -> None:
        assert isinstance(axis, OutcomeAxis)
        self._unit = next(iter(axis.features))
        atoms = [atom for atom in axis.atoms if isinstance(atom, Draw)]
        self._bounds = [(prefix(atom.strategy_id), least_outside(atom.share)) for atom in atoms]
        outside = np.full((len(atoms), len(atoms)), TRUE, np.int8)
        np.fill_diagonal(outside, FALSE)
        self._clauses = np.ascontiguousarray(~clause_bits(outside, axis.uses, axis.words)[0])

    def narrow(self, mask: Words, values: Values) -> None:
        """Take those clauses out of the mask whose canary the unit is not in; what is out already is not drawn."""
        unit = values.get(self._unit)
        kernel.narrow(mask, self._clauses, self._bounds, unit.encode() if unit is not None else None)

    def narrow_many(self, masks: Words, requests: Rows) -> None:
        """The same for the masks of many requests."""
        units = requests.column(self._unit).to_python()
        for mask, unit in zip(masks, units if len(units) == len(masks) else units * len(masks), strict=True):
            kernel.narrow(mask, self._clauses, self._bounds, unit.encode() if unit is not None else None)


class _LateReader:
    """Makes the late literals of a request: what does not change is laid out once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._atoms = sorted(index.program.late, key=lambda atom: atom.clause)
        counts = np.bincount([atom.clause for atom in self._atoms], minlength=index.program.clause_count)
        self._first = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        self._names = list(dict.fromkeys(atom.feature.name for atom in self._atoms))
        # Each value of the request is found once, and each literal compared once, however many clauses share it.
        values: dict[tuple[Node, str | None, int], int] = {}
        literals: dict[tuple[int, int, int], int] = {}
        places = []
        for atom in self._atoms:
            text = atom.feature.name if atom.feature.type == STRING else None
            value = values.setdefault((atom.value, text, atom.offset), len(values))
            literal = (value, self._names.index(atom.feature.name), atom.truth)
            places.append(literals.setdefault(literal, len(literals)))
        nodes = list(dict.fromkeys(value for value, _, _ in values))
        self._nodes = nodes
        self._finders = [value_finder(node) for node in nodes]
        self._sides = [(nodes.index(value), value.type == DOUBLE, text, offset) for value, text, offset in values]
        self._literal = np.array(places, np.int32)
        self._value = np.array([value for value, _, _ in literals], np.intp)
        self._column = np.array([column for _, column, _ in literals], np.int32)
        self._truth = np.array([truth for _, _, truth in literals], np.uint8)

    def read(self, values: Values, sent: Mapping[str, Column]) -> Late:
        columns = self._index.late_columns
        found = [find(values) for find in self._finders]
        # Gathered in lists: to set the items of an array one by one takes far longer.
        sides: list[int] = []
        doubles: dict[int, float] = {}
        for node, is_double, text, offset in self._sides:
            value = found[node]
            side = 0
            if value is None:
                pass
            elif is_double:
                doubles[len(sides)] = value
            elif text is None:
                side = value + offset
                if not INT_MIN <= side <= INT_MAX:
                    side = clamp_to_int64(side)
            elif text in columns:
                side = self._index.late_codes[text].get(value, -1)
            else:
                side = _code(sent.get(text), value)
            sides.append(side)
        scalars = np.array(sides, np.int64)
        if doubles:
            scalars.view(np.float64)[[*doubles]] = [*doubles.values()]
        known = np.array([found[node] is not None for node, _, _, _ in self._sides], np.bool_)
        read = [columns[name] if name in columns else _sent_late(sent.get(name)) for name in self._names]
        return Late(
            self._first, self._literal, self._column, self._truth, known[self._value], scalars[self._value], read
        )

    def read_many(self, requests: Rows, lists: Lists) -> Late:
        """The late literals of m requests; what would be sent with candidates is unknown."""
        m = requests.length
        found = [_spread(evaluate(node, requests, lists), m) for node in self._nodes]
        known = np.zeros((m, len(self._sides)), np.bool_)
        scalars = np.zeros((m, len(self._sides)), np.int64)
        for side, (node, is_double, text, offset) in enumerate(self._sides):
            column = found[node]
            known[:, side] = column.known
            if is_double:
                scalars[:, side] = np.ascontiguousarray(column.values, np.float64).view(np.int64)
            elif text is None:
                scalars[:, side] = _shifted_by(column.values.astype(np.int64), offset)
            else:
                assert column.dictionary is not None
                codes = self._index.late_codes.get(text, {})
                lookup = np.array([codes.get(each, -1) for each in column.dictionary.to_pylist()] or [-1], np.int64)
                scalars[:, side] = lookup[column.values]
        nothing = LateColumn(np.zeros(0, np.int64), np.zeros(0, np.uint8), True)
        read = [self._index.late_columns.get(name, nothing) for name in self._names]
        return Late(
            self._first, self._literal, self._column, self._truth,
            np.ascontiguousarray(known[:, self._value]), np.ascontiguousarray(scalars[:, self._value]), read,
        )  # fmt: skip


class Chosen:
    """Some of the rows of others."""

    def __init__(self, whole: Rows, places: npt.NDArray[np.int64]) -> None:
        self._whole = whole
        self._places = places
        self.length = len(places)

    def column(self, name: str) -> Column:
        column = self._whole.column(name)
        return column.take(self._places) if len(column) == self._whole.length else column


def _has_rows(axis: Axis) -> TypeGuard[OrderedAxis | ConstantAxis]:
    """Whether each value of the axis's feature has a row of bits in a table."""
    return isinstance(axis, OrderedAxis | ConstantAxis)


def _lookup(axis: OrderedAxis | ConstantAxis) -> Callable[[Any], int]:
    """From a Python value to the row of a table axis: called for every request."""
    if isinstance(axis, OrderedAxis):
        bounds = axis.boundaries.tolist()
        unknown, nan = len(bounds) + 2, len(bounds) + 1
        return lambda v: unknown if v is None else nan if v != v else bisect.bisect_right(bounds, v)
    return axis.row_of


def _spread(column: Column, length: int) -> Column:
    return column if len(column) == length else column.take(np.zeros(length, np.int64))


def _shifted_by(values: npt.NDArray[np.int64], offset: int) -> npt.NDArray[np.int64]:
    """The values and an offset; what would leave 64 bits stays at their edge (`clamp_to_int64`)."""
    if offset >= 0:
        return np.where(values > INT_MAX - offset, INT_MAX, values + np.minimum(offset, INT_MAX - values))
    return np.where(values < INT_MIN - offset, INT_MIN, values + np.maximum(offset, INT_MIN - values))


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


def _places(words: Words) -> Int32:
    return np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little")).astype(np.int32)


def _sent_late(column: Column | None) -> LateColumn:
    if column is None:
        return LateColumn(np.zeros(0, np.int64), np.zeros(0, np.uint8), False)
    return LateColumn(np.ascontiguousarray(column.values), pack_known(column.known), False)


def _code(column: Column | None, text: str) -> int:
    """The text's code in the column; -1, which no value has, where it does not occur."""
    if column is None or column.dictionary is None:
        return -1
    return int(pc.index(column.dictionary, pa.scalar(text, pa.large_string())).as_py())
