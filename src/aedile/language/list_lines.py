"""Where in the bytes of a list's file do entries and expiries stand? Millions at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.language.columns import Bools, Ints
from aedile.language.values import parse_timestamp

Bytes = npt.NDArray[np.uint8]

#: The expiry of an entry that never expires.
NEVER = 2**63 - 1

_NEWLINE, _TAB, _RETURN = 10, 9, 13


def lines_in(data: Bytes) -> tuple[Ints, Ints]:
    """Where each line starts and ends; a line may end in CR LF, and the last one in nothing."""
    newlines = np.flatnonzero(data == _NEWLINE)
    if len(data) and data[-1] != _NEWLINE:
        newlines = np.append(newlines, len(data))
    starts = np.zeros(len(newlines), np.int64)
    starts[1:] = newlines[:-1] + 1
    carried = (newlines > starts) & (data[np.maximum(newlines, 1) - 1] == _RETURN)
    return starts, np.asarray(newlines - carried)


def first_tabs(data: Bytes, starts: Ints, ends: Ints) -> Ints:
    """The place of each line's first tab, its end where it has none."""
    tabs = np.flatnonzero(data == _TAB)
    if len(tabs) == 0:
        return ends
    following = np.append(tabs, len(data))[tabs.searchsorted(starts)]
    return np.asarray(np.minimum(following, ends))


def slices(data: Bytes, starts: Ints, ends: Ints) -> pa.LargeStringArray:
    """The texts between these places, as one array; the bytes are not looked into."""
    # No two slices start at one place, nor do two end at one; an empty one opens and closes there.
    edges = np.zeros(len(data) + 1, np.int8)
    edges[starts] += 1
    edges[ends] -= 1
    inside = np.cumsum(edges[:-1], dtype=np.int8).astype(np.bool_)
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(ends - starts, out=offsets[1:])
    return pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(data[inside]))


def expiries(data: Bytes, count: int, rows: Ints, starts: Ints, ends: Ints) -> tuple[Ints | None, Ints]:
    """The expiry of each entry, None where no line has one; and the rows whose expiry cannot be read."""
    if len(rows) == 0:
        return None, rows
    encoded = slices(data, starts, ends).cast(pa.large_binary()).dictionary_encode()
    parsed = [parse_timestamp(text.decode("ascii", "replace")) for text in encoded.dictionary.to_pylist()]
    fits: Bools = np.fromiter((value is not None for value in parsed), np.bool_, len(parsed))
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    until = np.full(count, NEVER, np.int64)
    until[rows] = np.array([value or 0 for value in parsed], np.int64)[codes]
    return until, rows[~fits[codes]]
