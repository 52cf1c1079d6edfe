"""The engine's inner loops: which code does the heavy work on this machine?

`_kernel.c` where it was compiled, `kernel_numpy.py` elsewhere: the same answers, some ten times slower. This module
shapes and bounds every array, so that neither needs to trust its caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.engine import kernel_numpy
from aedile.engine.actions import MULTIPLIER_MAX, MULTIPLIER_MIN
from aedile.engine.verdicts import Verdicts

compiled: Any
try:
    from aedile.engine import _kernel
except ImportError:  # built without a compiler at hand
    compiled = None
else:
    compiled = _kernel

Words = npt.NDArray[np.uint64]
Int32 = npt.NDArray[np.int32]
Pair = tuple[Int32, Words]

#: The compiled kernel takes so many axes at once; further ones are combined beforehand.
AXES_AT_ONCE = 240
#: Candidates of a batch whose late literals are settled at a time: the outcomes stay in the processor's cache.
SCATTERED_AT_ONCE = 4096


def bucket(values: npt.NDArray[Any], known: npt.NDArray[np.bool_], boundaries: npt.NDArray[Any]) -> Int32:
    """For each value the number of boundaries <= it; NaN is len(boundaries) + 1, unknown len(boundaries) + 2.

    values and boundaries are both int64 or both float64; boundaries ascend.
    """
    if compiled is None:
        return kernel_numpy.bucket(values, known, boundaries)
    out = np.empty(len(values), np.int32)
    values, known = np.ascontiguousarray(values, boundaries.dtype), np.ascontiguousarray(known)
    compiled.bucket(values, known, boundaries, out, len(values), len(boundaries), boundaries.dtype == np.float64)
    return out


def choose(codes: Int32, known: npt.NDArray[np.bool_], lookup: Int32, unknown: int) -> Int32:
    """lookup[code] for each code, `unknown` where it is not known."""
    if compiled is None:
        return kernel_numpy.choose(codes, known, lookup, unknown)
    out = np.empty(len(codes), np.int32)
    compiled.choose(np.ascontiguousarray(codes, np.int32), known, lookup, len(lookup), unknown, out, len(codes))
    return out


def codes_at(codes: Int32, known: npt.NDArray[np.bool_], rows: Int32) -> npt.NDArray[np.int64]:
    """codes[row] for each of the rows where it is known, -1 where it is not, and for a row of -1."""
    if compiled is None:
        return kernel_numpy.codes_at(codes, known, rows)
    out = np.empty(len(rows), np.int64)
    compiled.codes_at(codes, known, len(codes), rows, out, len(rows))
    return out


def combine(axes: Sequence[Pair], base: Words, n: int) -> Words:
    """base AND, for every axis, the row each of the n values has; uint64 (n, words)."""
    if compiled is None:
        return kernel_numpy.combine(axes, base, n)
    out = np.empty((n, len(base)), np.uint64)
    compiled.combine(axes[:AXES_AT_ONCE], base, n, len(base), out)
    for pair in axes[AXES_AT_ONCE:]:
        out &= pair[1][pair[0]]
    return out


def match(axes: Sequence[Pair], base: Words, n: int) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """The clauses `combine` leaves for each of the n values, as lists of gaps (see `PostingLists`).

    Returns the lists' lengths in bytes, and the lists end to end. Raises OverflowError where one would be longer than
    65,535 bytes.
    """
    if compiled is None or len(axes) > AXES_AT_ONCE:
        return kernel_numpy.gap_lists(combine(axes, base, n))
    lengths = np.empty(n, np.uint16)
    parts: list[npt.NDArray[np.uint8]] = []
    done, per_row = 0, 48
    while done < n:
        capacity = (n - done) * per_row + 128 * len(base)
        lists = np.empty(capacity, np.uint8)
        rest = [(codes[done:], bits) for codes, bits in axes]
        rows, used = compiled.match(rest, base, n - done, len(base), lengths[done:], lists, capacity)
        parts.append(lists[:used].copy())
        done += rows
        per_row *= 4
    return lengths, parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.uint8), *parts])


@dataclass(slots=True, eq=False)
class PostingLists:
    """For each row the clauses whose literals on the catalogue hold; the last row is for ids the catalogue lacks.

    Row r owns lists[starts[r]:starts[r] + lengths[r]]; lists may lie in any order, so that one can be replaced.
    A list of ascending ids is kept as one byte a gap: the distance to the id before, less one; 255 passes 255 ids
    over and names none.
    """

    starts: npt.NDArray[np.uint32]
    lengths: npt.NDArray[np.uint16]
    lists: npt.NDArray[np.uint8]

    @property
    def packed(self) -> tuple[Any, ...]:
        return self.starts, self.lengths, self.lists

    @property
    def nbytes(self) -> int:
        return self.starts.nbytes + self.lengths.nbytes + self.lists.nbytes


@dataclass(frozen=True, eq=False)
class LateColumn:
    """A column late literals read: of the catalogue (`by_row`), or with one value for each candidate.

    values: float64, int64 or int32 (codes of texts). known: one bit a value, the lowest first, so that the bits of a
    million entities stay in the processor's cache.
    """

    values: npt.NDArray[Any]
    known: npt.NDArray[np.uint8]
    by_row: bool

    def of(self, start: int, stop: int) -> LateColumn:
        if self.by_row:
            return self
        return LateColumn(self.values[start:stop], self.known[start >> 3 : (stop + 7) >> 3], False)

    @cached_property
    def packed(self) -> tuple[Any, ...]:
        return self.values, self.known, _KINDS[self.values.dtype.char], int(self.by_row), len(self.values)


_KINDS = {"d": 0, "l": 1, "q": 1, "i": 2}


def pack_known(known: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    return np.packbits(known, bitorder="little")


@dataclass(slots=True, eq=False)
class Late:
    """Literals that compare a column with a value of the request.

    first: int32 (clauses + 1,): clause c has literal[first[c]:first[c + 1]]. literal: int32, places in what follows.
    column, truth, known, scalar: one entry a distinct literal. truth has four bits: whether the literal is true where
        the column is less than the request's side, equal to it, more, or neither (NaN); see `TRUTHS`. scalar holds an
        int64 or the bits of a double; known says whether the request's side has a value.
    """

    first: Int32
    literal: Int32
    column: Int32
    truth: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]
    scalar: npt.NDArray[np.int64]
    columns: Sequence[LateColumn]

    @property
    def packed(self) -> tuple[Any, ...]:
        columns = [column.packed for column in self.columns]
        return self.first, self.literal, self.column, self.truth, self.known, self.scalar, columns

    def of(self, start: int, stop: int) -> Late:
        """The same literals for candidates start to stop; start is a multiple of 8."""
        return replace(self, columns=[column.of(start, stop) for column in self.columns])


TRUTHS = {"==": 0b0010, "<": 0b0001, "<=": 0b0011, ">": 0b0100, ">=": 0b0110}


def gather(
    rows: Int32,
    lists: PostingLists,
    mask: Words,
    sent: Words | None,
    open_clauses: Int32,
    clause_strategy: Int32,
    late: Late | None,
    out: Words,
) -> None:
    """Set in `out`, uint64 (n, strategy words), the bits of the strategies that fire for each candidate.

    rows: the candidates' rows, -1 for ids the catalogue lacks. mask: clauses the request leaves possible.
    sent: the same for each candidate, from features sent with it, or None. open_clauses: clauses without a literal on
    the catalogue that the request leaves possible.
    """
    if compiled is None:
        kernel_numpy.gather(rows, lists, mask, sent, open_clauses, clause_strategy, late, out)
        return
    compiled.gather(
        rows, len(rows), lists.packed, mask, len(mask), sent, open_clauses, len(open_clauses), clause_strategy,
        len(clause_strategy), late.packed if late is not None else None, out, out.shape[1],
    )  # fmt: skip


def scatter(bits: Words, mask: Words, clause_strategy: Int32, late: Late | None, rows: Int32, out: Words) -> None:
    """What `gather` does, from uint64 (n, words) bits of the clauses that hold for each candidate."""
    if compiled is None:
        kernel_numpy.scatter(bits & mask, clause_strategy, late, rows, out)
        return
    for start in range(0, len(bits), SCATTERED_AT_ONCE):
        stop = min(start + SCATTERED_AT_ONCE, len(bits))
        packed = late.of(start, stop).packed if late is not None else None
        compiled.scatter(
            bits[start:stop], stop - start, len(mask), mask, clause_strategy, len(clause_strategy), packed,
            rows[start:stop], out[start:stop], out.shape[1],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ActionBook:
    """What resolving needs to know of the strategies, by number.

    live, shadow: uint64 (words,), the strategies that may act and those only watched.
    kind: uint8: 0 nothing that is resolved here, 1 exclude, 2 factor, 3 exempt. factor: float64.
    exempt_row: int32, the row of `exempts` an exempt clears; exempts: uint64 (rows, words).
    """

    live: Words
    shadow: Words
    kind: npt.NDArray[np.uint8]
    factor: npt.NDArray[np.float64]
    exempt_row: Int32
    exempts: Words

    @cached_property
    def packed(self) -> tuple[Any, ...]:
        masks = [np.packbits(self.kind == kind, bitorder="little") for kind in (1, 2, 3)]
        padded = [np.pad(mask, (0, 8 * len(self.live) - len(mask))) for mask in masks]
        return self.live, self.shadow, self.kind, self.factor, self.exempt_row, self.exempts, np.concatenate(padded)


def gather_many(
    rows: Int32,
    requests: npt.NDArray[np.int64],
    lists: PostingLists,
    masks: Words,
    own: Words | None,
    open_clauses: Words,
    clause_strategy: Int32,
    late: Late | None,
    out: Words,
) -> None:
    """What `gather` does, for the candidates of m requests at once.

    requests: int64 (m + 1,), where the candidates of each begin. masks: uint64 (m, words). own: clauses that each
    candidate leaves possible, or None. open_clauses: uint64 (words,), clauses without a literal on the catalogue. late:
    with known and scalar of (m, literals), its columns all of the catalogue.
    """
    if compiled is None:
        kernel_numpy.gather_many(rows, requests, lists, masks, own, open_clauses, clause_strategy, late, out)
        return
    compiled.gather_many(
        rows, requests, len(masks), lists.packed, masks, masks.shape[1], own, open_clauses, clause_strategy,
        len(clause_strategy), late.packed if late is not None else None, out, out.shape[1],
    )  # fmt: skip


def resolve(bits: Words, book: ActionBook) -> Verdicts:
    """Verdicts from uint64 (n, words) strategies that fire: exempt, then exclude, then multiply."""
    if compiled is None:
        return kernel_numpy.resolve(bits, book)
    n, words = bits.shape
    return _verdicts(n, words, lambda out: compiled.resolve(bits, n, words, book.packed, out))


def decide(
    rows: Int32, lists: PostingLists, mask: Words, clause_strategy: Int32, late: Late | None, book: ActionBook
) -> Verdicts:
    """`gather` and `resolve` in one go, for rows whose strategies all come from posting lists.

    The strategies must ascend with the clauses, -1 aside; clauses of strategies that are -1 are not in `mask`.
    """
    words = len(book.live)
    if compiled is None:
        out = np.zeros((len(rows), words), np.uint64)
        kernel_numpy.gather(rows, lists, mask, None, np.empty(0, np.int32), clause_strategy, late, out)
        return kernel_numpy.resolve(out, book)
    packed = late.packed if late is not None else None
    return _verdicts(
        len(rows),
        words,
        lambda out: compiled.decide(
            rows, len(rows), lists.packed, mask, len(mask), clause_strategy, len(clause_strategy), packed, words,
            book.packed, out,
        ),
    )  # fmt: skip


def _verdicts(n: int, words: int, fill: Callable[[tuple[Any, ...]], tuple[int, int] | None]) -> Verdicts:
    """The verdicts `fill` writes; it is called again with more room until there is enough."""
    fired_offsets, shadow_offsets = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
    excluded, multiplier = np.empty(n, np.int32), np.empty(n, np.float64)
    room = words * 64 + 2  # what one candidate could need
    capacity, shadow_capacity = n * 16 + room, n * 4 + room
    while True:
        fired, acts = np.empty(capacity, np.int32), np.empty(capacity, np.bool_)
        shadow = np.empty(shadow_capacity, np.int32)
        used = fill(
            (fired_offsets, fired, acts, shadow_offsets, shadow, excluded, multiplier, MULTIPLIER_MIN, MULTIPLIER_MAX)
        )
        if used is not None:
            return Verdicts(
                excluded,
                multiplier,
                fired_offsets,
                fired[: used[0]],
                acts[: used[0]],
                shadow_offsets,
                shadow[: used[1]],
            )
        capacity, shadow_capacity = 4 * capacity, 4 * shadow_capacity


class IdIndex:
    """From entity id to row.

    Ids are compared by a hash of 64 bits, distinct for all ids that are in: 15 to 16 bytes an entity beside the ids.
    """

    def __init__(self, ids: pa.LargeStringArray) -> None:
        self._ids = ids
        self._seed = _SEED
        self._slots = np.zeros(0, np.uint8)
        self._rows: dict[str, int] = {}
        if compiled is None:
            self._rows = {id_: row for row, id_ in enumerate(ids.to_pylist())}
        else:
            self._add(0)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> pa.LargeStringArray:
        return self._ids

    @property
    def nbytes(self) -> int:
        return self._slots.nbytes

    def _add(self, start: int) -> None:
        """Put the rows from `start` on into the slots; all of them where the slots get too few."""
        offsets, data = _buffers(self._ids)
        while True:
            if len(self._ids) * _SLOT >= 0.8 * len(self._slots) or start == 0:
                self._slots = np.zeros((8 + int(1.3 * len(self._ids))) * _SLOT, np.uint8)
                start = 0
            twice = compiled.index_add(self._slots, offsets, data, len(self._ids), self._seed, start)
            if twice < 0:
                return
            if len(pc.unique(self._ids)) < len(self._ids):
                raise ValueError(f"the id {self._ids[twice].as_py()!r} is there twice")
            self._seed, start = self._seed + 1, 0  # two ids of one hash: another hash parts them

    def extended(self, ids: pa.LargeStringArray) -> None:
        """Add ids that are not there yet, as the next rows."""
        start = len(self._ids)
        self._ids = pa.concat_arrays([self._ids, ids])
        if compiled is None:
            self._rows.update({id_: start + i for i, id_ in enumerate(ids.to_pylist())})
        else:
            self._add(start)

    def find(self, ids: list[str]) -> Int32:
        """The row of each id, -1 where there is none; a TypeError where an id is no str."""
        if compiled is None:
            if not all(isinstance(id_, str) for id_ in ids):
                raise TypeError("an id is a str")
            return np.array([self._rows.get(id_, -1) for id_ in ids], np.int32)
        out = np.empty(len(ids), np.int32)
        compiled.index_find(self._slots, len(self._ids), self._seed, ids, out)
        return out

    def find_texts(self, texts: pa.LargeStringArray) -> Int32:
        """The row of each text of an array, -1 where there is none."""
        if compiled is None:
            return self.find(texts.to_pylist())
        out = np.empty(len(texts), np.int32)
        offsets, data = _buffers(texts)
        compiled.index_find_texts(self._slots, len(self._ids), self._seed, offsets, data, len(texts), out)
        return out


class SentCandidates(NamedTuple):
    """The candidates in a request's JSON, which stand in body[start:end]. kinds, scores: None where none were sent."""

    ids: list[str]
    kinds: list[str] | None
    scores: npt.NDArray[np.float64] | None
    start: int
    end: int


