"""How is all of an installation kept in one file, and how does it come out of it again?

A ZIP archive: what is in PostgreSQL as `pg_dump` writes it, which any later major version reads; logs and journals as
SQLite copies them while they are written to; sealed decisions, facts and secrets as they are. A manifest holds the
SHA-256 of each. Nothing in it is compressed by the archive, so it never becomes larger than it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aedile import __version__
from aedile.errors import Place, StoreError, define
from aedile.store.aside import make_private, sync_folder
from aedile.store.database import Database, database_as_made, database_at
from aedile.store.fact_backup import frozen
from aedile.store.home import Home
from aedile.store.journal import Journal
from aedile.store.postgres import binaries
from aedile.store.published import Published

FAILED = define(
    "AED-STORE-110", "PostgreSQL's programs did not save or restore its data.", "a server newer than they are"
)
NOT_A_BACKUP = define("AED-STORE-111", "A file is no backup that this version reads.", "aedile restore photo.zip")
DAMAGED = define("AED-STORE-112", "A backup is not as it was written.", "a flipped bit")
NOT_EMPTY = define(
    "AED-STORE-113", "A backup is restored to where something is already.", "restore over a server's home"
)
CANNOT_SAVE = define("AED-STORE-114", "A file cannot be saved or restored.", "a full disk")

FORMAT = 1
MANIFEST, DUMP = "manifest.json", "database.dump"
ASIDE = ".restoring"
_ROOTS = ("decisions", "journal", "facts", "fact-ids", "intake", "secrets")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. made: RFC 3339. release: (number, digest) of the one that decided; None where none did."""

    format: int
    aedile: str
    made: str
    release: tuple[int, str] | None
    files: Mapping[str, Kept]


def back_up(home: Home, url: str | None, out: BinaryIO, made: str) -> Manifest:
    """Write a backup of a home and its database, whether a server runs on them or not.

    url: of the database, None for the embedded one. made: the time, RFC 3339.
    """
    files: dict[str, Kept] = {}
    with (
        tempfile.TemporaryDirectory(dir=home.root, prefix=".backup-") as aside,
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive,
    ):
        database = database_as_made(home, url)
        try:
            database.start()
            release = _current(database)
            _run_on(database, "pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={aside}/{DUMP}")
        finally:
            database.close()
        files[DUMP] = _add(archive, DUMP, Path(aside) / DUMP)
        for path in _files_of(home):
            name = path.relative_to(home.root).as_posix()
            try:
                source = _copied(path, Path(aside) / "copy.sqlite") if path.suffix == ".sqlite" else path
                files[name] = _add(archive, name, source)
            except FileNotFoundError:
                continue  # sealed or forgotten meanwhile: what was sealed is among the files that come later
            except (OSError, sqlite3.Error) as error:
                raise _cannot(path, error) from None
        try:
            for name, source in frozen(home, Path(aside) / "facts"):
                files[name] = _add(archive, name, source)
        except (OSError, sqlite3.Error) as error:
            raise _cannot(home.facts, error) from None
        for path in sorted(home.secrets.glob("*.key")):
            name = path.relative_to(home.root).as_posix()
            files[name] = _add(archive, name, path)
        manifest = Manifest(FORMAT, __version__, made, release, files)
        archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
    return manifest


def _files_of(home: Home) -> Iterator[Path]:
    """Journals before sealed decisions, so that what moves from one to the other meanwhile is in one of them at least.
    Facts follow, and keys of pseudonyms last, so that none is missing for what came before."""
    yield from (path for path in (home.entities_log, home.exposures_log) if path.exists())
    yield from sorted(home.journal.glob("*.sqlite"))
    yield from (path for path in sorted(home.decisions.rglob("*")) if path.is_file() and path.name[0] != ".")


def _copied(path: Path, copy: Path) -> Path:
    """A copy of a SQLite file as it is at one moment, whoever writes to it."""
    if not path.exists():
        raise FileNotFoundError(path)
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> Kept:
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as source, archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return Kept(size, digest.hexdigest())


