"""Does every reader see every row once, whatever happens while files take the place of others?"""

from __future__ import annotations

import os
import threading
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest

from aedile.errors import StoreError
from aedile.facts.keeping import read_keeping
from aedile.facts.portable import parse
from aedile.store import fact_place, fact_swap
from aedile.store.fact_compact import compact, delete_old
from aedile.store.fact_state import FactState
from aedile.store.fact_swap import finish
from aedile.store.fact_verify import verify
from aedile.store.home import Home
from aedile.store.live_files import live_files
from aedile.store.snapshots import Snapshots
from aedile.store.warehouse_at import warehouse_at
from tests.facts_data import decision, fact, put_decisions, put_facts

COUNT = parse("SELECT count(*) n, count(DISTINCT id) d, sum(quantity) q FROM orders")


def order(n: int, day: int = 1, market: str = "DE"):
    return fact(
        "orders", f"{market}-{day}-{n}", datetime(2026, 1, day, 23 - n % 24, n % 60, tzinfo=UTC), market,
        order_id=f"r{n}", line=1, item="i", quantity=n + 1, amount=n, currency="EUR",
    )  # fmt: skip


@pytest.fixture
def home(tmp_path):
    """Two days of one market in ten small files each, and one of another in three."""
    home = Home(tmp_path / "home").prepare()
    for n in range(10):
        put_facts(home, "orders", [order(n), order(n + 10), order(n, day=2)], f"t-{n}")
    for n in range(3):
        put_facts(home, "orders", [order(n, market="JP")], f"t-{n}")
    return home


def counted(home: Home, **which) -> list:
    with warehouse_at(home, memory_mb=256, threads=1, **which) as warehouse:
        return list(warehouse.query(COUNT).to_pylist()[0].values())


BEFORE = [33, 33, sum(range(1, 21)) + sum(range(1, 11)) + 6]


def test_many_files_become_one_with_the_same_rows_by_time(home) -> None:
    assert counted(home) == BEFORE
    done = list(compact(home, ["orders"]))
    assert [(one.part, one.files, one.rows) for one in done] == [
        ("orders/date=2026-01-01/market=DE", 10, 20), ("orders/date=2026-01-02/market=DE", 10, 10),
    ]  # fmt: skip
    assert counted(home) == BEFORE
    files = live_files(home.facts / "orders")
    assert sorted(path.name[:2] for path in files) == ["c-", "c-", "t-", "t-", "t-"]
    times = pq.read_table(files[0], partitioning=None)["at"].to_pylist()
    assert times == sorted(times)
    assert not verify(home).damage or {one.what for one in verify(home).damage} == {"unknown"}
    assert list(compact(home, ["orders"])) == []


def read(home: Home) -> list[tuple]:
    """All orders, without an engine."""
    tables = [pq.read_table(path, partitioning=None) for path in live_files(home.facts / "orders")]
    return sorted((row["id"], row["quantity"]) for table in tables for row in table.to_pylist())


class Killed(BaseException):
    """As SIGKILL: nothing after it runs."""


@pytest.mark.parametrize("moment", range(18))
def test_a_compaction_that_is_killed_at_any_moment_leaves_every_row_once(home, monkeypatch, moment: int) -> None:
    for part in (1, 2):  # fewer files, that fewer moments are enough
        for path in sorted((home.facts / "orders" / f"date=2026-01-0{part}" / "market=DE").iterdir())[3:]:
            path.unlink()
    before, left = read(home), [moment]

    def counting(function):
        def called(*arguments, **named):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return function(*arguments, **named)

        return called

    with monkeypatch.context() as patched:
        for name in ("replace", "fsync"):
            patched.setattr(os, name, counting(getattr(os, name)))
        patched.setattr(FactState, "replace", counting(FactState.replace))
        patched.setattr(FactState, "placed", counting(FactState.placed))
        patched.setattr(fact_swap, "place", counting(fact_place.place))
        try:
            list(compact(home, ["orders"], enough=3))
            was_killed = False
        except Killed:
            was_killed = True
    assert read(home) == before
    finish(home)
    assert read(home) == before
    list(compact(home, ["orders"], enough=3))
    assert read(home) == before
    assert not [path for path in home.facts.rglob("*.parquet") if path.name.startswith(".")]
    assert was_killed or moment > 10


