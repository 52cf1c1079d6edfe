"""How does Spark answer from the files of an installation?

Asked by the address of its master, `spark://host:port`, or in this machine's memory, `local[2]`. Every executor must
reach the folder of facts by the same path, and run the same Python with aedile in it. The session's zone is UTC and its
SQL is ANSI's: what overflows fails.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from aedile.errors import Place, StoreError, define
from aedile.facts.portable import Tables, check, spell
from aedile.facts.portable_parts import Part, parts_of
from aedile.facts.portable_result import plain_batch, plain_table
from aedile.store.home import Home
from aedile.store.tables import CANDIDATES, DECIDED, TABLES, asked_for, files_of, known_in, source_of
from aedile.store.warehouse import MapBatches
from aedile.store.warehouse_failed import FAILED, PAUSE, TRIES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

UNREACHABLE = define(
    "AED-STORE-123", "Spark cannot be reached, or is not installed.", "--warehouse spark://no-host:7077"
)
BAD_MASTER = define("AED-STORE-124", "An address is none of a warehouse.", "--warehouse duckdb")
_MASTER = re.compile(r"spark://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})|local\[(\d{1,3}|\*)\]")
#: Seconds to wait for a master to take a connection, before Spark itself would try for a minute.
PATIENCE = 5.0
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.shuffle.partitions": "16",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "4096",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.executor.memory": "1500m",
    "spark.log.level": "OFF",
    # A driver lives for one question or a few: what the best compiler costs it never earns.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC",
}
_Files = Callable[[str], list[Path]]


def session_at(master: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session of the master, shared by the process; a `StoreError` where there can be none.

    settings: of Spark, over those of `_SETTINGS`.
    """
    found = _MASTER.fullmatch(master)
    if found is None:
        raise StoreError(
            BAD_MASTER,
            f"`{master[:80]}` is no address of Spark",
            place=Place(field="warehouse"),
            hint="a master is spark://host:port; local[2] is Spark in two threads of this machine",
            fix="correct it, or leave it out for DuckDB",
        )
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise _unreachable(f"a part is not installed: {error}", "pip install 'aedile[spark]'") from None
    host = (found[1] or "127.0.0.1").strip("[]")
    if found[1] is not None:
        _reach(host, int(found[2]))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if _is_here(host):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(master).appName("aedile")
    here = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"} if _is_here(host) else {}
    for name, value in {**_SETTINGS, **here, **(settings or {})}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # noqa: BLE001 - Java's errors come as many classes; each is told
        raise _unreachable(_first(error), "check that Java 17 or later is installed and the master runs") from None
    running = session.sparkContext.master
    if running != master:
        raise _unreachable(f"this process already works with {running}", "use one Spark in a process")
    return session


def _reach(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except OSError as error:
        raise _unreachable(
            f"{host}:{port} does not answer: {error}", "start the master, or correct the address"
        ) from None


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _unreachable(what: str, fix: str) -> StoreError:
    return StoreError(UNREACHABLE, f"Spark cannot be used: {what}", place=Place(field="warehouse"), fix=fix)


class SparkWarehouse:
    """The warehouse of one installation on Spark.

    files: which files a table has; by default those it has now. known_before: only what had happened and arrived
    strictly before that moment.
    """

    def __init__(
        self, home: Home, session: SparkSession, *, files: _Files | None = None, known_before: datetime | None = None
    ) -> None:
        self._home = home
        self._known_before = known_before
        self._session = session.newSession()  # so that no two warehouses share their views
        self._used: list[Path] = []
        self._files = files or (lambda table: files_of(home, table))

    @property
    def tables(self) -> Tables:
        return TABLES

    def query(self, select: exp.Query, values: Mapping[str, Any] | None = None) -> pa.Table:
        return plain_table(self._arrow(lambda: self._frame(select, values)))

    def map_batches(
        self, select: exp.Query, function: MapBatches, schema: pa.Schema, values: Mapping[str, Any] | None = None
    ) -> pa.Table:
        from pyspark.sql.pandas.types import from_arrow_schema

        def plainly(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return function(plain_batch(batch) for batch in batches)

        made = from_arrow_schema(schema)
        mapped = self._arrow(lambda: self._frame(select, values).mapInArrow(plainly, made))
        return mapped.cast(schema)

    def _arrow(self, frame: Callable[[], DataFrame]) -> pa.Table:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        for tries in range(TRIES, 0, -1):
            self._used = []
            try:
                return frame().toArrow()
            except (PySparkException, Py4JError) as error:
                if tries > 1 and any(not path.exists() for path in self._used):
                    time.sleep(PAUSE)
                    continue  # compacted between listing and reading it
                raise _failed(error) from None
        raise AssertionError("the last try raises or returns")

    def _frame(self, select: exp.Query, values: Mapping[str, Any] | None) -> DataFrame:
        tree = check(select, self.tables, values)
        for name, parts in sorted(parts_of(tree).items()):
            if name == CANDIDATES:
                self._candidates(parts).createOrReplaceTempView(CANDIDATES)
            elif name in self.tables:
                self._table(name, parts).createOrReplaceTempView(name)
        return self._session.sql(spell(tree, "spark"))

    def _table(self, name: str, parts: list[Part]) -> DataFrame:
        from pyspark.sql.pandas.types import from_arrow_schema

        source = source_of(self._home, name)
        columns = from_arrow_schema(_open(source.schema)).add("date", "date")
        found = asked_for(self._files(name), parts)
        self._used += found
        files = [str(path) for path in found]
        if files:
            rows = self._session.read.schema(columns).option("basePath", str(source.folder)).parquet(*files)
        else:
            rows = self._session.createDataFrame([], columns)
        if self._known_before is not None:
            rows = rows.where(known_in(name, self._known_before, "`"))
        wanted = TABLES[name].names
        return rows.selectExpr(*(f"`date` as `{one}`" if one == source.day else f"`{one}`" for one in wanted))

    def _candidates(self, parts: list[Part]) -> DataFrame:
        from pyspark.sql import functions as f

        once = [name for name in TABLES[CANDIDATES].names if name in TABLES[DECIDED].names]
        own = [name for name in TABLES[CANDIDATES].names if name not in once]
        rows = self._table(DECIDED, parts).select(*once, f.explode("candidates").alias("c"))
        return rows.select(*once, *(f.col(f"c.{name}").alias(name) for name in own))


def _open(schema: pa.Schema) -> pa.Schema:
    """All columns as such that may be NULL: Spark would trust the schema more than the files."""
    return pa.schema([field.with_nullable(True).remove_metadata() for field in schema])


def _failed(error: Exception) -> StoreError:
    return StoreError(
        FAILED,
        f"the query failed: {_first(error)}",
        hint="the query is portable, but its values are not possible; or an executor cannot read the facts",
        fix="see the message; every executor must reach the folder of facts by the same path",
    )


def _first(error: Exception) -> str:
    """The line of an error that says what happened; traces of Java say little to people."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"\[[A-Z_.]+\]|Caused by:|[\w.]+(Exception|Error):", line)]
    return (telling or lines or [type(error).__name__])[0][:300]
