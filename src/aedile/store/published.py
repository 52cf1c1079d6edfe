"""What has been published, in which order, by whom? Releases, lists, keys, controls: never changed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from aedile.errors import StoreError, define

OVERTAKEN = define("AED-STORE-008", "Somebody else published in the meantime.", "two people publishing at once")

CHANNEL = "aedile_published"
_LOCK = 7_203_331_402
_COLUMNS = "kind, number, digest, bytes, at, by, note"


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something published. kind: `release`, `list/<name>`, `keys` or `settings`; number counts from 1 in its kind."""

    kind: str
    number: int
    digest: str
    data: bytes
    at: datetime
    by: str
    note: str


class Published:
    """The table `published`, over one connection; a transaction is the caller's."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def _execute(
        self, query: str, values: Sequence[object] | None = None, *, binary: bool = False
    ) -> psycopg.Cursor[Any]:
        # A cursor of psycopg's own kind, whatever kind the connection makes for its owner.
        return psycopg.Cursor(self._connection).execute(query, values, binary=binary)

    def lock(self) -> None:
        """Nobody else publishes until the transaction ends."""
        self._execute("select pg_advisory_xact_lock(%s)", (_LOCK,))

    def append(
        self, kind: str, digest: str, data: bytes, *, by: str, note: str = "", expect_current: int | None = None
    ) -> int:
        """Publish under the kind's next number, which it returns; all who listen are told when the transaction commits.

        expect_current: the number that was current when the content was made, 0 for none; a `StoreError` where
        another is current by now.
        """
        self.lock()
        row = self._execute("select coalesce(max(number), 0) from published where kind = %s", (kind,))
        current = row.fetchone()
        assert current is not None
        if expect_current is not None and current[0] != expect_current:
            raise StoreError(
                OVERTAKEN,
                f"{kind} {current[0]} was published in the meantime",
                hint=f"what is to be published was made from {kind} {expect_current}",
                fix="look at what changed, and do it again",
            )
        number: int = current[0] + 1
        self._execute(
            "insert into published (kind, number, digest, bytes, by, note) values (%s, %s, %s, %b, %s, %s)",
            (kind, number, digest, data, by, note),
        )
        self._execute("select pg_notify(%s, %s)", (CHANNEL, f"{kind}:{number}"))
        return number

    def current(self, kind: str) -> Artefact | None:
        """The newest of a kind."""
        return self._one("kind = %s order by number desc limit 1", (kind,))

    def get(self, kind: str, number: int) -> Artefact | None:
        return self._one("kind = %s and number = %s", (kind, number))

    def by_digest(self, kind: str, digest: str) -> Artefact | None:
        """The newest of a kind with this digest."""
        return self._one("kind = %s and digest = %s order by number desc limit 1", (kind, digest))

    def _one(self, where: str, values: tuple[str | int, ...]) -> Artefact | None:
        row = self._execute(
            f"select {_COLUMNS} from published where {where}",  # noqa: S608  both texts are our own
            values,
            binary=True,
        ).fetchone()
        return Artefact(*row) if row is not None else None

    def history(self, kind: str, limit: int = 50) -> list[Artefact]:
        """The newest of a kind, the newest first, without their bytes."""
        rows = self._execute(
            "select kind, number, digest, ''::bytea, at, by, note from published where kind = %s "
            "order by number desc limit %s",
            (kind, limit),
        )
        return [Artefact(*row) for row in rows]

    def current_numbers(self) -> Mapping[str, tuple[int, str]]:
        """Of each kind the newest number and its digest."""
        rows = self._execute("select distinct on (kind) kind, number, digest from published order by kind, number desc")
        return {kind: (number, digest) for kind, number, digest in rows}

    def listen(self) -> None:
        """Be told of what is published from now on; the connection must be one of autocommit."""
        self._execute(f"listen {CHANNEL}")

    def told(self, seconds: float) -> Iterator[str]:
        """What was published, as `kind:number`, within so many seconds; ends with the first."""
        for notice in self._connection.notifies(timeout=seconds, stop_after=1):
            yield notice.payload
