"""What workers tell each other is there for all, folded when it is old, and gone when it counts no more."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aedile.errors import StoreError
from aedile.store.exposure_counts import BUCKETS, DAY, Counts, Day, Over, bucket_width
from aedile.store.exposure_log import FOLD_AFTER, ExposureLog

HOUR = 3_600_000_000
NOW = 20_781 * DAY + DAY // 2
CAP = ("twice", "shopper", HOUR)


def shown(unit: str, at: int = NOW, count: int = 1) -> Counts:
    return Counts({CAP: {at // bucket_width(HOUR): {unit: count}}})


def summed(log: ExposureLog) -> Counts:
    total = Counts()
    for told in log.after(0):
        total.add(told.read(log.path))
    return total


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ExposureLog]:
    with ExposureLog(tmp_path / "exposures.sqlite") as opened:
        yield opened


def test_what_one_appends_another_reads_once(log: ExposureLog) -> None:
    with ExposureLog(log.path) as other:
        first = log.append(shown("ann"), NOW)
        second = log.append(shown("bob"), NOW)
        assert [(told.seq, told.read(log.path)) for told in other.after(0)] == [
            (first, shown("ann")),
            (second, shown("bob")),
        ]
        assert [told.seq for told in other.after(first)] == [second]
        assert other.after(second) == []


def test_only_its_owner_may_read_it(log: ExposureLog) -> None:
    log.append(shown("ann"), NOW)
    files = list(log.path.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(files) == 3  # with what SQLite keeps beside it


def test_it_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with ExposureLog(tmp_path / "log") as log:
        log.append(shown("ann"), NOW)
    with ExposureLog(tmp_path / "log") as log:
        assert summed(log) == shown("ann")


def test_old_rows_become_one_and_young_ones_stay(log: ExposureLog) -> None:
    for second in range(100):
        log.append(shown("ann"), NOW + second * 1_000_000)
    assert log.tidy(NOW + 39_500_000 + FOLD_AFTER) == 39
    rows = log.after(0)
    assert [told.folded for told in rows] == [True] + 60 * [False]
    assert summed(log) == shown("ann", count=100)


def test_a_number_is_never_given_twice(log: ExposureLog) -> None:
    last = log.append(shown("ann"), NOW)
    log.tidy(NOW + 2 * HOUR)
    assert log.after(0) == []
    assert log.append(shown("ann"), NOW + 2 * HOUR) == last + 1


def test_what_counts_no_more_is_left_out_when_rows_are_folded(log: ExposureLog) -> None:
    later = NOW + HOUR + HOUR // 2
    log.append(shown("ann"), NOW)
    log.append(Counts({**shown("bob", later - FOLD_AFTER).caps, ("x", "entity", HOUR): {NOW // HOUR: {"i": 1}}}), NOW)
    log.append(shown("cyd", later - FOLD_AFTER), later - FOLD_AFTER)
    log.tidy(later)
    (told,) = log.after(0)
    (buckets,) = told.read(log.path).caps.values()
    assert sorted(unit for units in buckets.values() for unit in units) == ["bob", "cyd"]


def test_a_row_stays_as_long_as_anything_in_it_may_count(log: ExposureLog) -> None:
    width = bucket_width(HOUR)
    end = (NOW // width + 1 + BUCKETS) * width
    log.append(shown("ann"), NOW)
    log.tidy(end - 1)
    assert summed(log) == shown("ann")
    log.tidy(end)
    assert log.after(0) == []


def test_a_days_budgets_stay_until_the_day_after_has_ended(log: ExposureLog) -> None:
    counts = Counts(days={NOW // DAY: Day(10, {"demote": 3}, over={("demote", "exposures", 0.1): Over(NOW)})})
    log.append(counts, NOW)
    log.tidy(NOW + DAY)
    assert summed(log) == counts
    log.tidy(NOW + 2 * DAY)
    assert log.after(0) == []


def test_there_are_never_many_rows(log: ExposureLog) -> None:
    most, long = 0, ("twice", "shopper", DAY)
    for minute in range(300):
        at = NOW + minute * FOLD_AFTER
        for worker in range(4):
            log.append(Counts({long: {NOW // bucket_width(DAY): {f"{minute}-{worker}": 1}}}), at)
        log.tidy(at)
        most = max(most, len(log.after(0)))
    assert most <= 20
    assert len(summed(log).caps[long][NOW // bucket_width(DAY)]) == 1200


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["tell", "tidy"]), st.integers(0, 40), st.sampled_from("abc")), max_size=30))
def test_folding_changes_no_count(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str]]) -> None:
    now, expected = NOW, Counts()
    with ExposureLog(tmp_path_factory.mktemp("fold") / "log") as log:
        for what, seconds, unit in steps:
            now += seconds * 1_000_000
            if what == "tell":
                log.append(shown(unit, now), now)
                expected.add(shown(unit, now))
            else:
                log.tidy(now)
            assert summed(log) == expected


def test_a_full_disk_is_said_and_leaves_nothing_half_written(log: ExposureLog) -> None:
    log.append(shown("ann"), NOW)
    log._db.execute("pragma max_page_count = 1")
    with pytest.raises(StoreError, match="full") as raised:
        log.append(Counts({CAP: {1: {str(unit): 1 for unit in range(10_000)}}}), NOW)
    assert raised.value.code.name == "AED-STORE-100"
    assert raised.value.fix
    assert summed(log) == shown("ann")


def test_a_file_that_is_no_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"anything but a database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        ExposureLog(tmp_path / "log")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        ExposureLog(tmp_path / "gone" / "log")


def test_a_damaged_row_is_named_and_the_others_can_be_read(log: ExposureLog) -> None:
    log.append(shown("ann"), NOW)
    log.append(shown("bob"), NOW)
    with sqlite3.connect(log.path) as connection:
        connection.execute("update exposures set counts = x'c1' where seq = 1")
    connection.close()
    damaged, whole = log.after(0)
    with pytest.raises(StoreError, match="row 1") as raised:
        damaged.read(log.path)
    assert raised.value.code.name == "AED-STORE-101"
    assert whole.read(log.path) == shown("bob")
    log.tidy(NOW + FOLD_AFTER)
    assert summed(log) == shown("bob")


def test_two_findings_about_one_budget_agree_on_the_first() -> None:
    limit = ("demote", "seller", 0.5)
    early, late = (Counts(days={1: Day(over={limit: over})}) for over in (Over(5, "south"), Over(7, "north")))
    for first, second in ((early, late), (late, early)):
        total = Counts()
        total.add(first)
        total.add(second)
        assert total.days[1].over == {limit: Over(5, "south")}
