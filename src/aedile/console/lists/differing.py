"""What is in one revision and not in another? Chunks that both have are not looked into."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aedile.console.lists.chunks import Load, Piece
from aedile.console.lists.merging import Counts

#: Expiries by entry, as written; empty for none.
_Some = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry that came, went or has another expiry. was, became: its expiry as written, None where it is not in."""

    text: str
    was: str | None
    became: str | None


def differences(old: Sequence[Piece], new: Sequence[Piece], load: Load, behind: str = "") -> Iterator[Difference]:
    """Every difference by rising entry; whoever takes a few has only as many chunks read.

    behind: only those of entries that stand behind this one.
    """
    start = behind.encode()
    old, new = (_behind(pieces, start) for pieces in _apart(old, new))
    for before, after in _steps(old, new, load):
        for text in sorted({*before, *after}):
            was, became = before.get(text), after.get(text)
            if was != became and text > start:
                yield Difference(text.decode(), _said(was), _said(became))


def count_differences(old: Sequence[Piece], new: Sequence[Piece], load: Load) -> Counts:
    """How many entries came, went and changed."""
    old, new = _apart(old, new)
    if not old or not new:
        return Counts(added=sum(piece.entries for piece in new), removed=sum(piece.entries for piece in old))
    counts = Counts()
    for before, after in _steps(old, new, load):
        both = before.keys() & after.keys()
        changed = (
            sum(before[text] != after[text] for text in both) if any(after.values()) or any(before.values()) else 0
        )
        counts = counts.plus(Counts(len(after) - len(both), len(before) - len(both), changed))
    return counts


def entries_apart(old: Sequence[Piece], new: Sequence[Piece]) -> int:
    """How many entries stand in chunks that only one of them has: the effort of looking for differences."""
    return sum(piece.entries for some in _apart(old, new) for piece in some)


def _apart(old: Sequence[Piece], new: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The chunks that only one of them has."""
    before, after = {piece.digest for piece in old}, {piece.digest for piece in new}
    return [piece for piece in old if piece.digest not in after], [piece for piece in new if piece.digest not in before]


def _behind(pieces: list[Piece], start: bytes) -> list[Piece]:
    """From the chunk on in which a text stands, or would."""
    return pieces[max(bisect_right(pieces, start, key=lambda piece: piece.first.encode()) - 1, 0) :]


def _steps(old: Sequence[Piece], new: Sequence[Piece], load: Load) -> Iterator[tuple[_Some, _Some]]:
    """Both in step, by rising entry: whatever lies between two texts in either comes out together."""
    left, right = _Reader(old, load), _Reader(new, load)
    while left.fill() | right.fill():
        ends = [reader.last for reader in (left, right) if reader.lines]
        # As far as both are known: behind the end of a reader that has more to come, something may follow.
        known = min(ends)
        yield left.take(known), right.take(known)


class _Reader:
    """The lines of chunks, one chunk at a time."""

    def __init__(self, pieces: Sequence[Piece], load: Load) -> None:
        self._pieces, self._load = iter(pieces), load
        self.lines: list[bytes] = []

    def fill(self) -> bool:
        """Read the next chunk where nothing is left; whether there is anything."""
        while not self.lines:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self.lines = self._load(piece).split(b"\n")[:-1]
        return True

    @property
    def last(self) -> bytes:
        return _text(self.lines[-1])

    def take(self, known: bytes) -> _Some:
        """Up to and with this text."""
        stop = bisect_right(self.lines, known, key=_text)
        taken, self.lines = self.lines[:stop], self.lines[stop:]
        return {text: until for text, _, until in (line.partition(b"\t") for line in taken)}


def _text(line: bytes) -> bytes:
    return line.partition(b"\t")[0]


def _said(until: bytes | None) -> str | None:
    return until.decode() if until is not None else None
