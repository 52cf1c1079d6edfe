"""What `_kernel.c` does, said in NumPy: for machines without the compiled kernel, and as its oracle in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aedile.engine.draw import is_inside
from aedile.engine.resolve import resolve as resolve_lists
from aedile.engine.verdicts import Verdicts

if TYPE_CHECKING:
    from aedile.engine.kernel import ActionBook, Int32, Late, Pair, PostingLists, Words

#: Rows worked on at a time, so that a bit matrix of 10,000 clauses stays in memory.
CHUNK = 4096
#: A gap that names no id.
SKIP = 255


def bucket(values: npt.NDArray[Any], known: npt.NDArray[np.bool_], boundaries: npt.NDArray[Any]) -> Int32:
    codes = np.searchsorted(boundaries, values, side="right").astype(np.int32)
    codes[values != values] = len(boundaries) + 1
    codes[~known] = len(boundaries) + 2
    return codes


def choose(codes: Int32, known: npt.NDArray[np.bool_], lookup: Int32, unknown: int) -> Int32:
    out = np.full(len(codes), unknown, np.int32)
    out[known] = lookup[codes[known]]
    return out


def codes_at(codes: Int32, known: npt.NDArray[np.bool_], rows: Int32) -> npt.NDArray[np.int64]:
    out = np.full(len(rows), -1, np.int64)
    there = np.flatnonzero(rows >= 0)
    there = there[known[rows[there]]]
    out[there] = codes[rows[there]]
    return out


def combine(axes: Sequence[Pair], base: Words, n: int) -> Words:
    out = np.broadcast_to(base, (n, len(base))).copy()
    for codes, bits in axes:
        out &= bits[codes]
    return out


def narrow(mask: Words, clauses: Words, bounds: Sequence[tuple[bytes, bytes]], unit: bytes | None) -> None:
    for place in np.flatnonzero((clauses & mask).any(axis=1)).tolist():
        before, bound = bounds[place]
        if unit is None or not is_inside(before, unit, bound):
            mask &= ~clauses[place]


def count_numbers(
    numbers: Int32, flags: npt.NDArray[np.bool_], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    some = numbers >= 0
    all_, flagged_ones = (np.bincount(numbers[mask], minlength=count) for mask in (some, some & flags))
    return all_, flagged_ones


def count_pairs(
    owners: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
    cells: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> npt.NDArray[np.int64]:
    width = shape[1]
    once = np.unique(owners * width + numbers)
    found = [cells[once // width] * width + once % width, cells[owners] * width + numbers]
    return np.stack([np.bincount(keys, minlength=shape[0] * width).reshape(shape) for keys in found])


def flagged(numbers: Int32, flags: npt.NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.unique(numbers[flags[numbers]]).tolist()
    return found


def gap_lists(rows: Words) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Each row of bits as the list of gaps between the bits set: lengths in bytes, and the lists end to end."""
    lengths, lists = [np.empty(0, np.int64)], [np.empty(0, np.uint8)]
    for start in range(0, len(rows), CHUNK):
        flags = _flags(rows[start : start + CHUNK])
        owners, ids = np.nonzero(flags)
        first = np.diff(owners, prepend=-1) != 0
        gaps = ids - np.where(first, 0, np.concatenate(([0], ids[:-1] + 1)))
        sizes = gaps // SKIP + 1
        packed = np.full(int(sizes.sum()), SKIP, np.uint8)
        packed[np.cumsum(sizes) - 1] = gaps % SKIP
        lengths.append(np.bincount(owners, sizes, len(flags)).astype(np.int64))
        lists.append(packed)
    sizes = np.concatenate(lengths)
    if sizes.size and sizes.max() > 2**16 - 1:
        raise OverflowError("one entity satisfies more clauses than a list holds")
    return sizes.astype(np.uint16), np.concatenate(lists)


