"""How do facts stay as they were at a moment, while the others are compacted, deleted and added to?

A snapshot is a folder of hard links to the files that counted when it was made, laid out as they are, and a list of
them with their digests. It takes no room of its own until what it links to is replaced; compaction and age then leave
its files where they are. Only a shopper's request to be forgotten changes them, and says so in the list.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from aedile.errors import Place, StoreError, define
from aedile.facts import KINDS
from aedile.fields import listing, suggestion
from aedile.store.aside import make_private, sync_folder, write_aside
from aedile.store.fact_place import digest_of
from aedile.store.fact_swap import swapping
from aedile.store.home import Home
from aedile.store.live_files import listed
from aedile.store.seal import BRIEF
from aedile.store.tables import source_of

BAD_NAME = define("AED-STORE-126", "A snapshot cannot be called that.", "aedile snapshots make ../x")
NO_SNAPSHOT = define("AED-STORE-127", "There is no snapshot of that name.", "--snapshot no-such-name")
EXISTS = define("AED-STORE-128", "There is a snapshot of that name.", "aedile snapshots make, twice")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
LIST = "snapshot.json"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot, and its files below its folder: {path: {rows, bytes, sha256}}."""

    name: str
    folder: Path
    made_at: str
    listed: dict[str, dict[str, Any]]

    @property
    def home(self) -> Home:
        """Its folder, laid out as an installation is."""
        return Home(self.folder)

    @property
    def rows(self) -> int:
        return sum(one["rows"] for one in self.listed.values())

    def files(self, table: str) -> list[Path]:
        """The files of a table; a `StoreError` where one is missing."""
        root = source_of(self.home, table).folder
        found = sorted(path for path in map(self.folder.joinpath, self.listed) if path.is_relative_to(root))
        for path in found:
            if not path.exists():
                raise StoreError(
                    NO_SNAPSHOT, f"a file of the snapshot {self.name} is missing", place=Place(str(path)),
                    fix="delete the snapshot, and make it anew",
                )  # fmt: skip
        return found

    def damaged(self) -> list[str]:
        """Paths of files that are not what was linked."""
        return [
            path
            for path, told in self.listed.items()
            if not (self.folder / path).exists() or digest_of(self.folder / path) != told["sha256"]
        ]


class Snapshots:
    """The snapshots of one installation."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.folder = home.root / "snapshots"

    def names(self) -> list[str]:
        return sorted(path.parent.name for path in self.folder.glob(f"[!.]*/{LIST}"))

    def make(self, name: str, now: datetime) -> Snapshot:
        """A snapshot of all facts and decisions that are sealed now. Raises a `StoreError`."""
        if not _NAME.fullmatch(name):
            raise StoreError(
                BAD_NAME, f"a snapshot cannot be called `{name[:80]}`", place=Place(field="name"),
                fix="use small letters, digits, points and dashes, 64 at most",
            )  # fmt: skip
        target, aside = self.folder / name, self.folder / f".{name}.{os.getpid()}"
        if target.exists():
            raise StoreError(
                EXISTS, f"there is a snapshot `{name}` already", place=Place(str(target)), fix="name another"
            )
        make_private(aside)
        try:
            with swapping(self._home) as state:
                digests = {file.path: file.sha256 for file in state.files()}
                told = {}
                for path in self._now():
                    own = path.relative_to(self._home.root).as_posix()
                    _link(path, aside / own)
                    digest = digests.get(own.removeprefix("facts/")) or digest_of(path)
                    told[own] = {
                        "rows": pq.read_metadata(path).num_rows, "bytes": path.stat().st_size, "sha256": digest
                    }  # fmt: skip
            said = {"name": name, "made_at": now.astimezone(UTC).isoformat().replace("+00:00", "Z"), "files": told}
            write_aside(aside / LIST, json.dumps(said, indent=1).encode())
            os.replace(aside, target)
        except BaseException:  # a signal too: nothing half done is left; it is raised again
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync_folder(self.folder)
        return self.open(name)

    def open(self, name: str) -> Snapshot:
        folder = self.folder / name
        try:
            said = json.loads((folder / LIST).read_bytes()) if _NAME.fullmatch(name) else None
        except FileNotFoundError:
            said = None
        if said is None:
            names = self.names()
            raise StoreError(
                NO_SNAPSHOT, f"there is no snapshot `{name[:80]}`", place=Place(field="snapshot"),
                hint=suggestion(name, names) or (f"there are {listing(names)}" if names else "there are none"),
                fix="name one of them",
            )  # fmt: skip
        return Snapshot(name, folder, said["made_at"], said["files"])

    def drop(self, name: str) -> None:
        """Delete a snapshot; what it shares with the facts of now stays there."""
        folder = self.open(name).folder
        hidden = self.folder / f".{name}.gone"
        os.replace(folder, hidden)
        shutil.rmtree(hidden)

    def _now(self) -> Iterator[Path]:
        for kind in KINDS:
            yield from listed(self._home.facts / kind)
        yield from listed(self._home.decisions / BRIEF)

    @contextmanager
    def rewriting(self, snapshot: Snapshot) -> Iterator[dict[str, dict[str, Any]]]:
        """The list of a snapshot, to be changed; what it says at the end of the block is kept."""
        changed = {path: dict(told) for path, told in snapshot.listed.items()}
        yield changed
        said = {"name": snapshot.name, "made_at": snapshot.made_at, "files": changed}
        write_aside(snapshot.folder / LIST, json.dumps(said, indent=1).encode())


def _link(path: Path, target: Path) -> None:
    make_private(target.parent)
    try:
        os.link(path, target)
    except OSError:  # a file system without links, or another one
        shutil.copyfile(path, target)
