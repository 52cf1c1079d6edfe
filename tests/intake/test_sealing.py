"""Does a fact get into the files once, whatever comes twice, late, or in between?"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from collections import Counter
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedile.errors import StoreError
from aedile.facts import KINDS, kind_of
from aedile.store import fact_seal
from aedile.store.fact_dead import DeadLetters
from aedile.store.fact_hashes import hashes_of_contents
from aedile.store.fact_ids import TOGETHER, Entries, Run, RunFiles, due, judge
from aedile.store.fact_place import note_files
from aedile.store.fact_reindex import reindex
from aedile.store.fact_seal import Sealed, merge_ids, oldest_day, seal_facts, told_of, waiting
from aedile.store.fact_state import FactState
from aedile.store.fact_verify import take_in, verify
from aedile.store.fact_writer import FactWriter
from aedile.store.home import Home
from tests.intake.made import NOW, exposure, ids_of, part_of, sealed


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def writer(home):
    writer = FactWriter(home.intake, "1")
    yield writer
    writer.close()


def put(home, writer, *rows, kind="exposures", now=NOW):
    writer.put(part_of(home, kind, list(rows), now=now)).result()


def test_what_is_put_waits_in_the_journal_until_it_is_sealed(home, writer):
    put(home, writer, exposure("a"), exposure("b", position=0))
    assert (waiting(home), ids_of(home)) == (1, {})
    assert seal_facts(home) == Sealed(1, 0, 1)
    assert (waiting(home), ids_of(home)) == (0, {"a": 1})
    assert seal_facts(home) == Sealed()
    assert told_of(home) == {
        "counts": [["exposures", "dead", 1], ["exposures", "sealed", 1]], "waiting": 0,
        "dead": [["exposures", "AED-DATA-077", 1]],
    }  # fmt: skip


def test_a_file_has_the_kinds_columns_sorted_by_time_and_lies_by_local_day_and_market(home, writer):
    rows = [exposure(f"e{n}", at=f"2026-11-28T{(n * 7) % 8:02d}:00:00Z") for n in range(8)]
    rows += [exposure("late", at="2026-11-27T16:59:59Z"), exposure("there", market="US", at="2026-11-28T04:59:00Z")]
    put(home, writer, *rows)
    seal_facts(home)
    files = {path.relative_to(home.facts).parent.as_posix(): path for path in home.facts.rglob("*.parquet")}
    assert files.keys() == {
        "exposures/date=2026-11-28/market=ID", "exposures/date=2026-11-27/market=ID",
        "exposures/date=2026-11-27/market=US",
    }  # fmt: skip
    table = pq.ParquetFile(files["exposures/date=2026-11-28/market=ID"]).read()
    assert table.schema.equals(kind_of("exposures").schema, check_metadata=True)
    times = table["at"].to_pylist()
    assert times == sorted(times)
    assert set(table["local_date"].to_pylist()) == {date(2026, 11, 28)}
    assert set(table["received_at"].cast(pa.int64()).to_pylist()) == {NOW}
    assert oldest_day(home) == date(2026, 11, 27)
    for path in home.facts.rglob("*.parquet"):
        assert path.stat().st_mode & 0o077 == 0


def test_shoppers_are_kept_as_pseudonyms_of_the_month_in_which_it_happened(home, writer):
    put(home, writer, exposure("a"), exposure("b", at="2026-10-31T23:00:00Z"), exposure("c", at="2026-10-30T23:00:00Z"))
    seal_facts(home)
    found = dict(zip(*sealed(home).select(["id", "shopper"]).to_pydict().values(), strict=True))
    assert found["a"].startswith("2026-11.")
    assert found["b"] == found["c"] != found["a"]
    assert found["b"].startswith("2026-10.")
    for path in home.root.rglob("*"):
        if path.is_file():
            assert b"ann" not in path.read_bytes().replace(b"channel", b"")


def test_the_same_fact_again_counts_once_and_another_under_its_id_is_a_dead_letter(home, writer):
    put(home, writer, exposure("a"), exposure("b"), exposure("a"))
    put(home, writer, exposure("b", position=2))
    assert seal_facts(home) == Sealed(2, 1, 1)
    put(home, writer, exposure("a"), exposure("b", position=2), exposure("b", position=2), exposure("c"))
    assert seal_facts(home) == Sealed(1, 1, 2)
    assert ids_of(home) == {"a": 1, "b": 1, "c": 1}
    assert sealed(home).filter(pa.compute.field("id") == "b")["position"].to_pylist() == [1]
    with FactState(home.facts_state) as state:
        assert state.count_dead() == {("exposures", "AED-DATA-089"): 3}
        assert '"position": 2' in state.dead()[0].row.raw


def test_the_same_fact_a_month_later_is_still_the_same(home, writer):
    put(home, writer, exposure("a", session_id="s"))
    seal_facts(home)
    put(home, writer, exposure("a", session_id="s"), now=NOW + 40 * 86_400_000_000)
    assert seal_facts(home) == Sealed(0, 1, 0)


def test_one_id_in_two_kinds_is_two_facts(home, writer):
    put(home, writer, exposure("a"))
    click = {key: value for key, value in exposure("a").items() if key != "position"}
    put(home, writer, click, kind="clicks")
    assert seal_facts(home) == Sealed(2, 0, 0)


def test_several_writers_that_put_the_same_ids_leave_each_once(home):
    writers = [FactWriter(home.intake, str(number)) for number in range(3)]
    parts = [[part_of(home, "exposures", [exposure(f"e{n}") for n in some]) for some in groups] for groups in (
        ([*range(50)], [*range(30, 80)]), ([*range(20, 60)],), ([*range(100)], [*range(100)]))]  # fmt: skip

    def run(writer, some):
        for part in some:
            writer.put(part).result()

    threads = [threading.Thread(target=run, args=pair) for pair in zip(writers, parts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seal_facts(home) == Sealed(100, 240, 0)
    assert ids_of(home) == Counter(f"e{n}" for n in range(100))
    for writer in writers:
        writer.close()


STEPS = ("stage", "settle_aside", "commit", "place", "sealed")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sealing_that_ends_at_any_step_is_finished_by_the_next(home, writer, monkeypatch, step, when):
    put(home, writer, exposure("a"), exposure("b", market="SG"))
    other = FactWriter(home.intake, "0")  # sealed first the next time, and has an id of the one that is half sealed
    owner, name = {
        "commit": (FactState, "commit"), "sealed": (fact_seal.FactJournal, "sealed"),
    }.get(step, (fact_seal, step))  # fmt: skip
    real = getattr(owner, name)

    def broken(*words, **more):
        if when == "after":
            real(*words, **more)
        raise StoreError(fact_seal.not_kept(home.facts, OSError()).code, "the power went")

    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(StoreError, match="the power went"):
        seal_facts(home)
    monkeypatch.undo()
    put(home, other, exposure("b", market="SG"), exposure("c"))
    seal_facts(home)
    assert ids_of(home) == {"a": 1, "b": 1, "c": 1}
    assert dict(told_of(home)["counts"][i][1:] for i in range(2)) == {"sealed": 3, "duplicates": 1}
    assert verify(home).damage == []
    assert list((home.facts / ".aside").iterdir()) == []
    other.close()
    seal_facts(home)
    assert [path.stem[:2] for path in home.intake.glob("*.sqlite")] == ["1-"]


def test_a_journal_goes_with_its_writer_once_it_is_sealed(home, writer):
    gone = FactWriter(home.intake, "2")
    put(home, gone, exposure("a"))
    gone.close()
    put(home, writer, exposure("b"))
    seal_facts(home)
    assert ids_of(home) == {"a": 1, "b": 1}
    assert [path.name.startswith("1-") for path in home.intake.glob("*.sqlite")] == [True]


def entries(ids, contents):
    high = np.array([id_ % 7 for id_ in ids], np.uint64)  # many with one first half
    return Entries(high, np.array(ids, np.uint64), np.array(contents, np.uint64))


@given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=12), max_size=6))
@settings(deadline=None)
def test_what_is_new_is_what_a_dictionary_says(batches):
    known, runs = {}, []
    for batch in batches:
        ids, contents = zip(*batch, strict=True)
        found = judge(entries(ids, contents), runs)
        for row, (id_, content) in enumerate(batch):
            assert found.is_new[row] == (id_ not in known)
            assert found.is_other[row] == (known.setdefault(id_, content) != content)
        if len(found.fresh):
            runs.append(found.fresh)


def test_many_runs_become_few_and_know_the_same(tmp_path):
    files, drawn = RunFiles(tmp_path), np.random.default_rng(5)
    runs, every = [], []
    for number in range(TOGETHER):
        high = np.sort(drawn.integers(0, 2**64, 1000, np.uint64))
        some = Entries(high, high * np.uint64(3), high * np.uint64(5))
        files.write(f"{number}.run", some)
        runs.append(Run("orders", f"{number}.run", 0, 1000))
        every.append(some)
    assert due(runs[:-1]) is None
    assert due(runs) == runs
    import aedile.store.fact_ids as fact_ids

    chunk, fact_ids._CHUNK = fact_ids._CHUNK, 700
    try:
        files.settle(files.merge("all.run", runs))
    finally:
        fact_ids._CHUNK = chunk
    merged = files.read(Run("orders", "all.run", 1, 1000 * TOGETHER))
    assert (np.diff(merged.high.astype(np.float64)) >= 0).all()
    for some in every:
        assert not judge(some, [merged]).is_new.any()
        assert not judge(some, [merged]).is_other.any()
    assert judge(Entries(merged.high + np.uint64(1), merged.low, merged.content), [merged]).is_new.all()


def test_runs_are_merged_as_they_grow_many(home, writer):
    for number in range(TOGETHER + 2):
        put(home, writer, exposure(f"e{number}"))
        seal_facts(home)
    (home.fact_ids / "half.run.part").write_bytes(b"of a process that died")
    assert merge_ids(home)
    assert not merge_ids(home)
    with FactState(home.facts_state) as state:
        assert [(run.level, run.rows) for run in state.runs()] == [(1, TOGETHER), (0, 1), (0, 1)]
    put(home, writer, *[exposure(f"e{number}") for number in range(TOGETHER + 2)])
    assert seal_facts(home) == Sealed(0, TOGETHER + 2, 0)
    assert len([*home.fact_ids.glob("*.run*")]) == 3
    assert verify(home).damage == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_column_that_is_sent_is_part_of_a_facts_content(kind):
    row = dict.fromkeys(field.name for field in kind.sent)
    values = {pa.string(): "x", pa.int64(): 7, pa.float64(): 0.5, pa.bool_(): True, pa.list_(pa.string()): ["a", "b"]}
    row["id"] = "the first"
    rows = [row, *({**row, field.name: values.get(field.type, NOW)} for field in kind.sent)]
    schema = pa.schema([pa.field(field.name, field.type) for field in kind.sent])
    hashes = [int(hashes_of_contents(kind, pa.Table.from_pylist([one], schema))[0]) for one in rows]
    assert len(set(hashes)) == len(rows)
    together = hashes_of_contents(kind, pa.Table.from_pylist(rows, schema))
    assert together.tolist() == hashes


def test_a_flipped_byte_a_missing_and_an_unknown_file_are_named(home, writer):
    put(home, writer, exposure("a"), exposure("b", market="SG"), exposure("c", market="TH"))
    seal_facts(home)
    changed, missing, same = sorted(home.facts.rglob("*.parquet"))
    data = bytearray(changed.read_bytes())
    data[random.Random(3).randrange(len(data))] ^= 0x10
    changed.write_bytes(data)
    missing.unlink()
    strange = same.with_name("strange.parquet")
    shutil.copy(same, strange)
    found = {home.root / one.path: one.what for one in verify(home).damage}
    assert found == {changed: "changed", missing: "missing", strange: "unknown"}
    assert take_in(home) == [strange.relative_to(home.root).as_posix()]
    assert {one.what for one in verify(home).damage} == {"changed", "missing"}
    run = next(home.fact_ids.glob("*.run"))
    run.write_bytes(run.read_bytes()[:-1])
    assert (f"fact-ids/{run.name}", "changed") in {(one.path, one.what) for one in verify(home, 0).damage}


def test_ids_that_are_lost_are_made_anew_from_the_facts(home, writer):
    put(home, writer, exposure("a"), exposure("b", at="2026-10-01T00:00:00Z", examined=0.5))
    seal_facts(home)
    lost = next(home.fact_ids.glob("*.run"))
    lost.unlink()
    put(home, writer, exposure("a"), exposure("b", at="2026-10-01T00:00:00Z"), exposure("c"))
    with pytest.raises(StoreError) as caught:
        seal_facts(home)
    assert (caught.value.code.name, caught.value.fix) == ("AED-STORE-104", "aedile facts reindex")
    assert reindex(home) == 2
    assert seal_facts(home) == Sealed(1, 1, 1)
    assert verify(home).damage == []
    some = next(home.facts.rglob("*.parquet"))
    some.write_bytes(some.read_bytes()[:-4])
    before = sorted(home.fact_ids.iterdir())
    with pytest.raises(StoreError, match=some.name):
        reindex(home)
    assert sorted(home.fact_ids.iterdir()) == before


def test_whoever_compacts_notes_what_came_and_what_went(home, writer):
    for id_ in ("a", "b"):
        put(home, writer, exposure(id_))
        seal_facts(home)
    gone = sorted(home.facts.rglob("*.parquet"))
    made = gone[0].with_name("c-1.parquet")
    pq.write_table(sealed(home), made)
    note_files(home, made=[made], gone=gone)
    for path in gone:
        path.unlink()
    assert verify(home).damage == []
    put(home, writer, exposure("a"), exposure("b"))
    assert seal_facts(home) == Sealed(0, 2, 0)


def test_a_shoppers_own_id_is_in_no_dead_letter(home, writer):
    put(home, writer, exposure("a", position=0), exposure("b", shoper="ann", shopper=None), exposure("c", at="never"))
    seal_facts(home)
    with DeadLetters(home, {}) as letters:
        kept = [one.row.raw for one in letters.letters()]
    assert len(kept) == 3
    assert not any('"ann"' in raw or "s-1" in raw for raw in kept)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(tmp_path)], check=True)
    try:
        home = Home(tmp_path / "home").prepare()
        writer, kept, codes = FactWriter(home.intake, "1"), set(), set()
        (tmp_path / "filler").write_bytes(b"\0" * (3 << 20))
        for number in range(400):
            rows = [exposure(f"{number}-{n}", entity=os.urandom(60).hex()) for n in range(200)]
            try:
                writer.put(part_of(home, "exposures", rows)).result()
                kept |= {row["id"] for row in rows}
            except StoreError as error:
                codes.add(error.code.name)
                break
        assert codes == {"AED-STORE-103"}
        with pytest.raises(StoreError):  # there is no room for sealed files either
            seal_facts(home)
        (tmp_path / "filler").unlink()
        put(home, writer, exposure("afterwards"))
        seal_facts(home)
        assert ids_of(home) == Counter({*kept, "afterwards"})
        assert verify(home).damage == []
        writer.close()
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a disk takes root")
def test_a_disk_that_turns_read_only_is_told_and_loses_nothing(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", str(tmp_path)], check=True)
    try:
        home = Home(tmp_path / "home").prepare()
        writer = FactWriter(home.intake, "1")
        put(home, writer, exposure("a"))
        fresh = FactWriter(home.intake, "2")
        refused = part_of(home, "exposures", [exposure("b")])
        writer.close()  # a file that is open for writing keeps a disk from turning read-only
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(StoreError) as caught:
            fresh.put(refused).result()
        assert caught.value.code.name == "AED-STORE-102"
        with pytest.raises(StoreError):
            seal_facts(home)
        subprocess.run(["mount", "-o", "remount,rw", str(tmp_path)], check=True)
        fresh.put(refused).result()
        seal_facts(home)
        assert ids_of(home) == {"a": 1, "b": 1}
        fresh.close()
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
