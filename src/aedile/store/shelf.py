"""Which artefacts does the server hold on disk, so that it starts and goes on without PostgreSQL?

The keeper puts them there, workers read them. `current.json` points to those that hold; it is the last to be written,
so what it points to is whole.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from re import fullmatch

from aedile.engine.release import list_digests
from aedile.errors import Place, StoreError, define
from aedile.store.aside import write_aside

DAMAGED = define("AED-STORE-030", "An artefact on disk is not what was put there.", "a flipped bit in a release")

#: Releases that stay on disk, the newest ones: the log's decisions are explained by them.
KEPT = 50


@dataclass(frozen=True, slots=True)
class Pointer:
    """An artefact on the shelf: its number, and the SHA-256 of its bytes (hex)."""

    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Current:
    """What holds now; None before anything of the kind was published."""

    release: Pointer | None = None
    keys: Pointer | None = None
    settings: Pointer | None = None


KINDS = {"release": "zip", "keys": "json", "settings": "json"}


class Shelf:
    """The folder of artefacts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stamp(self) -> object:
        """Another value whenever `current` may be another; costs one look at the folder."""
        try:
            found = (self.folder / "current.json").stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def current(self) -> Current:
        try:
            said = json.loads((self.folder / "current.json").read_bytes())
        except FileNotFoundError:
            return Current()
        except ValueError:
            raise self._damaged(self.folder / "current.json") from None
        return Current(**{kind: Pointer(**entry) for kind, entry in said.items() if entry is not None})

    def put(self, kind: str, number: int, data: bytes) -> Pointer:
        """Put an artefact down; nothing points to it yet."""
        path = self._path(kind, number)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_aside(path, data)
        return Pointer(number, hashlib.sha256(data).hexdigest())

    def point(self, current: Current) -> None:
        """These hold from now on; releases that nobody needs any more go, and lists that only they named."""
        write_aside(self.folder / "current.json", json.dumps(asdict(current)).encode())
        kept = sorted((self.folder / "release").glob("*.zip"))
        for old in kept[:-KEPT]:
            old.unlink()
        lists = list((self.folder / "list").glob("*.txt"))
        if lists:
            named = {digest for path in kept[-KEPT:] for digest in list_digests(path.read_bytes()).values()}
            for path in lists:
                if path.stem not in named:
                    path.unlink()

    def read(self, kind: str, pointer: Pointer) -> bytes:
        """The bytes of an artefact; a `StoreError` where they are not what was put down."""
        path = self._path(kind, pointer.number)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise self._damaged(path) from None
        if hashlib.sha256(data).hexdigest() != pointer.sha256:
            raise self._damaged(path)
        return data

    def put_list(self, digest: str, data: bytes) -> None:
        """Put the entries of a list's revision down, where they are not there yet."""
        path = self._list_path(digest)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_aside(path, data)

    def has_list(self, digest: str) -> bool:
        return self._list_path(digest).exists()

    def list_of(self, _name: str, digest: str) -> bytes:
        """The entries of a list's revision; what reads them compares the digest."""
        try:
            return self._list_path(digest).read_bytes()
        except FileNotFoundError:
            raise self._damaged(self._list_path(digest)) from None

    def _list_path(self, digest: str) -> Path:
        if not fullmatch("[0-9a-f]{64}", digest):
            raise ValueError(f"{digest[:70]!r} is no digest")
        return self.folder / "list" / f"{digest}.txt"

    def release_bytes(self, number: int) -> bytes | None:
        """A release by its number, None where it is not here any more; its own digests say whether it is whole."""
        try:
            return self._path("release", number).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, kind: str, number: int) -> Path:
        return self.folder / kind / f"{number:08d}.{KINDS[kind]}"

    @staticmethod
    def _damaged(path: Path) -> StoreError:
        return StoreError(
            DAMAGED,
            f"{path.name} is missing or damaged",
            place=Place(str(path)),
            hint="what was published is whole in PostgreSQL",
            fix="delete current.json beside it: the keeper fetches everything anew",
        )