def read_candidates(body: bytes, most: int, longest: int) -> SentCandidates | None:
    """The candidates in a body, where they are as most callers send them; else None, and always without the kernel.

    Usual are plain ids, all different, kinds, and finite scores of all or of none; at most so many candidates, with
    ids of at most so many bytes. All else in the body is not looked at.
    """
    found = compiled.read_candidates(body, most, longest) if compiled is not None else None
    if found is None:
        return None
    ids, kinds, scores, start, end = found
    return SentCandidates(ids, kinds, None if scores is None else np.frombuffer(scores, np.float64), start, end)


def narrow(mask: Words, clauses: Words, bounds: list[tuple[bytes, bytes]], unit: bytes | None) -> None:
    """Take the clauses of those draws out of the mask in which the unit is not; None is in none.

    clauses: uint64 (draws, words). bounds: of each draw `prefix` and `least_outside`, as in `engine/draw.py`.
    """
    if compiled is None or (unit is not None and len(unit) > LONGEST_UNIT):
        kernel_numpy.narrow(mask, clauses, bounds, unit)
    else:
        compiled.narrow(mask, len(mask), clauses, len(clauses), bounds, unit)


def flagged(numbers: Int32, flags: npt.NDArray[np.bool_]) -> list[int]:
    """Those of the numbers, each from 0 to len(flags) - 1, that are flagged: each once, ascending."""
    if compiled is None:
        return kernel_numpy.flagged(numbers, flags)
    found: list[int] = compiled.flagged(numbers, len(numbers), flags, len(flags))
    return found


