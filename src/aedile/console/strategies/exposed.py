"""Which entities were shown, how often a day, as the log of decisions of the last days tells?

Counted in a thread of its own and kept for some minutes: a log can be long. Of a very long one some files are read,
spread evenly, and the counts are scaled; how much was read is told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aedile.console.settings import AEDILE, HOME
from aedile.store.journal import Journal
from aedile.store.seal import BRIEF

#: Days of the log that are looked at, files of it that are read at most, and seconds for which the counts are kept.
DAYS, FILES, KEPT = 7, 200, 600.0
#: A log younger than this is not told by the day: an hour says little of one.
LEAST = 3600.0
_COLUMNS = [
    "decided_at", "market", "channel", "page", "candidates.list.element.kind", "candidates.list.element.id",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """How often entities of one kind were shown in one market and channel. ids: distinct; a_day: float (n,)."""

    kind: str
    market: str
    channel: str
    ids: pa.StringArray
    a_day: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Exposures:
    """What was shown, by the day. seconds: how long the log is that was looked at; read: share of it that was read.

    number: another for each count.
    """

    shown: tuple[Shown, ...]
    seconds: float
    read: float
    number: int

    @property
    def is_enough(self) -> bool:
        return bool(self.shown) and self.seconds >= LEAST


class Counter:
    """Counts in the background, and holds what it counted last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: Exposures | None = None
        self._at = 0.0
        self._at_work: Thread | None = None
        self._number = 0

    def exposures(self, patience: float = 2.0) -> Exposures | None:
        """The newest count, at most some minutes old where one is there; None while the first is being made."""
        with self._lock:
            if self._at_work is None and (self._found is None or time.monotonic() - self._at > KEPT):
                self._at_work = Thread(target=self._count, name="exposures", daemon=True)
                self._at_work.start()
            at_work = self._at_work if self._found is None else None
        if at_work is not None:
            at_work.join(patience)
        return self._found

    def forget(self) -> None:
        """Count anew when asked next."""
        with self._lock:
            at_work = self._at_work
        if at_work is not None:
            at_work.join()
        with self._lock:
            self._found = None

    def _count(self) -> None:
        try:
            found = count_exposures(self._number + 1)
            with self._lock:
                self._number += 1
                self._found, self._at = found, time.monotonic()
        finally:
            with self._lock:
                self._at_work = None


COUNTER = Counter()


def count_exposures(number: int = 1) -> Exposures:
    """Read the log of the last days, sealed or not."""
    now = datetime.now(UTC)
    files = _files(now)
    chosen = files if len(files) <= FILES else [files[i] for i in np.linspace(0, len(files) - 1, FILES).astype(int)]
    parts = [_shown_in(pq.ParquetFile(file).read(_COLUMNS)) for file in chosen]
    read = len(chosen) / len(files) if files else 1.0
    fresh = [_shown_in(table) for table in _unsealed()]
    since = min((part.since for part in (*parts, *fresh) if part.since is not None), default=None)
    if since is None:
        return Exposures((), 0.0, 1.0, number)
    seconds = min((now - since).total_seconds(), DAYS * 86_400.0)
    scale = 86_400.0 / max(seconds, LEAST) / (AEDILE.log.share or 1.0)
    weighed = [(part.table, scale / read) for part in parts] + [(part.table, scale) for part in fresh]
    return Exposures(tuple(_grouped(weighed)), seconds, read, number)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    table: pa.Table
    since: datetime | None


def _files(now: datetime) -> list[Path]:
    folder = HOME.decisions / BRIEF
    days = [(now - timedelta(days=back)).date().isoformat() for back in range(DAYS + 1)]
    return [file for day in sorted(days) for file in sorted((folder / f"date={day}").rglob("[!.]*.parquet"))]


def _unsealed() -> Iterator[pa.Table]:
    for path in sorted(HOME.journal.glob("*.sqlite")):
        journal = Journal(path)
        try:
            yield from journal.batches()
        finally:
            journal.close()


def _shown_in(table: pa.Table) -> _Part:
    """One row for each entity shown: kind, market, channel, id, and how often."""
    table = table.combine_chunks() if isinstance(table, pa.Table) else pa.Table.from_batches([table])
    if table.num_rows == 0:
        return _Part(_NOTHING, None)
    page, candidates = _one(table["page"]), _one(table["candidates"])
    sizes = np.diff(np.asarray(page.offsets))
    firsts = np.repeat(np.asarray(candidates.offsets)[:-1], sizes)
    places = pa.array(firsts + np.asarray(page.flatten(), np.int64))
    owners = pa.array(np.repeat(np.arange(table.num_rows), sizes))
    inner = candidates.values
    shown = pa.table(
        {
            "kind": inner.field("kind").take(places).cast(pa.string()),
            "market": _one(table["market"]).cast(pa.string()).take(owners),
            "channel": _one(table["channel"]).cast(pa.string()).take(owners),
            "id": inner.field("id").take(places),
        }
    )
    counted = shown.group_by(["kind", "market", "channel", "id"]).aggregate([([], "count_all")])
    return _Part(counted, pa.compute.min(table["decided_at"]).as_py())


_NOTHING = pa.table(
    {name: pa.array([], pa.string()) for name in ("kind", "market", "channel", "id")}
    | {"count_all": pa.array([], pa.int64())}
)


def _one(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, pa.ChunkedArray) else found


def _grouped(parts: Sequence[tuple[pa.Table, float]]) -> Iterator[Shown]:
    whole = pa.concat_tables(
        [
            table.append_column("weight", pa.array(np.asarray(table["count_all"], np.float64) * weight))
            for table, weight in parts
        ],
        promote_options="default",
    )
    summed = whole.group_by(["kind", "market", "channel", "id"]).aggregate([("weight", "sum")])
    places = summed.group_by(["kind", "market", "channel"]).aggregate([])
    for place in places.to_pylist():
        mine = pa.compute.and_(
            pa.compute.and_(
                pa.compute.equal(summed["kind"], place["kind"]), pa.compute.equal(summed["market"], place["market"])
            ),
            pa.compute.equal(summed["channel"], place["channel"]),
        )
        rows = summed.filter(mine)
        yield Shown(**place, ids=_one(rows["id"]), a_day=np.asarray(rows["weight_sum"], np.float64))
