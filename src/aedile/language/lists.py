"""Which texts does a named list hold, and until when? And what is wrong in a list's file?

Up to tens of millions of entries: 64-bit hashes in order, found by bisection, and the bytes of what was found compared.
A file has one entry a line, optionally a tab and an expiry (RFC 3339); text is taken as written, white space included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.errors import AedileError, DataError, Errors, Place, define
from aedile.language.columns import Bools, Ints
from aedile.language.hashing import Hashes, buffers_of, hash_texts
from aedile.language.list_lines import NEVER, Bytes, expiries, first_tabs, lines_in, slices
from aedile.language.shapes import sort_ranks

NOT_UTF8 = define("AED-DATA-051", "A list's file is not UTF-8.", "a file saved as Latin-1")
EMPTY_ENTRY = define("AED-DATA-052", "A line of a list's file has no entry.", "a blank line between two entries")
LONG_ENTRY = define("AED-DATA-053", "An entry of a list is too long.", "a line of more than 1,024 bytes")
BAD_EXPIRY = define("AED-DATA-054", "The expiry of a list's entry is no timestamp.", "4006381333931\ttomorrow")
NO_FILE = define("AED-DATA-055", "A list's file cannot be read.", "lists/recalled-gtin.txt does not exist")

#: Ids are at most 128 bytes; brand names and titles may be longer.
MOST_BYTES = 1024
#: Lines named one by one; a file of the wrong kind would have millions.
_MOST_ERRORS = 20

#: The expiry of a text that is not an entry.
ABSENT = -(2**63)


@dataclass(frozen=True, eq=False)
class NamedList:
    """The entries of a list by rising hash; made by `named_list`.

    hashes: uint64 (n,), rising. texts: (n,) in the same order, distinct.
    until: int64 (n,) microseconds, the instant from which an entry no longer counts, NEVER if it always does; None
    where no entry expires.
    """

    name: str
    hashes: Hashes
    texts: pa.LargeStringArray
    until: Ints | None

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def has_expiry(self) -> bool:
        """Whether the answer depends on the time."""
        return self.until is not None

    def contains(self, texts: pa.LargeStringArray, at: int | None) -> Bools:
        """Whether each text is an entry that has not expired at this instant (microseconds).

        `at` None counts expired entries as well. Texts have no nulls.
        """
        until = self.expiries(texts)
        if at is None:
            return np.asarray(until != ABSENT)
        return np.asarray((until == NEVER) | (until > at))

    def expiries(self, texts: pa.LargeStringArray) -> Ints:
        """For each text the instant from which it no longer counts; NEVER, or ABSENT if it is not an entry."""
        result = np.full(len(texts), ABSENT, np.int64)
        if len(self) == 0 or len(texts) == 0:
            return result
        hashes = hash_texts(texts)
        places = self.hashes.searchsorted(hashes)
        rows = np.arange(len(texts))
        # Entries with one hash stand together: go on until the text is found or the hash is over.
        while len(rows):
            inside = places < len(self)
            rows, places = rows[inside], places[inside]
            equal = self.hashes[places] == hashes[rows]
            rows, places = rows[equal], places[equal]
            wanted, found = texts.take(pa.array(rows)), self.texts.take(pa.array(places))
            hit = pc.equal(wanted, found).to_numpy(zero_copy_only=False)
            result[rows[hit]] = NEVER if self.until is None else self.until[places[hit]]
            rows, places = rows[~hit], places[~hit] + 1
        return result

    @cached_property
    def digest(self) -> str:
        """SHA-256 of entries and expiries: the same for the same entries in whatever order they were given."""
        offsets, data = buffers_of(self.texts)
        state = sha256(np.diff(offsets).astype("<i8").tobytes())
        state.update(data[int(offsets[0]) : int(offsets[-1])].data)
        if self.until is not None:
            state.update(self.until.astype("<i8").tobytes())
        return state.hexdigest()


Lists = Mapping[str, NamedList]


def named_list(name: str, texts: pa.LargeStringArray, until: Ints | None = None) -> NamedList:
    """A list of these entries; of equal ones the latest expiry holds, and NEVER is the latest of all.

    until: int64 (n,) microseconds, NEVER for an entry that does not expire; None if none does.
    """
    hashes = hash_texts(texts)
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    texts = texts.take(pa.array(order))
    until = until[order] if until is not None else None
    twins = np.zeros(len(hashes), np.bool_)
    twins[1:] = hashes[1:] == hashes[:-1]
    if twins.any():
        hashes, texts, until = _join_equal(hashes, texts, until, twins)
    if until is not None and bool((until == NEVER).all()):
        until = None
    return NamedList(name, hashes, texts, until)


def _join_equal(
    hashes: Hashes, texts: pa.LargeStringArray, until: Ints | None, twins: Bools
) -> tuple[Hashes, pa.LargeStringArray, Ints | None]:
    """Equal entries joined, and different texts of one hash brought into one order, whatever order they came in."""
    together = twins.copy()
    together[:-1] |= twins[1:]
    rows = np.flatnonzero(together)
    some = texts.take(pa.array(rows)).dictionary_encode()
    ranks = sort_ranks(some.dictionary)[some.indices.to_numpy(zero_copy_only=False)]
    ends = until[rows] if until is not None else np.full(len(rows), NEVER)
    # The last of the same hash and text, which has the latest expiry, stays.
    order = np.lexsort((ends, ranks, hashes[rows]))
    last = np.ones(len(rows), np.bool_)
    last[:-1] = (ranks[order][1:] != ranks[order][:-1]) | (hashes[rows][order][1:] != hashes[rows][order][:-1])
    everything = np.arange(len(hashes))
    everything[rows] = rows[order]
    keep = np.ones(len(hashes), np.bool_)
    keep[rows] = last
    kept = everything[keep]
    return hashes[kept], texts.take(pa.array(kept)), until[kept] if until is not None else None


def list_from_python(name: str, entries: Mapping[str, int | None]) -> NamedList:
    """A small list from texts and their expiry in microseconds, None for never."""
    ends: npt.NDArray[np.int64] = np.fromiter(
        (NEVER if end is None else end for end in entries.values()), np.int64, len(entries)
    )
    return named_list(name, pa.array(list(entries), pa.large_string()), ends)


def read_list(path: str | Path) -> NamedList:
    """The list in this file, named as the file without its ending.

    Raises Errors with one DataError for each bad line, the first twenty of them.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise Errors([DataError(NO_FILE, f"the list cannot be read: {reason}", place=Place(file=str(path)))]) from error
    data = np.frombuffer(raw.removeprefix(b"\xef\xbb\xbf"), np.uint8)
    starts, ends = lines_in(data)
    tabs = first_tabs(data, starts, ends)
    texts = slices(data, starts, tabs)
    errors = _not_utf8(path, data, starts) + _bad_lines(path, starts, tabs)
    timed = np.flatnonzero(tabs < ends)
    until, bad = expiries(data, len(starts), timed, tabs[timed] + 1, ends[timed])
    errors += _bad_expiries(path, data, bad, tabs, ends)
    if errors:
        errors.sort(key=lambda error: error.place.line or 0)
        raise Errors(errors[:_MOST_ERRORS])
    return named_list(path.stem, texts, until)


