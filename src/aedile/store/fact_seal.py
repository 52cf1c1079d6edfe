"""How do facts get from journals to Parquet, each exactly once, and how is one that came before found out?

One process at a time seals, one journal after the other: what is new is written aside by kind, local day and market,
then files, ids, refused rows and the place up to which the journal is sealed are noted at once. Before that moment
nothing has happened; after it, all has.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from aedile.errors import DataError, Place
from aedile.facts import kind_of
from aedile.facts.kinds import FactKind
from aedile.facts.reading import to_json_row
from aedile.facts.trouble import OTHER_CONTENT
from aedile.store.fact_hashes import hashes_of_contents, hashes_of_ids
from aedile.store.fact_ids import Entries, Run, RunFiles, due, judge
from aedile.store.fact_journal import Batch, DeadRow, FactJournal, not_kept
from aedile.store.fact_place import partition_of, place, recover, sealing_alone, settle_aside, stage
from aedile.store.fact_state import PATIENCE, FactState, Sealing
from aedile.store.held import alone, is_held
from aedile.store.home import Home

#: Facts that are sealed in one go, which bounds the memory it takes.
MOST = 500_000


@dataclass(slots=True)
class Sealed:
    """What a sealing did, in facts."""

    facts: int = 0
    duplicates: int = 0
    dead: int = 0


def seal_facts(home: Home) -> Sealed:
    """Seal all that waits in journals; journals of writers that are gone go. Raises a `StoreError` where the disk
    refuses: whatever was not sealed stays in its journal."""
    done = Sealed()
    if not any(home.intake.glob("*.sqlite")):
        return done
    try:
        with sealing_alone(home), FactState(home.facts_state) as state:
            recover(home, state)
            runs = RunFiles(home.fact_ids)
            runs.clean(state.runs())
            for path in sorted(home.intake.glob("*.sqlite")):
                _seal_journal(home, state, runs, path, done)
    except OSError as error:
        raise not_kept(home.facts, error) from None
    return done


def _seal_journal(home: Home, state: FactState, runs: RunFiles, path: Path, done: Sealed) -> None:
    writer = path.stem
    is_gone = not is_held(path.with_suffix(".lock"))
    journal = FactJournal(path)
    try:
        while True:
            mark = state.mark(writer)
            batches = journal.after(mark, MOST)
            if not batches:
                break
            sealing = _prepare(home, state, runs, writer, batches, journal.dead(mark + 1, batches[-1].sequence))
            state.commit(sealing)
            place(home, state)
            journal.sealed(sealing.last)
            for (_, what), count in sealing.counts.items():
                if what == "sealed":
                    done.facts += count
                elif what == "duplicates":
                    done.duplicates += count
                else:
                    done.dead += count
        if journal.has_batches():  # noted as sealed, and left in the journal by a crash
            journal.sealed(state.mark(writer))
        if is_gone:
            journal.remove()
            state.forget_writer(writer)
    finally:
        journal.close()


def _prepare(
    home: Home, state: FactState, runs: RunFiles, writer: str, batches: Sequence[Batch], dead: Sequence[DeadRow]
) -> Sealing:
    """Write aside what is new in these batches, and say what is to be noted of them."""
    first, last = batches[0].sequence, batches[-1].sequence
    sealing = Sealing(writer, last, dead=list(dead))
    for row in dead:
        sealing.count(row.kind, "dead", 1)
    name = f"{writer}-{first:010d}-{last:010d}"
    for kind_name, tables in _by_kind(batches).items():
        kind = kind_of(kind_name)
        table = pa.concat_tables(tables).combine_chunks()
        new = _new_only(state, runs, kind, table, name, sealing)
        for partition, part in _parts(new):
            path = f"{partition_of(kind.name, *partition)}/{name}.parquet"
            sealing.files.append(stage(home, path, part, kind))
    if sealing.files:
        settle_aside(home)
    return sealing


def _by_kind(batches: Sequence[Batch]) -> Mapping[str, list[pa.Table]]:
    found: dict[str, list[pa.Table]] = {}
    for batch in batches:
        if len(batch.table):
            found.setdefault(batch.kind, []).append(batch.table)
    return found


def _new_only(
    state: FactState, runs: RunFiles, kind: FactKind, table: pa.Table, name: str, sealing: Sealing
) -> pa.Table:
    """The facts that were not here before. The others are counted; those with other content become dead letters."""
    high, low = hashes_of_ids(table["id"].chunk(0))
    wanted = Entries(high, low, hashes_of_contents(kind, table))
    found = judge(wanted, [runs.read(run) for run in state.runs(kind.name)])
    is_other = np.flatnonzero(found.is_other)
    fresh = int(found.is_new.sum())
    sealing.count(kind.name, "sealed", fresh)
    sealing.count(kind.name, "duplicates", len(table) - fresh - len(is_other))
    sealing.count(kind.name, "dead", len(is_other))
    if len(is_other):
        sealing.dead += _dead_rows(kind, table.take(pa.array(is_other)))
    if fresh:
        run = Run(kind.name, f"{kind.name}-{name}.run", 0, fresh)
        runs.write(run.name, found.fresh)
        sealing.runs.append(run)
    return table if fresh == len(table) else table.filter(pa.array(found.is_new))


def _dead_rows(kind: FactKind, table: pa.Table) -> Iterator[DeadRow]:
    received = table["received_at"].cast(pa.int64()).to_pylist()
    sent = table.select([field.name for field in kind.sent])
    for row, at in zip(sent.to_pylist(), received, strict=True):
        error = DataError(
            OTHER_CONTENT,
            f"a fact `{row['id']}` of the kind {kind.name} came before, with other content",
            place=Place(field="id"),
            hint="the first one counts",
            fix="give it an id of its own, or drop it",
        )
        raw = json.dumps(to_json_row(row), ensure_ascii=False)
        yield DeadRow(kind.name, raw, json.dumps(error.to_dict(), ensure_ascii=False), at, "sealing")


def _parts(table: pa.Table) -> Iterator[tuple[tuple[object, str], pa.Table]]:
    """The rows by local day and market, each part by time."""
    if len(table) == 0:
        return
    days = np.asarray(table["local_date"].combine_chunks().cast(pa.int32()))
    coded = table["market"].combine_chunks().dictionary_encode()
    codes = np.asarray(coded.indices)
    order = np.lexsort((np.asarray(table["at"].cast(pa.int64())), codes, days))
    table = table.take(pa.array(order))
    days, codes = days[order], codes[order]
    cuts = np.flatnonzero((np.diff(days) != 0) | (np.diff(codes) != 0)) + 1
    for start, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(table)], strict=True):
        day = table["local_date"][start].as_py()
        yield (day, coded.dictionary[int(codes[start])].as_py()), table.slice(start, stop - start)


def merge_ids(home: Home) -> bool:
    """Make one run of many of a kind, where there are enough; whether there were. Sealings go on meanwhile."""
    if not home.facts_state.exists():
        return False
    runs = RunFiles(home.fact_ids)
    try:
        with alone(home.fact_ids / ".merging"):
            runs.clean_parts()
            with FactState(home.facts_state) as state:
                known = state.runs()
                found = [due([run for run in known if run.kind == kind]) for kind in {run.kind for run in known}]
                some = next(filter(None, found), None)
                if some is None:
                    return False
                level = some[0].level + 1
                name = f"{some[0].name.partition('.')[0]}.{level}.run"
                made = Run(some[0].kind, name, level, sum(run.rows for run in some))
                part = runs.merge(made.name, some)
                with sealing_alone(home):
                    runs.settle(part)
                    state.merge_runs(some, made)
                    for run in some:
                        (runs.folder / run.name).unlink(missing_ok=True)
    except OSError as error:
        raise not_kept(home.fact_ids, error) from None
    return True


def waiting(home: Home) -> int:
    """Facts that are accepted and not sealed yet. Looked at from outside: journals come and go meanwhile."""
    rows = 0
    for path in home.intake.glob("*.sqlite"):
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE)) as journal:
                rows += journal.execute("select coalesce(sum(rows), 0) from batches").fetchone()[0]
        except sqlite3.OperationalError as error:
            if path.exists() and path.stat().st_size:
                raise not_kept(path, error) from None
    return rows


def told_of(home: Home) -> dict[str, Any]:
    """How facts stand: [kind, what, how many] of all that was sealed, and what waits."""
    if not home.facts_state.exists():
        return {"counts": [], "waiting": waiting(home), "dead": []}
    with FactState(home.facts_state) as state:
        counts = [[*key, count] for key, count in state.counts().items()]
        dead = [[*key, count] for key, count in state.count_dead().items()]
    return {"counts": counts, "waiting": waiting(home), "dead": dead}


def oldest_day(home: Home) -> date | None:
    """The first local day of which facts are kept."""
    days = {folder.name.removeprefix("date=") for folder in home.facts.glob("[!.]*/date=*")}
    return date.fromisoformat(min(days)) if days else None
