"""How do many small files of facts become few, and when do old ones go?

Files of one day and market become one, sorted by time, in a swap that readers see whole or not at all. Age deletes
whole days of a market. Neither touches a snapshot, which has links of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aedile.errors import Place, StoreError, define
from aedile.facts import KINDS
from aedile.facts.keeping import Keeping
from aedile.facts.kinds import FactKind
from aedile.store.fact_swap import note_bulk, swap, swapping
from aedile.store.home import Home
from aedile.store.live_files import listed

UNREADABLE = define("AED-STORE-129", "A file of facts cannot be read.", "a file with a changed byte")
#: A part is compacted once it has so many small files; a file of more bytes is small no longer.
ENOUGH, SMALL = 8, 64 << 20
#: Bytes of files that are made one at once, which bounds the memory it takes.
MOST = 256 << 20


@dataclass(frozen=True, slots=True)
class Compacted:
    """A part whose files became one. part: below the folder of facts."""

    part: str
    files: int
    rows: int
    bytes_before: int
    bytes_after: int


def compact(home: Home, kinds: Iterable[str] | None = None, *, enough: int = ENOUGH) -> Iterator[Compacted]:
    """Compact every part of these kinds, or of all, that has enough small files; tells each once it is done.

    A part that cannot be read keeps none of the others from it; it is raised at the end.
    """
    trouble: StoreError | None = None
    for name in KINDS if kinds is None else kinds:
        for part in sorted({path.parent for path in listed(home.facts / name)}):
            try:
                done = _compact_part(home, KINDS[name], part, enough)
            except StoreError as error:
                trouble = trouble or error
                continue
            if done is not None:
                yield done
    if trouble is not None:
        raise trouble


def _compact_part(home: Home, kind: FactKind, part: Path, enough: int) -> Compacted | None:
    if sum(1 for path in listed(part) if path.stat().st_size < SMALL) < enough:
        return None
    with swapping(home) as state:
        files = _chosen(sorted(path for path in listed(part)))
        if len(files) < enough:
            return None
        before = sum(path.stat().st_size for path in files)
        table = pa.concat_tables([read_facts(path, kind) for path in files]).sort_by([("at", "ascending")])
        note_bulk(home, state, files)
        gone = [path.relative_to(home.facts).as_posix() for path in files]
        path = f"{part.relative_to(home.facts).as_posix()}/{_name_of(files)}"
        made = swap(home, state, gone, [(path, table, kind)])
    return Compacted(part.relative_to(home.facts).as_posix(), len(files), len(table), before, made[0].bytes)


def _chosen(files: Sequence[Path]) -> list[Path]:
    """The small ones, as many as may be read at once."""
    chosen, size = [], 0
    for path in files:
        own = path.stat().st_size
        if own < SMALL and size + own <= MOST:
            chosen.append(path)
            size += own
    return chosen


def _name_of(files: Sequence[Path]) -> str:
    """By what it stands for: whoever compacts the same files makes the same file."""
    return f"c-{hashlib.sha256(chr(0).join(path.name for path in files).encode()).hexdigest()[:16]}.parquet"


def read_facts(path: Path, kind: FactKind) -> pa.Table:
    """All rows of a file, with the kind's columns as they are now: those that were added since are NULL."""
    table = read_file(path)
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in kind.schema
    ]
    return pa.Table.from_arrays(columns, schema=kind.schema)


def read_file(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """What is in a file, of these columns those that it has; a `StoreError` where it cannot be read."""
    try:
        if columns is not None:
            columns = [name for name in columns if name in pq.read_schema(path).names]
        return pq.read_table(path, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            UNREADABLE,
            f"the file cannot be read: {error}",
            place=Place(str(path)),
            hint="it is left as it is",
            fix="run `aedile facts verify`, and restore it from a backup",
        ) from None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A day of a market that was too old. part: below the folder of facts."""

    part: str
    files: int
    bytes: int


def delete_old(home: Home, keeping: Keeping, now: datetime) -> Iterator[Deleted]:
    """Delete each day of a market that is older than the rules say, counted from today in UTC."""
    today = now.date()
    for name in KINDS:
        for part in sorted({path.parent for path in listed(home.facts / name)}):
            day, market = date.fromisoformat(_value(part.parent, "date")), _value(part, "market")
            days = keeping.of(name, market)
            if days is None or day >= today - timedelta(days=days):
                continue
            with swapping(home) as state:
                files = sorted(listed(part))
                size = sum(path.stat().st_size for path in files)
                note_bulk(home, state, files)
                swap(home, state, [path.relative_to(home.facts).as_posix() for path in files])
            for folder in (part, part.parent):
                if not any(folder.iterdir()):
                    folder.rmdir()
            yield Deleted(part.relative_to(home.facts).as_posix(), len(files), size)


def _value(folder: Path, name: str) -> str:
    key, _, value = folder.name.partition("=")
    if key != name:
        raise StoreError(
            UNREADABLE,
            f"the folder is not laid out as facts are: {name}=… is missing",
            place=Place(str(folder)),
            fix="move it away from the folder of facts",
        )
    return value
