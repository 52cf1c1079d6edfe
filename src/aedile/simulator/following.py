"""Which facts follow from what was shown? From the exposure to the refund, and what shoppers say of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from aedile.simulator import showing, voices
from aedile.simulator.behaviour import buy
from aedile.simulator.calendars import local_days
from aedile.simulator.deciding import Slates
from aedile.simulator.known import NEVER
from aedile.simulator.naming import Named
from aedile.simulator.orders import creators_of, place_orders
from aedile.simulator.parcels import send
from aedile.simulator.showing import Part
from aedile.simulator.steps import order_steps
from aedile.simulator.updating import count_parcels

#: Days from the first within which what shops send is counted for their rates.
COUNTED = 400


def follow(
    part: Part, slates: Slates, rng: np.random.Generator, shoppers: Named, devices: Named
) -> list[tuple[str, pa.Table]]:
    """The facts of some requests by kind, those of later days among them. Notes what shops send."""
    known, asked, offered, shown = part.known, part.asked, part.offered, part.shown
    place = known.place
    bought = buy(rng, known, asked, shown, offered.item_of(known, shown.request, shown.row))
    creators = creators_of(known, asked, offered, shown, bought.exposure)
    orders = place_orders(known, asked, offered, shown, bought)
    parcels = send(known, orders, rng)
    sent = np.where(parcels.dispatched < NEVER, parcels.dispatched, 0)
    count_parcels(known, parcels.is_late, orders.seller, local_days(sent, place.market, place.world.start, COUNTED))
    complained = voices.complaints(known, orders, parcels, shoppers, rng)
    pages, found = showing.answered(part, slates), (offered.rows >= 0).sum(axis=1)
    return [
        ("exposures", showing.exposures(part)), ("clicks", showing.clicks(part)),
        ("carts", showing.carts(part, bought, creators)), ("orders", showing.orders_table(part, orders, bought)),
        ("order_steps", order_steps(known, orders, parcels)),
        ("searches", showing.searches(part, pages, found, devices)),
        ("search_actions", showing.search_actions(part, bought, orders, devices)),
        ("reviews", voices.reviews(known, orders, parcels, shoppers, rng)),
        ("complaints", complained), ("survey_answers", voices.satisfaction(known, complained, rng)),
        ("survey_answers", voices.surveys(known, orders, parcels, shoppers, rng)),
        ("reports", voices.reports(known, asked, offered, shown, part.exposure_ids, shoppers, rng)),
    ]  # fmt: skip
