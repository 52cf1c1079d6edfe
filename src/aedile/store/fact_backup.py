"""How are all facts as they are at one moment kept for a backup, while more come in?

Nobody seals or compacts for the moment in which the state and the journals are copied and every file gets a second
name; files never change, so that is quick. What is saved afterwards under those names is of that one moment.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from aedile.store.fact_place import recover, sealing_alone
from aedile.store.fact_state import FactState
from aedile.store.home import Home


def frozen(home: Home, aside: Path) -> Iterator[tuple[str, Path]]:
    """(name below the home, a file that holds it) of all that belongs to facts. aside: where there is no folder yet, on
    the same disk; it must stay while they are read. Raises OSError, sqlite3.Error and `StoreError`."""
    if not home.facts.is_dir():
        return
    aside.mkdir(mode=0o700)
    found: list[tuple[str, Path]] = []

    def held(path: Path) -> Path:
        found.append((path.relative_to(home.root).as_posix(), aside / str(len(found))))
        return found[-1][1]

    with sealing_alone(home):
        with FactState(home.facts_state) as state:
            recover(home, state)
        for path in (home.facts_state, *sorted(home.intake.glob("*.sqlite"))):
            with closing(sqlite3.connect(path, timeout=30)) as source, closing(sqlite3.connect(held(path))) as target:
                source.backup(target)
        for folder in (home.facts, home.fact_ids):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.name.startswith("."):
                    os.link(path, held(path))
    yield from found
