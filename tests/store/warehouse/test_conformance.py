"""Do all engines answer every probe alike: whole numbers, texts and times exactly, other numbers to nine digits?"""

from __future__ import annotations

import math
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

from aedile.facts.portable import parse
from aedile.store.warehouse_spark import SparkWarehouse
from tests.store.warehouse.probes import PROBES, Probe


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=0.0)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and one == other


def rows(table: pa.Table) -> list[list[Any]]:
    return [list(row.values()) for row in table.to_pylist()]


def types(table: pa.Table) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in table.schema]


@pytest.mark.parametrize("probe", PROBES, ids=str)
def test_duckdb_answers_what_is_expected(duck, probe: Probe) -> None:
    answer = rows(duck.query(parse(probe.sql), probe.values))
    if probe.first is not None:
        assert alike(answer[0], list(probe.first)), answer[0]


#: Of a probe's time on Spark most is waiting for one part of it or another.
AT_ONCE = 3


def test_spark_answers_every_probe_as_duckdb_does(duck, facts_home, spark) -> None:
    def ask(probe: Probe) -> pa.Table:
        return SparkWarehouse(facts_home, spark).query(parse(probe.sql), probe.values)

    wrong = []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(ask, PROBES))
    for probe, there in zip(PROBES, answers, strict=True):
        here = duck.query(parse(probe.sql), probe.values)
        if types(here) != types(there):
            wrong.append(f"{probe}: {types(here)} here, {types(there)} there")
        elif not alike(rows(here), rows(there)):
            wrong.append(f"{probe}: {rows(here)[:5]} here, {rows(there)[:5]} there")
    assert not wrong, "\n".join(wrong)


def test_both_engines_fail_where_a_sum_overflows_instead_of_answering_something(duck, sparking) -> None:
    from aedile.errors import StoreError

    query = parse("SELECT sum(amount * 1000) s FROM orders WHERE amount > 1000000")
    for engine in (duck, sparking):
        with pytest.raises(StoreError) as caught:
            engine.query(query)
        assert re.search("overflow|out of range", str(caught.value).lower()), str(caught.value)


def test_batches_are_mapped_alike_each_row_once(duck, sparking) -> None:
    def doubled(batches):
        import pyarrow.compute as pc

        for batch in batches:
            yield pa.record_batch({"id": batch["id"], "twice": pc.multiply(batch["position"], 2)})

    schema = pa.schema([("id", pa.string()), ("twice", pa.int64())])
    query = parse("SELECT id, position FROM exposures WHERE market <> :m")
    here, there = (one.map_batches(query, doubled, schema, {"m": "NO"}).sort_by("id") for one in (duck, sparking))
    assert len(here) == 180
    assert here.schema == schema == there.schema
    assert here.equals(there)
