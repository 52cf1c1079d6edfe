"""Is the history whole? Every hash is computed again, outside PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from aedile.console.base.codes import HISTORY_BROKEN
from aedile.errors import ConsoleError

_COLUMNS = "previous, seq, at_us, actor, via, action, why, subject, pk, op, before::text, after::text, hash"
_SEPARATOR = "\x1f"
FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Verified:
    """entries: how many there are. head: the hash of the last, which vouches for all."""

    entries: int
    head: str


def verify(
    connection: psycopg.Connection, expect: str | None = None, told: Callable[[int], object] | None = None
) -> Verified:
    """Compute the chain again; a `ConsoleError` that names the first entry which is not as it was written.

    expect: a head noted earlier; it must be in the chain, which shows that the end was not cut off since.
    told: hears after every thousand entries how many there were.
    Cost ∝ entries, in constant memory.
    """
    last, seq, found = FIRST, 0, expect in (None, FIRST)
    with connection.cursor(name="verify") as cursor:
        cursor.execute(f"select {_COLUMNS} from history order by seq")  # noqa: S608  the names are our own
        for row in cursor:
            *said, hash_ = row
            seq += 1
            payload = _SEPARATOR.join("" if value is None else str(value) for value in said)
            if said[1] != seq or said[0] != last or hashlib.sha256(payload.encode()).hexdigest() != hash_:
                raise _broken(seq, "the entry, or the one before it, is not as it was written")
            last = hash_
            found = found or last == expect
            if told is not None and seq % 1_000 == 0:
                told(seq)
    head = connection.execute("select seq, hash from history_head").fetchone()
    if head != (seq, last):
        raise _broken(seq + 1, "the last entries are missing")
    if not found:
        raise _broken(seq + 1, f"no entry has the hash {expect}: what came before it was replaced")
    return Verified(seq, last)


def _broken(seq: int, what: str) -> ConsoleError:
    return ConsoleError(
        HISTORY_BROKEN,
        f"the history is broken at entry {seq}: {what}",
        hint="somebody changed the database past its triggers",
        fix="compare with a backup from before; what stands before that entry is whole",
    )
