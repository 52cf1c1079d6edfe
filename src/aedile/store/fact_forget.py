"""How are a shopper's facts deleted everywhere, and how is it shown that they were?

A shopper is kept by one pseudonym a month. All of them are computed from the keys that are left, and every file in
which one stands is written anew without its rows: facts, decisions in brief and in full, snapshots, what was refused.
Where a month's key is gone, nobody can tell whose its facts are, and so nobody can find them.

The report names every file with its digests and rows before and after, and the shopper by a keyed hash alone. It ends
with a look at everything once more, which must find nothing.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aedile.errors import Place, StoreError, define
from aedile.facts import KINDS
from aedile.facts.kinds import FactKind
from aedile.store.aside import make_private, sync_folder, write_aside
from aedile.store.decision_index import NAME as INDEX
from aedile.store.fact_compact import read_facts, read_file
from aedile.store.fact_place import digest_of
from aedile.store.fact_seal import seal_facts
from aedile.store.fact_state import FactState
from aedile.store.fact_swap import note_bulk, swap, swapping
from aedile.store.home import Home
from aedile.store.live_files import listed
from aedile.store.pseudonyms import Pseudonyms
from aedile.store.seal import BRIEF, FULL, rewrite, seal_all
from aedile.store.snapshots import Snapshots

LEFT = define("AED-STORE-130", "Facts of a shopper who was to be forgotten are left.", "a fact that came in meanwhile")
KEY = "forget.key"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file that held rows of the shopper; sha256_after is None where it held no others and is gone."""

    path: str
    rows_before: int
    rows_after: int
    sha256_before: str
    sha256_after: str | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The report of one deletion. shopper: a keyed hash of the id. months: those with a key, of which facts could be
    told. looked_at: files that were read. left: rows found by the look afterwards."""

    shopper: str
    at: str
    months: Sequence[str]
    looked_at: int
    files: Sequence[Rewritten]
    dead_letters: int
    left: int

    @property
    def rows(self) -> int:
        return sum(one.rows_before - one.rows_after for one in self.files)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "rows": self.rows}


@dataclass(slots=True)
class _Search:
    """Whom to look for. sessions: visits in which the shopper was seen, whose nameless facts are the shopper's too."""

    pseudonyms: frozenset[str]
    sessions: set[str] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    looked_at: int = 0


def forget(home: Home, shopper: str, now: datetime) -> Forgotten:
    """Delete all facts of a shopper, and keep a report of it. Raises a `StoreError` where any are left."""
    pseudonyms = Pseudonyms(home.secrets).all_of(shopper)
    search = _Search(frozenset(pseudonyms.values()))
    seal_facts(home)
    seal_all(home, now.timestamp(), everything=True)
    done = [*_from_facts(home, search), *_from_decisions(home, home, search), *_from_snapshots(home, search)]
    letters = _from_dead_letters(home, search, shopper)
    left = rows_of(home, search.pseudonyms)
    report = Forgotten(hash_of(home, shopper), _written(now), sorted(pseudonyms), search.looked_at, done, letters, left)
    _keep(home, report)
    if left:
        raise StoreError(
            LEFT,
            f"{left:,} rows are left",
            place=Place(str(home.root)),
            hint="facts came in while the others were deleted",
            fix="run the same again",
        )
    return report


def reports(home: Home, shopper: str | None = None) -> list[dict[str, Any]]:
    """The reports that are kept, the oldest first; of one shopper, or of all."""
    wanted = hash_of(home, shopper) if shopper is not None else None
    told = [json.loads(path.read_bytes()) for path in sorted(_folder(home).glob("*.json"))]
    return [one for one in told if wanted is None or one["shopper"] == wanted]


def rows_of(home: Home, pseudonyms: frozenset[str]) -> int:
    """Rows in which one of the pseudonyms stands, in all that is sealed."""
    wanted = pa.array(sorted(pseudonyms), pa.string())
    homes = [home, *(Snapshots(home).open(name).home for name in Snapshots(home).names())]
    found = 0
    for one in homes:
        paths = [path for kind in KINDS if "shopper" in KINDS[kind].fields for path in listed(one.facts / kind)]
        for path in (*paths, *listed(one.decisions / BRIEF)):
            shoppers = read_file(path, ["shopper"])["shopper"]
            found += pc.sum(pc.is_in(shoppers, wanted)).as_py() or 0
    return found


def hash_of(home: Home, shopper: str) -> str:
    """By what a report names a shopper: who has the key and the id can tell that it is this one; nobody else can."""
    path = home.secrets / KEY
    if not path.exists():
        aside = path.with_name(f".{KEY}.{os.getpid()}")
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
        sync_folder(home.secrets)
    return hmac.new(path.read_bytes(), shopper.encode(), sha256).hexdigest()


def _from_facts(home: Home, search: _Search) -> Iterator[Rewritten]:
    kinds = [kind for kind in KINDS.values() if "shopper" in kind.fields]
    for kind in kinds:
        for path in sorted(listed(home.facts / kind.name)):
            search.sessions |= _sessions(path, search)
    for kind in kinds:
        for path in sorted(listed(home.facts / kind.name)):
            if not _holds(path, search):
                continue
            with swapping(home) as state:
                if not path.exists():
                    continue  # compacted meanwhile: its rows are looked for at the end
                note_bulk(home, state, [path])
                yield _rewritten_fact(home, state, path, kind, search)


