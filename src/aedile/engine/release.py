"""Which versions of which strategies run together, and are they still what was built?

A release is one file: a zip with `release.json` (number, parent, author, time, digests), the schema, the strategies and
the named lists it was built from. It is built only if every strategy compiles and passes its examples, and the same
inputs give the same bytes. Compiled tables are not in it: they are made again wherever it runs.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from aedile.documents import unreadable
from aedile.engine.actions import MULTIPLIER_MAX, MULTIPLIER_MIN
from aedile.engine.engine import lists_used
from aedile.engine.examples import example_errors
from aedile.engine.list_files import read_lists
from aedile.engine.strategy import Strategy
from aedile.engine.strategy_read import read_strategies
from aedile.errors import Errors, Place, ReleaseError, define
from aedile.language.lists import NamedList
from aedile.language.schema import Schema, load_schema

MANIFEST = "release.json"
FORMAT = 1
#: What the engine itself fixes: a change of these is a change of what a release does.
SETTINGS: Mapping[str, Any] = {"multiplier": [MULTIPLIER_MIN, MULTIPLIER_MAX]}
#: Unpacked, a release is no larger than this: ten million list entries of 128 bytes, and room.
MAX_BYTES = 2 << 30

NOT_A_RELEASE = define("AED-REL-001", "The file is not a release.", "aedile release inspect notes.txt")
TAMPERED = define("AED-REL-002", "A release does not hold what its digests say.", "a strategy edited inside the zip")
WRONG_FORMAT = define("AED-REL-003", "A release is of a format this version cannot read.", '{"format": 99}')


@dataclass(frozen=True, slots=True)
class Running:
    """One strategy in a release: which version of it, in which stage, and for a canary to what share."""

    id: str
    version: str
    stage: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release is: everything that decides stands here by digest (SHA-256, hex)."""

    number: int
    parent: int | None
    author: str
    time: str
    schema: str
    settings: str
    lists: Mapping[str, str]
    strategies: tuple[Running, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the manifest, and through its digests of all that decides."""
        return _digest(_canonical(self.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self), "strategies": [asdict(s) for s in self.strategies]}


@dataclass(frozen=True, slots=True)
class Release:
    """A release with all it holds."""

    manifest: Manifest
    schema: Schema
    strategies: tuple[Strategy, ...]
    lists: Mapping[str, NamedList]


def build_release(
    schema_path: Path,
    strategies_path: Path,
    lists_path: Path | None,
    *,
    number: int,
    parent: int | None,
    author: str,
    time: str,
) -> tuple[Manifest, bytes]:
    """The release of these files; `Errors` with every strategy that does not compile or pass its examples."""
    schema, strategies, lists = read_world(schema_path, strategies_path, lists_path)
    texts = {strategy.id: Path(strategy.file).read_bytes() for strategy in strategies if strategy.file is not None}
    entries = {name: (lists_path / f"{name}.txt").read_bytes() for name in lists} if lists_path is not None else {}
    manifest = manifest_for(schema, strategies, lists, number=number, parent=parent, author=author, time=time)
    return manifest, packed(manifest, schema_path.read_bytes(), texts, entries)


def packed(
    manifest: Manifest,
    schema: bytes,
    strategies: Mapping[str, bytes],
    lists: Mapping[str, bytes] | None = None,
) -> bytes:
    """A release's bytes from its texts: strategies by id, lists by name, where it brings them along."""
    files = {MANIFEST: json.dumps(manifest.to_dict(), indent=1, sort_keys=True).encode() + b"\n"}
    files["schema.yaml"] = schema
    files |= {f"strategies/{id_}.yaml": text for id_, text in strategies.items()}
    files |= {f"lists/{name}.txt": text for name, text in (lists or {}).items()}
    return _zip(files)


def renumbered(data: bytes, *, number: int, parent: int, author: str, time: str) -> tuple[Manifest, bytes]:
    """The content of a release as another one: what a rollback publishes."""
    files = _unzipped(data)
    said = json.loads(files[MANIFEST])
    manifest = replace(manifest_from(said), number=number, parent=parent, author=author, time=time)
    files[MANIFEST] = json.dumps(manifest.to_dict(), indent=1, sort_keys=True).encode() + b"\n"
    return manifest, _zip(files)


def without_lists(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    """A release without its lists' entries, and these by name: so each revision is kept once, however many releases
    name it."""
    files = _unzipped(data)
    lists = {PurePosixPath(name).stem: text for name, text in files.items() if name.startswith("lists/")}
    return _zip({name: text for name, text in files.items() if not name.startswith("lists/")}), lists


def list_digests(data: bytes) -> dict[str, str]:
    """The lists that a release names, each with the digest of its revision."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return dict(json.loads(archive.read(MANIFEST))["lists"])


def _unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def manifest_from(said: Mapping[str, Any]) -> Manifest:
    """The manifest that `Manifest.to_dict` wrote."""
    known = {name: said[name] for name in said if name not in ("format", "strategies")}
    return Manifest(**known, strategies=tuple(Running(**entry) for entry in said["strategies"]))


def read_world(
    schema_path: Path, strategies_path: Path, lists_path: Path | None
) -> tuple[Schema, list[Strategy], dict[str, NamedList]]:
    """Schema, strategies and lists from their files; raises `Errors` unless all compile and pass their examples."""
    schema = load_schema(schema_path)
    lists = read_lists(lists_path) if lists_path is not None else {}
    strategies = read_strategies(strategies_path, schema, lists)
    failed = example_errors(strategies, schema, lists)
    if failed:
        raise Errors(list(failed))
    return schema, strategies, lists


def read_release(path: Path) -> Release:
    """The release in a file, compiled anew and compared with its digests."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except OSError as error:
        raise unreadable(path, error) from None
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
        raise ReleaseError(
            NOT_A_RELEASE,
            f"`{path.name}` is not a release: {error}",
            place=Place(str(path)),
            fix="name a file that `aedile release build` has written",
        ) from None


def _read(archive: zipfile.ZipFile, path: Path) -> Release:
    said, names = looked_through(archive, str(path))
    with tempfile.TemporaryDirectory() as folder:
        archive.extractall(folder, names)
        root = Path(folder)
        (root / "strategies").mkdir(exist_ok=True)
        lists_path = root / "lists"
        schema, strategies, lists = read_world(
            root / "schema.yaml", root / "strategies", lists_path if lists_path.is_dir() else None
        )
    return Release(manifest_of(said, schema, strategies, lists, str(path)), schema, tuple(strategies), lists)


def looked_through(archive: zipfile.ZipFile, place: str) -> tuple[dict[str, Any], list[str]]:
    """What a release says of itself, and the names of what it holds; nothing else is unpacked yet.

    Raises KeyError, ValueError or TypeError where it is none, a `ReleaseError` where it is of another format.
    """
    infos = archive.infolist()
    strange = [info.filename for info in infos if info.filename != MANIFEST and not _is_ours(info.filename)]
    if strange or len({info.filename for info in infos}) < len(infos):
        raise KeyError(f"it holds {strange[0]!r}" if strange else "it holds a file twice")
    if sum(info.file_size for info in infos) > MAX_BYTES:
        raise KeyError("it unpacks to more than 2 GiB")
    said = json.loads(archive.read(MANIFEST))
    if not isinstance(said, dict):
        raise TypeError("its manifest is no object")
    if said.get("format") != FORMAT:
        raise ReleaseError(
            WRONG_FORMAT,
            f"the release is of format {said.get('format')!r}; this version reads {FORMAT}",
            place=Place(place),
            fix="build the release again with this version",
        )
    return said, [info.filename for info in infos if info.filename != MANIFEST]


def manifest_of(
    said: Mapping[str, Any], schema: Schema, strategies: list[Strategy], lists: Mapping[str, NamedList], place: str
) -> Manifest:
    """The manifest of what was read, which must be what the release says of itself."""
    told = {name: said[name] for name in ("number", "parent", "author", "time")}
    found = manifest_for(schema, strategies, lists, **told)
    if found.to_dict() != said:
        raise ReleaseError(
            TAMPERED,
            f"release {said['number']} does not hold what its digests say",
            place=Place(place),
            hint=_difference(found.to_dict(), said),
            fix="take the file from where it was built, or build it again",
        )
    return found


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if parts == ("schema.yaml",):
        return True
    return len(parts) == 2 and (parts[0], PurePosixPath(name).suffix) in {("strategies", ".yaml"), ("lists", ".txt")}


def _difference(found: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    changed = sorted(key for key in {*found, *said} if found.get(key) != said.get(key))
    return f"these differ: {', '.join(changed)}"


def manifest_for(
    schema: Schema,
    strategies: Sequence[Strategy],
    lists: Mapping[str, NamedList],
    *,
    number: int,
    parent: int | None,
    author: str,
    time: str,
) -> Manifest:
    """What a release of these says of itself. lists: all that strategies use, or more."""
    used = set().union(*(lists_used(strategy) for strategy in strategies))
    running = (
        Running(s.id, s.version, s.stage, s.canary.share if s.stage == "canary" and s.canary else None)
        for s in strategies
        if s.stage != "paused"
    )
    return Manifest(
        number, parent, author, time, schema.digest(), _digest(_canonical(SETTINGS)),
        {name: lists[name].digest for name in sorted(used)}, tuple(running),
    )  # fmt: skip


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # the same inputs give the same bytes
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return buffer.getvalue()
