"""Do partial results add up to the same, whoever adds what to what?"""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from aedile.backtest import PARTIALS, Partial, from_table
from aedile.backtest.partial import summed

TEXTS = st.sampled_from(["", "a", "b", "a\0b", "ß", "العربية"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.integers(-(2**40), 2**54)), max_size=40)


def table_of(rows):
    columns = list(zip(*rows, strict=True)) or [()] * 4
    types = (pa.string(), pa.string(), pa.string(), pa.int64())
    return pa.table(
        [pa.array(c, t) for c, t in zip(columns, types, strict=True)], names=["by", "key", "currency", "gmv"]
    )


def sums(rows):
    found = Counter()
    for *keys, amount in rows:
        found[tuple(keys)] += amount
    return dict(found)


def read(table):
    found = {tuple(row[key] for key in ("by", "key", "currency")): row["gmv"] for row in table.to_pylist()}
    assert len(found) == len(table), "a row a key"
    return found


@given(ROWS)
def test_rows_of_the_same_keys_become_one_and_whole_numbers_stay_exact(rows):
    assert read(summed(table_of(rows), ("by", "key", "currency"))) == sums(rows)


@given(ROWS, st.integers(0, 40), st.integers(0, 40))
def test_partials_add_up_however_they_are_cut_and_wherever_they_have_travelled(rows, one, other):
    cuts = sorted((min(one, len(rows)), min(other, len(rows))))
    parts = []
    for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        part = Partial(5)
        part.add("money", table_of(rows[first:last]))
        travelled = pa.Table.from_batches(part.to_batches(), schema=PARTIALS)
        parts += from_table(travelled, 5)
    merged = Partial(5).merge(parts).tables
    assert (read(merged["money"]) if rows else {}) == sums(rows)
    assert ("money" in merged) == bool(rows)
