"""How do searches and what follows them travel as User Behavior Insights 1.3.0 has it?

Its queries are our `searches`, its events our `search_actions`. Market, channel and surface, and what else it has no
word for, stand beside its own fields under our names, which its schemas allow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

#: Fields of a query, and of an event, as we call them.
QUERY_FIELDS: Mapping[str, str] = {
    "application": "application", "query_id": "query_id", "client_id": "client_id", "user_query": "user_query",
    "object_id_field": "object_id_field", "timestamp": "at", "query_response_id": "query_response_id",
    "query_response_hit_ids": "query_response_hit_ids",
}  # fmt: skip
EVENT_FIELDS: Mapping[str, str] = {
    "application": "application", "action_name": "action_name", "query_id": "query_id", "session_id": "session_id",
    "client_id": "client_id", "user_id": "shopper", "timestamp": "at", "message_type": "message_type",
    "message": "message",
}  # fmt: skip
#: What stands beside the fields of a query, and of an event.
_BESIDE_QUERY: Mapping[str, str] = {
    "id": "id", "market": "market", "channel": "channel", "surface": "surface", "user_id": "shopper",
    "session_id": "session_id", "request_id": "request_id", "hits": "hits", "language": "language",
}  # fmt: skip
_OBJECT = ("object_id", "object_id_field")
_BESIDE_EVENT: Mapping[str, str] = {
    name: name for name in ("id", "market", "channel", "surface", "ordinal", *_OBJECT)
}  # fmt: skip


def search_of_query(query: Mapping[str, Any], **known: Any) -> Json:
    """A row of `searches`. known: what the query does not say, such as market="ID". Without an id of its own the
    query's id is the fact's."""
    row = {**known, **_renamed(query, {**QUERY_FIELDS, **_BESIDE_QUERY})}
    if query.get("query_attributes") is not None:
        row["query_attributes"] = _text(query["query_attributes"])
    return {"id": row.get("query_id") or _digest(query), **row}


def query_of_search(row: Mapping[str, Any]) -> Json:
    """The query of a row of `searches`."""
    query = _named(row, {**QUERY_FIELDS, **_BESIDE_QUERY})
    if row.get("query_attributes") is not None:
        query["query_attributes"] = json.loads(row["query_attributes"])
    return query


def action_of_event(event: Mapping[str, Any], **known: Any) -> Json:
    """A row of `search_actions`. Without an id of its own, the same event has the same id."""
    row = {**known, **_renamed(event, {**EVENT_FIELDS, **_BESIDE_EVENT})}
    attributes = dict(event.get("event_attributes") or event.get("attributes") or {})
    position, thing = attributes.get("position"), attributes.get("object")
    if isinstance(position, dict) and isinstance(position.get("ordinal"), int):
        row["ordinal"] = position["ordinal"]
        _put(attributes, "position", {key: value for key, value in position.items() if key != "ordinal"})
    if isinstance(thing, dict) and thing.get("object_id") is not None:
        row |= {key: str(thing[key]) for key in _OBJECT if thing.get(key) is not None}  # it may be a number there
        _put(attributes, "object", {key: value for key, value in thing.items() if key not in _OBJECT})
    if attributes:
        row["event_attributes"] = _text(attributes)
    return {"id": _digest(event), **row}


def event_of_action(row: Mapping[str, Any]) -> Json:
    """The event of a row of `search_actions`. Attributes must have a position there: where none is known, they and what
    it was done on stand beside, under our own names."""
    own = {name: name for name in _BESIDE_EVENT if name not in ("ordinal", *_OBJECT)}
    event = _named(row, {**EVENT_FIELDS, **own})
    attributes: Json = json.loads(row["event_attributes"]) if row.get("event_attributes") is not None else {}
    beside = {key: row[key] for key in ("ordinal", *_OBJECT) if row.get(key) is not None}
    if "ordinal" in beside and isinstance(attributes.get("position", {}), dict):
        attributes["position"] = {**attributes.get("position", {}), "ordinal": beside.pop("ordinal")}
    if not isinstance(attributes.get("position"), dict):
        return {**event, **beside, **({"attributes": attributes} if attributes else {})}
    if "object_id" in beside and isinstance(attributes.get("object", {}), dict):
        attributes["object"] = {**attributes.get("object", {}), **{k: beside.pop(k) for k in _OBJECT if k in beside}}
    return {**event, **beside, "event_attributes": attributes}


def _put(attributes: Json, name: str, rest: Json) -> None:
    if rest:
        attributes[name] = rest
    else:
        del attributes[name]


def _renamed(said: Mapping[str, Any], names: Mapping[str, str]) -> Json:
    return {ours: said[theirs] for theirs, ours in names.items() if said.get(theirs) is not None}


def _named(row: Mapping[str, Any], names: Mapping[str, str]) -> Json:
    found = {theirs: row[ours] for theirs, ours in names.items() if row.get(ours) is not None}
    at = found.get("timestamp")
    return found if at is None or isinstance(at, str) else {**found, "timestamp": at.isoformat()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]
