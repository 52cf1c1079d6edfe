"""Can anybody who plays the marketplace see what is true? No column may hold it, nor tell it by the way."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aedile.engine.entities import read_entities
from aedile.language.schema import load_schema
from aedile.simulator.parameters import POLICIES
from aedile.simulator.releases import example
from aedile.simulator.scores import auc
from tests.simulator.conftest import Mall

SCHEMA = load_schema(example() / "schema.yaml")
KINDS = ("item", "seller", "creator", "content", "campaign")
#: A column that told a label would order all pairs right or all wrong; a good model comes to 0.95.
TOLD = 0.98


def ordered(column: pa.ChunkedArray) -> np.ndarray:
    """The column as numbers: its own order, or of its texts how often each occurs."""
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.int64())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return np.nan_to_num(column.to_numpy().astype(float), nan=-1.0)
    texts = np.array([text or "" for text in column.to_pylist()])
    return np.unique(texts, return_inverse=True)[1].astype(float)


def by_value(column: pa.ChunkedArray, bad: np.ndarray) -> np.ndarray | None:
    """How often each text or flag is of a violation, where they recur: what grouping by it would tell."""
    if not (pa.types.is_string(column.type) or pa.types.is_boolean(column.type)):
        return None
    places = np.unique(np.array([str(one) for one in column.to_pylist()]), return_inverse=True)[1]
    counts = np.bincount(places)
    if np.median(counts[places]) < 20:
        return None
    return (np.bincount(places, weights=bad) / counts)[places]


@pytest.mark.parametrize("policy", POLICIES)
def test_no_column_of_the_catalogue_tells_a_label(mall: Mall, policy: str):
    kind = POLICIES[policy].kind
    table = pq.read_table(mall.folder / "catalogue" / f"{kind}.parquet")
    bad_ids = {row[0] for row in mall.ask(f"select entity from true_labels where policy = '{policy}'")}
    bad = np.array([one in bad_ids for one in table["id"].to_pylist()])
    assert bad.sum() >= 15
    for name in table.column_names:
        area = auc(ordered(table[name]), bad)
        assert 1 - TOLD < area < TOLD, name
        grouped = by_value(table[name], bad)
        if grouped is not None:
            assert auc(grouped, bad) < TOLD, name


def test_ids_say_nothing(mall: Mall):
    """The number in an id is drawn: it neither orders violations nor quality."""
    for kind, truth in (("item", "true_items"), ("seller", "true_sellers")):
        found = mall.columns(
            f"select cast(substr(id, -6) as double) as number, quality from {truth} where id like 'us%'"
        )
        assert abs(np.corrcoef(found["number"], found["quality"])[0, 1]) < 0.2, kind


def test_labels_that_are_told_are_wrong_now_and_then(mall: Mall):
    for by in ("model", "person"):
        wrong, right = mall.ask(
            "select count(*) filter (is_violation <> (t.entity is not null)), count(*) from moderation_labels m "
            f"left join true_labels t using (entity, policy) where \"by\" = '{by}'"
        )[0]
        assert 0 < wrong < right, by
    reported, broken = mall.ask(
        "select count(*), count(t.entity) from reports r left join true_labels t using (entity, policy)"
    )[0]
    assert 0 < broken < reported
    assert mall.one("select count(*) from reports r join true_labels t using (entity) where r.policy is null") > 0


def test_columns_are_those_of_the_schemas_and_none_of_the_truths(mall: Mall):
    for kind in KINDS:
        names = pq.read_schema(mall.folder / "catalogue" / f"{kind}.parquet").names
        declared = [spec.own_name for spec in SCHEMA.features_of(kind) if spec.source == "entity"]
        assert sorted(names) == sorted(["id", "as_of", *declared])
    only_true = {"quality", "is_honest", "ring", "late", "cancels", "evasion", "twin_of", "worth", "taste", "thrift",
                 "sensitivity", "specificity", "talent", "looked", "cost"}  # fmt: skip
    told = {
        name
        for part in ("catalogue", "facts", "decisions")
        for path in (mall.folder / part).rglob("*.parquet")
        for name in pq.read_schema(path).names
    }
    assert told
    assert not told & only_true
    true = {name for path in (mall.folder / "truth").rglob("*.parquet") for name in pq.read_schema(path).names}
    assert only_true <= true


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalogue_is_read_by_the_shipped_schema_without_remainder(mall: Mall, kind: str):
    entities = read_entities(mall.folder / "catalogue" / f"{kind}.parquet", kind, SCHEMA)
    assert len(entities) > 10
    assert entities.ignored == ()