def _current(database: Database) -> tuple[int, str] | None:
    with database.connect() as connection:
        exists = connection.execute("select to_regclass('published') is not null").fetchone()
        found = Published(connection).current_numbers().get("release") if exists and exists[0] else None
    return (int(found[0]), found[1]) if found is not None else None


def read_manifest(archive: zipfile.ZipFile) -> Manifest:
    """What an archive says of itself; a `StoreError` where it is no backup, or one of a newer format."""
    try:
        said: dict[str, Any] = json.loads(archive.read(MANIFEST))
        number = said["format"]
        files = {name: Kept(int(kept["bytes"]), str(kept["sha256"])) for name, kept in said["files"].items()}
        release = (int(said["release"][0]), str(said["release"][1])) if said["release"] is not None else None
        manifest = Manifest(number, said["aedile"], said["made"], release, files)
    # What zipfile raises of an archive that is damaged, encrypted or packed otherwise, and JSON of another shape.
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError):
        raise _no_backup("it has no manifest that can be read") from None
    if number != FORMAT:
        raise _no_backup(f"it is of format {number!r:.20}, this version reads {FORMAT}")
    return manifest


def _checked(archive: zipfile.ZipFile) -> Manifest:
    """The manifest of an archive whose files are those it names, and go nowhere but into a home."""
    manifest = read_manifest(archive)
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) != len(archive.infolist()) or infos.keys() != {*manifest.files, MANIFEST} or DUMP not in infos:
        raise _no_backup("its files are not those its manifest names")
    for name, kept in manifest.files.items():
        info = infos[name]
        if not _goes_home(name) or info.compress_type != zipfile.ZIP_STORED or info.file_size != kept.bytes:
            raise _no_backup(f"{name[:80]!r} is no file of a home")
    return manifest


def _goes_home(name: str) -> bool:
    path = PurePosixPath(name)
    if name in (DUMP, "entities.sqlite", "exposures.sqlite", "facts.sqlite"):
        return True
    inside = len(path.parts) > 1 and path.parts[0] in _ROOTS and path.as_posix() == name
    return inside and all(part not in ("..", ".") and "\0" not in part for part in path.parts)


def restore(file: Path, home: Home, url: str | None) -> Manifest:
    """Make an installation of a backup where there is none. Whatever goes wrong, nothing is left of it.

    Raises a `StoreError` where the file is none, the home or the database is not empty, or something cannot be written.
    """
    _require_empty(home)
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _checked(archive)
            home.root.mkdir(mode=0o711, parents=True, exist_ok=True)
            aside = home.root / ASIDE
            try:
                _extract(archive, manifest, aside)
                _restore_database(aside / DUMP, manifest, home, url)
                _settle(aside, home)
            except BaseException:  # a signal too: nothing half done is left; it is raised again
                shutil.rmtree(aside, ignore_errors=True)
                raise
    except zipfile.BadZipFile as error:
        raise _no_backup(str(error)).at(file=str(file)) from None
    except StoreError as error:
        raise (error.at(file=str(file)) if error.code in (NOT_A_BACKUP, DAMAGED) else error) from None
    except OSError as error:
        raise _cannot(Path(error.filename or file), error) from None
    return manifest


def _require_empty(home: Home) -> None:
    ours = (
        home.postgres,
        home.shelf,
        home.entities_log,
        home.exposures_log,
        home.journal,
        home.decisions,
        home.secrets,
        home.facts,
        home.facts_state,
        home.intake,
    )
    found = [path.name for path in (*ours, home.root / ASIDE) if path.exists()]
    if found:
        raise StoreError(
            NOT_EMPTY,
            f"the home holds {', '.join(found[:4])}",
            place=Place(str(home.root)),
            hint="a restore never overwrites; one that was killed leaves what it had made",
            fix="move the folder away, or name another: --home FOLDER",
        )


