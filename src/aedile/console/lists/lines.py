"""Which entries do the lines of a text name, and which lines are none? Ten million at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aedile.console.lists.codes import TOO_LARGE
from aedile.console.lists.entries import NOTHING, Entries, entries_of
from aedile.console.lists.limits import MAX_LINES, MOST_PROBLEMS
from aedile.errors import ConsoleError
from aedile.language.columns import Bools, Ints
from aedile.language.hashing import buffers_of
from aedile.language.list_lines import NEVER, Bytes, expiries, first_tabs, lines_in, slices
from aedile.language.lists import MOST_BYTES

_BLOCK = 16 << 20
_NEWLINE, _TAB, _RETURN, _SPACE, _DELETE = 10, 9, 13, 32, 127
_SHOWN = 60


class Flaw(StrEnum):
    """What is wrong with a line."""

    EMPTY = "empty"
    LONG = "long"
    CODING = "coding"  # not UTF-8
    CONTROL = "control"  # a control character
    SPACE = "space"  # white space at an end, which no text that is looked up would have
    EXPIRY = "expiry"
    TWICE = "twice"


_FLAWS = tuple(Flaw)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that is no entry. line: from 1; text: its beginning, as far as it can be shown."""

    line: int
    flaw: Flaw
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What a text says. bad: lines left out; problems: the first of them. Of entries twice the latest expiry holds."""

    entries: Entries
    lines: int
    bad: int
    problems: tuple[Problem, ...]


def read_lines(data: Bytes, first: int = 1, told: Callable[[float], None] = lambda _: None) -> Read:
    """The entries in a text of lines as in a list's file. The text's own array is used up.

    first: the number of its first line. told: is called with the share that is done, now and then.
    Raises `ConsoleError` beyond `MAX_LINES`.
    """
    reading = _Reading(data, first)
    for start, stop in _blocks(data):
        reading.block(start, stop)
        told(stop / len(data) / 2)
        if reading.lines > MAX_LINES:
            raise ConsoleError(
                TOO_LARGE, f"the text has more than {MAX_LINES:,} lines", fix="split it, or make several lists of it"
            )
    return reading.finished()


def _blocks(data: Bytes) -> Iterator[tuple[int, int]]:
    """From where to where whole lines make about a block; a byte order mark is left out."""
    start = 3 if data[:3].tobytes() == b"\xef\xbb\xbf" else 0
    while start < len(data):
        stop = min(start + _BLOCK, len(data))
        while stop < len(data) and data[stop - 1] != _NEWLINE:
            ahead = np.flatnonzero(data[stop : stop + _BLOCK] == _NEWLINE)
            stop = stop + int(ahead[0]) + 1 if len(ahead) else min(stop + _BLOCK, len(data))
        yield start, stop
        start = stop


@dataclass(slots=True)
class _Reading:
    """What is read so far: texts are moved to the data's beginning, where they never reach what is still to come."""

    data: Bytes
    first: int
    end: int = 0
    lines: int = 0
    lengths: list[Ints] = field(default_factory=list)
    until: list[Ints | int] = field(default_factory=list)
    bad: list[Ints] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def block(self, start: int, stop: int) -> None:
        block = self.data[start:stop]
        starts, ends = lines_in(block)
        tabs = first_tabs(block, starts, ends)
        timed = np.flatnonzero(tabs < ends)
        until, late = expiries(block, len(starts), timed, tabs[timed] + 1, ends[timed])
        flaws = _flaws(block, starts, tabs, late)
        bad = np.flatnonzero(flaws)
        for row in bad[: MOST_PROBLEMS - len(self.problems)]:
            whole = block[starts[row] : ends[row]][: 4 * _SHOWN].tobytes()
            self.problems.append(Problem(self.lines + int(row) + self.first, _FLAWS[flaws[row] - 1], _shown(whole)))
        good = flaws == 0 if len(bad) else slice(None)
        texts = slices(block, starts[good], tabs[good])
        offsets, raw = buffers_of(texts)
        self.data[self.end : self.end + len(raw)] = raw
        self.end += len(raw)
        self.lengths.append(np.diff(offsets))
        self.until.append(len(texts) if until is None else until[good])
        self.bad.append(bad + self.lines)
        self.lines += len(starts)

    def finished(self) -> Read:
        bad = np.concatenate(self.bad) if self.bad else np.zeros(0, np.int64)
        if self.end == 0:
            return Read(NOTHING, self.lines, len(bad), tuple(self.problems))
        offsets = np.concatenate([np.zeros(1, np.int64), *self.lengths])
        self.lengths = []
        np.cumsum(offsets, out=offsets)
        texts = pa.LargeStringArray.from_buffers(
            len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(self.data[: self.end])
        )
        until = None
        if any(not isinstance(ends, int) for ends in self.until):
            until = np.concatenate([np.full(ends, NEVER) if isinstance(ends, int) else ends for ends in self.until])
        entries, twice = _in_order(texts, until)
        if len(twice):
            # A row's line: every bad line before it pushes it one further.
            lines = twice + (bad - np.arange(len(bad))).searchsorted(twice, side="right")
            for row, line in zip(twice[:MOST_PROBLEMS].tolist(), lines[:MOST_PROBLEMS].tolist(), strict=True):
                self.problems.append(Problem(line + self.first, Flaw.TWICE, _shown(texts[row].as_py().encode())))
        problems = sorted(self.problems, key=lambda problem: problem.line)[:MOST_PROBLEMS]
        return Read(entries, self.lines, len(bad) + len(twice), tuple(problems))


