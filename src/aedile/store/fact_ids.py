"""Was a fact with this id here before, and with which content?

*Runs*: files of (128 bits of the id, 64 bits of the content), sorted by the id's first half. Each sealing adds one;
eight of a size become one of the next size, so that there are few to look into. A search goes through a run from one
end to the other with all ids that are looked for, sorted as well. 24 bytes a fact.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aedile.errors import Place, StoreError, define
from aedile.store.aside import sync_folder
from aedile.store.fact_hashes import U64

BAD_IDS = define("AED-STORE-104", "A file of the ids of facts is missing or damaged.", "a deleted file in fact-ids")

#: Runs of a size that become one, and the rows above which a run is left as it is: merging it would take too long.
TOGETHER, LARGEST = 8, 1 << 27
_CHUNK = 1 << 20
BYTES = 24
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Run:
    """A file of a kind's ids, by its name. level: how often it was merged."""

    kind: str
    name: str
    level: int
    rows: int

    @property
    def bytes(self) -> int:
        return BYTES * self.rows


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Ids and contents, sorted by `high`."""

    high: U64
    low: U64
    content: U64

    def __len__(self) -> int:
        return len(self.high)

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Entries:
        return Entries(self.high[rows], self.low[rows], self.content[rows])


class RunFiles:
    """The files of the runs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, entries: Entries) -> None:
        """Write a run; it is on disk when this returns, and counts once it is noted."""
        with open(os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for column in (entries.high, entries.low, entries.content):
                file.write(np.ascontiguousarray(column).data)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)

    def read(self, run: Run) -> Entries:
        """A run as it lies on the disk, nothing of it in memory before it is looked at. A `StoreError` where it is not
        as it was written."""
        path = self.folder / run.name
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            size = -1
        if size != run.bytes:
            what = "the file is missing" if size < 0 else f"it has {size:,} bytes, not {run.bytes:,}"
            raise StoreError(
                BAD_IDS,
                f"the ids of {run.kind} cannot be read: {what}",
                place=Place(str(path)),
                hint="no fact is lost: what comes in waits in its journal",
                fix="aedile facts reindex",
            )
        columns = np.memmap(path, np.uint64, mode="r", shape=(3, run.rows))
        return Entries(columns[0], columns[1], columns[2])

    def merge(self, name: str, runs: Sequence[Run]) -> Path:
        """Make one run of several, some part of all hashes after the other, so that little memory is needed. It is on
        disk when this returns, aside until `settle`."""
        read = [self.read(run) for run in runs]
        total = sum(run.rows for run in runs)
        path = self.folder / f"{name}{_PART}"
        with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "r+b") as file:
            os.ftruncate(file.fileno(), BYTES * total)
            out = np.memmap(file, np.uint64, mode="r+", shape=(3, total))
            parts = max(1, -(-total // _CHUNK))
            bounds = (np.arange(1, parts) * (2.0**64 / parts)).astype(np.uint64)
            cuts = [np.concatenate([[0], entries.high.searchsorted(bounds), [len(entries)]]) for entries in read]
            done = 0
            for part in range(parts):
                some = [entries.take(slice(*cut[part : part + 2])) for entries, cut in zip(read, cuts, strict=True)]
                high = np.concatenate([one.high for one in some])
                order = np.argsort(high, kind="stable")
                columns = (high, *(np.concatenate([getattr(one, c) for one in some]) for c in ("low", "content")))
                for number, column in enumerate(columns):
                    out[number, done : done + len(order)] = column[order]
                done += len(order)
            out.flush()
            os.fsync(file.fileno())
        return path

    def settle(self, part: Path) -> None:
        """Bring what was merged into its place."""
        os.replace(part, part.with_name(part.name.removesuffix(_PART)))
        sync_folder(self.folder)

    def clean_parts(self) -> None:
        """Delete what a process that died had begun to merge."""
        for path in self.folder.glob(f"*{_PART}"):
            path.unlink()

    def clean(self, known: Sequence[Run]) -> None:
        """Delete what is no run that counts: a process died before it noted it."""
        names = {run.name for run in known}
        for path in self.folder.glob("*.run"):
            if path.name not in names:
                path.unlink()


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Of rows in their order: which are new, and which were here before with another content. All others were here."""

    is_new: npt.NDArray[np.bool_]
    is_other: npt.NDArray[np.bool_]
    fresh: Entries


def judge(wanted: Entries, runs: Sequence[Entries]) -> Judged:
    """Which of the facts are new? wanted: as they came, not sorted; of two with one id the first counts."""
    n = len(wanted)
    order = np.lexsort((np.arange(n), wanted.low, wanted.high))
    found = wanted.take(order)
    same = np.zeros(n, np.bool_)
    same[1:] = (found.high[1:] == found.high[:-1]) & (found.low[1:] == found.low[:-1])
    first = np.maximum.accumulate(np.where(same, 0, np.arange(n)))
    is_other = same & (found.content != found.content[first])
    is_old = same.copy()
    heads = np.flatnonzero(~same)
    known, content = _look(found.take(heads), runs)
    is_old[heads[known]] = True
    is_other[heads[known]] = content[known] != found.content[heads[known]]
    if known.any():  # what repeats an id that was here is compared with what was here
        stored = np.zeros(n, np.uint64)
        stored[heads] = np.where(known, content, found.content[heads])
        is_other[same] = found.content[same] != stored[first][same]
    fresh = found.take(np.flatnonzero(~is_old))
    back = np.empty(n, np.int64)
    back[order] = np.arange(n)
    return Judged(~is_old[back], is_other[back], fresh)


def _look(wanted: Entries, runs: Sequence[Entries]) -> tuple[npt.NDArray[np.bool_], U64]:
    known = np.zeros(len(wanted), np.bool_)
    content = np.zeros(len(wanted), np.uint64)
    for run in runs:
        places = run.high.searchsorted(wanted.high)
        inside = np.flatnonzero(places < len(run))
        hits = inside[run.high[places[inside]] == wanted.high[inside]]
        for row in hits.tolist():  # few: repeated facts alone
            place = int(places[row])
            while place < len(run) and run.high[place] == wanted.high[row]:
                if run.low[place] == wanted.low[row]:
                    known[row], content[row] = True, run.content[place]
                    break
                place += 1
    return known, content


def due(runs: Sequence[Run]) -> Sequence[Run] | None:
    """The runs of one kind that are to become one; None where there are few enough. runs: in the order they came."""
    for level in sorted({run.level for run in runs}):
        some = [run for run in runs if run.level == level][:TOGETHER]
        if len(some) == TOGETHER:
            while sum(run.rows for run in some) > LARGEST:
                some.pop()
            if len(some) > 1:
                return some
    return None
