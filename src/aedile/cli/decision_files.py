"""How are decisions written to a file, and counters read from one?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from aedile.cli.codes import WRONG_OUTPUT
from aedile.cli.screen import json_line
from aedile.cli.writing import written_aside
from aedile.errors import DataError, Place, UsageError, define
from aedile.fields import listing, shorten, suggestion

if TYPE_CHECKING:
    import pyarrow as pa

    from aedile.engine.strategy import Strategy

BAD_COUNTER = define("AED-DATA-085", "A line of counters is not one.", '{"strategy": "ads-burst-cap", "count": -1}')

COUNTER_KEYS = {"strategy", "id", "count"}
#: Rows that stand in memory before they are written as one row group.
ROWS_AT_ONCE = 50_000


class Sink(Protocol):
    """Takes the rows of decisions."""

    def add(self, rows: list[dict[str, Any]]) -> None: ...


@contextmanager
def decision_sink(out: Path | None) -> Iterator[Sink | None]:
    """Where decisions go: a Parquet or NDJSON file that is whole when the block ends, stdout for `-`, or nowhere."""
    if out is None:
        yield None
    elif str(out) == "-":
        yield NdjsonSink(sys.stdout.buffer)
    elif out.suffix in (".ndjson", ".jsonl"):
        with written_aside(out) as file:
            yield NdjsonSink(file)
    elif out.suffix == ".parquet":
        with written_aside(out) as file:
            parquet = ParquetSink(file)
            try:
                yield parquet
                parquet.flush()
            finally:
                parquet.close()
    else:
        raise UsageError(
            WRONG_OUTPUT,
            f"`{out.name}` is not of a format that can be written",
            place=Place(str(out)),
            hint="the end of the name tells the format: .parquet, .ndjson, .jsonl; - is NDJSON on stdout",
            fix="write --out decisions.parquet",
        )


class NdjsonSink:
    """One JSON object a line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self._file.write(json_line(row))


class ParquetSink:
    """Row groups of some ten thousand rows."""

    def __init__(self, file: BinaryIO) -> None:
        import pyarrow.parquet as pq

        from aedile.engine.rows import DECISION_ROWS

        self._schema: pa.Schema = DECISION_ROWS
        self._writer = pq.ParquetWriter(file, DECISION_ROWS)
        self._rows: list[dict[str, Any]] = []

    def add(self, rows: list[dict[str, Any]]) -> None:
        self._rows += rows
        if len(self._rows) >= ROWS_AT_ONCE:
            self.flush()

    def close(self) -> None:
        self._writer.close()

    def flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
            self._rows = []


def counters_from(path: Path, strategies: Sequence[Strategy]) -> dict[tuple[str, str], int]:
    """(strategy, shopper or entity) → exposures so far, from NDJSON lines of strategy, id and count."""
    from aedile.documents import decode, unreadable

    try:
        text = decode(path.read_bytes(), str(path))
    except OSError as error:
        raise unreadable(path, error) from None
    known = {strategy.id for strategy in strategies}
    counters: dict[tuple[str, str], int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        strategy, id_, count = _counter(line, Place(str(path), number))
        if strategy not in known:
            raise DataError(
                BAD_COUNTER,
                f"there is no strategy {shorten(strategy)}",
                place=Place(str(path), number),
                hint=suggestion(strategy, known),
                fix="correct the id, or delete the line",
            )
        counters[strategy, id_] = counters.get((strategy, id_), 0) + count
    return counters


def _counter(line: str, place: Place) -> tuple[str, str, int]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if isinstance(entry, dict) and entry.keys() == COUNTER_KEYS:
        strategy, id_, count = entry["strategy"], entry["id"], entry["count"]
        if isinstance(strategy, str) and isinstance(id_, str) and type(count) is int and 0 <= count < 2**62:
            return strategy, id_, count
    raise DataError(
        BAD_COUNTER,
        f"{shorten(line.strip())} is not a counter",
        place=place,
        hint=f"a counter has exactly the keys {listing(sorted(COUNTER_KEYS))}; the count is a whole number from 0",
        fix='write {"strategy": "ads-burst-cap", "id": "shopper-1", "count": 3}',
    )
