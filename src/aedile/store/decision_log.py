"""What was decided for this request, and what is there to replay? Sealed or not, whoever asks sees no difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from aedile.errors import Place, StoreError, define
from aedile.store.home import Home
from aedile.store.journal import Journal
from aedile.store.seal import BRIEF, FULL

DAMAGED = define("AED-STORE-082", "A file of sealed decisions cannot be read.", "a flipped bit in a Parquet file")


@dataclass(frozen=True, slots=True)
class Logged:
    """A decision in the log. row: as in `DECISIONS`; detail: what `decision_detail.py` wrote, where it was drawn."""

    request_id: str
    decided_at: int
    release: int
    row: dict[str, Any]
    detail: bytes | None


class DecisionLog:
    """The log of one installation, to be read while it is written."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def find(self, request_id: str) -> list[Logged]:
        """All decisions of a request, the newest first. Cost ∝ decisions logged: one column of each file is read."""
        rows: dict[int, dict[str, Any]] = {}
        details: dict[int, bytes] = {}
        for journal in self._journals():
            for table in journal.batches():
                for row in _rows(table.filter(pc.equal(table["request_id"], request_id))):
                    rows[row["decided_at"]] = row
            details |= {d.at: d.data for d in journal.details() if d.request_id == request_id}
        asked = ds.field("request_id") == request_id
        for row in _rows(self._sealed(BRIEF, asked)):
            rows[row["decided_at"]] = row
        for row in _rows(self._sealed(FULL, asked)):
            details[row["decided_at"]] = row["data"]
        return [Logged(request_id, at, rows[at]["release"], rows[at], details.get(at)) for at in sorted(rows)[::-1]]

    def details(self, since: int | None = None, until: int | None = None) -> Iterator[bytes]:
        """The decisions logged in full in a span of time (microseconds since 1970, the end exclusive), in order."""
        low, high = since or 0, until or 2**62
        found: dict[tuple[int, str], bytes] = {}
        moments = [pa.scalar(at, pa.timestamp("us", "UTC")) for at in (low, min(high, 253_402_300_799_999_999))]
        within = (ds.field("decided_at") >= moments[0]) & (ds.field("decided_at") < moments[1])
        for row in _rows(self._sealed(FULL, within)):
            found[row["decided_at"], row["request_id"]] = row["data"]
        for journal in self._journals():
            for detail in journal.details():
                if low <= detail.at < high:
                    found[detail.at, detail.request_id] = detail.data
        for key in sorted(found):
            yield found[key]

    def _journals(self) -> Iterator[Journal]:
        for path in sorted(self.home.journal.glob("*.sqlite")):
            journal = Journal(path)
            try:
                yield journal
            finally:
                journal.close()

    def _sealed(self, part: str, wanted: ds.Expression) -> pa.Table:
        folder = self.home.decisions / part
        files = [str(file) for file in sorted(folder.rglob("[!.]*.parquet"))]
        if not files:
            return pa.table({})
        try:
            keys = ds.dataset(files, format="parquet").to_table(columns=["decided_at", "__filename"], filter=wanted)
            found = keys["__filename"].unique().to_pylist()  # the wide columns of those files alone are read
            return ds.dataset(found, format="parquet").to_table(filter=wanted) if found else pa.table({})
        except (pa.ArrowException, OSError) as error:
            raise StoreError(
                DAMAGED,
                f"sealed decisions cannot be read: {str(error).splitlines()[0]:.300}",
                place=Place(str(folder)),
                hint="every other file is as it was",
                fix="move the file away, or restore it from a backup",
            ) from None


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows in Python; times in microseconds since 1970."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.int64()))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
