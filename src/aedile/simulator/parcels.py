"""What becomes of an ordered line? It is paid or not, sent in time or late, brought, lost, sent back, and refunded.

All of its life is drawn when it is ordered; what lies behind the last day has not happened yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedile.simulator.calendars import DAY, HOUR, MICRO
from aedile.simulator.chance import Flags, Wholes
from aedile.simulator.incidents import Planned
from aedile.simulator.items import UNSAFE
from aedile.simulator.known import NEVER, Known
from aedile.simulator.orders import Orders

#: Hours from payment by which a parcel is promised to be sent, by whether the shop belongs to the mall.
PROMISED = (48, 24)
#: Of orders, how many are never paid.
UNPAID = 0.03
#: Of sent parcels, how many get lost.
LOST = 0.004
STEPS = ("paid", "dispatched", "delivered", "cancelled", "returned", "refunded")


@dataclass(frozen=True, slots=True, eq=False)
class Parcels:
    """The lives of n lines: when each step happens, `NEVER` where it does not.

    by_seller: whether the seller cancels, else the shopper or, of what was sent, the carrier. is_late: sent after the
    promise. carrier: 0 or 1. expected: when the shopper thinks it should be there. hurts: it is of an unsafe batch.
    """

    paid: Wholes
    due: Wholes
    dispatched: Wholes
    delivered: Wholes
    cancelled: Wholes
    returned: Wholes
    refunded: Wholes
    by_seller: Flags
    is_late: Flags
    carrier: Wholes
    expected: Wholes
    hurts: Flags

    def __len__(self) -> int:
        return len(self.paid)


def send(known: Known, orders: Orders, rng: np.random.Generator) -> Parcels:
    """The lives of ordered lines. Lines of an order are paid together."""
    place, n = known.place, len(orders)
    sellers = place.sellers
    seller, item = orders.seller, orders.item
    paid = orders.at + (20 + orders.order % 580) * MICRO
    paid = np.where((orders.order * 2_654_435_761 % 1_000) < 1_000 * UNPAID, NEVER, paid)
    is_paid = paid < NEVER
    promised = np.array(PROMISED)[sellers.is_mall[seller].astype(int)]
    due = np.where(is_paid, paid + promised * HOUR, NEVER)
    by_seller = is_paid & (rng.random(n) < sellers.cancels[seller])
    is_late = is_paid & ~by_seller & (rng.random(n) < sellers.late[seller])
    soon = (np.exp(rng.normal(np.log(0.2), 0.6, n)) * promised * HOUR).astype(np.int64)
    late = due + HOUR + (rng.exponential(18.0, n) * HOUR).astype(np.int64)
    dispatched = np.where(is_late, late, np.minimum(paid + soon, due - HOUR // 6))
    dispatched = np.where(is_paid & ~by_seller, dispatched, NEVER)
    sent = dispatched < NEVER
    days = place.market.transit * np.exp(rng.normal(-0.06, 0.35, n)) + 6.0 * sellers.is_abroad[seller]
    delivered = np.where(sent, dispatched + (days * DAY).astype(np.int64), NEVER)
    carrier = rng.integers(0, 2, n)
    lost = sent & (rng.random(n) < LOST)
    if "carrier_failure" in place.planned:
        delivered = _held_up(place.planned["carrier_failure"], dispatched, delivered, carrier, rng)
    delivered = np.where(lost, NEVER, delivered)
    expected = np.where(sent, dispatched + ((1.6 * days + 1.5) * DAY).astype(np.int64), NEVER)
    cancelled = np.where(is_paid, NEVER, orders.at + HOUR + (rng.random(n) * 6 * HOUR).astype(np.int64))
    cancelled = np.where(by_seller, paid + HOUR + (rng.random(n) * 40 * HOUR).astype(np.int64), cancelled)
    cancelled = np.where(lost, expected + 10 * DAY, cancelled)
    hurts = _hurts(known, orders, dispatched, rng)
    returned = _returned(known, item, delivered, hurts, rng)
    back = np.minimum(returned, np.where(is_paid, cancelled, NEVER))
    refunded = np.where(back < NEVER, back + HOUR + (rng.exponential(30.0, n) * HOUR).astype(np.int64), NEVER)
    return Parcels(
        paid, due, dispatched, delivered, cancelled, returned, refunded, by_seller, is_late, carrier, expected, hurts
    )


def _held_up(
    incident: Planned, dispatched: Wholes, delivered: Wholes, carrier: Wholes, rng: np.random.Generator
) -> Wholes:
    """Parcels of the failed carrier that were under way come when it works again."""
    held = (carrier == 0) & (dispatched < incident.ends) & (delivered > incident.starts) & (delivered < NEVER)
    again = incident.ends + (rng.random(len(delivered)) * 36 * HOUR).astype(np.int64)
    return np.where(held, np.maximum(delivered, again), delivered)


def _hurts(known: Known, orders: Orders, dispatched: Wholes, rng: np.random.Generator) -> Flags:
    """Whether a unit is one that hurts: most of a bad batch, and a few of whatever is unsafe."""
    items, planned = known.place.items, known.place.planned
    chance = np.where(items.truths["PSF-01"].is_violation[orders.item], 0.03, 0.0)
    if "unsafe_product" in planned:
        one = planned["unsafe_product"]
        bad = (items.part[orders.item] == UNSAFE) & (dispatched >= one.starts) & (dispatched < one.ends)
        chance = np.where(bad, min(0.9, 0.55 * one.strength), chance)
    return np.asarray(rng.random(len(orders)) < chance)


def _returned(known: Known, item: Wholes, delivered: Wholes, hurts: Flags, rng: np.random.Generator) -> Wholes:
    items = known.place.items
    chance = 0.02 + 0.10 * (1 - items.quality[item]) + 0.30 * items.truths["IPR-02"].is_violation[item] + 0.4 * hurts
    comes = (delivered < NEVER) & (rng.random(len(item)) < chance)
    days = np.minimum(rng.gamma(2.0, 1.3, len(item)) + 0.3, 14.0)
    return np.where(comes, delivered + (days * DAY).astype(np.int64), NEVER)
