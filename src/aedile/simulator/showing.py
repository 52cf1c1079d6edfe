"""How do a part's exposures, clicks, carts, orders and searches become facts?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from aedile.simulator.behaviour import Bought, Shown
from aedile.simulator.chance import Wholes
from aedile.simulator.deciding import Slates
from aedile.simulator.demand import Asked
from aedile.simulator.known import Known
from aedile.simulator.naming import Named
from aedile.simulator.orders import Orders
from aedile.simulator.retrieval import Offered
from aedile.simulator.tables import fact_table, suffixed
from aedile.simulator.voices import entities

APPLICATION = "shop-app"
#: The places inside each channel, the commoner one first.
SURFACES = {
    "shop_tab": ("home_feed", "category_page"), "campaign": ("campaign_page", "home_banner"),
    "shop_ads": ("feed_ad", "product_page_ad"), "affiliate": ("creator_page", "shared_link"),
    "video": ("for_you", "profile"), "live": ("stream_list", "for_you"), "search": ("results", "results"),
    "mall_search": ("results", "results"), "recommendation": ("product_page", "cart_page"),
}  # fmt: skip


class Part:
    """What happened to some requests of a day, with the texts that many tables need."""

    def __init__(
        self, known: Known, asked: Asked, offered: Offered, shown: Shown, ids: pa.StringArray,
        shoppers: pa.StringArray, sessions: pa.StringArray,
    ) -> None:  # fmt: skip
        """ids, shoppers, sessions: of each request."""
        self.known, self.asked, self.offered, self.shown = known, asked, offered, shown
        self.ids, self.shoppers, self.sessions = ids, shoppers, sessions
        self.searches = asked.query >= 0
        channels = pa.array(list(known.place.world.channels))
        self.channels = channels.take(pa.array(asked.channel))
        surfaces = pa.array([name for channel in known.place.world.channels for name in SURFACES[channel]])
        self.surfaces = surfaces.take(pa.array(asked.channel.astype(np.int64) * 2 + (asked.number % 3 == 2)))
        self.exposure_ids = suffixed(ids.take(pa.array(shown.request)), shown.position)

    def of_requests(self, request: Wholes) -> dict[str, Any]:
        """Who, where and in which request, for facts that come of these requests."""
        taken = pa.array(request)
        return {
            "shopper": self.shoppers.take(taken), "session_id": self.sessions.take(taken),
            "request_id": self.ids.take(taken), "channel": self.channels.take(taken),
            "surface": self.surfaces.take(taken),
        }  # fmt: skip

    def queries(self, request: Wholes) -> pa.StringArray:
        """The search of each of these requests; null where it was none."""
        return self.ids.take(pa.array(request, mask=~self.searches[request]))

    def entities(self, exposure: Wholes) -> dict[str, Any]:
        """What was shown."""
        request = self.shown.request[exposure]
        is_content = self.offered.is_content[request]
        kinds = pa.array(["item", "content"]).take(pa.array(is_content.astype(np.int8)))
        return {"kind": kinds, "entity": entities(self.known, is_content, self.shown.row[exposure])}


def exposures(part: Part) -> pa.Table:
    """One fact a place that a shopper scrolled to."""
    shown, world = part.shown, part.known.place.world
    told = np.array([one.told for one in world.channels.values()])[part.asked.channel[shown.request]]
    everything = np.arange(len(shown))
    return fact_table("exposures", part.known.place.market, shown.at, {
        "id": part.exposure_ids, **part.of_requests(shown.request), "query_id": part.queries(shown.request),
        **part.entities(everything), "position": shown.position, "examined": pa.array(shown.looked, mask=~told),
    })  # fmt: skip


def clicked_at(part: Part, exposure: Wholes) -> Wholes:
    """When each of these was opened: some seconds after it was shown."""
    return part.shown.at[exposure] + 700_000 + (exposure * 7_919 % 6_000) * 1_000


def clicks(part: Part) -> pa.Table:
    rows = np.flatnonzero(part.shown.clicks)
    request = part.shown.request[rows]
    return fact_table("clicks", part.known.place.market, clicked_at(part, rows), {
        "id": part.exposure_ids.take(pa.array(rows)), **part.of_requests(request), "query_id": part.queries(request),
        **part.entities(rows), "position": part.shown.position[rows],
    })  # fmt: skip


def carts(part: Part, bought: Bought, creators: Wholes) -> pa.Table:
    """creators: through whom each came, -1 for nobody."""
    place = part.known.place
    return fact_table("carts", place.market, bought.at, {
        "id": part.exposure_ids.take(pa.array(bought.exposure)),
        **part.of_requests(part.shown.request[bought.exposure]),
        "item": place.items.ids.take(pa.array(bought.item)),
        "seller": place.sellers.ids.take(pa.array(place.items.seller[bought.item])),
        "creator": place.creators.ids.take(pa.array(creators, mask=creators < 0)), "quantity": bought.quantity,
        "amount": part.known.price[bought.item] * bought.quantity, "currency": place.market.currency,
    })  # fmt: skip


def orders_table(part: Part, orders: Orders, bought: Bought) -> pa.Table:
    place, request = part.known.place, part.shown.request[bought.exposure[orders.cart]]
    return fact_table("orders", place.market, orders.at, {
        "id": suffixed(orders.ids, orders.line), **part.of_requests(request), "query_id": part.queries(request),
        "order_id": orders.ids, "line": orders.line, "item": place.items.ids.take(pa.array(orders.item)),
        "seller": place.sellers.ids.take(pa.array(orders.seller)),
        "creator": place.creators.ids.take(pa.array(orders.creator, mask=orders.creator < 0)),
        "quantity": orders.quantity, "amount": orders.amount, "currency": place.market.currency,
    })  # fmt: skip


def searches(part: Part, pages: pa.ListArray, found: Wholes, devices: Named) -> pa.Table:
    """pages: the ids that were answered to each request. found: how many there were in all."""
    place, rows = part.known.place, np.flatnonzero(part.searches)
    at, taken = part.asked.at[rows], pa.array(rows)
    return fact_table("searches", place.market, at, {
        "id": part.ids.take(taken), **part.of_requests(rows), "query_id": part.ids.take(taken),
        "application": APPLICATION, "client_id": devices.of(part.asked.shopper[rows], at),
        "user_query": place.queries.texts.take(pa.array(part.asked.query[rows])), "object_id_field": "item_id",
        "query_response_id": part.ids.take(taken), "query_response_hit_ids": pages.take(taken), "hits": found[rows],
        "language": place.market.language,
    })  # fmt: skip


def search_actions(part: Part, bought: Bought, orders: Orders, devices: Named) -> pa.Table:
    """What was opened, put into a cart and bought from a search."""
    ordered = bought.exposure[orders.cart]
    exposure = np.concatenate((np.flatnonzero(part.shown.clicks), bought.exposure, ordered))
    sizes = (int(part.shown.clicks.sum()), len(bought), len(orders))
    action = np.repeat(np.arange(3), sizes)
    at = np.concatenate((clicked_at(part, exposure[: sizes[0]]), bought.at, orders.at))
    rows = np.flatnonzero(part.searches[part.shown.request[exposure]])
    exposure, action, at = exposure[rows], action[rows], at[rows]
    request = part.shown.request[exposure]
    told = part.of_requests(request)
    del told["request_id"]
    return fact_table("search_actions", part.known.place.market, at, {
        "id": suffixed(part.exposure_ids.take(pa.array(exposure)), action), **told,
        "action_name": pa.array(["click", "add_to_cart", "purchase"]).take(pa.array(action)),
        "query_id": part.queries(request), "application": APPLICATION,
        "client_id": devices.of(part.asked.shopper[request], at),
        "object_id": part.entities(exposure)["entity"], "object_id_field": "item_id",
        "ordinal": part.shown.position[exposure],
    })  # fmt: skip


def answered(part: Part, slates: Slates) -> pa.ListArray:
    """The ids that were answered to each request, best first."""
    request = np.repeat(np.arange(len(part.asked)), np.diff(slates.offsets))
    rows = part.offered.rows[request, slates.places]
    ids = entities(part.known, part.offered.is_content[request], rows)
    return pa.ListArray.from_arrays(pa.array(slates.offsets.astype(np.int32)), ids)