def _rewritten_fact(home: Home, state: FactState, path: Path, kind: FactKind, search: _Search) -> Rewritten:
    table = read_facts(path, kind)
    rest = table.filter(pc.invert(_is_theirs(table, search)))
    own, before = path.relative_to(home.facts).as_posix(), digest_of(path)
    made = swap(home, state, [own], [(own, rest, kind)] if len(rest) else [])
    return Rewritten(f"facts/{own}", len(table), len(rest), before, made[0].sha256 if made else None)


def _sessions(path: Path, search: _Search) -> set[str]:
    search.looked_at += 1
    table = read_file(path, ["shopper", "session_id"])
    if table.num_columns < 2:
        return set()
    theirs = table.filter(pc.is_in(table["shopper"], pa.array(sorted(search.pseudonyms), pa.string())))
    return set(theirs["session_id"].drop_null().to_pylist())


def _holds(path: Path, search: _Search) -> bool:
    return bool(pc.any(_is_theirs(read_file(path, ["shopper", "session_id"]), search)).as_py())


def _is_theirs(table: pa.Table, search: _Search) -> pa.ChunkedArray:
    """The rows of the shopper, and those of the same visits that name nobody."""
    theirs = pc.is_in(table["shopper"], pa.array(sorted(search.pseudonyms), pa.string()))
    if "session_id" not in table.column_names or not search.sessions:
        return theirs
    visit = pc.is_in(table["session_id"], pa.array(sorted(search.sessions), pa.string()))
    return pc.or_(theirs, pc.and_(visit, pc.is_null(table["shopper"])))


def _from_decisions(home: Home, at: Home, search: _Search) -> Iterator[Rewritten]:
    """From the decisions below `at`: the installation, or one of its snapshots."""
    for path in sorted(listed(at.decisions / BRIEF)):
        search.looked_at += 1
        shoppers = read_file(path, ["request_id", "shopper"])
        theirs = pc.is_in(shoppers["shopper"], pa.array(sorted(search.pseudonyms), pa.string()))
        if pc.any(theirs).as_py():
            search.requests |= set(shoppers.filter(theirs)["request_id"].to_pylist())
            yield _rewritten_in_place(home, path, theirs)
            for suffix in ("", "-wal", "-shm"):  # it told where in the file things are; it is made anew
                path.parent.parent.joinpath(INDEX + suffix).unlink(missing_ok=True)
    needles = [one.encode() for one in search.pseudonyms]
    for path in sorted(listed(at.decisions / FULL)):
        search.looked_at += 1
        table = read_file(path)
        theirs = pa.array(
            [
                request in search.requests or any(needle in data for needle in needles)
                for request, data in zip(table["request_id"].to_pylist(), table["data"].to_pylist(), strict=True)
            ],
            pa.bool_(),
        )
        if pc.any(theirs).as_py():
            yield _rewritten_in_place(home, path, theirs)


def _rewritten_in_place(home: Home, path: Path, theirs: pa.Array) -> Rewritten:
    table, before = read_file(path), digest_of(path)
    rest = table.filter(pc.invert(theirs))
    if len(rest):
        rewrite(path, rest)
    else:
        path.unlink()
        sync_folder(path.parent)
    after = digest_of(path) if len(rest) else None
    return Rewritten(path.relative_to(home.root).as_posix(), len(table), len(rest), before, after)


def _from_snapshots(home: Home, search: _Search) -> Iterator[Rewritten]:
    snapshots = Snapshots(home)
    for name in snapshots.names():
        snapshot = snapshots.open(name)
        with snapshots.rewriting(snapshot) as told:
            for kind in (kind for kind in KINDS.values() if "shopper" in kind.fields):
                for path in sorted(listed(snapshot.home.facts / kind.name)):
                    search.sessions |= _sessions(path, search)
            done = [*_from_snapshot_facts(home, snapshot.home, search), *_from_decisions(home, snapshot.home, search)]
            for one in done:
                own = (home.root / one.path).relative_to(snapshot.folder).as_posix()
                if one.sha256_after is None:
                    told.pop(own)
                else:
                    size = (snapshot.folder / own).stat().st_size
                    told[own] = {"rows": one.rows_after, "bytes": size, "sha256": one.sha256_after}
        yield from done


def _from_snapshot_facts(home: Home, at: Home, search: _Search) -> Iterator[Rewritten]:
    for kind in (kind for kind in KINDS.values() if "shopper" in kind.fields):
        for path in sorted(listed(at.facts / kind.name)):
            if _holds(path, search):
                yield _rewritten_in_place(home, path, _is_theirs(read_file(path), search))


def _from_dead_letters(home: Home, search: _Search, shopper: str) -> int:
    """Refused rows that name the shopper by pseudonym, or by the id itself in a column that is none of the kind's."""
    if not home.facts_state.exists():
        return 0
    needles = (*search.pseudonyms, *search.sessions, json.dumps(shopper, ensure_ascii=False))
    numbers, last = [], 0
    with FactState(home.facts_state) as state:
        while letters := state.dead(after=last):
            last = letters[-1].number
            numbers += [
                one.number
                for one in letters
                if any(needle in f"{one.row.raw or ''}{one.row.error}" for needle in needles)
            ]
        return state.drop(numbers) if numbers else 0


def _keep(home: Home, report: Forgotten) -> None:
    folder = _folder(home)
    make_private(folder)
    name = f"{report.at.replace(':', '')}-{report.shopper[:16]}.json"
    write_aside(folder / name, json.dumps(report.to_dict(), indent=1).encode())


def _folder(home: Home) -> Path:
    return home.root / "forgotten"


def _written(now: datetime) -> str:
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")


def pseudonyms_of(home: Home, shopper: str) -> Mapping[str, str]:
    """month → the shopper's pseudonym in it, of months whose key is left."""
    return Pseudonyms(home.secrets).all_of(shopper)
