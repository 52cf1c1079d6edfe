"""How is a list of millions cut, so that a change touches little of it?

A chunk begins with an entry whose hash is below a bound, so where chunks begin depends on the entries alone: the same
entries always have the same chunks, whatever came before, and two revisions share all chunks in which nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from aedile.console.lists.entries import Entries, lines_of
from aedile.language.columns import Bools, Ints
from aedile.language.hashing import Hashes, buffers_of, hash_texts
from aedile.language.list_lines import NEVER

#: Entries of a chunk on average; some have a few times as many.
MEAN = 10_000
#: Entries that are written as lines together.
_BLOCK = 1 << 19


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk's place in a revision. digest: SHA-256 (hex) of its bytes; soonest: the first expiry, None for none."""

    first: str
    entries: int
    digest: str
    expiring: int
    soonest: int | None


#: Gives a chunk's bytes.
Load = Callable[[Piece], bytes]
#: Keeps a chunk's bytes under its digest.
Keep = Callable[[str, bytes], None]


def pieces_from(rows: Iterable[Sequence[Any]]) -> tuple[Piece, ...]:
    """The pieces that `rows_of` wrote."""
    return tuple(Piece(*row) for row in rows)


def rows_of(pieces: Iterable[Piece]) -> list[tuple[Any, ...]]:
    """Pieces as a revision keeps them in JSON."""
    return [astuple(piece) for piece in pieces]


def begins(hashes: Hashes, mean: int = MEAN) -> Bools:
    """Whether an entry of each hash begins a chunk, wherever it stands."""
    return np.asarray(hashes < np.uint64(2**64 // mean))


def begins_chunk(text: str, mean: int = MEAN) -> bool:
    return bool(begins(hash_texts(pa.array([text], pa.large_string())), mean)[0])


def split(entries: Entries, keep: Keep, mean: int = MEAN, hashes: Hashes | None = None) -> Iterator[Piece]:
    """Cut entries into chunks, each kept as it is made. hashes: of the texts, where they are known already."""
    if len(entries) == 0:
        return
    inner = begins(hash_texts(entries.texts) if hashes is None else hashes, mean)
    inner[0] = True
    bounds = np.append(np.flatnonzero(inner), len(entries))
    start = 0
    while start < len(bounds) - 1:
        # As many chunks together as make a block, one at least.
        stop = max(int(bounds.searchsorted(bounds[start] + _BLOCK, side="right")) - 1, start + 1)
        yield from _pieces(entries, bounds[start : stop + 1], keep)
        start = stop


def _pieces(entries: Entries, bounds: Ints, keep: Keep) -> Iterator[Piece]:
    first = int(bounds[0])
    offsets, data = buffers_of(lines_of(entries.part(first, int(bounds[-1]))))
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        chunk = data[offsets[start - first] : offsets[stop - first]].tobytes()
        digest = sha256(chunk).hexdigest()
        keep(digest, chunk)
        yield _piece(entries.part(start, stop), digest)


def _piece(part: Entries, digest: str) -> Piece:
    timed = part.until[part.until != NEVER] if part.until is not None else ()
    return Piece(part.texts[0].as_py(), len(part), digest, len(timed), int(min(timed)) if len(timed) else None)
