"""What stands where in a list? Pages and searches that read one chunk, or a few."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from aedile.console.lists.chunks import Load, Piece

#: Behind all texts that begin with another: no text has this byte.
_LAST = b"\xff"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as written. until: its expiry (RFC 3339), empty for none."""

    text: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was asked for. first: the place of its first entry in the list, from 0; total: how many match."""

    entries: tuple[Entry, ...]
    first: int
    total: int


def page(pieces: Sequence[Piece], load: Load, offset: int, count: int) -> Found:
    """So many entries from a place on."""
    return Found(tuple(_from(pieces, load, offset, count)), offset, sum(piece.entries for piece in pieces))


def with_prefix(pieces: Sequence[Piece], load: Load, prefix: str, offset: int, count: int) -> Found:
    """So many of the entries that begin with a text, from the offset-th on."""
    start, stop = rank(pieces, load, prefix.encode()), rank(pieces, load, prefix.encode() + _LAST)
    first = min(start + offset, stop)
    return Found(tuple(_from(pieces, load, first, min(count, stop - first))), first, stop - start)


def exactly(pieces: Sequence[Piece], load: Load, text: str) -> Found:
    """The entry that is this text, if it is in the list."""
    place = rank(pieces, load, text.encode())
    entries = tuple(entry for entry in _from(pieces, load, place, 1) if entry.text == text)
    return Found(entries, place, len(entries))


def rank(pieces: Sequence[Piece], load: Load, key: bytes) -> int:
    """How many entries stand before a text."""
    row = bisect_left(pieces, key, key=lambda piece: piece.first.encode()) - 1
    if row < 0:
        return 0
    lines = _lines(load(pieces[row]))
    return sum(piece.entries for piece in pieces[:row]) + bisect_left(lines, key, key=_text)


def _from(pieces: Sequence[Piece], load: Load, place: int, count: int) -> Iterator[Entry]:
    ends = list(accumulate(piece.entries for piece in pieces))
    row = bisect_left(ends, place + 1)
    while count > 0 and row < len(pieces):
        start = place - (ends[row] - pieces[row].entries)
        lines = _lines(load(pieces[row]))[start : start + count]
        yield from map(entry_in, lines)
        place, count, row = place + len(lines), count - len(lines), row + 1


def _lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")[:-1]


def _text(line: bytes) -> bytes:
    return line.partition(b"\t")[0]


def entry_in(line: bytes) -> Entry:
    text, _, until = line.decode().partition("\t")
    return Entry(text, until)
