"""How does a SQLite file of a home open, and what is said where it cannot be used?"""

from __future__ import annotations

import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

import pyarrow as pa

from aedile.errors import StoreError

#: Seconds to wait for another process that is writing.
PATIENCE = 5.0
#: Bytes that are written beside a file before they are moved into it.
WAL = 16 << 20


class SqliteFile(ABC):
    """A file in WAL mode that its owner alone may read, open for reading and writing; one thread at a time.

    tables: SQL that makes what is not there yet. synchronous: as SQLite has it; `full` where what was written down must
    survive a power cut. page: bytes of a page of a file that is made; where rows are large, many small pages cost more
    than they hold. Whatever goes wrong with the file is a `StoreError` that `trouble` words.
    """

    tables: ClassVar[str]
    synchronous: ClassVar[str] = "full"
    page: ClassVar[int] = 4_096

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        """Opens the file, making it if it is missing."""
        self.path = path
        with self._trouble():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        try:
            with self._trouble():
                self._db.execute(f"pragma page_size = {self.page}")
                self._db.execute("pragma journal_mode = wal")
                self._db.execute(f"pragma wal_autocheckpoint = {WAL // self.page}")
                self._db.execute(f"pragma synchronous = {self.synchronous}")
                self._db.executescript(self.tables)
        except StoreError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it, or nothing where it raises."""
        with self._trouble(), self._db:
            self._db.execute("begin immediate")
            yield

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, pa.ArrowException) as error:
            raise self.trouble(error) from None

    @abstractmethod
    def trouble(self, error: Exception) -> StoreError:
        """What is said where it cannot be used."""
