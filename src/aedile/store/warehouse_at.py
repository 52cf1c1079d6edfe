"""Which engine answers here? DuckDB in this process, or Spark where its master's address is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aedile.store.home import Home
from aedile.store.warehouse import Warehouse


@contextmanager
def warehouse_at(home: Home, url: str | None = None, *, memory_mb: int = 2048, threads: int = 2) -> Iterator[Warehouse]:
    """The warehouse of an installation, while the block runs. url: None for DuckDB."""
    files: Callable[[str], list[Path]] | None = None
    if url is None:
        from aedile.store.warehouse_duckdb import DuckDBWarehouse

        duck = DuckDBWarehouse(home, memory_mb=memory_mb, threads=threads, files=files)
        try:
            yield duck
        finally:
            duck.close()
    else:
        from aedile.store.warehouse_spark import SparkWarehouse, session_at

        yield SparkWarehouse(home, session_at(url), files=files)