def _ids(packed: npt.NDArray[np.uint8], owners: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """The owners and ids in lists of gaps that lie end to end; `owners` has one entry a byte, ascending."""
    named = packed != SKIP
    ends = np.cumsum(packed.astype(np.int64) + named)  # where the next gap starts, were there one list only
    first = np.flatnonzero(np.diff(owners, prepend=-1))
    starts = np.concatenate(([0], ends))[first]
    before = np.repeat(starts, np.diff(np.append(first, len(packed))))
    return owners[named], (ends - before - 1)[named]


def _flags(rows: Words) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.ascontiguousarray(rows).view(np.uint8), axis=1, bitorder="little").astype(np.bool_)


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
    at = np.where(rows < 0, len(lists.starts) - 1, rows)
    lengths = lists.lengths[at].astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    packed = lists.lists[np.repeat(lists.starts[at].astype(np.int64), lengths) + inside]
    candidates, clauses = _ids(packed, np.repeat(np.arange(len(rows)), lengths))
    kept = _flags(mask[None, :])[0][clauses]
    candidates = np.concatenate((candidates[kept], np.repeat(np.arange(len(rows)), len(open_clauses))))
    clauses = np.concatenate((clauses[kept], np.tile(open_clauses.astype(np.int64), len(rows))))
    if sent is not None:
        kept = (sent[candidates, clauses >> 6] >> (clauses & 63).astype(np.uint64)) & np.uint64(1) == 1
        candidates, clauses = candidates[kept], clauses[kept]
    _fire(clauses, candidates, clause_strategy, late, rows, out)


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
    for request, mask in enumerate(masks):
        mine = slice(int(requests[request]), int(requests[request + 1]))
        told = None
        if late is not None:
            told = replace(late, known=late.known[request], scalar=late.scalar[request])
        free = np.flatnonzero(_flags((mask & open_clauses)[None, :])[0]).astype(np.int32)
        gather(rows[mine], lists, mask, own[mine] if own is not None else None, free, clause_strategy, told, out[mine])


def scatter(bits: Words, clause_strategy: Int32, late: Late | None, rows: Int32, out: Words) -> None:
    for start in range(0, len(bits), CHUNK):
        candidates, clauses = np.nonzero(_flags(bits[start : start + CHUNK]))
        _fire(clauses, candidates + start, clause_strategy, late, rows, out)


def _fire(
    clauses: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.int64],
    clause_strategy: Int32,
    late: Late | None,
    rows: Int32,
    out: Words,
) -> None:
    """Set the bits of the strategies of these clauses, where late literals hold too."""
    if late is not None and len(late.literal):
        kept = _late_holds(late, clauses, candidates, rows)
        candidates, clauses = candidates[kept], clauses[kept]
    strategies = clause_strategy[clauses].astype(np.int64)
    np.bitwise_or.at(out, (candidates, strategies >> 6), np.uint64(1) << (strategies & 63).astype(np.uint64))


def _late_holds(
    late: Late, clauses: npt.NDArray[np.int64], candidates: npt.NDArray[np.int64], rows: Int32
) -> npt.NDArray[np.bool_]:
    """Whether all late literals of each clause are true for the candidate beside it."""
    holds = np.ones(len(clauses), np.bool_)
    for place, k in enumerate(late.literal.tolist()):
        owner = int(np.searchsorted(late.first, place, side="right")) - 1
        mine = np.flatnonzero(clauses == owner)
        column = late.columns[late.column[k]]
        at = rows[candidates[mine]] if column.by_row else candidates[mine]
        there = (at >= 0) & bool(late.known[k])
        safe = np.where(at >= 0, at, 0)
        if len(column.values) == 0:
            holds[mine] = False
            continue
        known = np.unpackbits(column.known, bitorder="little", count=len(column.values)).astype(np.bool_)
        scalar = late.scalar[k : k + 1].view(np.float64)[0] if column.values.dtype == np.float64 else late.scalar[k]
        values, truth = column.values[safe], int(late.truth[k])
        less, same, more = values < scalar, values == scalar, values > scalar
        outcome = np.select([less, same, more], [truth & 1, truth >> 1 & 1, truth >> 2 & 1], truth >> 3 & 1)
        holds[mine] &= there & known[safe] & outcome.astype(np.bool_)
    return holds


def resolve(bits: Words, book: ActionBook) -> Verdicts:
    n = len(bits)
    fired_at, fired = np.nonzero(_flags(bits & book.live))
    shadow_at, shadow = np.nonzero(_flags(bits & book.shadow))
    return resolve_lists(
        _offsets(fired_at, n), fired.astype(np.int32), _offsets(shadow_at, n), shadow.astype(np.int32), book
    )


def _offsets(owners: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=n)))).astype(np.int64)
