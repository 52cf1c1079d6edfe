"""Where does what was simulated go? Into files laid out as an installation's: facts by kind, local date and market."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: Rows in a row group of facts, and decisions in one of the log: as the decision server writes them.
GROUP, DECISIONS_GROUP = 131_072, 500
#: Columns of facts in which few values occur often.
_FEW = {
    "market", "channel", "surface", "kind", "currency", "step", "by", "reason", "topic", "language", "action_name",
    "application", "object_id_field", "feature", "policy", "judge", "survey", "measure", "about_kind", "outcome",
    "penalty", "text", "user_query", "stars", "quantity", "position", "examined", "line", "local_date", "is_verified",
}  # fmt: skip
_FEW_OF_CANDIDATES = ("kind", "excluded_by", "pinned_by", "reserved_by", "multiplier")
_LISTS_OF_CANDIDATES = ("capped_by", "relaxed", "badges", "refers", "fired", "exempted", "shadow_fired")
_DECISIONS: dict[str, Any] = {
    "use_dictionary": [
        "market", "channel", *(f"candidates.list.element.{name}" for name in _FEW_OF_CANDIDATES),
        *(f"candidates.list.element.{name}.list.element" for name in _LISTS_OF_CANDIDATES),
    ],
    "write_statistics": ["request_id", "decided_at", "release"], "row_group_size": DECISIONS_GROUP,
}  # fmt: skip


def write_table(table: pa.Table, path: Path, **options: Any) -> None:
    """Written aside, on disk, and then in its place: whole or not there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        pq.write_table(table, file, compression="zstd", compression_level=1, **options)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


def merge(paths: Iterable[Path], into: Path) -> None:
    """The rows of files one behind the other, as one file; the files go."""
    paths = list(paths)
    aside = into.with_name(f".{into.name}")
    with pq.ParquetWriter(aside, pq.read_schema(paths[0]), compression="zstd", compression_level=1) as writer:
        for path in paths:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(GROUP):
                    writer.write_batch(batch)
    os.replace(aside, into)
    for path in paths:
        path.unlink()


class Facts:
    """Takes tables of facts of one market, and writes each day's when it is over. Facts of later days wait; those
    behind the last day never happen."""

    def __init__(self, folder: Path, market: str, last: date) -> None:
        self.folder, self.market, self.last = folder, market, last
        self.counts: dict[str, int] = {}
        self._waiting: dict[tuple[str, date], list[pa.Table]] = {}

    def add(self, kind: str, table: pa.Table) -> None:
        days = table["local_date"]
        for day in pc.unique(days).to_pylist():
            if day <= self.last:
                mine = table.filter(pc.equal(days, day))
                self._waiting.setdefault((kind, day), []).append(mine)

    def write(self, day: date, part: int) -> None:
        """Write what waits of a day: facts by time, in a file of the part's number."""
        for kind in sorted({kind for kind, of in self._waiting if of == day}):
            tables = [table.combine_chunks() for table in self._waiting.pop((kind, day))]
            table = pa.concat_tables(tables)
            if len(tables) > 1:
                table = table.sort_by([("at", "ascending"), ("id", "ascending")])
            path = self.folder / kind / f"date={day}" / f"market={self.market}" / f"sim-{day:%Y%m%d}-{part:03d}.parquet"
            few = [name for name in table.schema.names if name in _FEW]
            write_table(table, path, use_dictionary=few, row_group_size=GROUP)
            self.counts[kind] = self.counts.get(kind, 0) + len(table)


def write_decisions(batch: pa.RecordBatch, folder: Path, market: str, name: str) -> None:
    """Decisions by the day on which they were made (UTC)."""
    table = pa.Table.from_batches([batch])
    days = pc.strftime(table["decided_at"], "%Y-%m-%d")
    for day in pc.unique(days).to_pylist():
        mine = table.filter(pc.equal(days, day)) if len(pc.unique(days)) > 1 else table
        write_table(mine, folder / "brief" / f"date={day}" / f"market={market}" / f"{name}.parquet", **_DECISIONS)
