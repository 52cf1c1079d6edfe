"""What may an editor offer while somebody writes a strategy, a schema or a request?

JSON Schemas (draft 7, which editors know best) made from the same constants that the readers use. They help while
typing; what the readers say counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aedile.engine.action_read import ACTIONS, MAX_PLACES, MAX_WINDOW, TIERS
from aedile.engine.requests import CANDIDATE_FIELDS, MAX_CANDIDATES, MAX_OFFSET
from aedile.engine.requests import REQUIRED as REQUEST_REQUIRED
from aedile.engine.strategy import ALL, CANARY_UNITS, STAGES
from aedile.engine.strategy_codes import ID
from aedile.engine.strategy_read import KNOWN, MAX_RANK, REQUIRED
from aedile.language.markets import CHANNELS, MARKETS
from aedile.language.schema import CANDIDATE_KINDS, KINDS, REQUEST
from aedile.language.types import SCALARS

Json = dict[str, Any]
_DRAFT = "http://json-schema.org/draft-07/schema#"
_TEXT: Json = {"type": "string", "minLength": 1}
_TIME: Json = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)$"}
_SPAN: Json = {"type": "string", "pattern": r"^\+?([0-9.]+(h|ms|m|s|us))+$"}
_SHARE: Json = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
_ID: Json = {"type": "string", "pattern": f"^{ID.pattern}$", "maxLength": 128}
_PLACES: Json = {"type": "integer", "minimum": 1, "maximum": MAX_PLACES}


def json_schemas() -> dict[str, Json]:
    """The schemas by the name of their file."""
    return {
        "strategy.schema.json": strategy_schema(),
        "schema.schema.json": schema_schema(),
        "request.schema.json": request_schema(),
    }


def write_json_schemas(folder: Path) -> None:
    """Writes the schemas into a folder, as docs/schemas holds them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas().items():
        (folder / name).write_text(schema_text(schema), encoding="utf-8")


def schema_text(schema: Json) -> str:
    """The text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _object(properties: Mapping[str, Json], required: tuple[str, ...] = (), **more: Any) -> Json:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _scope(names: list[str]) -> Json:
    every = {"type": "array", "items": {"const": ALL}, "minItems": 1, "maxItems": 1}
    some = {"type": "array", "items": {"enum": names}, "minItems": 1, "uniqueItems": True}
    return {"oneOf": [every, some]}


def strategy_schema() -> Json:
    """A strategy's file."""
    markets, channels = sorted(MARKETS), list(CHANNELS)
    params = {"type": "object", "additionalProperties": _param()}
    properties: dict[str, Json] = {
        "id": {**_ID, "description": "Kebab-case, unique for ever, the file's name."},
        "title": {**_TEXT, "description": "What it does, in a line."},
        "why": {**_TEXT, "description": "Why; people and statements of reasons quote it."},
        "owner": {**_TEXT, "description": "The team that answers for it."},
        "tier": {"enum": list(TIERS), "description": "Precedence; the first wins."},
        "applies_to": {"enum": list(CANDIDATE_KINDS), "description": "The kind of the candidates."},
        "markets": {**_scope(markets), "description": "ISO 3166 codes, or [all]."},
        "channels": {**_scope(channels), "description": "Where it acts, or [all]."},
        "condition": {"type": ["string", "boolean"], "description": "When it fires, in CEL."},
        "action": {**_action(), "description": "What becomes of the candidate: exactly one action."},
        "stage": {"enum": list(STAGES)},
        "policy": {**_TEXT, "description": "The policy it enforces; required in tiers legal and safety."},
        "rank": {"type": "integer", "minimum": -MAX_RANK, "maximum": MAX_RANK, "description": "Order inside a tier."},
        "params": {
            "type": "object",
            "properties": {"default": params},
            "patternProperties": {"^[A-Z]{2}$": params},
            "required": ["default"],
            "additionalProperties": False,
            "description": "Constants of the condition; a market overrides `default` key by key.",
        },
        "canary": _object({"share": _SHARE, "unit": {"enum": list(CANARY_UNITS)}}, ("share",)),
        "starts": {**_TIME, "description": "Inclusive."},
        "expires": {**_TIME, "description": "Exclusive; required for exempt."},
        "budget": _object({"exposures": _SHARE, "seller": _SHARE}, minProperties=1),
        "overrides": {"type": "array", "items": _ID, "description": "Strategies it overlaps on purpose."},
        "examples": {"type": "array", "items": _example(channels, markets)},
    }
    assert set(properties) == set(KNOWN)
    rules = [
        {
            "if": {"properties": {"tier": {"enum": ["legal", "safety"]}}, "required": ["tier"]},
            "then": {"required": ["policy"]},
        },
        {
            "if": {"properties": {"action": {"required": ["exempt"], "type": "object"}}, "required": ["action"]},
            "then": {"required": ["expires"]},
        },
        {
            "if": {"properties": {"stage": {"const": "canary"}}, "required": ["stage"]},
            "then": {"required": ["canary"]},
        },
    ]
    return {"$schema": _DRAFT, "title": "A strategy of aedile", **_object(properties, REQUIRED), "allOf": rules}