def test_readers_see_every_row_once_while_files_are_compacted(home) -> None:
    seen, over = [], threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.append(counted(home))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for _ in range(6):
            list(compact(home, ["orders"], enough=1))
            finish(home)
    finally:
        over.set()
        reader.join(60)
    assert seen
    assert all(one == BEFORE for one in seen), seen


def test_a_file_that_is_noted_and_gone_is_an_error_and_no_smaller_answer(home) -> None:
    list(compact(home, ["orders"]))
    next(path for path in live_files(home.facts / "orders") if path.name.startswith("c-")).unlink()
    with pytest.raises(StoreError, match="1 files of the facts `orders` are missing"):
        counted(home)


def test_a_damaged_file_is_named_and_left_as_it_is_and_the_others_are_compacted(home) -> None:
    path = live_files(home.facts / "orders")[0]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = []
    with pytest.raises(StoreError) as caught:
        done.extend(compact(home, ["orders"]))
    assert caught.value.place.file == str(path)
    assert path.exists()
    assert len(list(path.parent.iterdir())) == 10
    assert len(list((home.facts / "orders/date=2026-01-02/market=DE").iterdir())) == 1


def test_old_days_go_by_kind_and_market(home) -> None:
    keeping = read_keeping("*=1000, orders=10, orders/JP=30")
    assert (keeping.of("orders", "DE"), keeping.of("orders", "JP"), keeping.of("clicks", "DE")) == (10, 30, 1000)
    gone = list(delete_old(home, keeping, datetime(2026, 1, 12, 1, tzinfo=UTC)))
    assert [one.part for one in gone] == ["orders/date=2026-01-01/market=DE"]
    assert counted(home)[0] == 13
    assert (home.facts / "orders" / "date=2026-01-01" / "market=JP").is_dir()
    list(delete_old(home, keeping, datetime(2026, 3, 1, tzinfo=UTC)))
    assert counted(home) == [0, 0, None]
    assert not list((home.facts / "orders").iterdir())


@pytest.mark.parametrize("text", ["orders", "orders=x", "orders=0", "order=3", "orders=3,orders=4", "orders/de=3"])
def test_a_rule_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is no rule for how long facts are kept"):
        read_keeping(text)


def test_a_snapshot_stays_as_it_was_while_files_are_compacted_deleted_and_added(home) -> None:
    put_decisions(home, [decision("r1", "2026-01-01T10:00:00")])
    snapshots = Snapshots(home)
    made = snapshots.make("week-1", datetime(2026, 1, 8, tzinfo=UTC))
    assert (made.rows, snapshots.names()) == (34, ["week-1"])
    list(compact(home, ["orders"]))
    put_facts(home, "orders", [order(50, day=3)], "t-new")
    list(delete_old(home, read_keeping("orders=1"), datetime(2026, 2, 1, tzinfo=UTC)))
    assert counted(home) == [0, 0, None]
    assert counted(home, snapshot="week-1") == BEFORE
    assert snapshots.open("week-1").damaged() == []
    with warehouse_at(home, snapshot="week-1") as warehouse:
        answer = warehouse.query(parse("SELECT request_id, date FROM decisions"))
    assert answer.to_pylist() == [{"request_id": "r1", "date": date(2026, 1, 1)}]
    snapshots.drop("week-1")
    with pytest.raises(StoreError, match="there is no snapshot"):
        counted(home, snapshot="week-1")


def test_a_snapshot_names_the_file_that_was_damaged(home) -> None:
    snapshots = Snapshots(home)
    snapshots.make("a", datetime(2026, 1, 8, tzinfo=UTC))
    path = next((snapshots.folder / "a").rglob("*.parquet"))
    path.unlink()
    path.write_bytes(b"PAR1")
    assert snapshots.open("a").damaged() == [path.relative_to(snapshots.folder / "a").as_posix()]


@pytest.mark.parametrize("name", ["", "../x", "A", ".hidden", "a/b", "x" * 65])
def test_a_snapshot_is_called_by_a_name_that_is_safe_in_a_path(home, name: str) -> None:
    with pytest.raises(StoreError, match="a snapshot cannot be called"):
        Snapshots(home).make(name, datetime(2026, 1, 8, tzinfo=UTC))


def test_two_snapshots_cannot_have_one_name(home) -> None:
    Snapshots(home).make("a", datetime(2026, 1, 8, tzinfo=UTC))
    with pytest.raises(StoreError, match="there is a snapshot `a` already"):
        Snapshots(home).make("a", datetime(2026, 1, 8, tzinfo=UTC))
