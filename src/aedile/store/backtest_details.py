"""What more is kept of requests that were logged in full, for a backtest?"""

from __future__ import annotations

from itertools import islice

import pyarrow as pa

from aedile.backtest import DETAILS
from aedile.store.decision_detail import read_detail
from aedile.store.decision_log import DecisionLog
from aedile.store.home import Home

#: Requests logged in full that are read, the oldest: they go to every process that works.
MOST = 20_000


def details(home: Home, since: int | None, until: int | None, most: int = MOST) -> pa.Table:
    """Rows of `DETAILS` of a span of time, by when decisions were made; no more than so many."""
    rows = []
    for data in islice(DecisionLog(home).details(since, until), most):
        detail = read_detail(data)
        counters = [{"strategy": s, "unit": unit, "count": count} for s, unit, count in detail.counters]
        rows.append(
            {
                "request_id": detail.request_id, "decided_at": detail.decided_at, "request": detail.request,
                "counters": counters,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=DETAILS)
