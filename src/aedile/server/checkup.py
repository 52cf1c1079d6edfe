"""What is wrong with an installation, and how is it mended? Looked at from outside; nothing is started or changed."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psycopg

from aedile.engine import kernel
from aedile.engine.release_reader import ReleaseReader
from aedile.errors import AedileError, Errors
from aedile.server.gather import files_of_workers, keeper_file
from aedile.server.stats import STALE
from aedile.settings import Settings
from aedile.store.database import MIGRATIONS, database_at
from aedile.store.fact_state import FactState
from aedile.store.fact_verify import verify
from aedile.store.home import Home
from aedile.store.keys import KeyRing
from aedile.store.postgres import MAJOR, EmbeddedPostgres, binaries
from aedile.store.published import Published
from aedile.store.seal import lost_in_crashes
from aedile.store.shelf import Shelf

State = Literal["good", "look", "bad"]

#: Free bytes below which the disk is to be looked at, and below which logs will stop soon.
LITTLE, TOO_LITTLE = 2 << 30, 200 << 20
#: Seconds by which the clocks of the database and of this machine may differ; days before a key's end to tell it.
CLOCKS, SOON = 2.0, 14
#: Bytes of facts that are read, the newest first: some seconds. `aedile facts verify` reads all.
READ = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. state: good, to be looked at, or bad. fix: how what is not good is mended."""

    what: str
    state: State
    told: str
    fix: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Checkup:
    """Looks at one installation, thing by thing."""

    settings: Settings
    home: Home

    def findings(self) -> list[Finding]:
        """All findings, in the order in which they are best mended. A look that fails is a finding itself."""
        found: list[Finding] = []
        looks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
            ("settings", self._settings), ("kernel", self._kernel), ("home", self._home), ("disk", self._disk),
            ("PostgreSQL", self._postgres), ("published", self._shelf), ("logs", self._logs),
            ("facts", self._facts),
            ("server", self._server), ("workers", self._workers), ("port", self._port),
        )  # fmt: skip
        for what, look in looks:
            try:
                found += look()
            except AedileError as error:
                found.append(Finding(what, "bad", error.message, error.fix))
            except Errors as errors:
                found.append(Finding(what, "bad", errors.errors[0].message, errors.errors[0].fix))
            except (OSError, sqlite3.Error, psycopg.Error) as error:
                found.append(Finding(what, "bad", str(error).splitlines()[0], "mend what it says"))
        return found

    def _settings(self) -> Iterator[Finding]:
        server = self.settings.server
        if server.open:
            yield Finding(
                "settings", "look", "anybody on this machine may call the server", "leave server.open out; make keys"
            )
        if self.settings.log.share == 0:
            yield Finding("settings", "look", "no decision is logged", "set log.share above 0")
        if not server.open and self.settings.log.share:
            yield Finding("settings", "good", "as `aedile config` shows")

    def _kernel(self) -> Iterator[Finding]:
        if kernel.compiled is None:
            yield Finding(
                "kernel", "look", "decisions are made by NumPy: the same, some ten times slower",
                "install from a wheel, or with a C compiler at hand",
            )  # fmt: skip
        else:
            yield Finding("kernel", "good", "compiled")

    def _home(self) -> Iterator[Finding]:
        root = self.home.root
        if not root.is_dir():
            yield Finding("home", "look", f"{root} is not there yet", "`aedile serve` makes it, or `aedile restore`")
            return
        if not os.access(root, os.W_OK | os.X_OK):
            yield Finding("home", "bad", f"this user may not write into {root}", "run as its owner, or mend its owner")
        open_ = [path for path in self._own() if stat.S_IMODE(path.lstat().st_mode) & 0o077]
        for path in open_[:3]:
            yield Finding("home", "bad", f"others may look into {path.name}", f"chmod go= {path}")
        if not open_ and os.access(root, os.W_OK | os.X_OK):
            yield Finding("home", "good", str(root))

    def _own(self) -> list[Path]:
        home = self.home
        folders = (
            home.secrets, home.journal, home.decisions, home.shelf, home.workers, home.intake, home.facts,
            home.fact_ids,
        )  # fmt: skip
        files = (home.entities_log, home.exposures_log, home.facts_state, *home.secrets.glob("*"))
        return [path for path in (*folders, *files) if path.exists()]

    def _disk(self) -> Iterator[Finding]:
        if not self.home.root.is_dir():
            return
        usage = shutil.disk_usage(self.home.root)
        told = f"{usage.free / 2**30:,.1f} GiB free of {usage.total / 2**30:,.1f}"
        fix = "make room, or keep logged decisions for fewer days: log.keep_days"
        state: State = "good" if usage.free > LITTLE else "look" if usage.free > TOO_LITTLE else "bad"
        yield Finding("disk", state, told, None if state == "good" else fix)

    def _postgres(self) -> Iterator[Finding]:
        database = database_at(self.home, self.settings.database_url)
        if database.embedded is not None and not (yield from self._embedded(database.embedded)):
            return
        with database.connect() as connection:
            now, version = connection.execute("select now(), current_setting('server_version')").fetchone() or ("", "")
            yield Finding("PostgreSQL", "good", f"{version}, answers")
            yield from _clock(now)
            yield from _tables(connection)

    def _embedded(self, embedded: EmbeddedPostgres) -> Generator[Finding, None, bool]:
        """Yields findings; returns whether there is anything to connect to."""
        binaries()
        made = embedded.version_of_data()
        if made is None:
            yield Finding("PostgreSQL", "look", "it has no data yet", "`aedile serve` makes them")
            return False
        if made != MAJOR:
            yield Finding(
                "PostgreSQL", "bad", f"the data are of version {made}, the binaries of {MAJOR}",
                "aedile backup FILE; move the home away; aedile restore FILE",
            )  # fmt: skip
            return False
        embedded.require_way()
        if not embedded.is_running():
            yield Finding("PostgreSQL", "look", "it does not run", "`aedile serve` starts it; see postgres.log if not")
            return False
        return True

    def _shelf(self) -> Iterator[Finding]:
        shelf = Shelf(self.home.shelf)
        current = shelf.current()
        if current.release is None:
            yield Finding("published", "look", "no release decides yet", "aedile release publish")
        else:
            data = shelf.read("release", current.release)
            release = ReleaseReader().read(data, f"release {current.release.number}", shelf.list_of)
            count = len(release.strategies)
            yield Finding("published", "good", f"release {current.release.number}: {count} strategies, whole")
        ring = KeyRing.parse(shelf.read("keys", current.keys)) if current.keys is not None else KeyRing.empty()
        yield from self._keys(ring)

    def _keys(self, ring: KeyRing) -> Iterator[Finding]:
        now = time.time()
        if not any(key.expires > now for key in ring.keys.values()) and not self.settings.server.open:
            yield Finding("keys", "look", "no key is valid: nobody may call", "aedile key create --scope decide")
        for key in ring.keys.values():
            if now < key.expires < now + SOON * 86_400:
                day = datetime.fromtimestamp(key.expires, UTC).strftime("%Y-%m-%d")
                yield Finding("keys", "look", f"{key.id} ends on {day}", "make a new one, and hand it out")

    def _logs(self) -> Iterator[Finding]:
        journals = sorted([*self.home.journal.glob("*.sqlite"), *self.home.intake.glob("*.sqlite")])
        paths = [self.home.entities_log, self.home.exposures_log, self.home.facts_state, *journals]
        damaged = [path for path in paths if path.exists() and not _is_whole(path)]
        for path in damaged:
            yield Finding(
                "logs", "bad", f"{path.name} is damaged", "stop the server, and restore a backup; check the disk"
            )
        if not damaged:
            yield Finding("logs", "good", f"{sum(path.exists() for path in paths)} files, whole")
        lost = lost_in_crashes(self.home)
        if lost:
            yield Finding("logs", "look", f"{lost:,} decisions were lost in crashes", "see why processes died")

    def _facts(self) -> Iterator[Finding]:
        if not self.home.facts_state.exists():
            return
        found = verify(self.home, READ)
        mends = {
            "changed": "restore it from a backup; check the disk",
            "missing": "restore it from a backup",
            "unknown": "aedile facts verify --take-in, or move it away",
        }
        for one in found.damage[:5]:
            yield Finding("facts", "bad", f"{one.path} is {one.what}", mends[one.what])
        if len(found.damage) > 5:
            yield Finding("facts", "bad", f"{len(found.damage) - 5:,} more files", "aedile facts verify names them")
        if not found.damage:
            told = f"{found.files:,} files, " + (
                "whole" if found.read == found.files else f"the {found.read:,} newest of them read, and whole"
            )
            yield Finding("facts", "good", told)
        with FactState(self.home.facts_state) as state:
            dead = sum(state.count_dead().values())
        if dead:
            yield Finding("facts", "look", f"{dead:,} dead letters wait", "aedile facts dead list")

    def _keeper(self) -> dict[str, Any] | None:
        """What the keeper says of itself; None where no server runs."""
        told = keeper_file(self.home.workers)
        return told if told is not None and time.time() - told["at"] <= STALE and _is_alive(told) else None

    def _server(self) -> Iterator[Finding]:
        told = self._keeper()
        if told is None:
            yield Finding("server", "look", "it does not run on this home", "aedile serve")
            return
        if told["postgres"] != "connected":
            yield Finding(
                "server", "bad", f"it has no PostgreSQL: {told['error']}", "start it, or correct database_url"
            )
        if told["refused"]:
            refused = told["refused"]
            yield Finding(
                "server", "bad", f"{refused['kind']} {refused['release']} is refused: {refused['error'][:200]}",
                "publish one that is good; the last good one goes on",
            )  # fmt: skip
        for name, why in told["trouble"].items():
            yield Finding("server", "bad", f"{name}: {why}", "make room on the disk, or mend its permissions")
        if told["postgres"] == "connected" and not told["refused"] and not told["trouble"]:
            yield Finding("server", "good", "it runs")

    def _workers(self) -> Iterator[Finding]:
        if self._keeper() is None:
            return
        workers = [told for told in files_of_workers(self.home.workers) if _is_alive(told)]
        wanted = self.settings.server.workers
        if len(workers) < wanted:
            yield Finding("workers", "bad", f"{len(workers)} of {wanted} workers say anything", "see the server's log")
        releases = {(worker["release"] or {}).get("number") for worker in workers}
        if len(releases) > 1:
            yield Finding("workers", "look", "they decide by different releases", "look again in a second")
        bad = False
        for worker in workers:
            for told_, fix in _trouble_of(worker):
                bad = True
                yield Finding("workers", "bad", f"worker {worker['worker']}: {told_}", fix)
        if len(workers) >= wanted and not bad:
            yield Finding("workers", "good", f"{len(workers)} decide")

    def _port(self) -> Iterator[Finding]:
        server = self.settings.server
        if self._keeper() is not None:
            return
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((server.host, server.port))
            except OSError as error:
                yield Finding(
                    "port", "bad", f"{server.host}:{server.port} cannot be listened at: {error.strerror}",
                    "end what listens there, or choose another: --port",
                )  # fmt: skip
                return
        yield Finding("port", "good", f"{server.host}:{server.port} is free")


