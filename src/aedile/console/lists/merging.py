"""What becomes of a list's chunks when some entries are put in, taken out, or given another expiry?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.console.lists.chunks import MEAN, Keep, Load, Piece, begins_chunk, split
from aedile.console.lists.entries import NOTHING, Entries, decode, entries_of, joined
from aedile.language.columns import Bools, Ints
from aedile.language.list_lines import NEVER


class Deed(StrEnum):
    """What an edit does with its entries."""

    PUT = "put"  # they are in it from now on, with this expiry
    REMOVE = "remove"
    TIME = "time"  # those that are in it have this expiry from now on


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """Entries, and what is done with them. For REMOVE their expiry does not count."""

    deed: Deed
    entries: Entries


@dataclass(frozen=True, slots=True)
class Counts:
    """added, removed: entries; changed: those whose expiry is another; missing: those that were not in the list."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    missing: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added,
            self.removed + other.removed,
            self.changed + other.changed,
            self.missing + other.missing,
        )

    @property
    def is_change(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Merged:
    """A list after an edit."""

    pieces: tuple[Piece, ...]
    counts: Counts


def merge(pieces: Sequence[Piece], edit: Edit, load: Load, keep: Keep, mean: int = MEAN) -> Merged:
    """The chunks after an edit; only those it concerns are read and written.

    What comes out is what `split` gives for the entries after the edit.
    """
    if not pieces:
        entries, counts = apply(NOTHING, edit)
        return Merged(tuple(split(entries, keep, mean)), counts)
    merging = _Merging(keep, mean)
    concerned = _concerned(pieces, edit)
    for piece, (start, stop), touched in zip(pieces, _parts(pieces, edit.entries), concerned, strict=True):
        if not touched:
            merging.pass_on(piece)
            continue
        entries, counts = apply(decode(load(piece)), Edit(edit.deed, edit.entries.part(start, stop)))
        merging.add(entries, counts)
    merging.close()
    return Merged(tuple(merging.pieces), merging.counts)


@dataclass(slots=True)
class _Merging:
    """Chunks so far, and the entries behind them whose chunk is still open."""

    keep: Keep
    mean: int
    pieces: list[Piece] = field(default_factory=list)
    open: Entries = NOTHING
    counts: Counts = field(default_factory=Counts)

    def pass_on(self, piece: Piece) -> None:
        """A chunk in which nothing changed; it begins with an entry that begins a chunk wherever it stands."""
        self.close()
        self.pieces.append(piece)

    def add(self, entries: Entries, counts: Counts) -> None:
        self.counts = self.counts.plus(counts)
        if len(entries) and begins_chunk(entries.texts[0].as_py(), self.mean):
            self.close()
        self.open = joined(self.open, entries)

    def close(self) -> None:
        self.pieces.extend(split(self.open, self.keep, self.mean))
        self.open = NOTHING


def _parts(pieces: Sequence[Piece], entries: Entries) -> list[tuple[int, int]]:
    """For each chunk from where to where the entries concern it; those before the first chunk concern the first."""
    rows = range(len(entries))
    bounds = [bisect_left(rows, piece.first, key=lambda row: entries.texts[row].as_py()) for piece in pieces]
    bounds[0] = 0
    return list(zip(bounds, [*bounds[1:], len(entries)], strict=True))


def _concerned(pieces: Sequence[Piece], edit: Edit) -> list[bool]:
    """Which chunks change: those with entries of the edit, and one whose successor loses the entry it begins with."""
    parts = _parts(pieces, edit.entries)
    concerned = [start < stop for start, stop in parts]
    if edit.deed is Deed.REMOVE:
        for row in range(1, len(pieces)):
            if concerned[row] and edit.entries.texts[parts[row][0]].as_py() == pieces[row].first:
                concerned[row - 1] = True
    return concerned


def apply(old: Entries, edit: Edit) -> tuple[Entries, Counts]:
    """Entries after an edit, and what it did."""
    count, new = len(old), edit.entries
    texts = pa.concat_arrays([old.texts, new.texts])
    order: Ints = pc.sort_indices(texts).to_numpy().astype(np.int64)  # stable: of equal texts the old one stands first
    texts = texts.take(pa.array(order))
    until = np.concatenate([old.ends(), new.ends()])[order]
    is_new = order >= count
    #: Old entries that the edit names: the next text is the same.
    met = np.zeros(len(order), np.bool_)
    met[:-1] = pc.equal(texts[:-1], texts[1:]).to_numpy(zero_copy_only=False) if len(order) > 1 else False
    rows = np.flatnonzero(met)
    missing = len(new) - len(rows)
    others = int((until[rows] != until[rows + 1]).sum())
    if edit.deed is Deed.PUT:
        return _kept(texts, until, ~met), Counts(added=missing, changed=others)
    if edit.deed is Deed.REMOVE:
        return _kept(texts, until, ~is_new & ~met), Counts(removed=len(rows), missing=missing)
    until[rows] = until[rows + 1]
    return _kept(texts, until, ~is_new), Counts(changed=others, missing=missing)


def _kept(texts: pa.LargeStringArray, until: Ints, keep: Bools) -> Entries:
    return entries_of(texts.filter(pa.array(keep)), until[keep])


def expired(pieces: Sequence[Piece], load: Load, at: int) -> Edit:
    """The edit that takes out what has expired at this instant (microseconds)."""
    found: list[pa.LargeStringArray] = []
    for piece in pieces:
        if piece.soonest is not None and piece.soonest <= at:
            entries = decode(load(piece))
            ends = entries.ends()
            found.append(entries.texts.filter(pa.array((ends != NEVER) & (ends <= at))))
    texts = pa.concat_arrays(found) if found else NOTHING.texts
    return Edit(Deed.REMOVE, Entries(texts))
