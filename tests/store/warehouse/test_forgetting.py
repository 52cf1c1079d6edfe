"""Is a shopper gone from everywhere, is nobody else, and can it be shown?"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aedile.errors import StoreError
from aedile.facts.portable import parse
from aedile.store.fact_compact import compact
from aedile.store.fact_forget import forget, hash_of, pseudonyms_of, reports, rows_of
from aedile.store.fact_journal import DeadRow
from aedile.store.fact_state import FactState
from aedile.store.fact_verify import verify
from aedile.store.home import Home
from aedile.store.live_files import live_files
from aedile.store.pseudonyms import Pseudonyms
from aedile.store.seal import FULL
from aedile.store.snapshots import Snapshots
from aedile.store.warehouse_at import warehouse_at
from tests.facts_data import decision, fact, moment, put_decisions, put_facts

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANNA, BEN = "anna@example.com", "ben"


def known(home: Home, shopper: str, at: str) -> str:
    return Pseudonyms(home.secrets).of(shopper, int(moment(at).timestamp() * 1e6))


def shown(home: Home, id_: str, at: str, shopper: str | None, session: str):
    by = known(home, shopper, at) if shopper is not None else None
    return fact("exposures", id_, at, shopper=by, session_id=session, kind="item", entity="i", position=1)


@pytest.fixture
def home(tmp_path):
    """Anna in two months, once before she signed in; Ben beside her; a snapshot, decisions and refused rows of both."""
    home = Home(tmp_path / "home").prepare()
    january, february = "2026-01-30T10:00:00", "2026-02-01T10:00:00"
    put_facts(
        home,
        "exposures",
        [
            shown(home, "e1", january, None, "visit-1"),
            shown(home, "e2", january, ANNA, "visit-1"),
            shown(home, "e3", january, BEN, "visit-2"),
            shown(home, "e4", january, None, "visit-2"),
            shown(home, "e5", february, ANNA, "visit-3"),
        ],
    )
    put_facts(
        home,
        "reviews",
        [
            fact(
                "reviews",
                "v1",
                february,
                shopper=known(home, ANNA, february),
                kind="item",
                entity="i",
                stars=1,
                text="!",
            ),
            fact("reviews", "v2", february, shopper=known(home, BEN, february), kind="item", entity="i", stars=5),
        ],
    )
    put_decisions(
        home,
        [
            decision("r1", january, shopper=known(home, ANNA, january)),
            decision("r2", january, shopper=known(home, BEN, january)),
        ],
    )
    full = home.decisions / FULL / "date=2026-01-30"
    full.mkdir(parents=True)
    columns = {"request_id": ["r1", "r2"], "decided_at": [moment(january)] * 2, "release": [1, 1], "data": [b"1", b"2"]}
    pq.write_table(pa.table(columns), full / "t-0-1.parquet")
    with FactState(home.facts_state) as state:
        state.add_dead(
            [
                DeadRow("reviews", json.dumps({"shopper": known(home, who, january), "stars": 9}), "{}", 0, "test")
                for who in (ANNA, BEN)
            ]
        )
    return home


def ids(home: Home, table: str = "exposures", column: str = "id", **which) -> list[str]:
    with warehouse_at(home, memory_mb=256, threads=1, **which) as warehouse:
        return warehouse.query(parse(f"SELECT {column} FROM {table} ORDER BY {column}"))[column].to_pylist()


def everything(home: Home) -> bytes:
    """All bytes that are kept, but for keys; Parquet as its rows."""
    data = b""
    for path in sorted(home.root.rglob("*")):
        if path.is_file() and home.secrets not in path.parents:
            data += (
                json.dumps(pq.read_table(path, partitioning=None).to_pylist(), default=str).encode()
                if (path.suffix == ".parquet")
                else path.read_bytes()
            )
    return data


def test_a_shopper_is_gone_from_everywhere_and_nobody_else_is(home) -> None:
    Snapshots(home).make("before", NOW)
    anna, ben = (list(pseudonyms_of(home, who).values()) for who in (ANNA, BEN))
    assert len(anna) == 2
    assert all(one.encode() in everything(home) for one in (*anna, ben[0]))
    report = forget(home, ANNA, NOW)
    left = everything(home)
    assert not any(one.encode() in left for one in (*anna, ANNA))
    assert all(one.encode() in left for one in ben)
    assert ids(home) == ids(home, snapshot="before") == ["e3", "e4"]
    assert ids(home, "reviews") == ids(home, "reviews", snapshot="before") == ["v2"]
    assert ids(home, "decisions", "request_id") == ids(home, "decisions", "request_id", snapshot="before") == ["r2"]
    full = next((home.decisions / FULL).rglob("*.parquet"))
    assert pq.read_table(full, partitioning=None)["request_id"].to_pylist() == ["r2"]
    with FactState(home.facts_state) as state:
        assert len(state.dead()) == 1
    assert (report.left, report.dead_letters, report.rows) == (0, 1, 2 * (2 + 1 + 1 + 1) + 1)


def test_files_are_whole_and_known_by_their_new_digests_afterwards(home) -> None:
    Snapshots(home).make("before", NOW)
    list(compact(home, ["exposures"], enough=1))
    forget(home, ANNA, NOW)
    assert verify(home).damage == [] or all(one.what == "unknown" for one in verify(home).damage)
    assert Snapshots(home).open("before").damaged() == []
    assert ids(home) == ["e3", "e4"]


def test_the_report_names_each_file_with_its_digests_and_not_the_shopper(home) -> None:
    path = next(one for one in live_files(home.facts / "reviews"))
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    report = forget(home, ANNA, NOW)
    told = next(one for one in report.files if one.path == path.relative_to(home.root).as_posix())
    assert (told.rows_before, told.rows_after, told.sha256_before) == (2, 1, before)
    assert told.sha256_after == hashlib.sha256(path.read_bytes()).hexdigest() != before
    gone = next(one for one in report.files if "exposures/date=2026-02-01" in one.path)
    assert (gone.rows_after, gone.sha256_after) == (0, None)
    assert not (home.root / gone.path).exists()
    kept = reports(home, ANNA)
    assert kept == [json.loads(json.dumps(report.to_dict()))]
    assert kept[0]["shopper"] == hash_of(home, ANNA) != hash_of(home, BEN)
    assert "anna" not in json.dumps(kept)
    assert reports(home, BEN) == []
    assert list(kept[0]["months"]) == ["2026-01", "2026-02"]


def test_forgetting_again_finds_nothing_and_says_so(home) -> None:
    forget(home, ANNA, NOW)
    again = forget(home, ANNA, datetime(2026, 3, 2, tzinfo=UTC))
    assert (again.rows, again.files, again.left) == (0, [], 0)
    assert len(reports(home)) == 2


def test_facts_that_are_left_are_an_error(home, monkeypatch) -> None:
    from aedile.store import fact_forget

    monkeypatch.setattr(fact_forget, "_from_facts", lambda *_: iter(()))
    with pytest.raises(StoreError, match="3 rows are left"):
        forget(home, ANNA, NOW)
    assert reports(home)[0]["left"] == 3


def test_a_shopper_nobody_knows_has_no_rows(home) -> None:
    assert rows_of(home, frozenset(pseudonyms_of(home, "nobody").values())) == 0
    assert forget(home, "nobody", NOW).rows == 0
    assert ids(home) == ["e1", "e2", "e3", "e4", "e5"]


def test_a_file_that_cannot_be_read_is_named_and_nothing_is_said_to_be_done(home) -> None:
    path = live_files(home.facts / "reviews")[0]
    path.write_bytes(b"damaged")
    with pytest.raises(StoreError) as caught:
        forget(home, ANNA, NOW)
    assert caught.value.place.file == str(path)
    assert reports(home) == []
