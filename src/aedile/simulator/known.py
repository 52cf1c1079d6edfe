"""What does the marketplace know of a market's entities, as time goes by? Nothing here is true, all of it is told.

Prices, scores, removals and how late shops send change; the rest stays as it was listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aedile.language.columns import Column
from aedile.language.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type
from aedile.simulator.chance import Reals, Wholes
from aedile.simulator.contents import ROLES
from aedile.simulator.market import SCORES, Place
from aedile.simulator.words import CATEGORIES

NEVER = np.int64(2**62)
#: A type of the language as Arrow has it in a file.
_ARROW = {
    BOOL: pa.bool_(), INT: pa.int64(), DOUBLE: pa.float64(), STRING: pa.string(), TIMESTAMP: pa.timestamp("us", "UTC")
}  # fmt: skip


@dataclass(slots=True, eq=False)
class Known:
    """The state of a market. removed: when each item was taken down; sent, late: parcels of shops, by day."""

    place: Place
    price: Wholes
    removed: Wholes
    scores: dict[str, Reals]
    rate: Reals
    sent: dict[int, Wholes] = field(default_factory=dict)
    late: dict[int, Wholes] = field(default_factory=dict)

    @classmethod
    def at_first(cls, place: Place) -> Known:
        sellers = place.sellers
        rate = np.where(sellers.sent > 0, sellers.sent_late / np.maximum(sellers.sent, 1.0), np.nan).astype(np.float64)
        return cls(
            place, place.items.price.copy(), np.full(len(place.items), NEVER),
            {name: scores.copy() for name, scores in place.scores.items()}, np.round(rate, 4),
        )  # fmt: skip

    def shown_from(self, rows: Wholes, at: Wholes) -> npt.NDArray[np.bool_]:
        """Whether items are there to be shown."""
        return (self.place.items.listed[rows] <= at) & (self.removed[rows] > at)


def texts(values: pa.StringArray, codes: npt.NDArray[np.integer]) -> Column:
    """A column of texts by their places; a text that is null is unknown."""
    known = values.is_valid().to_numpy(zero_copy_only=False)[codes]
    filled = values.cast(pa.large_string()).fill_null("")
    return Column(STRING, known, codes.astype(np.int32), filled)


def numbers(type_: Type, values: npt.NDArray[Any]) -> Column:
    """A column of numbers; NaN is unknown."""
    known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), np.bool_)
    return Column(type_, known, values)


def item_columns(known: Known, rows: Wholes) -> dict[str, Column]:
    """What is known of items, by feature."""
    place, items = known.place, known.place.items
    category = items.category[rows].astype(np.int64)
    departments = sorted({one.department for one in CATEGORIES})
    of = np.array([departments.index(one.department) for one in CATEGORIES])
    taken = np.arange(len(rows))
    found = {
        "title": texts(place.titles.take(pa.array(rows)), taken),
        "category": texts(pa.array([one.name for one in CATEGORIES]), category),
        "department": texts(pa.array(departments), of[category]),
        "brand": texts(place.brands.take(pa.array(rows)), taken),
        "seller_id": texts(place.sellers.ids, items.seller[rows]),
        "price_minor": numbers(INT, known.price[rows]),
        "currency": texts(pa.array([place.market.currency]), np.zeros(len(rows), np.int32)),
        "listed_at": numbers(TIMESTAMP, items.listed[rows]),
        "is_mall": numbers(BOOL, place.sellers.is_mall[items.seller[rows]]),
        "ad_bid": numbers(DOUBLE, items.ad_bid[rows]), "stars": numbers(DOUBLE, items.rating[rows]),
        "reviews": numbers(INT, items.reviews[rows]),
    }  # fmt: skip
    return found | {SCORES[name]: numbers(DOUBLE, known.scores[name][rows]) for name in items.truths}


def seller_columns(known: Known, rows: Wholes) -> dict[str, Column]:
    place, sellers = known.place, known.place.sellers
    homes = pa.array([place.market.code, "CN"])
    return {
        "tenure_days": numbers(INT, sellers.tenure[rows]),
        "home": texts(homes, sellers.is_abroad[rows].astype(np.int32)),
        "is_mall": numbers(BOOL, sellers.is_mall[rows]), "rating": numbers(DOUBLE, sellers.rating[rows]),
        "late_dispatch_rate": numbers(DOUBLE, known.rate[rows]),
    }  # fmt: skip


def creator_columns(known: Known, rows: Wholes) -> dict[str, Column]:
    creators = known.place.creators
    return {
        "role": texts(pa.array(ROLES), creators.role[rows]), "followers": numbers(INT, creators.followers[rows]),
        "tenure_days": numbers(INT, creators.tenure[rows]),
    }  # fmt: skip


def content_columns(known: Known, rows: Wholes) -> dict[str, Column]:
    place, contents = known.place, known.place.contents
    item = contents.item[rows]
    return {
        "title": texts(contents.titles.take(pa.array(rows)), np.arange(len(rows))),
        "format": texts(pa.array(["video", "live"]), contents.is_live[rows].astype(np.int32)),
        "creator_id": texts(place.creators.ids, contents.creator[rows]), "item_id": texts(place.items.ids, item),
        "category": texts(pa.array([one.name for one in CATEGORIES]), place.items.category[item]),
        "likes": numbers(INT, contents.likes[rows]),
        "misleading_score": numbers(DOUBLE, known.scores["CNT-06"][rows]),
    }  # fmt: skip


COLUMNS = {
    "item": item_columns, "seller": seller_columns, "creator": creator_columns, "content": content_columns
}  # fmt: skip


def ids_of(place: Place, kind: str) -> pa.StringArray:
    """The ids of all entities of a kind."""
    return {
        "item": place.items.ids, "seller": place.sellers.ids, "creator": place.creators.ids,
        "content": place.contents.ids,
    }[kind]  # fmt: skip


def as_table(known: Known, kind: str, rows: Wholes, as_of: Wholes) -> pa.Table:
    """Entities as a table with the features' names, as files and servers take them."""
    arrays = {"id": ids_of(known.place, kind).take(pa.array(rows))}
    for name, column in COLUMNS[kind](known, rows).items():
        if column.type == STRING:
            codes = pa.array(column.values, mask=~column.known)
            assert column.dictionary is not None
            arrays[name] = column.dictionary.cast(pa.string()).take(codes)
        else:
            values = pa.array(column.values, mask=None if column.known.all() else ~column.known)
            arrays[name] = values.cast(_ARROW[column.type])
    return pa.table({**arrays, "as_of": pa.array(as_of).cast(_ARROW[TIMESTAMP])})


def campaigns_table(place: Place, as_of: int) -> pa.Table:
    """The campaigns of a market."""
    c, moment = place.campaigns, pa.timestamp("us", "UTC")
    named = [[CATEGORIES[number].name for number in numbers.tolist()] for numbers in c.categories]
    return pa.table({
        "id": c.ids, "name": pa.array(c.names), "categories": pa.array(named, pa.list_(pa.string())),
        "starts_at": pa.array(c.starts).cast(moment), "ends_at": pa.array(c.ends).cast(moment),
        "budget_minor": pa.array(c.budget), "as_of": pa.array(np.full(len(c.names), as_of)).cast(moment),
    })  # fmt: skip
