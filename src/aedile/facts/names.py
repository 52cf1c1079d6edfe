"""What are facts called where shops send the usual e-commerce events, and what do such events say as facts?

An event is as the common analytics protocols have it: a name, a time, and parameters with a list of items. What they
have no word for stands in parameters under our own names, so that facts come back as they went. What an item is called
or costs elsewhere is knowledge of the item, and no part of what happened.

========================================  ===================================
event                                     facts
========================================  ===================================
`view_item_list`                          `exposures`, one an item
`select_item`                             `clicks`, one an item
`add_to_cart`, `remove_from_cart`         `carts`, one an item
`purchase`                                `orders`, one an item: its lines
`refund`                                  `order_steps`: `refunded`, of each item, or of the order where there is none
========================================  ===================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from aedile.errors import DataError, Place, define
from aedile.facts.judging import shown_moment
from aedile.facts.mapped import DIGITS
from aedile.facts.reading import moment_in_micros
from aedile.fields import listing, suggestion

NO_SUCH_EVENT = define("AED-DATA-099", "An event has no name that is known here, or lacks a part.", "view_itemlist")

Json = dict[str, Any]

#: Kinds of facts by the event that they come from.
KIND_OF: Mapping[str, str] = {
    "view_item_list": "exposures",
    "select_item": "clicks",
    "add_to_cart": "carts",
    "remove_from_cart": "carts",
    "purchase": "orders",
    "refund": "order_steps",
}
#: Parameters of an event as all facts of the kinds have them.
_OF_EVENT = {"session_id": "session_id", "item_list_id": "surface", "channel": "channel", "market": "market",
             "request_id": "request_id", "query_id": "query_id", "transaction_id": "order_id"}  # fmt: skip
#: Parameters of an item. `affiliation` is who sells it.
_OF_ITEM = {"affiliation": "seller", "creator": "creator"}
#: What the facts of a kind have of these, and how they call the item.
_HAS: Mapping[str, tuple[frozenset[str], str | None]] = {
    "exposures": (frozenset({"session_id", "request_id", "query_id"}), "entity"),
    "clicks": (frozenset({"session_id", "request_id", "query_id"}), "entity"),
    "carts": (frozenset({"session_id", "request_id", "seller", "creator"}), "item"),
    "orders": (frozenset({"session_id", "request_id", "query_id", "order_id", "seller", "creator"}), "item"),
    "order_steps": (frozenset({"order_id", "seller"}), None),
}
#: What there is no word for stands by the item.
_OWN: Mapping[str, tuple[str, ...]] = {"exposures": ("examined",), "order_steps": ("due_at", "by", "reason")}
_EVERYWHERE = frozenset({"market", "channel", "surface"})


def facts_of_event(event: Mapping[str, Any], id: str, **known: Any) -> tuple[str, list[Json]]:
    """The kind, and its rows as they are sent.

    event: name, timestamp_micros, user_id, params. id: of the event; the first of its facts is `<id>/1`. known: what
    the event does not say itself, such as market="ID". Raises a `DataError` for an event of another name.
    """
    name = str(event.get("name"))
    if name not in KIND_OF:
        near = suggestion(name, KIND_OF) or f"such are {listing(KIND_OF)}"
        raise _wrong(f"`{name[:60]}` is not an event that becomes facts", "name", near)
    kind, params = KIND_OF[name], event.get("params") or {}
    items = params.get("items") or ([{}] if name == "refund" else [])
    if not items:
        raise _wrong(f"`{name}` has no items", "items", "each of them becomes a fact")
    if not isinstance(event.get("timestamp_micros"), int):
        raise _wrong(f"`{name}` has no time", "timestamp_micros", "in microseconds since 1970")
    shared = {
        "at": shown_moment(event["timestamp_micros"]),
        **known,
        **{ours: params[theirs] for theirs, ours in _OF_EVENT.items() if theirs in params and _has(kind, ours)},
    }
    if event.get("user_id") is not None and kind != "order_steps":
        shared["shopper"] = event["user_id"]
    rows = [
        {"id": f"{id}/{number}", **shared, **_row(name, kind, item, params, number)}
        for number, item in enumerate(items, 1)
    ]
    return kind, rows


def events_of_facts(kind: str, rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    """The events that say these facts: those of one event (by their ids) together, in the order in which they come."""
    if kind not in _HAS:
        raise _wrong(f"`{kind[:60]}` has no event of its own", "kind", f"such have {listing(_HAS)}")
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if kind == "order_steps" and row["step"] != "refunded":
            raise _wrong(f"there is no event for the step `{row['step']}`", "step", "only for `refunded`")
        groups.setdefault(str(row["id"]).rpartition("/")[0] or str(row["id"]), []).append(row)
    return [_event(kind, some) for some in groups.values()]


def _has(kind: str, name: str) -> bool:
    return name in _EVERYWHERE or name in _HAS[kind][0]


def _row(name: str, kind: str, item: Mapping[str, Any], params: Mapping[str, Any], number: int) -> Json:
    row: Json = {ours: item[theirs] for theirs, ours in _OF_ITEM.items() if theirs in item and _has(kind, ours)}
    row |= {name: item[name] for name in _OWN.get(kind, ()) if item.get(name) is not None}
    column = _HAS[kind][1]
    if column is not None:
        row[column] = item.get("item_id")
    if kind in ("exposures", "clicks"):
        row["kind"] = item.get("kind", "item")
        if kind == "exposures" or "index" in item:
            row["position"] = item.get("index", number - 1) + 1
        return row
    currency = item.get("currency", params.get("currency"))
    quantity = item.get("quantity", 1 if column is not None else None)
    amount = item.get("amount", _amount(item.get("price"), quantity, currency))
    if kind == "order_steps":
        row |= {"step": "refunded", "line": item.get("line")}
        amount = amount if amount is not None or item else _amount(params.get("value"), 1, currency)
    if kind == "orders":
        row["line"] = item.get("line", number)
    if quantity is not None:
        row["quantity"] = -quantity if name == "remove_from_cart" else quantity
    if amount is not None:
        row |= {"amount": amount, "currency": currency}
    return {key: value for key, value in row.items() if value is not None}


def _amount(price: Any, quantity: Any, currency: Any) -> int | None:
    """In minor units; None where any of them is missing or no number."""
    if price is None or currency is None:
        return None
    try:
        exact = Decimal(str(price)) * Decimal(str(1 if quantity is None else quantity))
        return int(exact.scaleb(DIGITS.get(currency, 2)).to_integral_value(ROUND_HALF_EVEN))
    except (InvalidOperation, OverflowError, ValueError):
        return None


def _event(kind: str, rows: Sequence[Mapping[str, Any]]) -> Json:
    first = rows[0]
    params: Json = {
        theirs: first[ours] for theirs, ours in _OF_EVENT.items() if first.get(ours) is not None and _has(kind, ours)
    }
    items = [item for row in rows if (item := _item(kind, row))]
    if items:
        params["items"] = items
    event: Json = {"name": _name(kind, first), "timestamp_micros": moment_in_micros(first["at"])}
    if first.get("shopper") is not None:
        event["user_id"] = first["shopper"]
    return {**event, "params": params}


def _name(kind: str, row: Mapping[str, Any]) -> str:
    if kind == "carts":
        return "add_to_cart" if row["quantity"] >= 0 else "remove_from_cart"
    return next(event for event, own in KIND_OF.items() if own == kind)


def _item(kind: str, row: Mapping[str, Any]) -> Json:
    item: Json = {theirs: row[ours] for theirs, ours in _OF_ITEM.items() if row.get(ours) is not None}
    for name in _OWN.get(kind, ()):
        if row.get(name) is not None:
            item[name] = row[name].isoformat() if isinstance(row[name], datetime) else row[name]
    column = _HAS[kind][1]
    if column is not None:
        item["item_id"] = row[column]
    if kind in ("exposures", "clicks"):
        if row["kind"] != "item":
            item["kind"] = row["kind"]
        if row.get("position") is not None:
            item["index"] = row["position"] - 1
        return item
    if row.get("line") is not None:
        item["line"] = row["line"]
    if row.get("quantity") is not None:
        item["quantity"] = abs(row["quantity"])
    if row.get("amount") is not None:
        digits = DIGITS.get(row["currency"], 2)
        each = Decimal(row["amount"]).scaleb(-digits) / (abs(row.get("quantity") or 1))
        item |= {"price": float(each), "currency": row["currency"], "amount": row["amount"]}
    return item


def _wrong(message: str, field: str, hint: str) -> DataError:
    return DataError(NO_SUCH_EVENT, message, place=Place(field=field), hint=hint, fix="correct the event")
