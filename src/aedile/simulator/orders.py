"""Which orders come of carts? Those of a visit are one order, with a line an item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from aedile.simulator.behaviour import Bought, Shown
from aedile.simulator.calendars import MICRO
from aedile.simulator.chance import Wholes, numbered
from aedile.simulator.contents import ROLES
from aedile.simulator.demand import Asked
from aedile.simulator.known import Known
from aedile.simulator.retrieval import Offered


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """n lines of orders. cart: the place of each line's cart. order: the number of its order, which is that of the
    request where it began. creator: -1 for none."""

    ids: pa.StringArray
    cart: Wholes
    order: Wholes
    line: Wholes
    at: Wholes
    item: Wholes
    seller: Wholes
    creator: Wholes
    shopper: Wholes
    quantity: Wholes
    amount: Wholes

    def __len__(self) -> int:
        return len(self.cart)


def creators_of(known: Known, asked: Asked, offered: Offered, shown: Shown, exposure: Wholes) -> Wholes:
    """Through whom each of these exposures sold; -1 for nobody."""
    place, request, row = known.place, shown.request[exposure], shown.row[exposure]
    is_content = offered.is_content[request]
    made = place.contents.creator[np.where(is_content, row, 0)]
    affiliates = np.flatnonzero(place.creators.role == ROLES.index("affiliate"))
    names = list(place.world.channels)
    through = asked.channel[request] == (names.index("affiliate") if "affiliate" in names else -1)
    recommended = affiliates[row * 7919 % len(affiliates)] if len(affiliates) else np.full(len(row), -1)
    return np.where(is_content, made, np.where(through, recommended, -1))


def place_orders(known: Known, asked: Asked, offered: Offered, shown: Shown, bought: Bought) -> Orders:
    """The orders of carts that are ordered."""
    place = known.place
    cart = np.flatnonzero(bought.ordered)
    request = shown.request[bought.exposure[cart]]
    visit = asked.visit[request]
    order = np.lexsort((bought.at[cart], visit))
    cart, request, visit = cart[order], request[order], visit[order]
    first = np.searchsorted(visit, visit)
    last = np.searchsorted(visit, visit, side="right") - 1
    number = asked.number[request][first]
    at = bought.at[cart][last] + (60 + visit % 240) * MICRO
    item, quantity = bought.item[cart], bought.quantity[cart]
    prefix = f"{place.market.code.lower()}-{asked.day:%Y%m%d}-o"
    return Orders(
        numbered(prefix, number, 8), cart, number, np.arange(len(cart)) - first + 1, at, item,
        place.items.seller[item], creators_of(known, asked, offered, shown, bought.exposure[cart]),
        asked.shopper[request], quantity, known.price[item] * quantity,
    )  # fmt: skip
