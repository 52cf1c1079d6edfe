"""How does a process keep facts without a server? In the journal of an installation on the same machine; whoever seals
there, a server or `seal`, makes them queryable."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from aedile.facts import kind_of
from aedile.facts.reading import read_rows, read_table
from aedile.store.fact_arrival import Arrival, told
from aedile.store.fact_seal import seal_facts
from aedile.store.fact_writer import FactWriter
from aedile.store.home import Home
from aedile.store.pseudonyms import Pseudonyms


class LocalFacts:
    """Keeps facts in a home; `put_facts` as of `Client`, from any thread.

    zones: market → time zone, where it is not the usual one. source: who sends them, as told of what is refused.
    """

    def __init__(self, home: Path | str, *, zones: Mapping[str, str] | None = None, source: str = "in process") -> None:
        self._home = Home(Path(home)).prepare()
        self._arrival = Arrival(Pseudonyms(self._home.secrets), zones or {})
        self._writer = FactWriter(self._home.intake, f"local-{os.getpid()}")
        self._source = source

    def __enter__(self) -> LocalFacts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._writer.close()

    def put_facts(self, kind: str, facts: Iterable[Mapping[str, Any]] | pa.Table) -> dict[str, Any]:
        """What is accepted, and what is refused, is on disk when this returns; else it raises a `StoreError`."""
        now, wanted = time.time_ns() // 1000, kind_of(kind)
        read = read_table(wanted, facts, now) if isinstance(facts, pa.Table) else read_rows(wanted, list(facts), now)
        self._writer.put(self._arrival.part(read, now, self._source)).result()
        return told(read)

    def seal(self) -> int:
        """Bring all that waits into the files that are queried; returns how many facts. A server does it by itself."""
        return seal_facts(self._home).facts