def _bad_lines(path: Path, starts: Ints, ends: Ints) -> list[AedileError]:
    lengths = ends - starts
    errors: list[AedileError] = [
        DataError(EMPTY_ENTRY, "the line has no entry", place=_at(path, line), fix="delete the line")
        for line in np.flatnonzero(lengths == 0)[:_MOST_ERRORS]
    ]
    for line in np.flatnonzero(lengths > MOST_BYTES)[:_MOST_ERRORS]:
        message = f"the entry has {lengths[line]:,} bytes; at most {MOST_BYTES:,} are allowed"
        errors.append(DataError(LONG_ENTRY, message, place=_at(path, line), hint="one entry a line, nothing between"))
    return errors


def _not_utf8(path: Path, data: Bytes, starts: Ints) -> list[AedileError]:
    """The first line that is not UTF-8, if there is one."""
    whole = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, len(data)])), pa.py_buffer(data))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        try:
            data.tobytes().decode()
        except UnicodeDecodeError as error:
            line = int(starts.searchsorted(error.start, side="right")) - 1
            place = _at(path, line)
            message = f"byte {error.start - int(starts[line]) + 1} of the line, 0x{data[error.start]:02x}, is not UTF-8"
            return [DataError(NOT_UTF8, message, place=place, fix="save the file as UTF-8")]
    return []


def _bad_expiries(path: Path, data: Bytes, rows: Ints, tabs: Ints, ends: Ints) -> list[AedileError]:
    errors: list[AedileError] = []
    for line in rows[:_MOST_ERRORS]:
        text = data[tabs[line] + 1 : ends[line]].tobytes().decode("utf-8", "replace")
        errors.append(
            DataError(
                BAD_EXPIRY,
                f'"{text[:80]}" is no timestamp',
                place=_at(path, line),
                hint="after the tab stands the instant from which the entry no longer counts",
                fix="write it as 2026-11-25T00:00:00Z",
            )
        )
    return errors


def _at(path: Path, line: int) -> Place:
    return Place(file=str(path), line=int(line) + 1)
