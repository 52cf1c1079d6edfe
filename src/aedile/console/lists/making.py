"""How is the next revision made? Outside any transaction, from the one before; nothing is kept in the database yet."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from aedile.console.lists import content
from aedile.console.lists.chunks import Piece, split
from aedile.console.lists.codes import TOO_LARGE
from aedile.console.lists.differing import count_differences
from aedile.console.lists.entries import Entries, decode, digest_of, gathered
from aedile.console.lists.limits import MAX_BYTES, MAX_ENTRIES
from aedile.console.lists.merging import Counts, Edit, merge
from aedile.errors import ConsoleError
from aedile.language.hashing import hash_texts

#: Called with the share of the work that is done; it may raise to end it.
Told = Callable[[float], None]
_IN_MEMORY = 16 << 20


class Spool:
    """New chunks until they are kept for good: in memory, and on disk where they are many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed on exit
        self._places: dict[str, tuple[int, int]] = {}
        self._size = 0

    def keep(self, digest: str, data: bytes) -> None:
        if digest not in self._places:
            self._places[digest] = (self._file.seek(0, 2), len(data))
            self._file.write(data)
            self._size += len(data)
            _refuse_too_large(self._size)

    def load(self, piece: Piece) -> bytes:
        """A chunk's bytes, from here or from the database."""
        return self._read(piece.digest) if piece.digest in self._places else content.load(piece)

    def chunks(self, digests: set[str]) -> Iterator[tuple[str, bytes]]:
        """Those of these digests, in the order of digests, so that two who keep the same never wait in a circle."""
        for digest in sorted(digests & self._places.keys()):
            yield digest, self._read(digest)

    def _read(self, digest: str) -> bytes:
        place, length = self._places[digest]
        self._file.seek(place)
        return self._file.read(length)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Made:
    """What the next revision says. digest: the engine's."""

    pieces: tuple[Piece, ...]
    digest: str
    counts: Counts


def replaced(old: Sequence[Piece], entries: Entries, spool: Spool, told: Told) -> Made:
    """All entries are others."""
    _refuse_too_many(len(entries))
    hashes = hash_texts(entries.texts)
    told(0.1)
    digest = digest_of(entries, hashes)
    told(0.4)
    found: list[Piece] = []
    for piece in split(entries, spool.keep, hashes=hashes):
        found.append(piece)
        told(0.4 + 0.3 * len(found) / (len(entries) / 10_000 + 1))
    pieces = tuple(found)
    counts = count_differences(old, pieces, _telling(spool.load, told, 0.7, 1.0, len(old) + len(pieces)))
    return Made(pieces, digest, counts)


def edited(old: Sequence[Piece], edit: Edit, spool: Spool, told: Told) -> Made:
    """Some entries come, go or change."""
    merged = merge(old, edit, _telling(spool.load, told, 0.0, 0.4, len(old)), spool.keep)
    _refuse_too_many(sum(piece.entries for piece in merged.pieces))
    return Made(merged.pieces, _digest(merged.pieces, spool, told), merged.counts)


def _digest(pieces: Sequence[Piece], spool: Spool, told: Told) -> str:
    """The digest needs every entry, in an order of its own."""
    load = _telling(spool.load, told, 0.4, 0.8, len(pieces))
    return digest_of(gathered(decode(data) for data in _bounded(load(piece) for piece in pieces)))


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for data in chunks:
        size += len(data)
        _refuse_too_large(size)
        yield data


def restored(old: Sequence[Piece], pieces: tuple[Piece, ...], digest: str, spool: Spool, told: Told) -> Made:
    """What an earlier revision said."""
    counts = count_differences(old, pieces, _telling(spool.load, told, 0.0, 1.0, len(old) + len(pieces)))
    return Made(pieces, digest, counts)


def _telling(
    load: Callable[[Piece], bytes], told: Told, start: float, end: float, steps: int
) -> Callable[[Piece], bytes]:
    """The same, telling with each chunk how far it is between two shares."""
    done = 0

    def loading(piece: Piece) -> bytes:
        nonlocal done
        done += 1
        told(min(end, start + (end - start) * done / max(steps, 1)))
        return load(piece)

    return loading


def _refuse_too_many(count: int) -> None:
    if count > MAX_ENTRIES:
        raise ConsoleError(
            TOO_LARGE,
            f"the list would have {count:,} entries; at most {MAX_ENTRIES:,} are allowed",
            fix='make several lists of it: in_list(x, "a") || in_list(x, "b")',
        )


def _refuse_too_large(size: int) -> None:
    if size > MAX_BYTES:
        raise ConsoleError(
            TOO_LARGE, f"the list would have more than {MAX_BYTES >> 20} MiB", fix="make several lists of it"
        )
