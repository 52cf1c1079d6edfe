"""Are the files of facts as they were sealed? Each is compared with its digest; none may be missing or unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aedile.store.fact_place import digest_of, note_files
from aedile.store.fact_state import FactFile, FactState
from aedile.store.home import Home

What = Literal["changed", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not as it should be. path: below the home."""

    path: str
    what: What


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. read: files whose every byte was read, and their bytes."""

    files: int
    read: int
    bytes: int
    damage: Sequence[Damage]


def verify(home: Home, most_bytes: int | None = None) -> Verified:
    """Look at all files, the newest first. most_bytes: how many bytes are read at most; all by default. A file that
    comes or goes meanwhile is no damage."""
    known, found = _known(home), _found(home)
    gone, strange = known.keys() - found, found - known.keys()
    if gone or strange:
        known, found = _known(home), _found(home)
        gone, strange = gone & (known.keys() - found), strange & (found - known.keys())
    damage = [Damage(f"facts/{path}", "missing") for path in gone]
    damage += [Damage(f"facts/{path}", "unknown") for path in strange]
    damage += [Damage(f"fact-ids/{name}", what) for name, what in _wrong_runs(home)]
    read = size = 0
    for file in sorted(known.values(), key=lambda one: one.path.split("/")[1:], reverse=True):
        if file.path not in found or (most_bytes is not None and size + file.bytes > most_bytes):
            continue
        try:
            is_whole = digest_of(home.facts / file.path) == file.sha256
        except FileNotFoundError:  # compacted or forgotten meanwhile
            continue
        except OSError:  # the disk cannot read it
            is_whole = False
        read, size = read + 1, size + file.bytes
        if not is_whole:
            damage.append(Damage(f"facts/{file.path}", "changed"))
    return Verified(len(known), read, size, sorted(damage, key=lambda one: one.path))


def take_in(home: Home) -> list[str]:
    """Note all files that are unknown as they are now; returns them."""
    strange = [one.path for one in verify(home, 0).damage if one.what == "unknown"]
    note_files(home, [home.root / path for path in strange])
    return strange


def _known(home: Home) -> dict[str, FactFile]:
    if not home.facts_state.exists():
        return {}
    with FactState(home.facts_state) as state:
        return {file.path: file for file in state.files()}


def _found(home: Home) -> set[str]:
    return {path.relative_to(home.facts).as_posix() for path in _files(home.facts)}


def _files(folder: Path) -> Iterator[Path]:
    for kind in folder.glob("[!.]*"):
        yield from kind.rglob("[!.]*.parquet")


def _wrong_runs(home: Home) -> Iterator[tuple[str, What]]:
    if not home.facts_state.exists():
        return
    with FactState(home.facts_state) as state:
        for run in state.runs():
            path = home.fact_ids / run.name
            if not path.exists():
                if run in state.runs():  # it was not merged meanwhile
                    yield run.name, "missing"
            elif path.stat().st_size != run.bytes:
                yield run.name, "changed"