def _param() -> Json:
    scalar: list[Json] = [
        {"type": ["boolean", "number", "string"]},
        _object({"duration": _SPAN}, ("duration",)),
        _object({"timestamp": _TIME}, ("timestamp",)),
    ]
    return {"anyOf": [*scalar, {"type": "array", "items": {"anyOf": scalar}}]}


def _example(channels: list[str], markets: list[str]) -> Json:
    values = {"type": ["boolean", "number", "string", "array", "null"], "items": {"type": "string"}}
    properties: dict[str, Json] = {
        "given": {"type": "object", "additionalProperties": values},
        "market": {"enum": markets},
        "channel": {"enum": channels},
        "fires": {"type": "boolean"},
    }
    return _object(properties, tuple(properties))


def _action() -> Json:
    count = {"type": "integer", "minimum": 0, "maximum": MAX_PLACES}
    amount = {"anyOf": [count, _SHARE]}
    cap = [
        _object({"key": _TEXT, "max": amount, "first_n": _PLACES}, ("key", "max", "first_n")),
        _object(
            {
                "per": {"enum": ["shopper", "entity"]},
                "max": {"type": "integer", "minimum": 1, "maximum": MAX_WINDOW},
                "window": _SPAN,
            },
            ("per", "max", "window"),
        ),
    ]
    tier = _object({"tier": {"enum": [t for t in TIERS if t != "legal"]}}, ("tier",))
    parameters: dict[str, Json] = {
        "exclude": {"oneOf": [{"type": "null"}, _object({})]},
        "demote": _object({"factor": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}}, ("factor",)),
        "boost": _object({"factor": {"type": "number", "exclusiveMinimum": 1, "maximum": 10}}, ("factor",)),
        "pin": _object({"position": _PLACES}, ("position",)),
        "cap": {"oneOf": cap},
        "reserve": _object({"min": amount, "first_n": _PLACES}, ("min", "first_n")),
        "badge": _object({"key": _ID}, ("key",)),
        "refer": _object({"queue": _ID, "share": _SHARE}, ("queue", "share")),
        "exempt": _object({"from": {"oneOf": [{"type": "array", "items": _ID, "minItems": 1}, tier]}}, ("from",)),
    }
    assert tuple(parameters) == ACTIONS
    one = {"type": "object", "properties": parameters, "additionalProperties": False}
    return {"oneOf": [{"const": "exclude"}, {**one, "minProperties": 1, "maxProperties": 1}]}


def schema_schema() -> Json:
    """The file of the feature schema."""
    feature = _object(
        {
            "type": {"enum": [*SCALARS, "list(string)"]},
            "unit": _TEXT,
            "meaning": {**_TEXT, "description": "What it says, for people who write conditions."},
            "missing": {"enum": ["allowed", "never"]},
            "source": {"enum": ["entity", "request"], "description": "Imported, or sent with the request."},
            "freshness": {**_SPAN, "description": "Older values count as unknown."},
        },
        ("type", "meaning"),
    )
    names = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": {"enum": ["id", "as_of"]}}
    features = {"type": "object", "additionalProperties": feature, "propertyNames": names}
    entity = _object({"meaning": _TEXT, "features": features}, ("meaning", "features"))
    request = _object({"meaning": _TEXT, "features": features})
    entities = _object({**dict.fromkeys(KINDS, entity), REQUEST: request}, minProperties=1)
    join = _object({"from": _TEXT, "to": {"enum": list(KINDS[:-1])}}, ("from", "to"))
    group = {"type": "array", "items": _TEXT, "minItems": 2, "uniqueItems": True}
    properties: dict[str, Json] = {
        "entities": entities,
        "joins": {"type": "array", "items": join},
        "dependencies": {"type": "array", "items": group, "description": "Features whose values occur in pairs."},
    }
    return {"$schema": _DRAFT, "title": "A feature schema of aedile", **_object(properties, ("entities",))}


def request_schema() -> Json:
    """A request: one line of NDJSON, or the body of a call."""
    id_ = {"type": "string", "minLength": 1, "maxLength": 128}
    value = {"type": ["boolean", "number", "string", "array", "null"], "items": {"type": "string"}}
    features = {"type": "object", "additionalProperties": value}
    parts: dict[str, Json] = {
        "kind": {"enum": list(CANDIDATE_KINDS), "default": "item"},
        "id": id_,
        "score": {"type": ["number", "null"], "minimum": 0},
        "features": {"type": ["object", "null"], "additionalProperties": value},
    }
    assert tuple(parts) == CANDIDATE_FIELDS
    properties: dict[str, Json] = {
        "id": id_,
        "market": {"enum": sorted(MARKETS)},
        "channel": {"enum": list(CHANNELS)},
        "time": _TIME,
        "shopper": {**id_, "type": ["string", "null"]},
        "query": {"type": ["string", "null"]},
        "context": features,
        "candidates": {"type": "array", "items": _object(parts, ("id",)), "maxItems": MAX_CANDIDATES},
        "offset": {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET},
        "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_OFFSET},
    }
    return {"$schema": _DRAFT, "title": "A request to aedile", **_object(properties, REQUEST_REQUIRED)}
