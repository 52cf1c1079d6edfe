"""How do the lives of ordered lines become facts? One a step, from payment to refund."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from aedile.simulator.known import NEVER, Known
from aedile.simulator.orders import Orders
from aedile.simulator.parcels import STEPS, Parcels
from aedile.simulator.tables import MOMENT, fact_table, suffixed

BY = ("shopper", "seller", "carrier", "marketplace")


def order_steps(known: Known, orders: Orders, parcels: Parcels) -> pa.Table:
    """The steps of all lines that happen ever."""
    n, place = len(orders), known.place
    at = np.concatenate([getattr(parcels, step) for step in STEPS])
    step, row = np.repeat(np.arange(len(STEPS)), n), np.tile(np.arange(n), len(STEPS))
    happens = at < NEVER
    at, step, row = at[happens], step[happens], row[happens]
    cancels = np.where(parcels.by_seller, 1, np.where(parcels.dispatched < NEVER, 2, 0))[row]
    by = np.array([0, 1, 2, -1, 0, 3])[step]
    by = np.where(by < 0, cancels, by)
    money = np.isin(step, [STEPS.index("paid"), STEPS.index("refunded")])
    reasons = pa.array(["not_paid", "out_of_stock", "lost", "did_not_like", None])
    reason = np.where(step == STEPS.index("cancelled"), cancels, np.where(step == STEPS.index("returned"), 3, 4))
    due = pa.array(parcels.due[row], mask=step != STEPS.index("dispatched")).cast(MOMENT)
    taken = pa.array(row)
    return fact_table("order_steps", place.market, at, {
        "id": suffixed(suffixed(orders.ids.take(taken), orders.line[row]), step), "order_id": orders.ids.take(taken),
        "line": orders.line[row], "step": pa.array(STEPS).take(pa.array(step)),
        "seller": place.sellers.ids.take(pa.array(orders.seller[row])), "due_at": due, "quantity": orders.quantity[row],
        "amount": pa.array(orders.amount[row], mask=~money),
        "currency": pa.array([place.market.currency]).take(pa.array(np.zeros(len(row), np.int64), mask=~money)),
        "by": pa.array(BY).take(pa.array(by)), "reason": reasons.take(pa.array(reason)),
    })  # fmt: skip
