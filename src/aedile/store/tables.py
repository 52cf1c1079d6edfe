"""Which tables does a warehouse have, and which files hold each?

The kinds of facts; `decisions` as the decision server logged them, one row a decision; and `decision_candidates`, one
row for each candidate of each of them. A day and a market are in a file's path, so that what is not asked for is not
read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from aedile.facts import KINDS
from aedile.facts.kinds import DAY
from aedile.facts.portable_parts import Part, only
from aedile.store.decision_batch import CANDIDATE, DECISIONS
from aedile.store.home import Home
from aedile.store.live_files import live_files
from aedile.store.seal import BRIEF

DECIDED, CANDIDATES = "decisions", "decision_candidates"
#: The day on which it was decided (UTC), of which files go by.
_DATE = pa.field("date", DAY, False)
_ONCE = [field for field in DECISIONS if field.name not in ("candidates", "page")]


def _plain(type_: pa.DataType) -> pa.DataType:
    """The type without dictionaries, which are a way to keep texts and no kind of text."""
    if pa.types.is_dictionary(type_):
        return type_.value_type
    if pa.types.is_list(type_):
        return pa.list_(_plain(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(one.name, _plain(one.type), one.nullable) for one in type_])
    return type_


def _plain_schema(fields: list[pa.Field]) -> pa.Schema:
    return pa.schema([pa.field(field.name, _plain(field.type), field.nullable) for field in fields])


#: The columns of every table, as they are asked.
TABLES: Mapping[str, pa.Schema] = {
    **{name: _plain_schema(list(kind.schema)) for name, kind in KINDS.items()},
    DECIDED: _plain_schema([_DATE, *DECISIONS]),
    CANDIDATES: _plain_schema([_DATE, *_ONCE, *CANDIDATE]),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table's rows are. schema: of its files, without the columns of their paths; day: the column that is
    `date` in the path."""

    folder: Path
    schema: pa.Schema
    day: str


def source_of(home: Home, table: str) -> Source:
    """The source of a table of `TABLES`; of `decision_candidates` that of the decisions."""
    if table in KINDS:
        return Source(
            home.facts / table, TABLES[table].remove(TABLES[table].get_field_index("local_date")), "local_date"
        )
    schema = TABLES[DECIDED]
    return Source(home.decisions / BRIEF, schema.remove(schema.get_field_index("date")), "date")


def asked_for(files: Iterable[Path], parts: list[Part]) -> list[Path]:
    """Those of a table's files whose day and market a query asks for."""
    return [path for path in files if only(parts, *_part_of(path))]


def _part_of(path: Path) -> tuple[date, str]:
    day, market = path.parent.parent.name.removeprefix("date="), path.parent.name.removeprefix("market=")
    return date.fromisoformat(day), market


def files_of(home: Home, table: str) -> list[Path]:
    """The files of a table that hold its rows now, each row in one of them."""
    return live_files(source_of(home, table).folder)


def known_in(table: str, before: datetime, quote: str) -> str:
    """The condition that a row had happened and arrived strictly before a moment. quote: as the engine quotes names."""
    moment = f"TIMESTAMP '{before.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"  # sessions are in UTC
    columns = ("at", "received_at") if table in KINDS else ("decided_at",)
    return " AND ".join(f"{quote}{column}{quote} < {moment}" for column in columns)
