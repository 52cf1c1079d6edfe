"""How do files of facts take the place of others, such that every reader sees all of the old or all of the new?

What is new is written aside, whole and on disk. Then what goes is hidden by another name, the state notes in one
transaction what goes and what comes, and what comes is brought into its place. Until that is done a file that is noted
is not in its place, by which readers know to look again. After a crash what the state says is made true: what it still
notes comes back, and what it no longer notes is deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from aedile.facts.kinds import FactKind
from aedile.store.aside import sync_folder
from aedile.store.fact_journal import not_kept
from aedile.store.fact_place import digest_of, place, recover, sealing_alone, settle_aside, stage
from aedile.store.fact_state import FactFile, FactState
from aedile.store.home import Home

_HIDDEN = ".gone-"


@contextmanager
def swapping(home: Home) -> Iterator[FactState]:
    """The state, while nobody else seals or swaps; whatever a crash left half done is finished first."""
    try:
        with sealing_alone(home), FactState(home.facts_state) as state:
            recover(home, state)
            _settle(home, state)
            yield state
    except OSError as error:
        raise not_kept(home.facts, error) from None


def finish(home: Home) -> None:
    """Finish what a process that died left half done."""
    with swapping(home):
        pass


def swap(
    home: Home, state: FactState, gone: Iterable[str], made: Sequence[tuple[str, pa.Table, FactKind]] = ()
) -> list[FactFile]:
    """Put new files in the place of others, within `swapping`; returns what was made.

    gone, made: paths below the folder of facts. A path that is in both is written anew.
    """
    files = [stage(home, path, table, kind) for path, table, kind in made]
    settle_aside(home)
    kept = {file.path for file in files}
    leaving = [path for path in gone if path not in kept]
    hidden = [_hide(home.facts / path) for path in leaving]
    for folder in {path.parent for path in hidden}:
        sync_folder(folder)
    state.replace(leaving, files, placed=False)
    place(home, state)
    for path in hidden:
        path.unlink(missing_ok=True)
    return files


def note_bulk(home: Home, state: FactState, paths: Iterable[Path]) -> None:
    """Note files that were put into the folder in bulk, before any of them takes part in a swap."""
    import pyarrow.parquet as pq

    known = {file.path for file in state.files()}
    new = [path for path in paths if path.relative_to(home.facts).as_posix() not in known]
    state.replace([], [
        FactFile(path.relative_to(home.facts).as_posix(), pq.read_metadata(path).num_rows, path.stat().st_size,
                 digest_of(path))
        for path in new
    ])  # fmt: skip


def _hide(path: Path) -> Path:
    hidden = path.with_name(f"{_HIDDEN}{path.name}")
    if path.exists():
        os.replace(path, hidden)
    return hidden


def _settle(home: Home, state: FactState) -> None:
    hidden = list(home.facts.glob(f"*/date=*/market=*/{_HIDDEN}*.parquet"))
    if not hidden:
        return
    known = {file.path for file in state.files()}
    for path in hidden:
        shown = path.with_name(path.name.removeprefix(_HIDDEN))
        if shown.relative_to(home.facts).as_posix() in known and not shown.exists():
            os.replace(path, shown)
        else:
            path.unlink(missing_ok=True)
        sync_folder(path.parent)
