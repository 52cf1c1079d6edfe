"""How are the ids of facts made anew from the facts that there are?

For when a file of ids is lost, when facts were brought in by another way, or when many were deleted: their ids are then
forgotten as well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aedile.errors import Place, StoreError, define
from aedile.facts import kind_of
from aedile.facts.kinds import FactKind
from aedile.store.fact_hashes import hashes_of_contents, hashes_of_ids
from aedile.store.fact_ids import Entries, Run, RunFiles
from aedile.store.fact_journal import not_kept
from aedile.store.fact_place import recover, sealing_alone
from aedile.store.fact_state import FactState
from aedile.store.held import alone
from aedile.store.home import Home

DAMAGED = define("AED-STORE-105", "A file of facts cannot be read.", "a flipped byte in a Parquet file")
#: Facts whose ids become one run.
ROWS = 4_000_000


def reindex(home: Home) -> int:
    """Make the ids of all facts anew; returns how many. Sealing waits meanwhile. A `StoreError` names a file that
    cannot be read; the old ids are then as they were."""
    try:
        with alone(home.fact_ids / ".merging"), sealing_alone(home), FactState(home.facts_state) as state:
            recover(home, state)
            files, made = RunFiles(home.fact_ids), []
            files.clean(state.runs())
            paths: dict[str, list[str]] = {}
            for file in state.files():
                paths.setdefault(file.path.partition("/")[0], []).append(file.path)
            for kind, some in sorted(paths.items()):
                for number, entries in enumerate(_runs(home, kind_of(kind), some)):
                    name = f"{kind}-anew-{time.time_ns() // 1000}-{number:05d}.run"
                    files.write(name, entries)
                    made.append(Run(kind, name, 2, len(entries)))
            state.renew_runs(made)
            files.clean(made)
    except OSError as error:
        raise not_kept(home.fact_ids, error) from None
    return sum(run.rows for run in made)


def _runs(home: Home, kind: FactKind, paths: Sequence[str]) -> Iterator[Entries]:
    waiting: list[Entries] = []
    for path in sorted(paths):
        for table in _tables(home, kind, path):
            waiting.append(Entries(*hashes_of_ids(table["id"].chunk(0)), hashes_of_contents(kind, table)))
            if sum(map(len, waiting)) >= ROWS:
                yield _sorted(waiting)
                waiting = []
    if waiting:
        yield _sorted(waiting)


def _tables(home: Home, kind: FactKind, path: str) -> Iterator[pa.Table]:
    schema = pa.schema([pa.field(field.name, field.type) for field in kind.sent])
    try:
        with pq.ParquetFile(home.facts / path) as file:
            for batch in file.iter_batches(1 << 17, columns=schema.names, use_threads=False):
                if len(batch):
                    yield pa.Table.from_batches([batch]).select(schema.names).cast(schema).combine_chunks()
    except (pa.ArrowException, FileNotFoundError) as error:
        raise StoreError(
            DAMAGED,
            f"facts cannot be read: {str(error).splitlines()[0]:.200}",
            place=Place(str(home.facts / path)),
            hint="the ids of the others were not made anew either",
            fix="restore it from a backup, or move it away; see aedile facts verify",
        ) from None


def _sorted(some: Sequence[Entries]) -> Entries:
    whole = Entries(*(np.concatenate([getattr(one, name) for one in some]) for name in ("high", "low", "content")))
    return whole.take(np.lexsort((whole.low, whole.high)))
