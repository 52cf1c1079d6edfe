"""Which engine answers here? DuckDB in this process, or Spark where its master's address is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from aedile.errors import StoreError, define
from aedile.store.home import Home
from aedile.store.warehouse import Warehouse

NO_DUCKDB = define("AED-STORE-125", "The engine of the warehouse is not installed.", "pip install aedile, then a query")


@contextmanager
def warehouse_at(
    home: Home,
    url: str | None = None,
    *,
    snapshot: str | None = None,
    known_before: datetime | None = None,
    memory_mb: int = 2048,
    threads: int = 2,
) -> Iterator[Warehouse]:
    """The warehouse of an installation, while the block runs.

    url: of a Spark; None for DuckDB. snapshot: the facts as they were when it was made; None for those of now.
    known_before: only what had happened and arrived strictly before that moment.
    """
    files: Callable[[str], list[Path]] | None = None
    if snapshot is not None:
        from aedile.store.snapshots import Snapshots

        opened = Snapshots(home).open(snapshot)
        home, files = opened.home, opened.files
    if url is None:
        try:
            from aedile.store.warehouse_duckdb import DuckDBWarehouse
        except ImportError as error:
            raise StoreError(
                NO_DUCKDB, f"DuckDB is not installed: {error}", fix="pip install 'aedile[warehouse]'"
            ) from None
        duck = DuckDBWarehouse(home, memory_mb=memory_mb, threads=threads, files=files, known_before=known_before)
        try:
            yield duck
        finally:
            duck.close()
    else:
        from aedile.store.warehouse_spark import SparkWarehouse, session_at

        yield SparkWarehouse(home, session_at(url), files=files, known_before=known_before)
