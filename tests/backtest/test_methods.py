"""What a backtest counts is what plain Python counts, what it estimates is near the truth, and it knows no future."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from aedile.backtest import Examination, Partial, Plan, Result, Side, Worker, write_catalogue
from aedile.backtest.catalogues import UPDATE
from aedile.backtest.estimate import effective_size, fairness, gini, standard_error
from aedile.backtest.timeline import bad_updates
from aedile.engine.decide import Decider
from aedile.errors import DataError
from aedile.language.columns import Column
from aedile.language.types import TIMESTAMP
from aedile.store.decision_batch import Batch
from tests.backtest.conftest import LoggingMall, with_outcomes
from tests.backtest.logs import same_tables, sides
from tests.engine.classify.test_many import bare
from tests.replay.mall import HOUR, NOON, read_lists


def backtested(mall, table, tmp_path, *, size=64, before=True, turned=False, **more):
    """The result over the rows of a log, worked on in batches of so many decisions."""
    folder = tmp_path / f"catalogue-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    write_catalogue(folder, mall.known(), more.pop("updates", None))
    one, other = sides(mall)[::-1] if turned else sides(mall)
    plan = Plan(one if before else None, other, str(folder), **{"at_the_time": False, **more})
    return Result.of(plan, Partial(plan.sample).merge(Worker(plan).run(table.to_batches(max_chunksize=size))))


@pytest.fixture
def logged(mall):
    """Requests as the mall decided them, and the log of it with what followed."""
    requests = [bare(mall.ask(number)) for number in range(400)]
    return requests, with_outcomes(mall.log(requests), Random(5))


# -------------------------------------------------------------------- counts


def plain(mall, requests, table, *, turned):
    """The counts from the decisions of each request, one after another."""
    engines = mall.engine, mall.engine.replace(sides(mall)[1].strategies)
    old, new = map(Decider, engines[::-1] if turned else engines)
    counts = dict.fromkeys(
        ("candidates", "newly_excluded", "freed", "demoted", "boosted", "moved", "exposures", "exposures_at_stake",
         "clicks", "clicks_at_stake", "orders", "orders_at_stake", "gmv", "gmv_at_stake", "requests_changed"), 0,
    )  # fmt: skip
    for request, row in zip(requests, table.to_pylist(), strict=True):
        a, b = old.decide(request, with_unknown=False), new.decide(request, with_unknown=False)
        followed = {(o["kind"], o["entity"]): o for o in row["outcomes"]}
        counts["requests_changed"] += a.slate.rank_after.tolist() != b.slate.rank_after.tolist()
        for n, (kind, id_) in enumerate(zip(request.candidates.kinds, request.candidates.ids, strict=True)):
            counts["candidates"] += 1
            before, after = a.slate.rank_after[n], b.slate.rank_after[n]
            if before and not after:
                counts["newly_excluded"] += 1
            elif after and not before:
                counts["freed"] += 1
            elif before and after:
                difference = b.verdicts.multiplier[n] - a.verdicts.multiplier[n]
                name = "demoted" if difference < 0 else "boosted" if difference > 0 else "moved"
                counts[name] += difference != 0 or before != after
            found = followed.get((kind, id_))
            if found is not None:
                for what in ("exposures", "clicks", "orders", "gmv"):
                    counts[what] += found[what]
                    counts[f"{what}_at_stake"] += found[what] if before and not after else 0
    return counts


def test_counts_are_those_of_plain_python(tmp_path):
    changes = {"freed": 0, "newly_excluded": 0, "demoted": 0, "boosted": 0, "moved": 0, "clicks_at_stake": 0}
    for seed in range(3, 7):
        mall = LoggingMall(Random(seed), read_lists(tmp_path))
        requests = [bare(mall.ask(number)) for number in range(150)]
        for turned, engine in ((False, mall.engine), (True, mall.engine.replace(sides(mall)[1].strategies))):
            table = with_outcomes(mall.log(requests, engine=engine), Random(5))
            told = backtested(mall, table, tmp_path, turned=turned).to_json()
            expected, total = plain(mall, requests, table, turned=turned), told["total"]
            assert told["requests"]["requests_changed"] == expected.pop("requests_changed")
            for name in ("gmv", "gmv_at_stake"):
                assert sum(total["replay"][name].values()) == expected.pop(name)
            assert {name: total[name] for name in expected} == expected
            changes = {name: count + total[name] for name, count in changes.items()}
    assert all(changes.values())


def test_a_log_against_itself_is_the_same_as_the_release_that_wrote_it(mall, logged, tmp_path):
    _, table = logged
    again, then = backtested(mall, table, tmp_path), backtested(mall, table, tmp_path, before=False)
    a, b = again.to_json(), then.to_json()
    assert a["limits"]["as_logged"] == a["limits"]["compared_with_log"] == a["total"]["candidates"]
    for name in ("newly_excluded", "freed", "demoted", "boosted", "moved", "lost", "gained", "clicks_at_stake"):
        assert a["total"][name] == b["total"][name]


def test_it_does_not_matter_how_the_log_is_parted(mall, logged, tmp_path):
    _, table = logged
    by = ("item.seller_id", "item.category", "seller.country", "item.is_new")
    whole = backtested(mall, table, tmp_path, size=1000, by=by)
    for size in (1, 7, 64):
        same_tables(whole, backtested(mall, table, tmp_path, size=size, by=by))
    same_tables(whole, backtested(mall, table, tmp_path, size=64, by=by, most_keys=3))


def test_the_keys_of_a_feature_add_up_to_all_candidates(mall, logged, tmp_path):
    _, table = logged
    result = backtested(mall, table, tmp_path, by=("item.seller_id", "seller.country"))
    rows = result.tables["groups"].to_pylist()
    for by in ("place", "entity", "item.seller_id", "seller.country"):
        mine = [row for row in rows if row["by"] == by]
        assert sum(row["candidates"] for row in mine) == result.to_json()["total"]["candidates"]
        assert sum(row["clicks"] for row in mine) == result.to_json()["total"]["clicks"]


def test_a_feature_that_tells_nobody_apart_is_refused(mall):
    one, other = sides(mall)
    with pytest.raises(DataError) as caught:
        Plan(one, other, by=("item.prise",))
    assert caught.value.code.name == "AED-DATA-120"


# -------------------------------------------------------------------- one strategy off, and pairs


def test_leaving_one_strategy_out_is_deciding_without_it(mall, logged, tmp_path):
    requests, table = logged
    rows = {row["strategy"]: row for row in backtested(mall, table, tmp_path).rows("strategies")}
    _, other = sides(mall)
    engine = mall.engine.replace(other.strategies)
    with_all = [Decider(engine).decide(request, with_unknown=False) for request in requests]
    checked = 0
    for strategy in engine.strategies:
        if strategy.stage == "shadow" or not rows[strategy.id]["requests"]:
            continue
        without = Decider(engine.replace([s for s in engine.strategies if s.id != strategy.id]))
        others = [without.decide(request, with_unknown=False) for request in requests]
        differ = sum(
            a.slate.rank_after.tolist() != b.slate.rank_after.tolist() for a, b in zip(with_all, others, strict=True)
        )
        assert rows[strategy.id]["requests_changed"] == differ
        checked += differ > 0
    assert checked > 2


def test_pairs_are_candidates_for_which_both_fire(mall, logged, tmp_path):
    requests, table = logged
    _, other = sides(mall)
    engine = mall.engine.replace(other.strategies)
    expected: dict[tuple[str, str], int] = {}
    for request in requests:
        verdicts = Decider(engine).decide(request, with_unknown=False).verdicts
        for candidate in range(len(verdicts)):
            ids = [engine.strategies[number].id for number in verdicts.fired_for(candidate).tolist()]
            for place, one in enumerate(ids):
                for two in ids[place + 1 :]:
                    expected[one, two] = expected.get((one, two), 0) + 1
    found = {(row["one"], row["other"]): row["candidates"] for row in backtested(mall, table, tmp_path).rows("pairs")}
    assert found == expected


# -------------------------------------------------------------------- what was known when


def test_what_was_learnt_later_is_not_used(mall, tmp_path):
    """A leak is planted: from an hour after the requests on every price would set off what excludes the dear."""
    dear = replace(mall.engine.strategies[0], id="dear", stage="live", canary=None, markets=("all",), channels=("all",))
    from aedile.engine.actions import Exclude
    from aedile.engine.strategy_read import parse_strategy

    text = {
        "id": "dear", "title": "Dear", "why": "A test.", "owner": "testers", "policy": "P-1", "tier": "safety",
        "applies_to": "item", "markets": ["all"], "channels": ["all"], "condition": "item.price > 5000",
        "action": {"exclude": {}}, "stage": "live",
    }  # fmt: skip
    dear = parse_strategy(json.dumps(text), mall.schema, "dear.yaml", frozenset())
    assert isinstance(dear.action, Exclude)
    requests = [replace(bare(mall.ask(number)), time=NOON) for number in range(60)]
    requests += [replace(bare(mall.ask(number)), id=f"late-{number}", time=NOON + 2 * HOUR) for number in range(60)]
    table = mall.log(requests)
    ids = sorted(mall.entities["item"])

    def excluded(at, value="9000", dated=None):
        rows = [{"kind": "item", "entity": id_, "feature": "price", "value": value, "at": at} for id_ in ids]
        updates = pa.Table.from_pylist(rows, schema=UPDATE)
        folder = tmp_path / f"known-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        known = [e for e in mall.known() if e.kind == "item"]
        as_of = Column(
            TIMESTAMP, np.full(len(known[0]), dated is not None), np.full(len(known[0]), dated or 0, np.int64)
        )
        columns = {**known[0].columns, "item.as_of": as_of}
        write_catalogue(folder, [replace(known[0], columns=columns)], updates)
        plan = Plan(Side("none", mall.schema, (), {}), Side("dear", mall.schema, (dear,), {}), str(folder), sample=0)
        told = Result.of(plan, Partial(0).merge(Worker(plan).run(table.to_batches(max_chunksize=50))))
        return told.to_json()["total"]["newly_excluded"], bad_updates(updates, mall.schema)

    of_known = [sum(id_ in mall.entities["item"] for id_ in r.candidates.ids) for r in requests]
    early, late = sum(of_known[:60]), sum(of_known[60:])
    assert excluded(NOON - 40 * HOUR)[0] == early + late
    assert excluded(NOON - 1)[0] == early + late
    assert excluded(NOON)[0] == late  # not strictly before the first requests
    assert excluded(NOON + HOUR)[0] == late
    assert excluded(NOON + 3 * HOUR)[0] == 0
    assert excluded(NOON + HOUR, '"nine"') == (0, len(ids))
    assert excluded(NOON - HOUR, dated=NOON - 2 * HOUR)[0] == early + late
    assert excluded(NOON - HOUR, dated=NOON - 1)[0] == 0  # what the catalogue knows is newer than that
    assert excluded(NOON - HOUR, dated=NOON + HOUR)[0] == early  # and here newer for the late ones alone


def test_requests_in_any_order_know_what_was_known_at_their_time(mall, tmp_path):
    rng = Random(8)
    times = [NOON + rng.randrange(0, 48) * HOUR for _ in range(80)]
    requests = [replace(bare(mall.ask(number)), id=f"r-{number}", time=time) for number, time in enumerate(times)]
    table = mall.log(requests)
    updates = pa.Table.from_pylist(
        [
            {"kind": kind, "entity": f"{kind}-{rng.randrange(6)}", "feature": feature, "value": json.dumps(value),
             "at": NOON + rng.randrange(0, 48) * HOUR + 1}
            for kind, feature, value in
            [("item", "price", 999), ("seller", "score", 0.5), ("item", "seller_id", "seller-3")] * 40
        ],
        schema=UPDATE,
    )  # fmt: skip
    by = ("item.seller_id",)
    results = [
        backtested(mall, table.take(pa.array(order)), tmp_path, size=size, at_the_time=True, updates=updates, by=by)
        for order, size in (
            (sorted(range(80), key=times.__getitem__), 1), (list(range(80)), 80), (rng.sample(range(80), 80), 9),
        )
    ]  # fmt: skip
    for other in results[1:]:
        same_tables(results[0], other)


def test_requests_logged_in_full_know_their_context(tmp_path):
    from aedile.backtest import DETAILS
    from aedile.engine.capture import request_json

    differ = 0
    for seed in range(4):
        mall = LoggingMall(Random(seed), read_lists(tmp_path))
        requests = [replace(mall.ask(number), id=f"full-{number}", offset=0, limit=None) for number in range(120)]
        batch = Batch(pa.array([s.id for s in mall.engine.strategies]))
        details = []
        for request in requests:
            batch.add(Decider(mall.engine).decide(request, with_unknown=False), 7, request.shopper, NOON)
            told = json.dumps(request_json(request, mall.schema, request.shopper)).encode()
            details.append({"request_id": request.id, "decided_at": NOON, "request": told, "counters": []})
        table, known = pa.Table.from_batches([batch.to_arrow()]), pa.Table.from_pylist(details, schema=DETAILS)
        folder = tmp_path / f"known-{seed}"
        folder.mkdir()
        write_catalogue(folder, mall.known())
        plan = Plan(*sides(mall), str(folder), at_the_time=False)
        limits = {}
        for name, given in (("in full", known), ("in brief", None)):
            result = Result.of(plan, Partial(20).merge(Worker(plan, given).run(table.to_batches(max_chunksize=50))))
            limits[name] = result.to_json()["limits"]
        assert limits["in full"]["in_full"] == 120
        assert limits["in full"]["as_logged"] == limits["in full"]["compared_with_log"]
        differ += limits["in brief"]["as_logged"] < limits["in brief"]["compared_with_log"]
    assert differ > 0


# -------------------------------------------------------------------- estimates


def test_the_off_policy_estimate_is_near_what_a_world_with_that_release_shows(tmp_path):
    """Shoppers look at places by the model and like some items more: the truth of the other slates is known."""
    mall = LoggingMall(Random(1), read_lists(tmp_path))
    _, other = sides(mall)
    rng = np.random.default_rng(4)
    likes = {f"item-{n}": 0.1 + 0.8 * (n % 7) / 7 for n in range(40)}
    requests = [bare(mall.ask(number)) for number in range(1500)]
    requests = [replace(r, market="ID", channel="live") for r in requests if set(r.candidates.kinds) == {"item"}]
    table = mall.log(requests)
    look = Examination.assumed().likely[0]
    lists, truth = [], 0.0
    new = Decider(mall.engine.replace(other.strategies))
    for request, row in zip(requests, table.to_pylist(), strict=True):
        told = []
        for place in row["page"]:
            candidate = row["candidates"][place]
            rank = candidate["rank_after"]
            clicked = int(rng.random() < look[rank - 1] * likes[candidate["id"]])
            told.append({"kind": "item", "entity": candidate["id"], "exposures": 1, "position": rank, "clicks": clicked,
                         "orders": 0, "gmv": 0, "currency": None})  # fmt: skip
        lists.append(told)
        slate = new.decide(request, with_unknown=False).slate
        shown = {row["candidates"][place]["id"] for place in row["page"]}
        truth += sum(
            look[rank - 1] * likes[id_]
            for id_, rank in zip(request.candidates.ids, slate.rank_after.tolist(), strict=True)
            if rank and id_ in shown  # those never shown are not covered
        )
    from aedile.backtest import OUTCOMES

    total = backtested(mall, table.append_column("outcomes", pa.array(lists, OUTCOMES)), tmp_path).to_json()["total"]
    estimate = total["off_policy"]
    assert estimate["refused"] is None
    assert estimate["clicks"]["before"] == total["clicks"]
    error = estimate["clicks_difference_error"]
    assert abs(estimate["clicks"]["after"] - truth) < 4 * max(error, truth**0.5)
    assert abs(total["clicks"] - truth) > 0


def test_too_few_exposures_are_not_estimated_from(mall, tmp_path):
    requests = [bare(mall.ask(number)) for number in range(15)]
    told = backtested(mall, with_outcomes(mall.log(requests), Random(1)), tmp_path).to_json()["total"]["off_policy"]
    assert told["effective_size"] < 100
    assert "under 100" in told["refused"]
    assert "clicks" not in told


def test_places_are_looked_at_as_callers_said_where_they_said_it_often():
    rows = [{"channel": "live", "position": 2, "examined": 0.25}] * 40 + [
        {"channel": "live", "position": 3, "examined": 0.9}
    ] * 5
    found = Examination.of(pa.Table.from_pylist(rows))
    live, other = found.rows(["live", "search"]).tolist()
    places = np.array([0, 1, 2, 3])
    assert found.of_places(np.full(4, live), places).tolist() == [0.0, 1.0, 0.25, pytest.approx(1 / 3)]
    assert found.of_places(np.full(4, other), places).tolist() == [0.0, 1.0, 0.5, pytest.approx(1 / 3)]
    assert found.told == 1


def test_small_measures():
    assert gini(np.array([1.0, 1.0, 1.0])) == pytest.approx(0)
    assert gini(np.array([0.0, 0.0, 3.0])) == pytest.approx(2 / 3)
    assert gini(np.zeros(3)) is None
    assert effective_size(10.0, 10.0) == 10.0
    assert effective_size(0.0, 0.0) == 0.0
    assert standard_error(1, 1.0, 1.0) is None
    assert standard_error(4, 0.0, 4.0) == pytest.approx((4 * (4 / 3)) ** 0.5)
    fair = fairness((np.array([1.0, 1.0]), np.array([2.0, 0.0])), np.array([0.5, 0.5]))
    assert fair["before"]["distance_from_relevance"] == 0
    assert fair["after"]["distance_from_relevance"] == 0.5