def _is_alive(told: dict[str, Any]) -> bool:
    return Path(f"/proc/{told['pid']}").exists()


def _clock(now: datetime) -> Iterator[Finding]:
    ahead = (now - datetime.now(UTC)).total_seconds()
    if abs(ahead) > CLOCKS:
        yield Finding(
            "clock", "look", f"PostgreSQL's clock differs from this one's by {ahead:+.1f} s", "synchronise the clocks"
        )


def _tables(connection: psycopg.Connection) -> Iterator[Finding]:
    exists = connection.execute("select to_regclass('aedile_migrations') is not null").fetchone()
    row = connection.execute("select max(number) from aedile_migrations").fetchone() if exists and exists[0] else None
    step = row[0] if row is not None and row[0] is not None else 0
    if step > len(MIGRATIONS):
        yield Finding("tables", "bad", f"a newer aedile made step {step}", "install that version again")
    elif step < len(MIGRATIONS):
        yield Finding("tables", "look", f"at step {step} of {len(MIGRATIONS)}", "`aedile serve` brings them up to date")
    else:
        current = Published(connection).current_numbers().get("release")
        yield Finding("tables", "good", f"up to date; release {current[0]}" if current else "up to date; no release")


def _trouble_of(worker: dict[str, Any]) -> Iterator[tuple[str, str]]:
    disk = "make room on the disk, or mend its permissions"
    if worker["refused"]:
        yield f"a release is refused: {worker['refused'][:200]}", "publish a good one; the last good one goes on"
    for name, fix in (("lost_disk", disk), ("lost_queue", "start more workers, or log a smaller share: log.share")):
        if worker["log"].get(name):
            yield f"{worker['log'][name]:,} decisions were not logged ({name})", fix
    for name, count in worker["trouble"].items():
        if count:
            yield f"exposures could not be told or were forgotten, {count:,} times ({name})", disk


def _is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as file:
            return bool(file.execute("pragma quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError:
        raise  # it cannot be opened, or somebody holds it: that says nothing of what is in it
    except sqlite3.DatabaseError:
        return False