def _in_order(texts: pa.LargeStringArray, until: Ints | None) -> tuple[Entries, Ints]:
    """The entries in order, each once, and the rising rows in which one comes again."""
    before, after = texts[:-1], texts[1:]
    if pc.all(pc.less(before, after), min_count=0).as_py():
        return entries_of(texts, until), np.zeros(0, np.int64)
    order: Ints = pc.sort_indices(texts).to_numpy().view(np.int64)  # stable: the first of equal ones stays the first
    texts = texts.take(pa.array(order))
    again: Bools = np.zeros(len(order), np.bool_)
    again[1:] = pc.equal(texts[:-1], texts[1:]).to_numpy(zero_copy_only=False)
    until = until[order] if until is not None else None
    if not again.any():
        return entries_of(texts, until), np.zeros(0, np.int64)
    firsts = np.flatnonzero(~again)
    if until is not None:
        until = np.maximum.reduceat(until, firsts)
    return entries_of(texts.take(pa.array(firsts)), until), np.sort(order[again])


def _flaws(block: Bytes, starts: Ints, tabs: Ints, late: Ints) -> npt.NDArray[np.uint8]:
    """For each line the number of its flaw, from 1; 0 for an entry. Of several flaws the first of `Flaw`."""
    flaws = np.zeros(len(starts), np.uint8)

    def note(flaw: Flaw, rows: Ints | Bools) -> None:
        flaws[rows] = _FLAWS.index(flaw) + 1

    lengths = tabs - starts
    note(Flaw.EXPIRY, late)
    ends_blank = (block[starts] == _SPACE) | (block[np.maximum(tabs, 1) - 1] == _SPACE)
    note(Flaw.SPACE, ends_blank & (lengths > 0))
    note(Flaw.CONTROL, _rows_of(_controls(block), starts, tabs))
    note(Flaw.CODING, _not_utf8(block, starts, tabs))
    note(Flaw.LONG, lengths > MOST_BYTES)
    note(Flaw.EMPTY, lengths == 0)
    return flaws


def _controls(block: Bytes) -> Ints:
    """Where control characters stand, but for tabs and ends of lines: C0, DEL, and C1 as UTF-8 writes them."""
    low = (block < _SPACE) & (block != _NEWLINE) & (block != _TAB)
    found = np.flatnonzero(low | (block == _DELETE))
    if len(found):
        following = block[np.minimum(found + 1, len(block) - 1)]
        found = found[(block[found] != _RETURN) | (following != _NEWLINE)]
    opens = np.flatnonzero(block[:-1] == 0xC2)
    return np.concatenate([found, opens[block[opens + 1] < 0xA0]])


def _rows_of(places: Ints, starts: Ints, ends: Ints) -> Ints:
    """The lines whose entries these places are in."""
    rows = starts.searchsorted(places, side="right") - 1
    return np.unique(rows[places < ends[rows]])


def _not_utf8(block: Bytes, starts: Ints, tabs: Ints) -> Ints:
    whole = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, len(block)])), pa.py_buffer(block))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        rows = _rows_of(np.flatnonzero(block >= 0x80), starts, tabs)
        return np.array([row for row in rows if not _is_utf8(block[starts[row] : tabs[row]].tobytes())], np.int64)
    return np.zeros(0, np.int64)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace").replace("\t", " → ")
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
