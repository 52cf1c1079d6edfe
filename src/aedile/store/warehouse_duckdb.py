"""How does DuckDB answer from the files of an installation, and reach nothing else?

A database in memory with a view for each table; it may read below the folders of facts and decisions alone, loads
nothing, and its settings are locked before the first query.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
from sqlglot import exp

from aedile.errors import StoreError
from aedile.facts.portable import Tables, check, spell
from aedile.facts.portable_parts import Part, parts_of
from aedile.facts.portable_result import plain_batch, plain_table
from aedile.facts.portable_types import sql_type
from aedile.store.home import Home
from aedile.store.tables import CANDIDATES, DECIDED, TABLES, Source, asked_for, files_of, known_in, source_of
from aedile.store.warehouse import MapBatches
from aedile.store.warehouse_failed import FAILED, PAUSE, TOO_LARGE, TRIES

#: Rows in a batch of `map_batches`.
ROWS = 65_536
_Answer = TypeVar("_Answer")
_Files = Callable[[str], list[Path]]


class DuckDBWarehouse:
    """The warehouse of one installation, in this process. One thread at a time.

    files: which files a table has; by default those it has now. known_before: only what had happened and arrived
    strictly before that moment.
    """

    def __init__(
        self, home: Home, *, memory_mb: int = 2048, threads: int = 2, files: _Files | None = None,
        known_before: datetime | None = None,
    ) -> None:  # fmt: skip
        self._home = home
        self._known_before = known_before
        self._files = files or (lambda table: files_of(home, table))
        self._db = duckdb.connect(":memory:")
        spill = home.facts / ".spill"
        for statement in (
            "SET TimeZone = 'UTC'",
            f"SET memory_limit = '{memory_mb}MiB'",
            f"SET threads = {threads}",
            "SET preserve_insertion_order = true",
            f"SET temp_directory = {_quoted(spill)}",
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false",
            f"SET allowed_directories = [{_folder(home.facts)}, {_folder(home.decisions)}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._db.execute(statement)

    @property
    def tables(self) -> Tables:
        return TABLES

    def close(self) -> None:
        self._db.close()

    def query(self, select: exp.Query, values: Mapping[str, Any] | None = None) -> pa.Table:
        tree = check(select, self.tables, values)
        sql = spell(tree, "duckdb")
        return self._asked(tree, lambda: plain_table(self._db.sql(sql).to_arrow_table()))

    def map_batches(
        self, select: exp.Query, function: MapBatches, schema: pa.Schema, values: Mapping[str, Any] | None = None
    ) -> pa.Table:
        tree = check(select, self.tables, values)
        sql = spell(tree, "duckdb")

        def mapped() -> pa.Table:
            reader = self._db.sql(sql).to_arrow_reader(ROWS)
            return pa.Table.from_batches(function(self._batches(reader)), schema)

        return self._asked(tree, mapped)

    @staticmethod
    def _batches(reader: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in reader:
            yield plain_batch(batch)

    def _asked(self, tree: exp.Query, ask: Callable[[], _Answer]) -> _Answer:
        """An answer from the files as they are now; again where one of them went away in between."""
        for tries in range(TRIES, 0, -1):
            files = self._files_for(tree)
            try:
                self._show(files, tree)
                return ask()
            except duckdb.OutOfMemoryException as error:
                raise StoreError(
                    TOO_LARGE,
                    f"the query needs more memory than it may have: {_first(error)}",
                    hint="facts.memory_mb says how much",
                    fix="ask for fewer days, markets or columns, or for sums in place of rows",
                ) from None
            except duckdb.Error as error:
                if tries > 1 and any(not path.exists() for used in files.values() for path in used):
                    time.sleep(PAUSE)
                    continue
                raise _failed(error) from None
        raise AssertionError("the last try raises or returns")

    def _files_for(self, tree: exp.Query) -> dict[str, list[Path]]:
        """The files of each table that a checked query asks for."""
        parts: dict[str, list[Part]] = {}
        for name, some in parts_of(tree).items():
            if name in self.tables:
                parts.setdefault(DECIDED if name == CANDIDATES else name, []).extend(some)
        return {name: asked_for(self._files(name), some) for name, some in sorted(parts.items())}

    def _show(self, files: Mapping[str, list[Path]], tree: exp.Query) -> None:
        """Make a view of each table that a query names."""
        for name, used in files.items():
            self._db.execute(_view(name, source_of(self._home, name), used, self._known_before))
        if any(table.name.lower() == CANDIDATES for table in tree.find_all(exp.Table)):
            self._db.execute(_candidates())


def _view(name: str, source: Source, files: list[Path], known_before: datetime | None) -> str:
    columns = ", ".join(
        f'"date" AS "{source.day}"' if field.name == source.day else f'"{field.name}"' for field in TABLES[name]
    )
    known = f" WHERE {known_in(name, known_before, chr(34))}" if known_before is not None else ""
    rows = f"SELECT {columns} FROM ({_rows(source, files)}){known}"  # noqa: S608 - our names, and quoted files
    return f'CREATE OR REPLACE TEMP VIEW "{name}" AS {rows}'


def _rows(source: Source, files: list[Path]) -> str:
    """All rows; columns that files of before do not have are NULL in theirs."""
    typed = ", ".join(f'CAST(NULL AS {_type(field.type)}) AS "{field.name}"' for field in source.schema)
    none = f'SELECT {typed}, CAST(NULL AS DATE) AS "date" WHERE false'
    if not files:
        return none
    listed = ", ".join(map(_quoted, files))
    told = "hive_partitioning = true, union_by_name = true, hive_types = {'date': DATE, 'market': VARCHAR}"
    return f"SELECT * FROM read_parquet([{listed}], {told}) UNION ALL BY NAME {none}"  # noqa: S608 - quoted


def _candidates() -> str:
    once = ", ".join(f'"{field.name}"' for field in TABLES[CANDIDATES] if field.name in TABLES[DECIDED].names)
    each = ", ".join(
        f'struct_extract(c, {_quoted(field.name)}) AS "{field.name}"'
        for field in TABLES[CANDIDATES]
        if field.name not in TABLES[DECIDED].names
    )
    inner = f'SELECT {once}, unnest("candidates") AS c FROM "{DECIDED}"'  # noqa: S608 - our names
    return f'CREATE OR REPLACE TEMP VIEW "{CANDIDATES}" AS SELECT {once}, {each} FROM ({inner})'  # noqa: S608


def _type(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"{_type(type_.value_type)}[]"
    if pa.types.is_struct(type_):
        return f"STRUCT({', '.join(f'{_named(one.name)} {_type(one.type)}' for one in type_)})"
    return sql_type(type_)


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: Path | str) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _folder(path: Path) -> str:
    return _quoted(f"{os.path.realpath(path)}/")


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:300]


def _failed(error: duckdb.Error) -> StoreError:
    damaged = isinstance(error, duckdb.IOException | duckdb.InvalidInputException | duckdb.SerializationException)
    return StoreError(
        FAILED,
        f"the query failed: {_first(error)}",
        hint="a file of facts may be damaged" if damaged else "the query is portable, but its values are not possible",
        fix="run `aedile facts verify`" if damaged else "see the message, and change the query",
    )
