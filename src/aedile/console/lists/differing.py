"""What is in one revision and not in another? Chunks that both have are not looked into."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aedile.console.lists.chunks import Load, Piece
from aedile.console.lists.merging import Counts

#: Lines of a list's file that one side has and the other lacks: entry → expiry as written, empty for none.
_Some = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry that came, went or has another expiry. was, became: its expiry as written, None where it is not in."""

    text: str
    was: str | None
    became: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some differences by rising entry. behind: where the next page begins; None where there is none."""

    rows: tuple[Difference, ...]
    behind: str | None


def page_of_differences(
    old: Sequence[Piece], new: Sequence[Piece], load: Load, behind: str = "", *, count: int = 100, steps: int = 25
) -> Page:
    """The first differences behind an entry, so many, or fewer where more than some chunks would have to be read."""
    start = behind.encode()
    left, right = _apart(old, new)
    found = _steps(_behind(left, start), _behind(right, start), load)
    rows: list[Difference] = []
    for step, (known, gone, come) in enumerate(found, 1):
        texts = sorted(text for text in {*gone, *come} if text > start)[: count + 1 - len(rows)]
        rows.extend(Difference(text.decode(), _said(gone.get(text)), _said(come.get(text))) for text in texts)
        if len(rows) > count:
            return Page(tuple(rows[:count]), rows[count - 1].text)
        if step >= steps and known > start:
            return Page(tuple(rows), known.decode())
    return Page(tuple(rows), None)


def count_differences(old: Sequence[Piece], new: Sequence[Piece], load: Load) -> Counts:
    """How many entries came, went and changed."""
    old, new = _apart(old, new)
    if not old or not new:
        return Counts(added=sum(piece.entries for piece in new), removed=sum(piece.entries for piece in old))
    counts = Counts()
    for _, gone, come in _steps(old, new, load):
        changed = len(gone.keys() & come.keys())
        counts = counts.plus(Counts(len(come) - changed, len(gone) - changed, changed))
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


def _steps(old: Sequence[Piece], new: Sequence[Piece], load: Load) -> Iterator[tuple[bytes, _Some, _Some]]:
    """Both in step, by rising entry: up to which entry they are known by now, and what went and came before that."""
    left, right = _Reader(old, load), _Reader(new, load)
    while left.fill() | right.fill():
        # Behind the last entry of a reader that has more to come, something may follow.
        known = min(reader.last for reader in (left, right) if reader.lines)
        before, after = set(left.take(known)), set(right.take(known))
        yield known, _by_text(before - after), _by_text(after - before)


def _by_text(lines: set[bytes]) -> _Some:
    return {text: until for text, _, until in (line.partition(b"\t") for line in lines)}


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

    def take(self, known: bytes) -> list[bytes]:
        """Up to and with this text."""
        stop = bisect_right(self.lines, known, key=_text)
        taken, self.lines = self.lines[:stop], self.lines[stop:]
        return taken


def _text(line: bytes) -> bytes:
    return line.partition(b"\t")[0]


def _said(until: bytes | None) -> str | None:
    return until.decode() if until is not None else None
