"""What does a list hold, in order? Texts and expiries as arrays, as lines of a file, and the digest a release names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.language.columns import Ints
from aedile.language.hashing import Hashes, buffers_of, hash_texts
from aedile.language.list_lines import NEVER, expiries, first_tabs, lines_in, slices
from aedile.language.values import format_timestamp

#: Texts copied together, so that a list of millions is never held twice.
_BLOCK = 1 << 18
_STRING = pa.large_string()


@dataclass(frozen=True, eq=False)
class Entries:
    """Distinct texts by rising UTF-8 bytes. until: int64 (n,) microseconds, NEVER for none; None where none expires."""

    texts: pa.LargeStringArray
    until: Ints | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def ends(self) -> Ints:
        """The expiry of each, NEVER where it has none."""
        return self.until if self.until is not None else np.full(len(self), NEVER)

    def part(self, start: int, stop: int) -> Entries:
        """Those from one place to another, without a copy."""
        return Entries(self.texts[start:stop], self.until[start:stop] if self.until is not None else None)


NOTHING = Entries(pa.array([], _STRING))


def entries_of(texts: pa.LargeStringArray, until: Ints | None) -> Entries:
    """Entries of texts that are in order and distinct; expiries that are all NEVER are left out."""
    return Entries(texts, until if until is not None and bool((until != NEVER).any()) else None)


def joined(first: Entries, second: Entries) -> Entries:
    """Two parts, of which the second stands behind the first."""
    if len(first) == 0 or len(second) == 0:
        return second if len(first) == 0 else first
    texts = pa.concat_arrays([first.texts, second.texts])
    if first.until is None and second.until is None:
        return Entries(texts)
    return Entries(texts, np.concatenate([first.ends(), second.ends()]))


def gathered(parts: Iterable[Entries]) -> Entries:
    """Many parts, each behind the one before; only the whole and one part are held at a time."""
    data, lengths, ends, timed = bytearray(), [np.zeros(1, np.int64)], [], False
    for part in parts:
        offsets, raw = buffers_of(part.texts)
        data += raw[offsets[0] : offsets[-1]].data
        lengths.append(np.diff(offsets))
        ends.append(part.until if part.until is not None else len(part))
        timed = timed or part.until is not None
    offsets = np.cumsum(np.concatenate(lengths))
    texts = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
    if not timed:
        return Entries(texts)
    return Entries(texts, np.concatenate([np.full(end, NEVER) if isinstance(end, int) else end for end in ends]))


def lines_of(entries: Entries) -> pa.LargeStringArray:
    """The lines of a list's file: each entry, behind a tab its expiry where it has one, and the line's end."""
    tails = pa.scalar("\n", _STRING) if entries.until is None else _tails(entries.until)
    return pc.binary_join_element_wise(entries.texts, tails, pa.scalar("", _STRING))


def encode(entries: Entries) -> bytes:
    """The bytes of a list's file."""
    offsets, data = buffers_of(lines_of(entries))
    return data[offsets[0] : offsets[-1]].tobytes()


def _tails(until: Ints) -> pa.LargeStringArray:
    ends, codes = np.unique(until, return_inverse=True)
    texts = ["\n" if end == NEVER else f"\t{format_timestamp(int(end))}\n" for end in ends]
    return pa.array(texts, _STRING).take(pa.array(codes))


def decode(data: bytes) -> Entries:
    """The entries in what `encode` wrote."""
    raw = np.frombuffer(data, np.uint8)
    starts, ends = lines_in(raw)
    tabs = first_tabs(raw, starts, ends)
    timed = np.flatnonzero(tabs < ends)
    until, _ = expiries(raw, len(starts), timed, tabs[timed] + 1, ends[timed])
    return Entries(slices(raw, starts, tabs), until)


def digest_of(entries: Entries, hashes: Hashes | None = None) -> str:
    """What the engine's `NamedList.digest` is for the same entries; the texts are copied a block at a time.

    hashes: of the texts, where they are known already.
    """
    hashes = hash_texts(entries.texts) if hashes is None else hashes
    # Texts of one hash keep their order by bytes, which is the order by code points that the engine gives them.
    order = np.argsort(hashes, kind="stable")
    offsets, _ = buffers_of(entries.texts)
    state = sha256(np.diff(offsets)[order].astype("<i8").data)
    for first in range(0, len(order), _BLOCK):
        bounds, data = buffers_of(entries.texts.take(pa.array(order[first : first + _BLOCK])))
        state.update(data[bounds[0] : bounds[-1]].data)
    if entries.until is not None:
        state.update(entries.until[order].astype("<i8").data)
    return state.hexdigest()
