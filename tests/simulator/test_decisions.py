"""Are logged decisions those that the engine makes of what was known then, and can the log be searched?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aedile.engine.decide import Decider
from aedile.engine.engine import Engine
from aedile.engine.entities import read_entities
from aedile.engine.requests import Candidates, Request
from aedile.simulator.naming import SeededPseudonyms
from aedile.simulator.releases import load_example
from aedile.store.decision_batch import DECISIONS
from aedile.store.decision_log import DecisionLog
from aedile.store.home import Home
from tests.simulator.conftest import Mall

DAY = "2026-10-27"


def known_on(mall: Mall, kind: str, day: str, folder: Any) -> Any:
    """The catalogue with the last feature update of each entity before the day is over, as a file."""
    table = pq.read_table(mall.folder / "catalogue" / f"{kind}.parquet")
    updates = mall.ask(
        f"select entity, feature, arg_max(value, u.at) from feature_updates u where kind = '{kind}' "
        f"and local_date <= '{day}' group by 1, 2"
    )
    place = {id_: row for row, id_ in enumerate(table["id"].to_pylist())}
    for feature in {name for _, name, _ in updates}:
        values = table[feature].to_pylist()
        for entity, name, value in updates:
            if name == feature:
                values[place[entity]] = json.loads(value) if value is not None else None
        number = table.schema.get_field_index(feature)
        table = table.set_column(
            number, table.schema.field(feature), pa.array(values, table.schema.field(feature).type)
        )
    path = folder / f"{kind}.parquet"
    pq.write_table(table, path)
    return path


def test_a_days_decisions_are_what_the_engine_decides_from_catalogue_and_feature_updates(mall: Mall, tmp_path):
    schema, strategies = load_example()
    engine = Engine(schema, strategies)
    for kind in ("item", "seller", "content"):
        entities = read_entities(known_on(mall, kind, DAY, tmp_path), kind, schema)
        engine.load(kind, entities.ids, entities.columns)
    decider = Decider(engine)
    names = SeededPseudonyms(mall.seed)
    noon = int(datetime(2026, 10, 27, 12, tzinfo=UTC).timestamp() * 1e6)
    raw = {names.of(id_, noon): id_ for (id_,) in mall.ask("select id from true_shoppers")}
    is_new = {}  # the strategies of the example do not ask it
    table = pq.read_table(
        sorted((mall.folder / "decisions" / "brief" / f"date={DAY}" / "market=DE").glob("sim-20261027-*.parquet"))[0]
    )
    rows = table.slice(0, 400).to_pylist()
    acted = 0
    for row in rows:
        sent = row["candidates"]
        scores = np.array([round(one["score"] / one["multiplier"], 6) for one in sent])
        request = Request(
            row["request_id"], row["market"], row["channel"], int(row["time"].timestamp() * 1e6),
            Candidates([one["kind"] for one in sent], [one["id"] for one in sent], scores, {}), raw[row["shopper"]],
            row["query"], is_new, 0, mall.world.limit,
        )  # fmt: skip
        decision = decider.decide(request, with_unknown=False)
        v, s, ids = decision.verdicts, decision.slate, [one.id for one in engine.strategies]
        assert s.page.tolist() == row["page"]
        for i, one in enumerate(sent):
            assert [ids[n] for n in v.fired_for(i)] == one["fired"]
            assert [ids[n] for n in v.shadow_for(i)] == one["shadow_fired"]
            assert (ids[v.excluded_by[i]] if v.excluded_by[i] >= 0 else None) == one["excluded_by"]
            assert v.multiplier[i] == one["multiplier"]
            assert (int(s.rank_after[i]) or None) == one["rank_after"]
            assert s.rank_before[i] == one["rank_before"]
            acted += one["multiplier"] != 1 or one["excluded_by"] is not None or bool(one["capped_by"])
    assert acted > 50


def test_the_log_is_of_the_servers_schema_and_layout(mall: Mall):
    folder = mall.folder / "decisions" / "brief"
    for path in sorted(folder.rglob("*.parquet")):
        file = pq.ParquetFile(path)
        assert file.schema_arrow.equals(DECISIONS)
        assert max(file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)) <= 500
        at = file.read(["decided_at"])["decided_at"].to_pylist()
        assert {moment.strftime("date=%Y-%m-%d") for moment in at} == {path.parent.parent.name}
        assert at == sorted(at)
    assert mall.one("select count(*) - count(distinct request_id) from decisions") == 0


def test_a_logged_decision_is_found_as_in_an_installation(mall: Mall):
    request = mall.one("select request_id from decisions where market = 'SA' order by 1 limit 1")
    found = DecisionLog(Home(mall.folder)).find(request)
    assert len(found) == 1
    assert found[0].row["market"] == "SA"


def test_strategies_of_every_kind_act_in_the_log(mall: Mall):
    fired = dict(
        mall.ask(
            "select s, count(*) from (select unnest(f.fired) as s from (select unnest(candidates) as f from "
            "decisions)) group by 1"
        )
    )
    shadow = mall.ask(
        "select distinct s from (select unnest(f.shadow_fired) as s from (select unnest(candidates) as f "
        "from decisions))"
    )
    _, strategies = load_example()
    assert {name for name, count in fired.items() if count >= 5} >= {
        one.id for one in strategies if one.stage in ("live", "canary") and one.id != "unsafe-products-exclude"
    }
    assert {row[0] for row in shadow} == {one.id for one in strategies if one.stage == "shadow"}
