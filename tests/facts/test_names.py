"""Do facts come back as they went, by the names of shopping events and of User Behavior Insights?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedile.errors import DataError
from aedile.facts import kind_of
from aedile.facts.names import KIND_OF, events_of_facts, facts_of_event
from aedile.facts.reading import read_rows
from aedile.facts.ubi import action_of_event, event_of_action, query_of_search, search_of_query
from tests.facts.test_reading import facts_of, plain
from tests.intake.made import NOW

QUICK = settings(deadline=None, max_examples=60)
PURCHASE = {
    "name": "purchase",
    "timestamp_micros": NOW - 1_000_000,
    "user_id": "ann",
    "params": {
        "transaction_id": "T-1", "currency": "EUR", "value": 30.03, "session_id": "s",
        "items": [
            {"item_id": "sku-1", "item_name": "A kettle", "price": 9.99, "quantity": 3, "affiliation": "shop-7"},
            {"item_id": "sku-2", "price": 0.06, "currency": "KWD"},
        ],
    },
}  # fmt: skip


def test_a_purchase_becomes_the_lines_of_an_order():
    kind, rows = facts_of_event(PURCHASE, "e-1", market="DE", channel="search")
    assert kind == "orders"
    shared = {
        "at": "2026-11-28T08:29:59.000000Z", "market": "DE", "channel": "search", "session_id": "s",
        "order_id": "T-1", "shopper": "ann",
    }  # fmt: skip
    assert rows == [
        {"id": "e-1/1", **shared, "item": "sku-1", "seller": "shop-7", "line": 1, "quantity": 3, "amount": 2997,
         "currency": "EUR"},
        {"id": "e-1/2", **shared, "item": "sku-2", "line": 2, "quantity": 1, "amount": 60, "currency": "KWD"},
    ]  # fmt: skip
    assert read_rows(kind_of("orders"), rows, NOW).refused == []


@pytest.mark.parametrize(
    ("event", "kind", "expected"),
    [
        ({"name": "view_item_list",
          "params": {"item_list_id": "top", "items": [{"item_id": "a"}, {"item_id": "b", "index": 4}]}}, "exposures",
         [("a", 1, "top"), ("b", 5, "top")]),
        ({"name": "select_item", "params": {"items": [{"item_id": "a", "index": 0}]}}, "clicks", [("a", 1, None)]),
    ],
)  # fmt: skip
def test_lists_and_selections_become_exposures_and_clicks(event, kind, expected):
    found, rows = facts_of_event({**event, "timestamp_micros": NOW}, "e", market="ID")
    assert found == kind
    assert [(row["entity"], row["position"], row.get("surface")) for row in rows] == expected
    assert read_rows(kind_of(kind), rows, NOW).refused == []


def test_what_is_taken_out_of_a_cart_is_below_zero_and_a_refund_may_be_of_a_whole_order():
    item = {"item_id": "a", "quantity": 2, "price": 5}
    _, (row,) = facts_of_event(
        {"name": "remove_from_cart", "timestamp_micros": NOW, "params": {"currency": "USD", "items": [item]}},
        "e",
        market="US",
    )
    assert (row["quantity"], row["amount"]) == (-2, 1000)
    refund = {
        "name": "refund",
        "timestamp_micros": NOW,
        "params": {"transaction_id": "T", "value": 12, "currency": "JPY"},
    }
    kind, (step,) = facts_of_event(refund, "e", market="JP")
    assert (step["step"], step["amount"], "line" in step) == ("refunded", 12, False)
    assert read_rows(kind_of(kind), [step], NOW).refused == []


@pytest.mark.parametrize(
    "event",
    [
        {"name": "view_itemlist"},
        {"name": "purchase", "params": {}},
        {"name": "purchase", "params": {"items": [{}]}},
        {},
    ],
)
def test_an_event_that_says_too_little_is_refused(event):
    with pytest.raises(DataError) as caught:
        facts_of_event(event, "e", market="ID")
    assert caught.value.hint


@QUICK
@given(kind=st.sampled_from(sorted(set(KIND_OF.values()))), data=st.data())
def test_facts_come_back_from_events_as_they_went(kind, data):
    row = plain(data.draw(facts_of(kind_of(kind))))
    if "amount" not in row:
        row.pop("currency", None)
    row["id"] = "e/1"
    if kind == "order_steps":
        row["step"] = "refunded"
    (event,) = events_of_facts(kind, [row])
    _, (back,) = facts_of_event(event, "e")
    ours, theirs = (read_rows(kind_of(kind), [one], NOW) for one in (row, back))
    assert theirs.refused == ours.refused == []
    assert theirs.table.equals(ours.table)


def test_rows_of_one_event_come_back_together():
    kind, rows = facts_of_event(PURCHASE, "e-1", market="DE")
    (event,) = events_of_facts(kind, rows)
    assert facts_of_event(event, "e-1") == (kind, rows)
    assert [item["price"] for item in event["params"]["items"]] == [9.99, 0.06]


#: What the published schemas of User Behavior Insights 1.3.0 ask of a field: its type, and its greatest length.
TEXT = (str, 100)
QUERY = {
    "application": TEXT, "query_id": TEXT, "client_id": TEXT, "user_query": (str, None),
    "query_attributes": (dict, None), "object_id_field": TEXT, "timestamp": (str, None),
    "query_response_id": (str, None),
    "query_response_hit_ids": (list, None),
}  # fmt: skip
EVENT = {
    "application": TEXT, "action_name": TEXT, "query_id": TEXT, "session_id": TEXT, "client_id": TEXT, "user_id": TEXT,
    "timestamp": (str, None), "message_type": TEXT, "message": (str, 1024), "event_attributes": (dict, None),
}  # fmt: skip


def require(said, fields, required):
    assert required <= said.keys()
    for name, (type_, most) in fields.items():
        if name in said:
            assert isinstance(said[name], type_), name
            assert most is None or len(said[name]) <= most, name


@QUICK
@given(data=st.data())
def test_searches_are_queries_of_ubi_and_come_back(data):
    row = plain(data.draw(facts_of(kind_of("searches"))))
    query = query_of_search(row)
    require(json.loads(json.dumps(query)), {k: (t, None) for k, (t, _) in QUERY.items()}, {"user_query"})
    back = search_of_query(query)
    ours, theirs = (read_rows(kind_of("searches"), [one], NOW) for one in (canonical(row, "query_attributes"), back))
    assert theirs.table.equals(ours.table)


@QUICK
@given(data=st.data())
def test_search_actions_are_events_of_ubi_and_come_back(data):
    row = plain(data.draw(facts_of(kind_of("search_actions"))))
    event = event_of_action(row)
    require(json.loads(json.dumps(event)), {k: (t, None) for k, (t, _) in EVENT.items()}, {"action_name", "timestamp"})
    if "event_attributes" in event:
        assert isinstance(event["event_attributes"]["position"], dict)
        assert "object" not in event["event_attributes"] or "object_id" in event["event_attributes"]["object"]
    back = action_of_event(event)
    ours, theirs = (
        read_rows(kind_of("search_actions"), [one], NOW) for one in (canonical(row, "event_attributes"), back)
    )
    assert theirs.refused == ours.refused == []
    assert theirs.table.equals(ours.table)


def canonical(row, name):
    text = row.get(name)
    if text is None or (name == "event_attributes" and json.loads(text) == {}):
        return {key: value for key, value in row.items() if key != name}
    return {**row, name: json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True)}


def test_an_event_of_ubi_as_it_is_published_becomes_an_action():
    event = {
        "application": "amazon-shop", "action_name": "add_to_cart", "query_id": "1234-user-5678",
        "client_id": "BugsBunny::Firefox@0967084", "user_id": "ann", "timestamp": "2026-11-13T20:20:39Z",
        "message_type": "CONVERSION",
        "event_attributes": {
            "object": {"object_id": 123, "object_id_field": "isbn", "name": "A book"}, "position": {"ordinal": 3},
            "dwell": 2.5,
        },
    }  # fmt: skip
    row = action_of_event(event, market="US")
    assert (row["object_id"], row["object_id_field"], row["ordinal"], row["shopper"]) == ("123", "isbn", 3, "ann")
    assert json.loads(row["event_attributes"]) == {"object": {"name": "A book"}, "dwell": 2.5}
    assert row["id"] == action_of_event(dict(event))["id"]
    assert row["id"] != action_of_event({**event, "user_id": "bob"})["id"]
    assert read_rows(kind_of("search_actions"), [row], NOW).refused == []
    back = event_of_action(row)["event_attributes"]
    assert back["object"] == {"object_id": "123", "object_id_field": "isbn", "name": "A book"}
    assert back["position"] == {"ordinal": 3}
