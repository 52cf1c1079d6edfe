"""How do facts come in from files? Some rows at a time through a mapping, and then as all facts do: by the journal."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aedile.documents import unreadable
from aedile.errors import DataError, Place, define
from aedile.facts.kinds import FactKind
from aedile.facts.mapped import Mapper
from aedile.facts.mapping import FileMapping, plain_mapping
from aedile.facts.reading import ReadFacts, Refused, read_rows
from aedile.store.fact_arrival import Arrival
from aedile.store.fact_journal import Part

NOT_READ = define("AED-DATA-097", "A file to be imported cannot be read.", "aedile import orders photo.png")
TOO_MANY_REFUSED = define("AED-DATA-098", "So many rows of an import are refused that it stopped.", "a wrong mapping")

#: Rows that are read and mapped at a time, and such groups that may wait to be on disk.
ROWS, WAITING = 20_000, 3
#: Rows that are shown of each trouble.
SAMPLES = 3

Row = Mapping[str, Any]
#: A kind, the numbers of the rows that became facts of it, and these.
Mapped = tuple[FactKind, Sequence[int], Sequence[Row]]
Keep = Callable[[Part], Future[None]]


@dataclass(slots=True)
class Imported:
    """What became of the rows of files. rows: read; left_out: of no part of the mapping.

    accepted: by kind. refused: (kind, code, column) → how many; samples: some of them, (file, row, error, raw).
    """

    rows: int = 0
    left_out: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str, str], list[tuple[str, Refused]]] = field(default_factory=dict)

    def add(self, read: ReadFacts, file: str) -> None:
        self.accepted[read.kind.name] += len(read.table)
        for one in read.refused:
            key = (read.kind.name, one.error.code.name, one.error.place.field or "")
            self.refused[key] += 1
            if self.refused[key] <= SAMPLES:
                self.samples.setdefault(key, []).append((file, one))


class Import:
    """Brings files in. keep: puts a part into the journal; None for a dry run, which keeps nothing. most_refused: more
    end it, for then the mapping is wrong, not the rows."""

    def __init__(
        self, kind: FactKind | None, mapping: FileMapping | None, *, keep: Keep | None, arrival: Arrival | None,
        most_refused: int,
    ) -> None:  # fmt: skip
        self._kind = kind
        self._mapping = mapping
        self._keep = keep
        self._arrival = arrival
        self._most_refused = most_refused
        self._waiting: deque[Future[None]] = deque()
        self._row = 0
        self.done = Imported()

    def bring(self, path: Path, step: Callable[[], object] = lambda: None) -> None:
        """One file. What was accepted of it is on disk when this returns."""
        self._row = 0
        columns, rows = _open(path)
        facts_of = self._plain if self._mapping is None and not columns else self._mapper(columns, path)
        try:
            while some := list(islice(rows, ROWS)):
                for kind, numbers, facts in facts_of(some):
                    if facts:
                        self._take(kind, numbers, facts, path)
                self.done.rows += len(some)
                step()
        finally:
            rows.close()
        while self._waiting:
            self._waiting.popleft().result()

    def _mapper(self, columns: list[str], path: Path) -> Callable[[Sequence[Row]], Sequence[Mapped]]:
        mapping = self._mapping
        if mapping is None:
            assert self._kind is not None
            mapping = plain_mapping(self._kind, columns)
        if columns:
            mapping.require(columns, str(path))
        mapper = Mapper(mapping, path.stem)

        def facts_of(rows: Sequence[Row]) -> Sequence[Mapped]:
            before = mapper.left_out
            found = mapper.facts(rows)
            self.done.left_out += mapper.left_out - before
            return found

        return facts_of

    def _plain(self, rows: Sequence[Row]) -> Sequence[Mapped]:
        """Each line has its own columns: it is a fact as it stands."""
        assert self._kind is not None
        numbers = range(self._row + 1, self._row + 1 + len(rows))
        self._row += len(rows)
        return [(self._kind, numbers, rows)]

    def _take(self, kind: FactKind, numbers: Sequence[int], facts: Sequence[Row], path: Path) -> None:
        now = time.time_ns() // 1000
        read = read_rows(kind, facts, now)
        refused = [
            Refused(numbers[one.row - 1], one.error.at(file=path.name, line=numbers[one.row - 1]), one.raw)
            for one in read.refused
        ]
        read = ReadFacts(kind, read.table, refused)
        self.done.add(read, path.name)
        if sum(self.done.refused.values()) > self._most_refused:
            first = refused[0].error if refused else None
            raise DataError(
                TOO_MANY_REFUSED,
                f"more than {self._most_refused:,} rows are refused",
                place=Place(path.name),
                hint=None if first is None else f"the last of them: {first.message}",
                fix="see --dry-run, and correct the mapping; or let more be refused: --most-refused",
            )
        if self._keep is not None and self._arrival is not None:
            self._waiting.append(self._keep(self._arrival.part(read, now, f"import {path.name}")))
            while len(self._waiting) > WAITING:
                self._waiting.popleft().result()


def _open(path: Path) -> tuple[list[str], Any]:
    """The columns of a file, none where each row has its own, and its rows."""
    readers = {".csv": _csv, ".parquet": _parquet, ".ndjson": _ndjson, ".jsonl": _ndjson}
    if path.suffix.lower() not in readers:
        raise _not_read(
            path, f"its name ends with {path.suffix or 'nothing'!r:.20}", "CSV, Parquet and NDJSON are read"
        )
    try:
        rows = readers[path.suffix.lower()](path)
        columns = next(rows)
    except OSError as error:
        raise unreadable(path, error) from None
    return columns, rows


def _csv(path: Path) -> Iterator[Any]:
    csv.field_size_limit(min(sys.maxsize, 1 << 20))
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        try:
            yield list(reader.fieldnames or ())
            for row in reader:
                if None in row or None in row.values():
                    raise _not_read(path, "a line has more or fewer columns than the first", None, reader.line_num)
                yield row
        except (csv.Error, UnicodeDecodeError) as error:
            raise _not_read(path, str(error), "it is CSV with commas, in UTF-8", reader.line_num) from None


def _parquet(path: Path) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path) as file:
            yield list(file.schema_arrow.names)
            for batch in file.iter_batches(ROWS):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise _not_read(path, str(error).splitlines()[0][:200], "it is no Parquet, or damaged") from None


def _ndjson(path: Path) -> Iterator[Any]:
    with open(path, "rb") as file:
        yield []
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _not_read(path, str(error)[:200], "each line is a JSON object", number) from None
            if not isinstance(row, dict):
                raise _not_read(path, "a line is no JSON object", None, number)
            yield row


def _not_read(path: Path, why: str, hint: str | None, line: int | None = None) -> DataError:
    return DataError(
        NOT_READ,
        f"the file cannot be read: {why}",
        place=Place(str(path), line),
        hint=hint,
        fix="correct the file; what came before is kept, and counts once however often it is imported",
    )
