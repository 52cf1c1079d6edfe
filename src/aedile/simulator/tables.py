"""How do columns become a table of a kind of facts? What is not told is null."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aedile.facts import KINDS
from aedile.simulator.calendars import DAY, local_days
from aedile.simulator.chance import Wholes
from aedile.simulator.parameters import Market

MOMENT = pa.timestamp("us", "UTC")
#: Microseconds from what happens to its arrival.
ARRIVES = 1_500_000
#: Kinds that are known as soon as they hold: what is told is told by the marketplace itself.
AT_ONCE = ("feature_updates",)
_EPOCH = date(1970, 1, 1)


def moments(at: Wholes) -> pa.Array:
    return pa.array(at).cast(MOMENT)


def suffixed(ids: pa.StringArray, numbers: Wholes) -> pa.StringArray:
    """The ids, each with a number behind it."""
    most = int(numbers.max(initial=0)) + 1
    words = pa.array([f"{number:02d}" for number in range(most)], pa.string())
    return pc.binary_join_element_wise(ids, words.take(pa.array(numbers)), "-")


def fact_table(kind: str, market: Market, at: Wholes, columns: Mapping[str, Any]) -> pa.Table:
    """Facts of a kind of one market, by time. columns: beside `at` and what is added on arrival."""
    schema, n = KINDS[kind].schema, len(at)
    day = local_days(at, market, _first(at), int(np.ptp(at)) // DAY + 4) if n else at
    days = pa.array((day + (_first(at) - _EPOCH).days).astype(np.int32)).cast(pa.date32())
    arrives = moments(at if kind in AT_ONCE else at + ARRIVES)
    given = {**columns, "at": moments(at), "market": market.code, "local_date": days, "received_at": arrives}
    arrays = []
    for field in schema:
        value = given.pop(field.name, None)
        if value is None:
            arrays.append(pa.nulls(n, field.type))
        elif isinstance(value, str):
            arrays.append(pa.repeat(pa.scalar(value, field.type), n))
        else:
            arrays.append(value if isinstance(value, pa.Array | pa.ChunkedArray) else pa.array(value, field.type))
    assert not given, f"{kind} has no {', '.join(given)}"
    table = pa.Table.from_arrays(arrays, schema=schema)
    if n and not bool((at[1:] >= at[:-1]).all()):
        table = table.take(pa.array(np.argsort(at, kind="stable")))
    return table


def _first(at: Wholes) -> date:
    """A day before any of them, in any zone."""
    return _EPOCH + timedelta(days=int(at.min(initial=2**62) // DAY) - 1) if len(at) else _EPOCH