def count_numbers(
    numbers: Int32, flags: npt.NDArray[np.bool_], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How often each number from 0 to count - 1 occurs, and how often with its flag set. Negative ones are none."""
    if compiled is None:
        return kernel_numpy.count_numbers(numbers, flags, count)
    found = np.zeros((2, count), np.int64)
    compiled.count_numbers(
        np.ascontiguousarray(numbers), len(numbers), np.ascontiguousarray(flags), found[0], found[1], count
    )
    return found[0], found[1]


def count_pairs(
    owners: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
    cells: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> npt.NDArray[np.int64]:
    """Of each cell and number (shape) how many owners have it, and how many pairs there are: (2, cells, numbers).

    owners, numbers: one of each a pair, the owners ascending. cells: of each owner.
    """
    if compiled is None:
        return kernel_numpy.count_pairs(owners, numbers, cells, shape)
    found = np.zeros((2, *shape), np.int64)
    last = np.full(shape[1], -1, np.int64)
    compiled.count_pairs(
        np.ascontiguousarray(owners), np.ascontiguousarray(numbers), len(numbers), np.ascontiguousarray(cells),
        len(cells), last, shape[1], found[0], found[1], shape[0] * shape[1],
    )  # fmt: skip
    return found


#: Bytes of a unit that the compiled kernel hashes; no id of a request is longer.
LONGEST_UNIT = 160
#: Bytes of a slot: a hash and a row.
_SLOT = 12
_SEED = 0x5EED


def _buffers(ids: pa.LargeStringArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """The offsets of an array's texts, len(ids) + 1 of them, and the bytes they point into."""
    if len(ids) == 0:
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = ids.buffers()
    own = np.frombuffer(offsets, np.int64)[ids.offset : ids.offset + len(ids) + 1]
    return own, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