def _extract(archive: zipfile.ZipFile, manifest: Manifest, aside: Path) -> None:
    for name, kept in manifest.files.items():
        path = aside / name
        make_private(path.parent)
        try:
            with archive.open(name) as source, open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as target:
                digest = _pour(source, target)
        except zipfile.BadZipFile:
            digest = ""
        if digest != kept.sha256:
            raise StoreError(
                DAMAGED,
                f"{name} is not as it was saved",
                hint="the file was changed or damaged after it was written",
                fix="restore another backup",
            )


def _pour(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest()


def _restore_database(dump: Path, manifest: Manifest, home: Home, url: str | None) -> None:
    database = database_at(home, url)
    try:
        database.start()
        _require_no_tables(database)
        words = ("--no-owner", "--no-acl", "--exit-on-error", "--single-transaction")
        _run_on(database, "pg_restore", *words, f"--dbname={_name(database)}", str(dump))
        database.migrate()
        if _current(database) != manifest.release:
            raise StoreError(
                DAMAGED, "the release in the database is not the one the backup names", fix="restore another backup"
            )
    except BaseException:  # a signal too: nothing half done is left; it is raised again
        database.close()
        if database.embedded is not None:
            shutil.rmtree(home.postgres, ignore_errors=True)
        raise
    database.close()


def _require_no_tables(database: Database) -> None:
    with database.connect() as connection:
        query = "select tablename from pg_tables where schemaname = 'public' order by 1 limit 4"
        found = [str(row[0]) for row in connection.execute(query)]
    if found:
        raise StoreError(
            NOT_EMPTY,
            f"the database holds tables: {', '.join(found)}",
            hint="a restore never overwrites",
            fix="create an empty database, and set database_url to it",
        )


def _settle(aside: Path, home: Home) -> None:
    (aside / DUMP).unlink()
    for path in (aside / "journal").glob("*.sqlite"):
        _forget_sealed(path, aside / "decisions")
    for path in sorted(aside.iterdir()):
        path.rename(home.root / path.name)
    aside.rmdir()
    home.prepare()
    sync_folder(home.root)


def _forget_sealed(path: Path, decisions: Path) -> None:
    """What was sealed between the copy of a journal and that of the sealed files is in both: it is to be there once."""
    last = [int(file.stem.rpartition("-")[2]) for file in decisions.rglob(f"{path.stem}-*.parquet")]
    if last:
        with closing(Journal(path)) as journal:
            journal.sealed(max(last))


def _run_on(database: Database, program: str, *words: str) -> None:
    """One of PostgreSQL's programs on a database. What it takes to connect goes by the environment: others may read
    the words of a call."""
    variables = {option.keyword: option.envvar for option in psycopg.pq.Conninfo.get_defaults()}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    for keyword, value in conninfo_to_dict(database.dsn).items():
        variable = variables.get(keyword.encode())
        if variable and value is not None:
            environment[variable.decode()] = str(value)
    done = subprocess.run(  # noqa: S603  the program is PostgreSQL's
        [str(binaries() / "bin" / program), *words], env=environment, capture_output=True, text=True, check=False,
        errors="replace", stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise StoreError(
            FAILED,
            f"{program} failed with exit code {done.returncode}",
            hint=lines[0][:300] if lines else None,
            fix="mend what it says; nothing was changed",
        )


def _name(database: Database) -> str:
    return str(conninfo_to_dict(database.dsn).get("dbname", ""))


def _no_backup(why: str) -> StoreError:
    return StoreError(
        NOT_A_BACKUP, f"the file is no backup that this version reads: {why}", fix="name a file of `aedile backup`"
    )


def _cannot(path: Path, error: Exception) -> StoreError:
    return StoreError(
        CANNOT_SAVE,
        f"the file cannot be saved or restored: {error}",
        place=Place(str(path)),
        fix="make room on the disk, or mend its permissions; nothing was changed",
    )
