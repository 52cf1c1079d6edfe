"""What does a revision hold? Its chunks out of the database, together or one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import psycopg
from django.db import connection

from aedile.console.lists.chunks import Piece, pieces_from
from aedile.console.lists.codes import NO_LIST
from aedile.console.lists.models import NamedList, Revision
from aedile.errors import ConsoleError

#: Chunks read or written by one statement: some megabytes.
_TOGETHER = 32


def current_lists() -> Mapping[str, tuple[Revision, Callable[[], bytes]]]:
    """Every list that is not retired: its newest revision, and what gives the bytes of its file."""
    newest = (
        Revision.objects.filter(list__retired=None).order_by("list_id", "-number").distinct("list_id").defer("chunks")
    )
    return {revision.list_id: (revision, partial(entries_bytes, revision)) for revision in newest}


def revision_of(name: str) -> Revision | None:
    """A list's newest revision."""
    return Revision.objects.filter(list_id=name).order_by("-number").first()


def list_or_error(name: str) -> NamedList:
    found = NamedList.objects.select_related("team").filter(pk=name).first()
    if found is None:
        raise ConsoleError(NO_LIST, f"there is no list {name}", fix="see all lists, or make it")
    return found


def revision_or_error(name: str, number: int | None = None) -> Revision:
    """A list's revision, the newest where no number is given."""
    found = (
        revision_of(name)
        if number is None
        else Revision.objects.select_related("author").filter(list_id=name, number=number).first()
    )
    if found is None:
        which = f"the list {name} has no revision {number}" if number is not None else f"there is no list {name}"
        raise ConsoleError(NO_LIST, which, fix="see its revisions, or all lists")
    return found


def pieces_of(revision: Revision) -> tuple[Piece, ...]:
    return pieces_from(revision.chunks)


def entries_bytes(revision: Revision) -> bytes:
    """The whole list as a file: entries in order, one a line."""
    return b"".join(chunks_in(pieces_of(revision)))


def chunks_in(pieces: tuple[Piece, ...]) -> Iterator[bytes]:
    """The bytes of each chunk, in order, some at a time."""
    for first in range(0, len(pieces), _TOGETHER):
        some = pieces[first : first + _TOGETHER]
        rows = cursor().execute(
            "select digest, data from lists_chunk where digest = any(%s)",
            ([piece.digest for piece in some],),
            binary=True,
        )
        found = dict(rows.fetchall())
        yield from (found[piece.digest] for piece in some)


def load(piece: Piece) -> bytes:
    """One chunk's bytes."""
    row = cursor().execute("select data from lists_chunk where digest = %s", (piece.digest,), binary=True).fetchone()
    assert row is not None, "a chunk stays as long as a revision names it"
    return bytes(row[0])


def cursor() -> psycopg.Cursor[Any]:
    """A cursor below Django's, in the same transaction, that moves bytes as they are."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)
