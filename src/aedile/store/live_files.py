"""Which files hold the rows of a kind of facts now, each row once? Whoever reads facts asks here, and nowhere else.

What is noted in the state of facts, and what was put into the folder in bulk. Files that take the place of others are
swapped in a moment (`fact_swap.py`), within which some that are noted are not in their place: whoever looks just then
looks again, and finishes the swap where whoever began it died.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from aedile.errors import Place, StoreError, define
from aedile.store.fact_state import FactState
from aedile.store.fact_swap import finish
from aedile.store.home import Home

MISSING = define("AED-STORE-120", "A file of facts is noted, and is not there.", "a file that somebody deleted")
#: Seconds between two looks, and how many there are before a swap is taken for one that a crash left half done.
PAUSE, LOOKS = 0.02, 25


def live_files(folder: Path) -> list[Path]:
    """The files of a kind of facts (`facts/<kind>` of a home), or of decisions, in order of their names.

    Of decisions there are no notes: what lies in their folder counts. Raises a `StoreError` where a file is missing.
    """
    home = Home(folder.parent.parent)
    for look in range(LOOKS + 1):
        noted = _noted(home, folder)
        found = set(listed(folder))
        missing = noted - found
        if not missing:
            return sorted(found)
        if look == LOOKS - 1:
            finish(home)
        time.sleep(PAUSE)
    raise StoreError(
        MISSING,
        f"{len(missing):,} files of the facts `{folder.name}` are missing",
        place=Place(str(min(missing))),
        hint="without them every answer would be wrong",
        fix="run `aedile facts verify`, and restore them from a backup",
    )


def _noted(home: Home, folder: Path) -> set[Path]:
    if folder.parent != home.facts or not home.facts_state.exists():
        return set()
    with FactState(home.facts_state) as state:
        return {home.facts / file.path for file in state.files() if file.path.startswith(f"{folder.name}/")}


def listed(folder: Path) -> Iterator[Path]:
    """All files of rows below a folder, whoever put them there."""
    for part in _parts(folder):
        for name in os.listdir(part):
            if name.endswith(".parquet") and not name.startswith((".", "_")):
                yield part / name


def _parts(folder: Path) -> Iterator[Path]:
    """The folders in which files can be: this one, `date=…`, `date=…/market=…`."""
    try:
        inner = sorted(os.scandir(folder), key=lambda one: one.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    yield folder
    for one in inner:
        if one.is_dir() and one.name.startswith(("date=", "market=")):
            yield from _parts(Path(one.path))
