"""How does a file of facts come into its place, so that it is whole, known by its digest, and never half there?

Written aside and on disk first; then noted in the state, from which moment it counts; then renamed into its place.
After a crash what was noted is renamed, and what was not is deleted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aedile.facts.kinds import FactKind
from aedile.store.aside import make_private, sync_folder
from aedile.store.fact_journal import not_kept
from aedile.store.fact_state import FactFile, FactState
from aedile.store.held import alone
from aedile.store.home import Home

#: Files that are flushed to the disk at the same time.
TOGETHER = 16
#: Rows of a row group at most.
GROUP = 128 << 10
#: Columns in which few values occur often; ids are better off without a dictionary.
_FEW = frozenset(
    {
        "market", "channel", "surface", "kind", "currency", "step", "by", "application", "action_name", "message_type",
        "object_id_field", "language", "survey", "measure", "about_kind", "topic", "outcome", "policy", "reason",
        "judge", "penalty", "strategy", "feature", "local_date", "received_at", "seller", "creator", "query_id",
        "request_id", "shopper", "session_id", "client_id",
    }
)  # fmt: skip


def partition_of(kind: str, date: object, market: str) -> str:
    """Where files of a day and a market are, below the folder of facts."""
    return f"{kind}/date={date}/market={market}"


def stage(home: Home, path: str, table: pa.Table, kind: FactKind) -> FactFile:
    """Write a file aside; it is on disk after `settle_aside`. path: where it is to be, below the folder of facts."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="zstd", compression_level=1, row_group_size=GROUP,
        use_dictionary=[name for name in kind.fields if name in _FEW],
        write_statistics=["id", "at", "local_date", "market"], store_schema=True,
    )  # fmt: skip
    data = sink.getvalue()
    aside = _aside(home, path)
    try:
        make_private(aside.parent)
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise not_kept(aside, error) from None
    return FactFile(path, len(table), len(data), hashlib.sha256(data).hexdigest())


def settle_aside(home: Home) -> None:
    """Make what was written aside survive a power cut, before it is noted: all files together, which a disk does far
    quicker than one after the other."""
    folder = home.facts / ".aside"
    if not folder.is_dir():
        return
    try:
        with ThreadPoolExecutor(TOGETHER) as threads:
            list(threads.map(_sync_file, folder.glob("*.parquet")))
        sync_folder(folder)
    except OSError as error:
        raise not_kept(folder, error) from None


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def place(home: Home, state: FactState) -> None:
    """Bring all files that are noted into their place, and note that they are there."""
    paths = state.unplaced()
    try:
        changed = {(home.facts / path).parent for path in paths}
        for folder in sorted(changed):
            changed |= _make_folders(home.facts, folder)
        for path in paths:
            aside = _aside(home, path)
            if aside.exists():
                os.replace(aside, home.facts / path)
        with ThreadPoolExecutor(TOGETHER) as threads:
            list(threads.map(sync_folder, changed))
    except OSError as error:
        raise not_kept(home.facts, error) from None
    if paths:
        state.placed(paths)


def recover(home: Home, state: FactState) -> None:
    """Finish what a process that died had noted, and delete what it had not."""
    place(home, state)
    for path in (home.facts / ".aside").glob("*.parquet"):
        path.unlink(missing_ok=True)


def note_files(home: Home, made: Sequence[Path] = (), gone: Sequence[Path] = ()) -> None:
    """Note files that somebody else put in their place or is about to delete, all at once: those made by compaction or
    in bulk, those gone by compaction or age. All below the folder of facts; what is made is whole and on disk. Whoever
    compacts notes what it made before it deletes what that stands for. Raises a `StoreError`."""

    def told(path: Path) -> str:
        return path.relative_to(home.facts).as_posix()

    files = []
    for path in made:
        try:
            rows = pq.read_metadata(path).num_rows
            files.append(FactFile(told(path), rows, path.stat().st_size, digest_of(path)))
        except (OSError, pa.ArrowException) as error:
            raise not_kept(path, error) from None
    with FactState(home.facts_state) as state:
        state.replace([told(path) for path in gone], files)


def sealing_alone(home: Home) -> AbstractContextManager[None]:
    """One process at a time changes which files there are. Raises OSError where the lock cannot be made."""
    return alone(home.facts / ".sealing")


def digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _aside(home: Home, path: str) -> Path:
    return home.facts / ".aside" / path.replace("/", "~")


def _make_folders(root: Path, folder: Path) -> set[Path]:
    """Make a folder below the root; returns those in which one was made."""
    missing = [one for one in (folder, *folder.parents) if one != root and root in one.parents and not one.exists()]
    if missing:
        make_private(folder)
    return {one.parent for one in missing}
