"""Does a search find what a plain filter over every logged decision finds, wherever decisions stand, page by page?"""

from __future__ import annotations

import itertools
import shutil
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aedile.engine.rows import decision_rows
from aedile.errors import StoreError
from aedile.server.recorder import Recorder
from aedile.store import seal
from aedile.store.decision_bloom import bloom_of, hashes_of, may_hold
from aedile.store.decision_company import company_of
from aedile.store.decision_counts import counts_of_strategy, exposures_of
from aedile.store.decision_flat import PARTS
from aedile.store.decision_index import HOUR, NAME, DayIndex, days_of, index_new
from aedile.store.decision_lookup import look_up
from aedile.store.decision_search import Answer, Cursor, Sought, oldest, search
from aedile.store.decision_units import Within
from aedile.store.home import Home
from aedile.store.journal import Journal
from aedile.store.seal import retain, seal_all
from tests.replay.mall import CHANNELS, MARKETS, NOON, Mall, read_lists

STEP = 900_000_000
_COLUMN = {
    "excluded": "excluded_by", "pinned": "pinned_by", "reserved": "reserved_by", "capped": "capped_by",
    "relaxed": "relaxed", "referred": "refers", "fired": "fired", "exempted": "exempted", "shadow": "shadow_fired",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A decision as it was made. rows: as `decision_rows` tells it; shown: (kind, id) of the page that was answered."""

    at: int
    id: str
    release: int
    market: str
    channel: str
    query: str | None
    rows: tuple
    shown: frozenset
    detail: bytes | None


def record(home, lists, count, seed, release, start, worker):
    """A worker that logs decisions, some at one and the same microsecond, and ends."""
    mall, recorder, said = Mall(Random(seed), lists), Recorder(home, worker, queue=1000), []
    recorder.begin(mall.engine.strategies)
    for number in range(count):
        at = start + (number - number % 2) * STEP
        request = mall.ask(number + 1000 * release)
        one = mall.decide(request, at)
        detail = one.detail if number % 3 == 0 else None
        recorder.record(one.decision, release, "2026-11.abc", at, detail)
        rows = tuple(decision_rows(one.decision, mall.engine.strategies, release))
        page = [(request.candidates.kinds[p], request.candidates.ids[p]) for p in one.decision.slate.page.tolist()]
        said.append(
            Said(at, request.id, release, request.market, request.channel, request.query, rows, frozenset(page), detail)
        )
        mall.live_on()
    recorder.close()
    return said


class Decisions(list):
    """What was logged, the newest first."""

    def __repr__(self):
        return f"<{len(self)} decisions>"


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A home with decisions of two days sealed and indexed, sealed alone, and still in a journal; and what they are."""
    lists, patch = read_lists(tmp_path_factory.mktemp("lists")), pytest.MonkeyPatch()
    home = Home(tmp_path_factory.mktemp("home")).prepare()
    patch.setattr(seal, "GROUP", 7)
    said = record(home, lists, 40, 1, 1, NOON, 1)
    seal_all(home, time.time(), everything=True)
    said += record(home, lists, 30, 2, 2, NOON + 13 * STEP, 2)
    seal_all(home, time.time(), everything=True)
    assert index_new(home, 60) > 3
    said += record(home, lists, 24, 3, 3, NOON + 20 * STEP, 3)
    seal_all(home, time.time(), everything=True)
    patch.undo()
    said += record(home, lists, 24, 4, 4, NOON + 31 * STEP, 4)
    return home, Decisions(sorted(said, key=lambda one: (one.at, one.id), reverse=True))


def played(row, part, strategy):
    if part == "acted":
        return strategy in row["fired"] and strategy not in row["exempted"]
    said = row[_COLUMN[part]]
    return strategy == said if isinstance(said, str) else strategy in (said or ())


def is_sought(one, sought):
    within = sought.within
    once = (
        within.since <= one.at < within.until
        and (within.markets is None or one.market in within.markets)
        and within.channel in (None, one.channel)
        and within.release in (None, one.release)
        and sought.request in (None, one.id)
        and (sought.query is None or sought.query.lower() in (one.query or "").lower())
    )
    if not once or (sought.entity is None and sought.strategy is None):
        return once
    return any(
        sought.entity in (None, (row["kind"], row["id"]))
        and (sought.strategy is None or played(row, sought.part, sought.strategy))
        for row in one.rows
    )


def running_out(after):
    """A clock that shows the time is up when it has been looked at so often."""
    ticks = itertools.count()
    return lambda: 0.0 if next(ticks) <= after else 9.0


def walked(home, sought, limit, patience):
    """All pages; each must bring something, or get further."""
    found, after = [], None
    while True:
        answer = search(home, sought, after, limit=limit, seconds=1.0, clock=running_out(patience))
        assert answer.damaged == ()
        assert len(answer.hits) <= limit
        found += answer.hits
        if answer.go_on is None:
            return found
        assert after is None or answer.go_on < after
        after = answer.go_on


SOUGHT = st.builds(
    Sought,
    request=st.none() | st.none() | st.integers(0, 4050).map(lambda n: f"request-{n}"),
    entity=st.none()
    | st.tuples(st.just("item"), st.integers(0, 34).map(lambda n: f"item-{n}"))
    | st.tuples(st.just("content"), st.integers(0, 12).map(lambda n: f"content-{n}")),
    strategy=st.none() | st.integers(0, 25).map(lambda n: f"s-{n}"),
    part=st.sampled_from(PARTS),
    query=st.none() | st.none() | st.sampled_from(["case", "QUERY", "query-9", "%", "_"]),
    within=st.builds(
        Within,
        since=st.just(0) | st.integers(0, 75).map(lambda n: NOON + n * STEP),
        until=st.just(2**62) | st.integers(0, 75).map(lambda n: NOON + n * STEP),
        markets=st.none() | st.none() | st.frozensets(st.sampled_from(MARKETS)),
        channel=st.none() | st.none() | st.sampled_from(CHANNELS),
        release=st.none() | st.none() | st.integers(1, 5),
    ),
)
MANY = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(sought=SOUGHT, limit=st.integers(1, 30), patience=st.integers(0, 60))
def test_pages_hold_what_a_plain_filter_finds_in_order_however_soon_the_time_is_up(logged, sought, limit, patience):
    home, said = logged
    wanted = [one for one in said if is_sought(one, sought)]
    found = walked(home, sought, limit, patience)
    assert [(hit.decided_at, hit.request_id) for hit in found] == [(one.at, one.id) for one in wanted]
    for hit, one in zip(found, wanted, strict=True):
        assert (hit.release, hit.market, hit.channel, hit.query) == (one.release, one.market, one.channel, one.query)
        ranks = [(row["rank_before"], row["rank_after"]) for row in one.rows]
        assert hit.candidates == len(ranks)
        assert hit.excluded == sum(after is None for _, after in ranks)
        assert hit.moved == sum(after not in (None, before) for before, after in ranks)
        for told in hit.touched:
            (row,) = [row for row in one.rows if (row["kind"], row["id"]) == (told.kind, told.id)]
            assert (told.before, told.after, told.excluded_by) == (
                row["rank_before"], row["rank_after"], row["excluded_by"],
            )  # fmt: skip
            assert list(told.acted) == [name for name in row["fired"] if name not in row["exempted"]]
            assert sought.strategy is None or played(row, sought.part, sought.strategy)


@MANY
@given(sought=SOUGHT)
def test_the_oldest_is_the_last_of_all_pages(logged, sought):
    home, said = logged
    sealed = [one for one in said if one.release < 4 and is_sought(one, sought)]
    waiting = [one for one in said if one.release == 4 and is_sought(one, sought)]
    hit, is_partial = oldest(home, sought, seconds=60)
    assert not is_partial
    wanted = (sealed or waiting)[-1:]
    assert [hit and (hit.decided_at, hit.request_id)] == ([(one.at, one.id) for one in wanted] or [None])


@MANY
@given(number=st.integers(0, 25), within=SOUGHT.map(lambda sought: sought.within))
def test_counts_of_a_strategy_are_those_of_a_plain_count(logged, number, within):
    home, said = logged
    strategy, wanted = f"s-{number}", {}
    within = Within(within.since // HOUR * HOUR, within.until // HOUR * HOUR, within.markets, within.channel)
    for one in said:
        for part in PARTS if is_sought(one, Sought(within=within)) else ():
            if mine := [row for row in one.rows if played(row, part, strategy)]:
                cell = wanted.setdefault((part, one.at // HOUR * HOUR, one.market, one.channel), [0, 0])
                cell[0] += 1
                cell[1] += len(mine)
    found = counts_of_strategy(home, strategy, within, seconds=60)
    assert not found.is_partial
    told = {(one.part, one.hour, one.market, one.channel): [one.decisions, one.candidates] for one in found.counts}
    assert told == wanted


@MANY
@given(number=st.integers(0, 25), part=st.sampled_from(PARTS), within=SOUGHT.map(lambda sought: sought.within))
def test_the_company_of_a_strategy_is_that_of_a_plain_count(logged, number, part, within):
    home, said = logged
    strategy, others = f"s-{number}", Counter()
    wanted = [0, 0, 0]
    for one in said:
        for row in one.rows if is_sought(one, Sought(within=within)) else ():
            if played(row, part, strategy):
                acted = {name for name in row["fired"] if name not in row["exempted"]} - {strategy}
                others.update(acted)
                wanted = [w + more for w, more in zip(wanted, (1, not acted, row["rank_after"] is None), strict=True)]
    found = company_of(home, strategy, part, within, seconds=60)
    assert found.since is None
    assert [found.candidates, found.alone, found.absent] == wanted
    assert dict(found.others) == others
    assert [count for _, count in found.others] == sorted(others.values(), reverse=True)


def test_company_says_how_far_it_was_counted_when_the_time_is_up(logged):
    home, _ = logged
    found = company_of(home, "s-1", "fired", Within(), seconds=1.0, clock=running_out(12))
    assert found.since is not None
    whole = company_of(home, "s-1", "fired", Within(since=found.since), seconds=60)
    assert found.candidates >= whole.candidates


@MANY
@given(ids=st.sets(st.integers(0, 33), max_size=6), within=SOUGHT.map(lambda sought: sought.within))
def test_exposures_are_those_of_a_plain_count(logged, ids, within):
    home, said = logged
    asked = {f"item-{number}" for number in ids}
    wanted, by_strategy = {}, {}
    for one in said:
        mine = [row for row in one.rows if row["kind"] == "item" and row["id"] in asked]
        if not mine or not is_sought(one, Sought(within=within)):
            continue
        cell = wanted.setdefault((one.at // HOUR * HOUR, one.market, one.channel), [0, 0, 0, 0])
        shown = [row for row in mine if ("item", row["id"]) in one.shown]
        acted = [[name for name in row["fired"] if name not in row["exempted"]] for row in shown]
        for place, count in enumerate((1, len(mine), len(shown), sum(map(bool, acted)))):
            cell[place] += count
        for name in itertools.chain.from_iterable(acted):
            by_strategy[name] = by_strategy.get(name, 0) + 1
    found = exposures_of(home, "item", asked, within, seconds=60)
    assert found.since is None
    told = {(c.hour, c.market, c.channel): [c.decisions, c.candidates, c.shown, c.touched] for c in found.cells}
    assert told == wanted
    assert found.by_strategy == by_strategy


def test_exposures_say_how_far_they_were_counted_when_the_time_is_up(logged):
    home, _ = logged
    found = exposures_of(home, "item", ["item-1"], Within(), seconds=1.0, clock=running_out(12))
    assert found.since is not None
    whole = exposures_of(home, "item", ["item-1"], Within(since=found.since), seconds=60)
    assert sum(c.shown for c in whole.cells) <= found.shown


def test_a_decision_is_looked_up_with_all_it_rested_on(logged):
    home, said = logged
    for one in said[::5]:
        found = look_up(home, one.id, one.at)
        assert found is not None
        assert (found.request_id, found.decided_at, found.release) == (one.id, one.at, one.release)
        assert found.detail == one.detail
        assert {(c["kind"], c["id"]): c["rank_after"] for c in found.row["candidates"]} == {
            (row["kind"], row["id"]): row["rank_after"] for row in one.rows
        }
    assert look_up(home, said[0].id, said[0].at + 1) is None
    assert look_up(home, "request-unheard-of", said[0].at) is None


def test_an_empty_log_has_nothing(tmp_path):
    home = Home(tmp_path / "home").prepare()
    assert search(home, Sought()) == Answer(())
    assert oldest(home, Sought()) == (None, False)
    assert counts_of_strategy(home, "s-1", Within()).counts == ()
    assert index_new(home) == 0


@pytest.fixture
def copy(logged, tmp_path):
    """A copy to be harmed."""
    home, said = logged
    shutil.copytree(home.root, tmp_path / "copy")
    return Home(tmp_path / "copy"), said


@pytest.mark.parametrize("is_indexed", [True, False])
def test_a_damaged_file_is_named_and_the_others_are_searched(copy, is_indexed):
    home, said = copy
    path = sorted((home.decisions / "brief").rglob("2-*.parquet" if is_indexed else "3-*.parquet"))[0]
    path.write_bytes(path.read_bytes()[:200])
    answer = search(home, Sought(), limit=500, seconds=60)
    assert {damaged.file for damaged in answer.damaged} == {str(path)}
    assert 0 < len(answer.hits) < len(said)
    lost = {(one.at, one.id) for one in said} - {(hit.decided_at, hit.request_id) for hit in answer.hits}
    with pytest.raises(StoreError, match="cannot be read") as caught:
        look_up(home, *min((id_, at) for at, id_ in lost))
    assert (caught.value.code.name, str(path)) == ("AED-STORE-082", str(caught.value.place))
    if not is_indexed:
        index_new(home, 60)
        assert str(path) in {damaged.file for damaged in search(home, Sought(), limit=500, seconds=60).damaged}


@pytest.mark.parametrize("harm", [b"no database at all, but some text" * 40, b""])
def test_an_index_that_is_damaged_is_done_without_and_made_anew(copy, harm):
    home, said = copy
    day = days_of(home)[0]
    for suffix in ("-wal", "-shm"):
        (day / (NAME + suffix)).unlink(missing_ok=True)
    (day / NAME).write_bytes(harm)
    sought = Sought(entity=("item", "item-3"))
    wanted = [(one.at, one.id) for one in said if is_sought(one, sought)]
    for _ in range(2):
        found = walked(home, sought, 20, 1000)
        assert [(hit.decided_at, hit.request_id) for hit in found] == wanted
        index_new(home, 60)
    index = DayIndex.look(day)
    with closing(index):
        assert len(index.files()) == len(list(day.rglob("*.parquet")))


def test_indexing_twice_and_in_parts_counts_nothing_twice(copy):
    home, _ = copy
    before = counts_of_strategy(home, "s-3", Within(), seconds=60)
    while index_new(home, 0.0):
        pass
    assert index_new(home, 60) == 0
    assert counts_of_strategy(home, "s-3", Within(), seconds=60) == before
    assert before.counts


def test_what_is_sealed_while_it_is_searched_is_found_once(copy, monkeypatch):
    home, said = copy
    read, left = Journal.batches, [1]
    from aedile.store.decision_units import Batch

    original = Batch.read

    def sealing(self, columns=None):
        if left[0]:
            left[0] = 0
            seal_all(home, time.time(), everything=True)
        return original(self, columns)

    monkeypatch.setattr(Batch, "read", sealing)
    answer = search(home, Sought(), limit=500, seconds=60)
    assert left == [0]
    assert [(hit.decided_at, hit.request_id) for hit in answer.hits] == [(one.at, one.id) for one in said]
    assert read is Journal.batches


def test_days_that_are_forgotten_take_their_index_along(copy):
    home, said = copy
    first = min(one.at for one in said)
    assert retain(home, (first + 2 * 86_400_000_000) / 1e6, 1)
    assert all(hit.decided_at > first for hit in search(home, Sought(), limit=500, seconds=60).hits)


def test_a_page_begins_after_the_cursor_within_one_microsecond(logged):
    home, said = logged
    newest = said[0]
    assert said[1].at == newest.at
    answer = search(home, Sought(), Cursor(newest.at, newest.id), limit=1, seconds=60)
    assert [(hit.decided_at, hit.request_id) for hit in answer.hits] == [(said[1].at, said[1].id)]


@given(st.sets(st.text(max_size=40), max_size=200), st.sets(st.text(max_size=40), max_size=200))
def test_a_filter_never_says_no_of_what_is_in_it(inside, others):
    bloom = bloom_of(pa.array(sorted(inside), pa.string()))
    assert may_hold(bloom, hashes_of(sorted(inside))).all()
    assert len(bloom) >= 8
    assert len(may_hold(bloom, hashes_of(sorted(others)))) == len(others)


def test_a_filter_is_seldom_wrong():
    bloom = bloom_of(pa.array([f"item-{n}" for n in range(50_000)]))
    wrong = may_hold(bloom, hashes_of([f"other-{n}" for n in range(20_000)])).mean()
    assert 0 < wrong < 0.02
